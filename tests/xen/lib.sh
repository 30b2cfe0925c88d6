# lib.sh: Xen with a Debian dom0, in software, for tests; bash, to be sourced after tests/lib.sh.
#
# Xen, its tools and Debian's kernel come from their packages, which are unpacked in the build folder
# and not installed.  QEMU emulates a processor with SVM and nested page tables, so that Xen runs PVH
# and HVM guests; dom0 is a kernel and an initrd, and has nothing of the host's.
#
#	xen_run SECONDS FOLDER <<'E'
#	create hello hello.xen && expect hello 'Hello'	# FOLDER/hello.xen; see guest.sh
#	E

xen_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
xen_build=${BUILD:-$xen_here/../../build}
mkdir -p "$xen_build/xen"
xen_build=$(cd "$xen_build/xen" && pwd)

# As Debian 12 has them; linux-image: what the kernel's package is called there now.
xen_version=4.17
xen_packages="xen-hypervisor-$xen_version-amd64 xen-utils-$xen_version xen-utils-common xenstore-utils
	libxencall1 libxendevicemodel1 libxenevtchn1 libxenforeignmemory1 libxengnttab1 libxenhypfs1
	libxenmisc$xen_version libxenstore4 libxentoolcore1 libxentoollog1 libxen-dev libyajl2 bridge-utils iproute2"

# xen_need: skips everything where it cannot be had.
xen_need() {
	local p
	for p in qemu-system-x86_64 busybox cpio dpkg-deb apt-get; do
		command -v $p >/dev/null || skip_all "needs $p (scripts/depend.sh xen)"
	done
	[ "$(uname -m)" = x86_64 ] || skip_all "is for x86_64"
	xen_unpack >"$xen_build/log" 2>&1 || skip_all "cannot get Xen: $(tail -n 1 "$xen_build/log")"
	xen_dom0 >>"$xen_build/log" 2>&1 || skip_all "cannot make a dom0: $(tail -n 1 "$xen_build/log")"
}

# xen_unpack: the packages below $xen_build/root.
xen_unpack() (
	flock 9
	cd "$xen_build" || exit 1
	[ ! -e root/done ] || exit 0
	rm -rf root packages && mkdir root packages && cd packages || exit 1
	kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
	[ -n "$kernel" ] || { echo "apt knows no linux-image-amd64"; exit 1; }
	# shellcheck disable=SC2086
	apt-get download -q $xen_packages "$kernel" ||
		{ apt-get update -q && apt-get download -q $xen_packages "$kernel"; } || exit 1
	for p in *.deb; do dpkg-deb -x "$p" ../root || exit 1; done
	cd .. && rm -rf packages && touch root/done
) 9>"$xen_build/lock"

# xen_add DIR PROGRAM TO: a program and the libraries that it needs.
xen_add() {
	local r=$xen_build/root path lib
	path=$r/usr/lib/x86_64-linux-gnu:$r/lib/x86_64-linux-gnu:$r/usr/lib/xen-$xen_version/lib/x86_64-linux-gnu
	[ -e "$2" ] || { echo "there is no $2"; return 1; }
	mkdir -p "$1/$(dirname "$3")" && rm -f "$1/$3" && cp -L "$2" "$1/$3"
	LD_LIBRARY_PATH=$path ldd "$2" | grep -q 'not found' && { echo "$2: a library is missing"; return 1; }
	LD_LIBRARY_PATH=$path ldd "$2" | awk '/=> \// { print $3 } /^\t\/lib64/ { print $1 }' | while read -r lib; do
		case $lib in
		*/ld-linux*) cp -L "$lib" "$1/lib64/" ;;
		*) cp -Ln "$lib" "$1/lib/x86_64-linux-gnu/" ;;
		esac
	done
	return 0
}

