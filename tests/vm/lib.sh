# lib.sh: a machine of its own with /dev/kvm, in software, for tests; bash, to be sourced after
# tests/lib.sh or tests/net/lib.sh.
#
# Debian's kernel under QEMU, which emulates a processor with SVM: KVM in it is complete, and slow.
# The kernel's package is unpacked in the build folder, not installed.  The machine sees the
# host's files, at the same places; what it changes there is its own and gone when it ends.  It has
# one processor: with two, which QEMU emulates at once, a machine with SVM was seen to stand still.
#
#	vm_run SECONDS <<'E'
#	cd /some/folder && prove some.t
#	E

vm_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
vm_build=${BUILD:-$vm_here/../../build}
mkdir -p "$vm_build/vm"
vm_build=$(cd "$vm_build/vm" && pwd)

# vm_need: skips everything where it cannot be had.
vm_need() {
	local p
	for p in qemu-system-x86_64 busybox cpio dpkg-deb apt-get; do
		command -v $p >/dev/null || skip_all "needs $p (scripts/depend.sh vm)"
	done
	vm_kernel >"$vm_build/log" 2>&1 || skip_all "cannot get Debian's kernel: $(tail -n 1 "$vm_build/log")"
}

# vm_kernel: the kernel and its modules below $vm_build/kernel.
vm_kernel() (
	flock 9
	cd "$vm_build" || exit 1
	[ ! -e kernel/whole ] || exit 0
	rm -rf kernel && mkdir kernel && cd kernel || exit 1
	package=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
	[ -n "$package" ] || { echo "apt knows no linux-image-amd64"; exit 1; }
	apt-get download -q "$package" || { apt-get update -q && apt-get download -q "$package"; } || exit 1
	dpkg-deb --fsys-tarfile linux-image-*.deb | tar xf - --wildcards './boot/vmlinuz-*' \
		'./lib/modules/*/kernel/arch/*' './lib/modules/*/kernel/virt/*' './lib/modules/*/kernel/drivers/virtio/*' \
		'./lib/modules/*/kernel/drivers/net/*.ko' './lib/modules/*/kernel/drivers/block/*' \
		'./lib/modules/*/kernel/drivers/crypto/ccp/*' './lib/modules/*/kernel/net/9p/*' \
		'./lib/modules/*/kernel/fs/9p/*' './lib/modules/*/kernel/fs/netfs/*' \
		'./lib/modules/*/kernel/net/core/*.ko' './lib/modules/*/kernel/net/bridge/*.ko' './lib/modules/*/kernel/net/802/*' \
		'./lib/modules/*/kernel/net/llc/*' './lib/modules/*/kernel/fs/fscache/*' './lib/modules/*/kernel/fs/overlayfs/*' || exit 1
	version=$(ls lib/modules)
	busybox depmod -b "$PWD" "$version" || exit 1
	rm linux-image-*.deb
	touch whole
) 9>"$vm_build/lock"

# vm_initrd FILE: with the script on standard input as what it runs.
vm_initrd() {
	local dir=$1.d module path version
	version=$(ls "$vm_build/kernel/lib/modules")
	mkdir -p "$dir"/{bin,proc,sys,dev,host,changes,root} "$dir/lib/modules/$version"
	cp "$(command -v busybox)" "$dir/bin/busybox"
	cp "$vm_here/init" "$dir/init"
	chmod 755 "$dir/init"
	cat >"$dir/command"
	cp "$vm_build/kernel/lib/modules/$version"/modules.* "$dir/lib/modules/$version"
	for module in virtio_pci 9pnet_virtio 9p overlay kvm-amd tun veth loop bridge; do
		grep "/$module.ko:" "$vm_build/kernel/lib/modules/$version/modules.dep" | tr -d :
	done | tr ' ' '\n' | sort -u | while read -r path; do
		install -D "$vm_build/kernel/lib/modules/$version/$path" "$dir/lib/modules/$version/$path"
	done
	(cd "$dir" && find . | cpio -o -H newc --quiet) >"$1"
	rm -rf "$dir"
}

# vm_run SECONDS: runs the script on standard input in bash there; its output goes to standard
# output, the function's status is the script's; 124: it did not end in time; 125: no start.
vm_run() {
	local dir status
	dir=$(mktemp -d) || return 125
	vm_initrd "$dir/initrd"
	timeout -k 5 "$1" qemu-system-x86_64 -accel tcg,thread=single -cpu max,+svm -smp 1 -monitor unix:/tmp/nested-mon,server,nowait -m 3072 -display none -vga none \
		-nodefaults -no-reboot -serial "file:$dir/console" -chardev "stdio,id=out,signal=off" -serial chardev:out \
		-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
		-kernel "$vm_build"/kernel/boot/vmlinuz-* -initrd "$dir/initrd" \
		-append "console=ttyS0 quiet panic=1 mitigations=off" </dev/null >"$dir/output" 2>"$dir/qemu"
	status=$?
	sed '/^vm: ended with status/d' "$dir/output"
	if [ $status != 124 ]; then
		status=$(sed -n 's/^vm: ended with status //p' "$dir/output")
	fi
	[ -n "$status" ] || { status=125; sed 's/^/# /' "$dir/qemu"; tail -n 20 "$dir/console" | sed 's/^/# /'; }
	rm -rf "$dir"
	return "$status"
}
