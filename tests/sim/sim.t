#!/usr/bin/env bash
# sim.t: the simulator itself, and our stack in it: every scenario beside this file under SIM_SEEDS
# seeds (200 unless told).  A seed that fails says how to repeat it.  SIM_SANITIZE=1: images are built
# with the compiler's sanitizers.
. "$(dirname "$0")/../lib.sh"
need_tool

seeds=${SIM_SEEDS:-120}
first=${SIM_FIRST:-1}

work=$build/sim
if [ -n "${SIM_SANITIZE-}" ]; then
	work=$build/sim-san
	export MIRAGE_CFLAGS="-O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined"
	export MIRAGE_LDFLAGS="-fsanitize=address,undefined"
fi

# Images are built once, in the build folder; scenarios lie beside them.
mkdir -p "$work/images"
cp "$root"/tests/sim/*.scenario "$work/"
for image in "$root"/tests/sim/images/*/; do
	name=$(basename "$image")
	(
		flock 9
		made_by=$(stat -c '%Y %s' "$build/mirage")
		[ "$(cat "$work/images/$name/made-by" 2>/dev/null)" = "$made_by" ] || rm -rf "${work:?}/images/$name"
		mkdir -p "$work/images/$name"
		echo "$made_by" >"$work/images/$name/made-by"
		cp "$image"* "$work/images/$name/"
		cd "$work/images/$name" && mirage configure -t sim && mirage build -t sim
	) 9>"$work/images/$name.lock" >"$tmp/$name.log" 2>&1
	if [ -x "$work/images/$name/dist/$name" ]; then
		pass "$name: builds"
	else
		fail "$name: builds" "$(tail -20 "$tmp/$name.log")"
		done_testing
	fi
done
cd "$work" || exit 1

# --- the same seed, the same run ---------------------------------------------------

mirage sim world.scenario --seed 7 --quiet --trace "$tmp/a" --pcap "$tmp/a.pcap" 2>"$tmp/a.log"
is "a scenario runs as expected" $? 0
mkdir "$tmp/elsewhere"
(cd "$tmp/elsewhere" && env -i HOME=/ LANG=tr_TR X=y PATH="$PATH" \
	mirage sim "$work/world.scenario" --seed 7 --quiet --trace "$tmp/b" --pcap "$tmp/b.pcap" 2>"$tmp/b.log")
check "the same seed in another folder and environment: the same trace" cmp "$tmp/a" "$tmp/b"
check "and the same frames" cmp "$tmp/a.pcap" "$tmp/b.pcap"
if setarch -R true 2>/dev/null; then
	setarch -R mirage sim world.scenario --seed 7 --quiet --trace "$tmp/b" 2>/dev/null
	check "without address randomisation: the same trace" cmp "$tmp/a" "$tmp/b"
else
	skip "without address randomisation: the same trace" "setarch -R is not allowed here"
fi
mirage sim world.scenario --seed 8 --quiet --trace "$tmp/b" 2>/dev/null
hasnt "another seed: another trace" "$(cmp "$tmp/a" "$tmp/b" 2>&1 || echo differ)" '^$'
between "the trace tells of many frames" "$(grep -c ' TCP ' "$tmp/a")" 100 1000000

# --- what fails says how to repeat it ------------------------------------------------

sed 's/exits 0/exits 3/' bulk.scenario >wrong.scenario
out=$(mirage sim wrong.scenario --seeds 4..5 2>&1)
is "what is not as expected: status 1" $? 1
has "tells the command that repeats it" "$out" 'mirage sim wrong.scenario --seed 4'
has "points at the line" "$out" 'wrong.scenario:7:9: error:'
has "counts" "$out" '0 of 2 runs were as expected'
rm -f wrong.scenario

printf 'image: one images/party/dist/party\nlink: cable one one dealy=3ms\n' >bad.scenario
out=$(mirage sim bad.scenario 2>&1)
is "a scenario with an error: status 1" $? 1
has "says where" "$out" 'bad.scenario:2:21: error: unknown property'
has "and what was meant" "$out" "did you mean 'delay'"
rm -f bad.scenario

sed 's,dist/ledger,dist/ledger --barrier=false,' disk.scenario >wrong.scenario
out=$(mirage sim wrong.scenario --quiet --seeds 1..5 2>&1)
has "a store without barriers is found out" "$out" 'page [0-9]+ is lost|ledger. ended with status 1'
rm -f wrong.scenario

# --- an image alone -------------------------------------------------------------------

alone=images/ledger/dist/ledger
"$alone" --block:storage="$tmp/disk" --storage-size=64k --storage-faults=latency=1ms,error=1% --power-cut=500ms >"$tmp/out"
is "an image alone: the power is cut" $? 137
out=$("$alone" --block:storage="$tmp/disk" --storage-faults=latency=1ms --until=1s --seed=2)
is "and it starts again, until it is asked to end" $? 0
has "with what was committed" "$out" 'page [1-9][0-9]* is there'
out=$("$alone" --storage-faults=latncy=1ms)
is "a bad argument: status 1" $? 1
has "says what was expected" "$out" 'latency=TIME'

# --- the example ------------------------------------------------------------------------

mkdir -p examples
cp "$root/examples/pingpong.scenario" examples/
for name in ping echo; do
	mkdir -p "examples/$name"
	cp "$root/examples/$name"/* "examples/$name/" 2>/dev/null
	(cd "examples/$name" && rm -rf mirage dist && mirage build -t sim) >"$tmp/$name.log" 2>&1 ||
		fail "examples/$name: builds" "$(tail -5 "$tmp/$name.log")"
done
check "examples/pingpong.scenario" mirage sim examples/pingpong.scenario --quiet --seeds 1..20

# --- our stack --------------------------------------------------------------------------

for scenario in *.scenario; do
	n=$seeds
	case $scenario in # these take a second or more each
	exhaust.scenario) n=$(((seeds + 99) / 100)) ;;
	pressure.scenario) n=$(((seeds + 9) / 10)) ;;
	esac
	out=$(mirage sim "$scenario" --quiet --seeds "$first..$((first + n - 1))" 2>&1)
	rc=$?
	if [ $rc = 0 ]; then
		pass "${scenario%.scenario}: $n seeds"
	else
		fail "${scenario%.scenario}: $n seeds" "$out"
	fi
done
done_testing
