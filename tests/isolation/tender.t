#!/bin/bash
# tender.t: what a guest can do to its tender that has been taken over: any hypercall, any system
# call, any address.  It gets its own end, with status 1 (hvt) or the kernel's 159 and 139 (spt), and
# nothing else.  The images are those of raw/.

. "$(dirname "$0")/../net/lib.sh"
. "$(dirname "$0")/../guest.sh"
need_root
need ip
raw=$guest_build/tests/isolation

netns_new a
tap_new "$a" service
head -c 1048576 /dev/zero >"$net_tmp/disk"
head -c 4096 /dev/zero | tr '\0' s >"$net_tmp/beside"

# run TARGET IMAGE [ARGUMENT ...]: $out (what can be printed) and $status.
run() {
	local t=$1 image=$2
	shift 2
	out=$(ip netns exec "$a" timeout 30 "$guest_build/mirage-$t" --mem=8 --net:service=service \
		--block:storage="$net_tmp/disk" -- "$raw/$image" "$@" 2>&1 | tr -cd '[:print:]\n'
		exit "${PIPESTATUS[0]}") 2>/dev/null
	status=$?
}

# ends NAME STATUS PATTERN: of the last run.
ends() {
	if [ "$status" = "$2" ] && [[ $out =~ $3 ]]; then pass "$1"; else
		fail "$1" "status $status, want $2; output, want $3:" "$(tail -n 5 <<<"$out")"
	fi
}

# call TARGET NAME STATUS PATTERN ARGUMENT ...: raw/call.c
call() {
	local t=$1 name="$1: $2" want=$3 pattern=$4
	shift 4
	run "$t" "call.$t" "$@"
	ends "$name" "$want" "$pattern"
}

# --- both: images that live, and memory that is not theirs
lives() {
	local t=$1
	run "$t" "hello.$t" one 'two words' status=7
	ends "$t: an image without runtime lives" 7 'raw: hello'
	has "$t: its arguments are whole" "$out" 'one\|.*two words\|'
	has "$t: its devices" "$out" 'service attached 1.*storage attached 1'
}

# --- hvt
M=8388608 # --mem=8
wrong_pointers() {
	local n at
	for n in 1 2 3 4 5 6 7 8 16; do
		for at in $((M - 1)) 0xfffffff0 $((M - 4)) $M 0x80000000; do
			[ -z "${NESTED-}" ] || [ "$at" != $((M - 4)) ] || break
			call hvt "hypercall $n with its struct at $at" 1 'mirage-hvt: .*(memory|outside|pointer|address)' \
				call=$n at=$at
		done
	done
}

