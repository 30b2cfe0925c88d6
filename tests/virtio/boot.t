#!/bin/bash
# boot.t: images of -t virtio on QEMU's machines: by Multiboot, PVH and GRUB, with little memory and
# more than 4 GiB; how they end, the power button, faults, and what one that was taken over cannot do.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/virtio/qemu.sh"
need_tool
if why=$(qemu_why_not); then skip_all "$why"; fi

for app in hello clock; do check "$app builds" built "$root/examples/$app" $app; done
check "attempt builds" built "$root/tests/isolation/app" attempt
hello=$tmp/hello/dist/hello.virtio clock=$tmp/clock/dist/clock.virtio attempt=$tmp/attempt/dist/attempt.virtio
check "one without Multiboot" pvh_only "$hello" "$tmp/pvh"

# --- what starts it ---------------------------------------------------------------

for machine in microvm microvm,acpi=off pc q35; do
	for how in multiboot pvh; do
		kernel=$hello
		[ $how = pvh ] && kernel=$tmp/pvh
		out=$(qemu $machine "$kernel" '')
		is "$machine, $how: ends well" $? 0
		is "$machine, $how: says hello" "$out" "Hello from a unikernel!"
	done
done
out=$(qemu pc "$hello" "--name='two words' --boot-chart")
has "arguments are split as a shell would" "$out" 'all .*Hello'
has "what the start took" "$out" 'entry .*memory .*libc'
out=$(qemu pc "$hello" "--name='open")
is "a quote without its end: refused" $? 129
has "and told" "$out" 'a quote or a backslash without its end'
out=$(qemu pc "$hello" --what)
is "an unknown argument: its status" $? 129
out=$(timeout -k 1 20 qemu-system-x86_64 -accel tcg -cpu qemu64 -M microvm -kernel "$hello" -nodefaults -display none \
	-serial stdio -no-reboot </dev/null)
has "without entropy it does not start" "$out" 'no entropy'

if command -v grub-mkrescue >/dev/null && command -v xorriso >/dev/null; then
	mkdir -p "$tmp/iso/boot/grub"
	cp "$clock" "$tmp/iso/boot/clock"
	printf 'set timeout=0\nmenuentry x {\n multiboot /boot/clock --count=1 "--name=of grub"\n}\n' >"$tmp/iso/boot/grub/grub.cfg"
	check "grub-mkrescue" grub-mkrescue -o "$tmp/boot.iso" "$tmp/iso"
	out=$(timeout -k 1 60 qemu-system-x86_64 -accel tcg -cpu max -M pc -m 128 -cdrom "$tmp/boot.iso" -nodefaults \
		-display none -serial stdio -no-reboot </dev/null 2>&1)
	is "GRUB: ends well" $? 0
	has "GRUB: runs, with its arguments" "$out" 'monotonic \+0'
else
	skip "GRUB starts it" "grub-mkrescue or xorriso is not installed (scripts/depend.sh vm)"
fi

# --- memory ------------------------------------------------------------------------

for qemu_memory in 8 16 3072 5120; do
	for machine in microvm pc; do
		out=$(qemu $machine "$hello" '')
		is "$machine, $qemu_memory MiB" "$out" "Hello from a unikernel!"
	done
done
qemu_memory=64

# --- time ----------------------------------------------------------------------------

for machine in microvm pc q35; do
	before=$(date +%s)
	out=$(qemu $machine "$clock" --count=2)
	is "$machine: sleeps and wakes" $? 0
	has "$machine: for a second" "$out" 'monotonic \+1\.'
	day=$(sed -n '1s/^wall \(.*\)\.[0-9]* UTC.*/\1/p' <<<"$out")
	between "$machine: the time of day" "$(date -u -d "$day" +%s)" $((before - 2)) $(($(date +%s) + 2))
done

# --- the end ---------------------------------------------------------------------------

for machine in microvm pc q35; do
	rm -f "$tmp/button.out" "$tmp/monitor"
	start button timeout -k 1 60 qemu-system-x86_64 -accel tcg -cpu max -M $machine -m 64 -kernel "$clock" -append --count=0 \
		-nodefaults -display none -serial "file:$tmp/button.out" -no-reboot \
		-monitor "unix:$tmp/monitor,server,nowait"
	wait_for 30 grep -q monotonic "$tmp/button.out"
	perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new($ARGV[0]) or die; print $s "system_powerdown\n"; $s->flush; sysread($s, $_, 999); sleep 1' "$tmp/monitor"
	wait "$pid"
	is "$machine: the power button ends it" $? 0
done

# --- what cannot be done -----------------------------------------------------------------

fault='crash: [^:]*: '
privileged="${fault}an instruction that only ring 0 may use"
try() { # NAME PATTERN [STATUS]
	local out status
	out=$(qemu microvm "$attempt" "--how=$1")
	status=$?
	if [ $status = "${3:-255}" ] && [[ $out == *"trying $1"* && $out =~ $2 ]]; then pass "$1"; else
		fail "$1" "status $status, want ${3:-255}; output, want $2:" "$(head -n 12 <<<"$out")"
	fi
}
try write_text "${fault}write at address 0x10[0-9a-f]* in fiber main.that is the image's code"
try write_constant "${fault}write at address .*the image's constants"
try write_relro "${fault}write at address .*read-only after the start"
try read_descriptors "${fault}read at address 0x2000 in fiber main.that is no memory of the image"
try execute_data "${fault}jump at address .*the image's data"
try execute_heap "${fault}jump at address .*the heap or a stack"
try execute_stack "${fault}jump at address .*the heap or a stack"
try read_zero "${fault}read at address 0x10 in fiber main.that is page 0"
try write_zero "${fault}write at address 0x10 in fiber main.that is page 0"
try jump_zero "${fault}jump at address 0x0 in fiber main.that is page 0"
try read_beyond "${fault}read at address 0x1000000000 .*no memory of the image"
try protect_text "${fault}write at address .*the image's code"
try protect_executable "${fault}jump at address .*the heap or a stack"
try protect_apic "${fault}write at address 0xfee000b0"
try overflow_main "stack overflow of fiber main"
try overflow_slowly "stack overflow of fiber main"
try overflow_fiber "stack overflow of fiber digger"
try overflow_large "stack overflow of fiber wide"
try divide "${fault}division by zero or overflow in fiber main"
try breakpoint "${fault}breakpoint in fiber main"
try undefined "${fault}no such instruction in fiber main"
for how in halt interrupts_off read_port write_port write_cr3 read_cr0 load_idt store_gdt write_msr io_privilege ask_again; do
	try $how "$privileged"
done
try system_call "$fault"
try software_interrupt "$fault"
try far_call "$fault"
try jump_ring0 "${fault}jump at address"
try divide_ring0 'nothing has stopped' 7
try smash_canary 'panic in fiber main: a function wrote beyond its variables on the stack'
has "a report has registers and a backtrace" "$(qemu microvm "$attempt" --how=write_text)" 'rax .*#0 +0x1.*#1 '

# --- KVM -------------------------------------------------------------------------------------

if [ ! -w /dev/kvm ]; then
	skip "KVM" "no /dev/kvm"
else
	qemu_accel=kvm
	out=$(qemu_limit=30 qemu microvm "$hello" '')
	is "KVM, microvm: ends well" $? 0
	is "KVM, microvm: says hello" "$out" "Hello from a unikernel!"
	out=$(qemu_limit=30 qemu microvm "$clock" --count=2)
	has "KVM: sleeps and wakes" "$out" 'monotonic \+1\.'
fi
done_testing
