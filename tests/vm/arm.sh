# arm.sh: a machine of aarch64 with /dev/kvm, in software; bash, to be sourced after tests/lib.sh or
# tests/net/lib.sh.
#
# Debian's arm64 kernel under QEMU, which emulates EL2: KVM in it is complete, and slow.  Kernel and
# busybox come from apt's own archives, by a configuration of their own; they are unpacked in the
# build folder, not installed.
#
#	arm_run SECONDS FILE ... <<'E'     FILEs are in its root folder, by their names
#	/hello
#	E

arm_build=${BUILD:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build}
mkdir -p "$arm_build/vm-arm"
arm_build=$(cd "$arm_build/vm-arm" && pwd)

# arm_missing: what it cannot do without is not there: says what.
arm_missing() {
	local p
	for p in qemu-system-aarch64 cpio dpkg-deb apt-get; do
		command -v $p >/dev/null || { echo "needs $p (scripts/depend.sh vm)"; return 0; }
	done
	arm_kernel >"$arm_build/log" 2>&1 && return 1
	echo "cannot get Debian's kernel for arm64: $(tail -n 1 "$arm_build/log")"
}

arm_kernel() (
	flock 9
	cd "$arm_build" || exit 1
	[ ! -e done ] || exit 0
	rm -rf root apt boot && mkdir -p root/bin apt/state/lists/partial apt/cache/archives/partial || exit 1
	cat >apt.conf <<-E
		Dir::State "$arm_build/apt/state";
		Dir::State::status "/dev/null";
		Dir::Cache "$arm_build/apt/cache";
		APT::Architecture "arm64";
		APT::Architectures { "arm64"; };
		Acquire::Languages "none";
	E
	export APT_CONFIG=$arm_build/apt.conf
	apt-get update -q || exit 1
	package=$(apt-cache depends linux-image-arm64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
	[ -n "$package" ] || { echo "apt knows no linux-image-arm64"; exit 1; }
	apt-get download -q "$package" busybox-static || exit 1
	dpkg-deb --fsys-tarfile linux-image-*.deb | tar xf - --wildcards './boot/vmlinuz-*' || exit 1
	dpkg-deb --fsys-tarfile busybox-static_*.deb | tar xf - -O ./bin/busybox >root/bin/busybox || exit 1
	chmod 755 root/bin/busybox
	rm -rf ./*.deb apt
	touch done
) 9>"$arm_build/lock"

# arm_run SECONDS FILE ...: runs the script on standard input there, in busybox's shell; what it
# prints goes to standard output.  124: it did not end in time; 125: no start.
arm_run() {
	local limit=$1 dir status
	shift
	dir=$(mktemp -d) || return 125
	cp -r "$arm_build/root" "$dir/root" && mkdir "$dir/root/"{proc,dev} && cp "$@" "$dir/root" || return 125
	cat >"$dir/root/command"
	cat >"$dir/root/init" <<-'E'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		mount -t proc proc /proc
		mount -t devtmpfs dev /dev
		ln -s /proc/self/fd /dev/fd
		stty -F /dev/ttyAMA0 -onlcr
		echo "arm: begins"
		sh /command </dev/null 2>&1
		echo "arm: ended"
		poweroff -f
	E
	chmod 755 "$dir/root/init"
	(cd "$dir/root" && find . | cpio -o -H newc --quiet) >"$dir/initrd"
	timeout -k 5 "$limit" qemu-system-aarch64 -M virt,virtualization=on,gic-version=3 -cpu max -m 512 \
		-display none -nodefaults -no-reboot -chardev "stdio,id=out,signal=off" -serial chardev:out \
		-kernel "$arm_build"/boot/vmlinuz-* -initrd "$dir/initrd" \
		-append "console=ttyAMA0 quiet panic=1 mitigations=off" </dev/null >"$dir/output" 2>"$dir/qemu"
	status=$?
	sed -n '/^arm: begins/,/^arm: ended/p' "$dir/output" | grep -v '^arm: '
	if [ $status != 124 ] && ! grep -q '^arm: ended' "$dir/output"; then
		status=125
		tail -n 20 "$dir/output" "$dir/qemu" | sed 's/^/# /'
	fi
	rm -rf "$dir"
	return $status
}
