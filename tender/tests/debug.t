#!/bin/bash
# debug.t: --gdb and --dumpcore of the tenders, with gdb itself.
. "$(dirname "$0")/../../tests/net/lib.sh"
build=${BUILD:-$net_root/build}
case $build in /*) ;; *) build=$net_root/$build ;; esac
command -v gdb >/dev/null || skip_all "needs gdb"
guests=$net_root/tender/tests/guests
dir=$net_tmp
cd "$dir" || exit 1
port=$((20000 + $$ % 20000))

# debug COMMAND ...: gdb on the tender's port, one -ex each, with $image; $out.
debug() {
	local args=() c
	for c; do args+=(-ex "$c"); done
	out=$(timeout 60 gdb -nx -q -batch -ex 'set confirm off' -ex "target remote localhost:$port" "${args[@]}" "$image" 2>&1)
}
# under OPTION ... IMAGE WORD ...: the tender in the background, when it waits for gdb.
under() {
	port=$((port + 1))
	: >"$dir/err" # of an earlier one
	timeout 90 "$tender" --gdb --gdb-port=$port "$@" >"$dir/out" 2>"$dir/err" &
	pid=$!
	for _ in $(seq 100); do
		grep -q waiting "$dir/err" 2>/dev/null && return
		sleep 0.05
	done
	fail "the tender waits for gdb" "$(cat "$dir/err")"
}
ended() {
	wait "$pid" 2>/dev/null
	status=$?
}

# --- spt ----------------------------------------------------------------------------

tender=$build/mirage-spt image=$dir/spt.spt
if [ -x "$tender" ] && [ "$(cat /proc/sys/vm/mmap_min_addr)" -le 65536 ]; then
	"$guests/build.sh" "$image" 2 spt.c '-DDEVICES=' -DEXT=0xff -DFAULT=fault || exit 1
	"$guests/build.sh" "$dir/nofault.spt" 2 spt.c '-DDEVICES=' -DEXT=0xff -DFAULT=0 || exit 1

	under "$image" hello 7 exit
	debug 'info symbol $pc' 'break do_hello' c bt 'delete' 'stepi' 'info registers pc' 'break end' c 'p status' c
	has "spt: stops before the first instruction" "$out" "_start in section"
	has "spt: stops at a breakpoint, with its line" "$out" "Breakpoint 1, do_hello \(\) at .*spt.c:[0-9]+"
	has "spt: a backtrace" "$out" "#1 .* in run .*#2 +start"
	has "spt: goes on to another one" "$out" 'Breakpoint 2, end .*= 7'
	has "spt: tells the end" "$out" "exited with code 07"
	ended
	is "spt: with the image's status" $status 7
	is "spt: and its output" "$(cat "$dir/out")" hello

	under "$image" 8 poke
	debug c 'p $_siginfo' 'bt 1' 'set var arg[0] = 1' c
	has "spt: a fault stops" "$out" "SIGSEGV.*do_poke"
	ended
	is "spt: and then goes where it would have gone" "$status" 255
	has "spt: to the image" "$(cat "$dir/out")" "fault 11"

	under "$image" hello
	debug 'break do_hello' c 'return' 'set var $rax = 5' 'p $rax' 'set var arg[0] = 77' 'p arg' detach
	has "spt: registers and memory can be changed" "$out" '= 5.*\{77, 0'
	ended
	is "spt: goes on after detach" $status 0

	under "$image" hello spin
	debug kill
	ended
	if [ "$status" != 0 ]; then pass "spt: kill"; else fail "spt: kill" "status 0"; fi

	under "$image" hello spin
	# The protocol by hand: continue, control-C.
	exec 9<>"/dev/tcp/127.0.0.1/$port"
	printf '+$c#63' >&9
	sleep 0.3
	printf '\003' >&9
	read -r -t 10 -d '#' out <&9
	has "spt: an interrupt stops it" "$out" 'T02thread:1;'
	printf '+$k#6b' >&9
	exec 9<&-
	ended

	"$tender" --dumpcore="$dir" "$dir/nofault.spt" hello 8 poke >/dev/null 2>"$dir/err"
	is "spt: a fault ends as before" $? 139
	core=$(ls "$dir"/core.mirage-spt.*)
	has "spt: says where the core file is" "$(cat "$dir/err")" "core file: $core"
	out=$(gdb -nx -q -batch -ex bt -ex 'p arg' "$dir/nofault.spt" "$core" 2>&1)
	has "spt: gdb opens it: signal, place, memory" "$out" "SIGSEGV.*#0 .*do_poke.*#1 .* in run.*\{8, 0, 0, 0\}"
	between "spt: it has holes" "$(stat -c %b "$core")" 8 2048
	rm -f "$core"
	"$tender" --dumpcore="$dir" "$image" 8 poke >/dev/null 2>&1
	is "spt: also where the image handles faults" "$? $(ls "$dir"/core.mirage-spt.* | wc -l)" "255 1"
	rm -f "$dir"/core.*
	"$tender" --dumpcore="$dir" "$image" 255 exit >/dev/null 2>&1
	is "spt: when it gives up" "$? $(ls "$dir"/core.mirage-spt.* | wc -l)" "255 1"
	rm -f "$dir"/core.*
	"$tender" --dumpcore="$dir" "$image" dup >/dev/null 2>&1
	is "spt: a forbidden call" "$? $(ls "$dir"/core.mirage-spt.* | wc -l)" "159 1"
	rm -f "$dir"/core.*
	"$tender" --dumpcore="$dir" "$image" 3 exit >/dev/null 2>&1
	is "spt: none when all is well" "$? $(ls "$dir"/core.* 2>/dev/null | wc -l)" "3 0"
	"$tender" --dumpcore="$dir/nowhere" "$image" hello 2>"$dir/err"
	has "spt: a folder that is not there" "$(cat "$dir/err")" "--dumpcore=$dir/nowhere: No such file"
else
	skip "spt" "vm.mmap_min_addr is too high, or build/mirage-spt is not there"
fi

# --- hvt ----------------------------------------------------------------------------

tender=$build/mirage-hvt image=$dir/hvt.hvt
if [ -x "$tender" ] && { : <>/dev/kvm; } 2>/dev/null && [ "$(uname -m)" = x86_64 ]; then
	"$guests/build.sh" "$image" 1 hvt.c '-DDEVICES=""' -DEXT=15 -DFAULT=0 -mgeneral-regs-only -mno-red-zone || exit 1

	under "$image" args 7 exit
	debug 'info symbol $pc' 'break show_args' c bt delete stepi 'info registers pc' 'break leave' c 'p number' c
	has "hvt: stops before the first instruction" "$out" "_start in section"
	has "hvt: stops at a breakpoint, with its line" "$out" "Breakpoint 1, show_args \(\) at .*hvt.c:[0-9]+"
	has "hvt: a backtrace" "$out" "#1 .* in obey .*#2 .*guest_main"
	has "hvt: goes on to another one" "$out" 'Breakpoint 2, leave .*= 7'
	has "hvt: tells the end" "$out" "exited with code 07"
	ended
	is "hvt: with the image's status" $status 7
	has "hvt: and its output" "$(cat "$dir/out")" "args 7 exit"

	under "$image" args
	debug 'break show_args' c 'set var $rax = 5' 'p $rax' 'set var number = 77' 'p number' detach
	has "hvt: registers and memory can be changed" "$out" '= 5.*= 77'
	ended
	is "hvt: goes on after detach" $status 0

	under "$image" spin
	exec 9<>"/dev/tcp/127.0.0.1/$port"
	printf '+$c#63' >&9
	sleep 0.3
	printf '\003' >&9
	read -r -t 10 -d '#' out <&9
	has "hvt: an interrupt stops it" "$out" 'T02thread:1;'
	printf '+$k#6b' >&9
	exec 9<&-
	ended
	is "hvt: kill" $status 137

	"$tender" --dumpcore="$dir" "$image" 255 exit >/dev/null 2>"$dir/err"
	is "hvt: when it gives up, the status is as before" $? 255
	core=$(ls "$dir"/core.mirage-hvt.*)
	has "hvt: says where the core file is" "$(cat "$dir/err")" "core file: $core"
	out=$(gdb -nx -q -batch -ex bt -ex 'p number' "$image" "$core" 2>&1)
	has "hvt: gdb opens it: place, memory" "$out" "#0 .*leave.*#1 .* in obey.*= 255"
	between "hvt: it has holes" "$(stat -c %b "$core")" 8 2048
	rm -f "$core"
	"$tender" --dumpcore="$dir" "$image" 3 exit >/dev/null 2>&1
	is "hvt: none when all is well" "$? $(ls "$dir"/core.* 2>/dev/null | wc -l)" "3 0"
else
	skip "hvt" "needs a usable /dev/kvm and build/mirage-hvt"
fi
done_testing