# xen_dom0: Xen, the kernel and dom0's files, of which guests are put behind.
xen_dom0() (
	flock 9
	cd "$xen_build" || exit 1
	stamp=$(cat "$xen_here"/{lib.sh,init,vif,disk} | cksum)
	[ ! -e dom0.gz ] || [ "$(cat stamp 2>/dev/null)" != "$stamp" ] || exit 0
	r=$xen_build/root x=$r/usr/lib/xen-$xen_version d=$xen_build/dom0
	kernel=$(ls "$r/lib/modules")
	zcat "$r/boot/xen-$xen_version-amd64.gz" >xen && cp "$r/boot/vmlinuz-$kernel" vmlinuz || exit 1
	rm -rf "$d" && mkdir -p "$d"/{bin,sbin,dev,proc,sys,run,tmp,etc/xen/scripts,var,var/lib/xen,var/log/xen/console} \
		"$d"/{usr/lib/xen-$xen_version/bin,usr/lib/xen-$xen_version/boot,lib/x86_64-linux-gnu,lib64,modules,guests,root}
	cp "$(command -v busybox)" "$d/bin/busybox" || exit 1
	for a in $("$d/bin/busybox" --list); do [ -e "$d/bin/$a" ] || ln -s busybox "$d/bin/$a"; done
	for p in xl xenstored xenconsoled xen-init-dom0 lsevtchn libxl-save-helper; do
		xen_add "$d" "$x/bin/$p" "usr/lib/xen-$xen_version/bin/$p" || exit 1
		ln -sf "/usr/lib/xen-$xen_version/bin/$p" "$d/bin/$p"
	done
	xen_add "$d" "$r/usr/bin/xenstore" bin/xenstore || exit 1
	for p in read write list ls rm exists watch; do ln -sf xenstore "$d/bin/xenstore-$p"; done
	xen_add "$d" /bin/bash bin/bash && xen_add "$d" "$r/sbin/brctl" sbin/brctl || exit 1
	xen_add "$d" "$r/bin/ip" bin/ip || exit 1
	# xl loads it when a thread ends.
	cp -L /lib/x86_64-linux-gnu/libgcc_s.so.1 "$d/lib/x86_64-linux-gnu/" || exit 1
	cp "$x"/boot/* "$d/usr/lib/xen-$xen_version/boot/"
	for m in drivers/xen/xen-{evtchn,gntdev,gntalloc,privcmd} drivers/xen/xenfs/xenfs net/llc/llc net/802/stp net/bridge/bridge \
		drivers/net/xen-netback/xen-netback drivers/block/xen-blkback/xen-blkback drivers/block/loop; do
		cp "$r/lib/modules/$kernel/kernel/$m.ko" "$d/modules/" || exit 1
	done
	printf 'autoballoon="off"\nrun_hotplug_scripts=1\n' >"$d/etc/xen/xl.conf"
	cp "$xen_here/vif" "$xen_here/disk" "$d/etc/xen/scripts/" && cp "$xen_here/init" "$d/init" || exit 1
	chmod 755 "$d/init" "$d"/etc/xen/scripts/*
	(cd "$d" && find . | cpio -o -H newc --quiet | gzip -1) >dom0.gz || exit 1
	echo "$stamp" >stamp
) 9>"$xen_build/lock"

# xen_need_hvm: what HVM guests need besides, of which xen_run takes notice: QEMU as Xen has it, a BIOS.
xen_need_hvm() {
	local p
	for p in grub-mkrescue xorriso mformat; do
		command -v $p >/dev/null || skip_all "needs $p (scripts/depend.sh vm)"
	done
	xen_hvm >>"$xen_build/log" 2>&1 || skip_all "cannot get QEMU for Xen: $(tail -n 1 "$xen_build/log")"
}

xen_hvm() (
	flock 9
	cd "$xen_build" || exit 1
	[ ! -e hvm.gz ] || exit 0
	rm -rf hvm packages && mkdir -p hvm/{usr/libexec,usr/share/seabios,usr/share/qemu/keymaps,lib/x86_64-linux-gnu,lib64,etc} packages || exit 1
	(cd packages && apt-get download -q qemu-system-xen) || exit 1
	dpkg-deb -x packages/*.deb root && rm -rf packages
	xen_add hvm root/usr/libexec/xen-qemu-system-i386 usr/libexec/xen-qemu-system-i386 || exit 1
	cp /usr/share/seabios/*.bin hvm/usr/share/seabios/ && cp /usr/share/qemu/keymaps/en-us hvm/usr/share/qemu/keymaps/ || exit 1
	printf 'root:x:0:0::/root:/bin/sh\n' >hvm/etc/passwd
	printf 'root:x:0:\n' >hvm/etc/group
	(cd hvm && find . | cpio -o -H newc --quiet | gzip -1) >hvm.new && mv hvm.new hvm.gz && rm -rf hvm
) 9>"$xen_build/lock"

# xen_run SECONDS FOLDER: runs the script on standard input in dom0, in bash, with guest.sh and tap.sh
# read; the folder is the current one there.  Its output goes to standard output, the function's
# status is the script's; 124: it did not end in time; 125: no start.
xen_run() {
	local dir status cpu=qemu64,+svm,+npt,+rdrand,+rdseed memory=768M
	dir=$(mktemp -d) || return 125
	mkdir "$dir/guests" && cp -r "$2"/. "$dir/guests" && cp "$xen_here/guest.sh" "$xen_here/../tap.sh" "$dir/guests"
	cat >"$dir/guests/command"
	# Archives one behind the other are one, if each is compressed.
	(cd "$dir" && find guests | cpio -o -H newc --quiet | gzip -1) |
		cat "$xen_build/dom0.gz" ${XEN_HVM:+"$xen_build/hvm.gz"} - >"$dir/initrd"
	# Of the processors with what the device model needs, TCG gets two things wrong.
	[ -z "${XEN_HVM-}" ] || { cpu=max,-smap,-rdtscp memory=900M; }
	timeout -k 5 "$1" qemu-system-x86_64 -accel tcg -cpu "$cpu" -M pc -m 2048 -smp 1 \
		-kernel "$xen_build/xen" -append "dom0_mem=$memory,max:$memory com1=115200,8n1 console=com1 loglvl=error noreboot=1 dom0_max_vcpus=1" \
		-initrd "$xen_build/vmlinuz console=hvc0 rdinit=/init quiet,$dir/initrd" -display none -vga none -nic none \
		-serial "file:$dir/console" -no-reboot </dev/null >"$dir/qemu" 2>&1
	status=$?
	cp "$dir/console" "$xen_build/console"
	tr -d '\r' <"$dir/console" | sed -n 's/^T|//p'
	if [ $status != 124 ]; then
		status=$(tr -d '\r' <"$dir/console" | sed -n 's/^xen: ended with status //p')
	fi
	[ -n "$status" ] || { status=125; sed 's/^/# /' "$dir/qemu"; tail -n 20 "$dir/console" | tr -d '\r' | sed 's/^/# /'; }
	rm -rf "$dir"
	return "$status"
}

# xen_report STATUS: the tests of dom0, in $tmp/out, as our own; STATUS: xen_run's.
xen_report() {
	local line
	while read -r line; do
		case $line in
		'ok '*) pass "${line#ok * - }" ;;
		'not ok '*) fail "${line#not ok * - }" ;;
		'1..'*) ;;
		*) echo "$line" ;;
		esac
	done <"$tmp/out"
	[ "$1" -le 1 ] || fail "dom0 ends" "status $1 (124: not in time; 125: no start)"
}
