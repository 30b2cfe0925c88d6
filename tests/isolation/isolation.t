#!/bin/bash
# isolation.t: an application that has been taken over, in an image as the tool makes them, tries to
# get out of what it may do: the same sources for spt and hvt (app/).  Each attempt ends the image,
# with status 255 and a report of what, where and in which fiber, or at the tender's hands.
#
#	isolation.t [IMAGE]	one that has been built (for hvt)

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../guest.sh"
[ -n "${1-}" ] || need_tool

given=${1-}

folder() { # TARGET: a copy of app/, configured and built; it is the current folder
	if [ -n "$given" ]; then
		mkdir -p "$tmp/$1/dist" && cd "$tmp/$1" && cp "$given" "dist/attempt.$1"
		return
	fi
	cp -r "$root/tests/isolation/app" "$tmp/$1" && cd "$tmp/$1" || exit 1
	check "$1: configures" mirage configure -t "$1" && check "$1: has its C library" mirage depend -t "$1" &&
		check "$1: builds" mirage build -t "$1"
	[ -e "dist/attempt.$1" ]
}

# try TARGET NAME STATUS PATTERN: without gap between the attempt and its end.
try() {
	local status
	out=$(timeout 30 "mirage-$1" --mem=16 "${options[@]}" -- "dist/attempt.$1" --how="$2" 2>&1) 2>/dev/null
	status=$?
	if [[ $status =~ ^($3)$ && $out == *"trying $2"* && $out =~ $4 ]]; then pass "$1${options[*]}: $2"; else
		fail "$1${options[*]}: $2" "status $status, want $3; output, want $4:" "$(head -n 12 <<<"$out")"
	fi
}

fault='crash: [^:]*: '
privileged="${fault}an instruction that only ring 0 may use"

# Where a fault is reported by the image itself.
reported() {
	local t=$1
	try $t write_text 255 "${fault}write at address 0x10[0-9a-f]* in fiber main.that is the image's code"
	has "$t: and where it was" "$out" '  #0 +0x1[0-9a-f]+( put)?'
	try $t write_constant 255 "${fault}write at address .*the image's constants"
	try $t write_relro 255 "${fault}write at address .*read-only after the start"
	try $t read_descriptors 255 "${fault}read at address 0x2000 in fiber main.that is no memory of the image"
	try $t write_descriptors 255 "${fault}write at address 0x2000 in fiber main"
	try $t execute_data 255 "${fault}jump at address .*the image's data"
	try $t execute_heap 255 "${fault}jump at address .*the heap or a stack"
	try $t execute_stack 255 "${fault}jump at address .*the heap or a stack"
	try $t read_zero 255 "${fault}read at address 0x10 in fiber main.that is page 0"
	try $t write_zero 255 "${fault}write at address 0x10 in fiber main.that is page 0"
	try $t jump_zero 255 "${fault}jump at address 0x0 in fiber main.that is page 0"
	try $t read_beyond 255 "${fault}read at address 0x1000000000 .*no memory of the image"
	try $t overflow_main 255 "stack overflow of fiber main"
	try $t overflow_slowly 255 "stack overflow of fiber main"
	try $t overflow_fiber 255 "stack overflow of fiber digger"
	try $t overflow_large 255 "stack overflow of fiber wide"
	try $t divide 255 "${fault}division by zero or overflow in fiber main"
	try $t breakpoint 255 "${fault}breakpoint in fiber main"
	try $t undefined 255 "${fault}no such instruction in fiber main"
	for how in halt interrupts_off read_port write_port write_string_port write_cr3 read_cr0 load_idt \
		write_msr io_privilege no_hypercall; do
		try $t $how 255 "$privileged"
	done
	canaries $t
}

canaries() {
	try "$1" smash_canary 255 'panic in fiber main: a function wrote beyond its variables on the stack'
	try "$1" smash_fiber 255 'panic in fiber smasher: a function wrote beyond its variables'
}

own_spt() {
	try spt protect_text 159 ''
	try spt protect_executable 159 ''
	try spt system_call 159 ''
	try spt software_interrupt 159 ''
	try spt far_call 255 "$fault"
	# As Solo5's tender has it: no handlers, no mprotect; the kernel ends it, or the guard words do.
	options=(--plain)
	for how in write_text write_constant execute_data execute_heap execute_stack read_zero write_zero \
		jump_zero read_beyond halt read_port divide; do
		try spt $how '13[269]' ''
	done
	try spt system_call 159 ''
	canaries spt
	options=()
}

own_hvt() {
	try hvt write_boot 255 "${fault}write at address 0x10000"
	try hvt protect_text 255 "${fault}write at address .*the image's code"
	try hvt protect_executable 255 "${fault}jump at address .*the heap or a stack"
	try hvt system_call 255 "$fault"
	try hvt software_interrupt 255 "$fault"
	try hvt far_call 255 "$fault"
	try hvt jump_ring0 255 "${fault}jump at address"
	try hvt divide_ring0 '3|255' 'divide_ring0' # refused: it returns, to ring 3
	try hvt wrong_hypercall 1 'mirage-hvt: '
	if grep -qw umip /proc/cpuinfo || [ "$(guest_kvm)" = pvm ]; then
		try hvt store_gdt 255 "$privileged"
	else
		skip "hvt: store_gdt" "this CPU has no UMIP"
	fi
	options=(--plain)
	for how in write_text execute_heap write_zero overflow_fiber halt; do
		try hvt $how 255 "$fault"
	done
	options=()
}

for t in spt hvt; do
	options=()
	if why=$(guest_why_not $t); then
		skip "$t" "$why"
		continue
	fi
	folder $t || continue
	reported $t
	own_$t
done
done_testing
