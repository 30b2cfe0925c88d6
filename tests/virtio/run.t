#!/usr/bin/env bash
# run.t: images of -t virtio as `mirage run` and `mirage image` start them: with a network, with a disk
# of a name, from BIOS and UEFI.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/virtio/qemu.sh"
need_tool
export NO_COLOR=1
if why=$(qemu_why_not); then skip_all "$why"; fi
if why=$(direct_impossible); then skip_all "$why"; fi
space_new
check "www builds" built "$root/examples/www" www
check "hello builds" built "$root/examples/hello" hello

# --- a network ----------------------------------------------------------------------------------

cd "$tmp/www" || exit 1
run() { # NAME ARGUMENT ...: in the namespace, until it answers
	local name=$1
	shift
	start "$name" ip netns exec "$lib_space" "$build/mirage" run -t virtio --accel=tcg --mem=64 "$@"
	wait_for 30 $in_space curl -sf -o /dev/null --max-time 1 http://10.0.0.2:8080/ || diag "$(cat "$tmp/$name.log")"
}
for machine in microvm pc q35; do
	run $machine --machine=$machine
	has "$machine: serves a page" "$($in_space curl -s --max-time 10 http://10.0.0.2:8080/)" "<html|<!DOCTYPE|<!doctype"
	check "$machine: answers pings" $in_space ping -c 1 -W 5 10.0.0.2
	has "$machine: says what it made" "$(cat "$tmp/$machine.log")" "network 'service': mir0, host 10.0.0.1/24, image 10.0.0.2/24"
	stop "$pid" INT; is "$machine: ctrl-C ends it in order" $? 0
	check "$machine: its tap is gone" wait_for 3 bash -c "! ip -n $lib_space link show mir0"
done

# --- a disk, gdb ------------------------------------------------------------------------------------

check "disk builds" built "$root/tests/block/app" disk
cd "$tmp/disk" || exit 1
out=$(mirage run -t virtio --accel=tcg --mem=64 --storage-size=8M 2>/dev/null); is "a disk is made, and used" $? 0
is "nothing fails" "$(grep -c '^not ok' <<<"$out")" 0
is "it is as large" "$(stat -c %s disk.img)" $((8 << 20))
out=$(mirage run -t virtio --accel=tcg --mem=64 --act=read --total=1M --storage-sector-size=4096 2>/dev/null)
is "sectors of 4096 bytes" $? 0
if command -v gdb >/dev/null; then
	cd "$tmp/hello" || exit 1
	out=$(printf 'bt\nkill\nquit\n' | timeout 100 "$build/mirage" run -t virtio --accel=tcg --gdb 2>&1)
	has "--gdb stops at the program's main" "$out" "#0  hello_main"
else
	skip "--gdb" "needs gdb"
fi

# --- disks that start it ---------------------------------------------------------------------------

cd "$tmp/hello" || exit 1
boot() {
	timeout 100 qemu-system-x86_64 -accel tcg -cpu max -m 256 -nodefaults -display none -no-reboot -serial stdio \
		-device isa-debug-exit -drive "if=none,id=d,format=raw,snapshot=on,file=dist/hello.img" "$@" </dev/null 2>&1 | tr -d '\r'
}
if ! command -v grub-mkimage >/dev/null || [ ! -d /usr/lib/grub/x86_64-efi ] || [ ! -d /usr/lib/grub/i386-pc ]; then
	skip "disks" "needs GRUB's packages (scripts/depend.sh vm)"
else
	check "mirage image" mirage image -t virtio -- "--name=a disk"
	has "BIOS starts it" "$(boot -device virtio-blk-pci,drive=d)" "Hello"
	has "BIOS, NVMe" "$(boot -machine q35 -device nvme,drive=d,serial=x)" "Hello"
	if [ -e /usr/share/qemu/OVMF.fd ]; then
		has "UEFI starts it" "$(boot -bios /usr/share/qemu/OVMF.fd -device virtio-blk-pci,drive=d)" "Hello"
	else
		skip "UEFI starts it" "needs ovmf (scripts/depend.sh vm)"
	fi
fi
done_testing