calls_hvt() {
	local n
	for n in 0 9 10 15 17 100 255 0xfaff; do
		call hvt "no hypercall $n" 1 'mirage-hvt: ' call=$n
	done
	call hvt "the clock" 0 'w0 [0-9a-f]{16}' call=1
	# data and length
	call hvt "text that ends beyond memory" 1 'mirage-hvt: ' call=2 w0=$((M - 8)) w1=9
	call hvt "text beyond memory" 1 'mirage-hvt: ' call=2 w0=0xffffffffffffff00 w1=16
	call hvt "text longer than memory" 1 'mirage-hvt: ' call=2 w0=0x100000 w1=0xffffffffffffffff
	call hvt "a text of length 0" 0 'w0' call=2 w0=0x100000
	for n in 4 5; do
		call hvt "block call $n: handle 0" 0 'w4 2' call=$n w2=0x200000 w3=512
		call hvt "block call $n: the network's handle" 0 'w4 2' call=$n w0=1 w2=0x200000 w3=512
		call hvt "block call $n: handle 64" 0 'w4 2' call=$n w0=64 w2=0x200000 w3=512
		call hvt "block call $n: a huge handle" 0 'w4 2' call=$n w0=0xffffffff00000002 w2=0x200000 w3=512
		call hvt "block call $n: at the end" 0 'w4 2' call=$n w0=2 w1=1048576 w2=0x200000 w3=512
		call hvt "block call $n: over the end" 0 'w4 2' call=$n w0=2 w1=1048064 w2=0x200000 w3=1024
		call hvt "block call $n: an offset that wraps" 0 'w4 2' call=$n w0=2 w1=0xfffffffffffffe00 w2=0x200000 w3=1024
		call hvt "block call $n: the last block" 0 'w4 0' call=$n w0=2 w1=1048064 w2=0x200000 w3=512
		call hvt "block call $n: data beyond memory" 1 'mirage-hvt: ' call=$n w0=2 w2=$((M - 511)) w3=512
		call hvt "block call $n: data that wrap" 1 'mirage-hvt: ' call=$n w0=2 w2=0xfffffffffffff000 w3=8192
	done
	for n in 6 7; do
		call hvt "net call $n: handle 0" 0 'w3 2' call=$n w1=0x200000 w2=60
		call hvt "net call $n: the disk's handle" 0 'w3 2' call=$n w0=2 w1=0x200000 w2=60
		call hvt "net call $n: handle 63" 0 'w3 2' call=$n w0=63 w1=0x200000 w2=60
		call hvt "net call $n: data beyond memory" 1 'mirage-hvt: ' call=$n w0=1 w1=$((M - 59)) w2=60
		call hvt "net call $n: a length that wraps" 1 'mirage-hvt: ' call=$n w0=1 w1=0x200000 w2=0xffffffffffffffff
	done
	call hvt "halt with a cookie beyond memory" 1 'mirage-hvt: ' call=8 w0=$((M - 511)) w1=3
	call hvt "halt with a status" 3 '' call=8 w0=0 w1=3
	call hvt "submission of nothing" 0 'w0' call=16 w0=0x200000 w1=0
	call hvt "submission of 257 operations" 1 'mirage-hvt: ' call=16 w0=0x200000 w1=257
	call hvt "submission beyond memory" 1 'mirage-hvt: ' call=16 w0=$((M - 31)) w1=1
	call hvt "submission at an address that wraps" 1 'mirage-hvt: ' call=16 w0=0xffffffffffffffe0 w1=2
}

# Memory in which the guest is, as ring 0 of the tender's own page tables.
memory_hvt() {
	local at
	for at in 0 8 4095 0x10000000 0xffffffff; do
		run hvt peek.hvt at=$at
		ends "hvt: reading $at" 1 'mirage-hvt: '
	done
	run hvt peek.hvt at=0x100000 write=1
	ends "hvt: writing its text" 1 'mirage-hvt: '
	hasnt "hvt: writing its text: did not go on" "$out" 'still here'
}

# --- spt
# Where there are calls without filter in the kernel itself: 335 and 336, for probes, which do
# nothing unless somebody probes.
calls_spt() {
	local n survived=
	for ((n = 0; n < 470; n++)); do
		run spt call.spt call=$n
		[ "$status" = 159 ] || survived+=" $n:$status"
	done
	survived=$(sed 's/ 335:[0-9]*//; s/ 336:[0-9]*//' <<<"$survived")
	is "spt: of all system calls, with arguments of 0, these return, or fault" "$survived" \
		" 228:0 231:0 318:0"
	for n in 0x40000000 0x40000001 0x400000e7 0xffffffff 0x8000000000000001; do
		call spt "system call $n" 159 '' call=$n
	done
}

denied() {
	local name=$1
	shift
	call spt "$name" 159 '' "$@"
}

