#!/usr/bin/env bash
# docs.t: does what the pages say, word for word (docs/extract.sh), in an empty folder; and follows
# the links between the pages.
. "$(dirname "$0")/lib.sh"

# Links to files of the tree.
bad=
while IFS=: read -r file link; do
	target=$(dirname "$file")/${link%%#*}
	[ -e "$root/$target" ] || bad="$bad $file:$link"
done < <(cd "$root" && git ls-files '*.md' | xargs perl -ne '
	while (/\]\(([^)\s]+)\)/g) { print "$ARGV:$1\n" unless $1 =~ m{^(https?:|#|mailto:)} }')
is "links of the pages lead somewhere" "$bad" ""

# Each key of the format, from the tool's own table, has its place in the reference.
bad=
for key in $(sed -n '/^static const struct conf_rule rules\[\] = {/,/^};/s/^\t{ "\([a-z-]*\)", take_.*/\1/p' "$root/cli/conf.c"); do
	case $key in
	main-) pattern='main-http' ;;
	*-) pattern="${key}[A-Z]*" ;;
	*) pattern=$key ;;
	esac
	grep -Eq "^### (.*, )?$pattern(,|$)" "$root/docs/conf.md" || bad="$bad $key"
done
is "conf.md explains every key" "$bad" ""

need_tool

# sudo as a reader has it; the tool by its name.
mkdir "$tmp/bin"
printf '#!/bin/sh\nexec "$@"\n' >"$tmp/bin/sudo"
chmod +x "$tmp/bin/sudo"
PATH=$tmp/bin:$PATH
export PATH
unset MIRAGE_DEVICES

if why=$(direct_impossible); then
	diag "what needs root is skipped: $why"
else
	space_new
	export ROOT=yes
fi

page() {
	local line n=0
	mkdir -p "$tmp/work/$1"
	"$root/tests/docs/extract.sh" "$root/docs/$1.md" >"$tmp/$1.sh" || fail "$1.md: extract"
	while IFS= read -r line; do
		case $line in
		"ok "*" # SKIP "*) line=${line#ok } && skip "${line%% # SKIP *}" "${line##* # SKIP }" && n=$((n + 1)) ;;
		"ok "*) pass "${line#ok }" && n=$((n + 1)) ;;
		"not ok "*) fail "${line#not ok }" && n=$((n + 1)) ;;
		*) echo "$line" ;;
		esac
	done < <(cd "$tmp/work/$1" && $in_space bash "$tmp/$1.sh" 2>&1 ||
		echo "not ok $1.md: is done as it says (status $?)")
	[ $n -gt "$2" ] || fail "$1.md: has at least $2 blocks to try" "$n"
}

page tutorial 12
page cli 8
page write-a-device 6
page sim 9
if [ -d "${XDG_CACHE_HOME:-$HOME/.cache}/mirage/libc" ]; then
	page hypervisors 3
else
	skip "hypervisors" "needs the C library of sealed images (mirage depend -t virtio)"
fi
in_space= page ports 5 # its sources come from the network
done_testing
