#!/bin/bash
# machine.t: what an image finds on hvt and spt, told by itself (machine.c), with and without the
# extensions of our tenders.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../guest.sh"
need_tool

# its LINE: the rest of the image's line that begins with that word.
its() { sed -n "s/^$1 //p" <<<"$out"; }

# looks NAME TENDER ...: what the image says of itself.
looks() {
	local name=$1 line places wall
	shift
	out=$("$@" 2>&1)
	is "$name: ends well" $? 0
	while read -r line; do
		case $line in
		"ok "*) pass "$name: ${line#ok * - }" ;;
		"not ok "*) fail "$name: ${line#not ok * - }" ;;
		esac
	done <<<"$out"
	has "$name: said all" "$out" '1\.\.[0-9]+'
	wall=$(its wall)
	between "$name: knows what day it is" $((${wall:-0} - $(date +%s))) -2 2
	places=$(its places)
	out=$("$@" 2>&1)
	hasnt "$name: heap and stack lie elsewhere the next time" "$(its places)" "^$places$"
}

crashes() {
	out=$("$@" --crash 2>&1)
	is "$t: an overflow of a stack ends with status 255" $? 255
	has "$t: names the fiber" "$out" 'stack overflow of fiber digger'
	has "$t: and the function, once" "$out" 'deeper[^ ]*\+[0-9]+.*the same [0-9]+ times more.*overflow\+'
}

for t in hvt spt; do
	if why=$(guest_why_not $t); then
		skip "$t" "$why"
		continue
	fi
	rm -rf "$tmp/$t" && cp -r "$root/tests/machine" "$tmp/$t" && cd "$tmp/$t" || exit 1
	check "$t: configures" mirage configure -t $t
	check "$t: builds" mirage build
	image=dist/machine.$t
	[ -f $image ] || continue
	looks "$t" "mirage-$t" --mem=64 $image
	looks "$t, the base ABI" "mirage-$t" --plain --mem=64 $image
	looks "$t, 13 MiB" "mirage-$t" --mem=14 $image
	crashes "mirage-$t" --mem=64 $image
done
done_testing