arguments_spt() {
	denied "write to standard error" call=1 a=2 b=0x100000 c=4
	denied "read from standard input" call=0 a=0 b=0x200000 c=4
	denied "write to standard error plus 2^32" call=1 a=0x100000002 b=0x100000 c=4
	local n disk= net=
	for n in 3 4 5 6 7 8 9 10 11 12; do
		run spt call.spt call=17 a=$n b=0x200000 c=512 d=0
		[ "$status" = 0 ] && [[ $out == *"result 200"* ]] && disk=$n
		run spt call.spt call=0 a=$n b=0x200000 c=2000
		[ "$status" = 0 ] && [[ $out == *"result fffffffffffffff5"* ]] && net=$n
	done
	is "spt: one descriptor is the disk's, one the network's" "${disk:+disk} ${net:+net}" "disk net"
	denied "writing over the end of the disk" call=18 a="$disk" b=0x100000 c=1024 d=1048064
	denied "writing beyond the disk" call=18 a="$disk" b=0x100000 c=512 d=1048576
	denied "writing to an offset that wraps" call=18 a="$disk" b=0x100000 c=1024 d=0xfffffffffffffe00
	denied "write to the disk without offset" call=1 a="$disk" b=0x100000 c=512
	denied "pwritev to the disk" call=296 a="$disk" b=0x100000 c=1 d=0
	denied "read of the disk without offset" call=0 a="$disk" b=0x200000 c=512
	denied "pwrite to the network" call=18 a="$net" b=0x100000 c=60 d=0
	denied "ioctl of the network" call=16 a="$net" b=0x400454ca c=0x100000
	denied "closing it" call=3 a="$net"
	denied "making it another" call=33 a="$net" b=1
	denied "making memory executable" call=10 a=0x400000 b=4096 c=5
	denied "making memory executable, a bit that no one knows" call=10 a=0x400000 b=4096 c=0x10004
	denied "making text writable" call=10 a=0x100000 b=4096 c=3
	denied "protecting memory beyond its own" call=10 a=$((M - 4096)) b=8192 c=3
	denied "protecting a range that wraps" call=10 a=0x400000 b=0xffffffffffff0000 c=3
	denied "protecting the tender" call=10 a=0x7f0000000000 b=4096 c=3
	denied "dropping the tender's memory" call=28 a=0x7f0000000000 b=4096 c=4
	denied "memory to be merged" call=28 a=0x400000 b=4096 c=12
	denied "the FS of another (ARCH_SET_GS)" call=158 a=0x1001 b=0x400000
	denied "ARCH_SET_CPUID" call=158 a=0x1012 b=0
	call spt "a CPU's own clock" 159 '' call=228 a=2 b=0x200000
	call spt "another process's clock" 159 '' call=228 a=0xffffffd6 b=0x200000
	call spt "ends" 5 '' call=231 a=5
}

memory_spt() {
	local at
	for at in 0 8 4095 0x800000 0xffffffff 0x7fffffffe000 0xffffffffff600000 0xffff800000000000; do
		run spt peek.spt at=$at
		ends "spt: reading $at" 139 ''
	done
	run spt peek.spt at=0x100000 write=1
	ends "spt: writing its text" 139 ''
	run spt peek.spt at=0x700000 write=2
	ends "spt: running its heap" 139 ''
}

# --- in a loop
hammer() {
	local t=$1 image=$2 seed bad= seeds=40
	[ -z "${NESTED-}" ] || seeds=6 # where a start takes a second
	for seed in 1 2 3 4; do
		run "$t" "$image" seed=$seed count=3000
		[ "$status" = 0 ] && [[ $out == *"hammer: survived"* ]] || bad+=" $seed:$status"
	done
	is "$t: $image: thousands of calls that are only wrong" "$bad" ""
	bad=
	for ((seed = 1; seed <= seeds; seed++)); do
		run "$t" "$image" seed=$seed count=1000 wild=1
		case $t:$status in
		*:0) ;;
		hvt:1) [[ $out == *"mirage-hvt: "* ]] || bad+=" $seed:silent" ;;
		spt:139 | spt:159) ;;
		*) bad+=" $seed:$status" ;;
		esac
	done
	is "$t: $image: and calls with any address: it gets its end, or goes on" "$bad" ""
}

for t in spt hvt; do
	if why=$(guest_why_not $t); then
		skip "$t" "$why"
		continue
	fi
	lives $t
	calls_$t
	[ $t = hvt ] && wrong_pointers || arguments_spt
	memory_$t
	hammer $t hammer.$t
	[ $t = spt ] || hammer hvt hammer-plain.hvt
done
is "the disk has the size that it had" "$(stat -c %s "$net_tmp/disk")" 1048576
done_testing
