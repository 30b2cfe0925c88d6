#!/bin/bash
# nested.t: tests of hvt on a KVM that lacks nothing: in a machine with an emulated processor
# (tests/vm), where every privilege level of a guest runs as the processor says. Each test is run
# there as it is, once for all in one machine; each of its lines is a line here.

cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
. tests/vm/lib.sh
vm_need
[ "$(id -u)" = 0 ] || skip_all "needs root, as whose the tests run in the machine"

# What is compiled is compiled here.
. tests/net/image.sh
transfer=$(image_build transfer hvt 2>&1) || { fail "transfer builds" "$transfer"; done_testing; }
cp -r tests/isolation/app "$tmp/attempt"
(cd "$tmp/attempt" && mirage configure -t hvt && mirage depend -t hvt && mirage build -t hvt) >"$tmp/log" 2>&1 ||
	{ fail "attempt builds" "$(tail -n 20 "$tmp/log")"; done_testing; }
mkdir -p "$build/images/attempt-hvt"
attempt=$build/images/attempt-hvt/attempt.hvt
cp "$tmp/attempt/dist/attempt.hvt" "$attempt"

scripts=(tests/isolation/tender.t "tests/isolation/isolation.t $attempt" "tests/net/hvt.t $transfer")
limit=900 # seconds, for all

# Those that are there; what they print is told apart by lines "== NAME".
list=
for s in "${scripts[@]}"; do list+=" '$s'"; done
vm_run $limit <<E >"$tmp/output"
cd '$PWD' || exit 1
export BUILD='$build' TARGETS=hvt NESTED=yes
for s in $list; do
	echo "== \${s%% *}"
	time \$s
	echo "== ended \$?"
done
E
status=$?

name= ended=
while IFS= read -r line; do
	case $line in
	"== ended "*)
		ended=${line#== ended }
		is "$name: its status" "$ended" 0
		name=
		;;
	"== "*) name=${line#== }; name=${name#tests/}; seen=0 ;;
	"ok "*"# SKIP "*) skip "$name: ${line#ok * - }" "${line#*# SKIP }" ;;
	"ok "*) seen=$((seen + 1)); pass "$name: ${line#ok * - }" ;;
	"not ok "*) fail "$name: ${line#not ok * - }" ;;
	"1..0 # SKIP"*) fail "$name: runs" "$line" ;;
	1..*) ;;
	*) diag "${line#\# }" ;;
	esac
done <"$tmp/output"
[ -z "$name" ] || fail "$name: ends" "the machine ended with $status"
is "the machine ends in time and order" "$status" 0
done_testing
