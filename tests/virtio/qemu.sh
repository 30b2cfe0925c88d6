# qemu.sh: machines of QEMU for tests of -t virtio; bash, to be sourced after lib.sh.

qemu_accel=tcg

# qemu_why_not: prints why no machine can run here; fails if one can.
qemu_why_not() {
	[ "$(uname -m)" = x86_64 ] || { echo "the images of this test are for x86_64"; return; }
	command -v qemu-system-x86_64 >/dev/null || { echo "qemu-system-x86_64 is not installed (scripts/depend.sh vm)"; return; }
	return 1
}

# qemu MACHINE KERNEL ARGUMENTS [OPTION ...]: QEMU's status, the image's console on standard output.
# Where the image is emulated in a way that QEMU does not get over, it hangs: so there is always an end.
qemu() {
	local machine=$1 kernel=$2 arguments=$3
	shift 3
	timeout -k 1 "${qemu_limit:-60}" qemu-system-x86_64 -accel $qemu_accel -cpu max -M "$machine" -m "${qemu_memory:-64}" \
		-kernel "$kernel" -append "$arguments" -nodefaults -display none -serial stdio -no-reboot \
		-device isa-debug-exit "$@" </dev/null 2>&1 | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

# pvh_only FILE OUT: without what makes QEMU take it for an image of Multiboot.
pvh_only() {
	perl -0777 -pe 's/\x02\xb0\xad\x1b\x03\x00\x01\x00/\0\0\0\0\0\0\0\0/' "$1" >"$2"
	! cmp -s "$1" "$2"
}

# built FOLDER NAME: a copy of FOLDER, configured and built; its image is $tmp/NAME/dist/*.virtio.
built() {
	cp -r "$1" "$tmp/$2" && rm -rf "$tmp/$2/mirage" "$tmp/$2/dist" && (
		cd "$tmp/$2" && mirage configure -t virtio && mirage depend -t virtio && mirage build -t virtio
	)
}
