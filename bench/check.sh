#!/bin/bash
# check.sh: compares what benchmarks have written with the bounds in bench/budgets.
#
#	bench/check.sh [--quick]     runs them all first
#	bench/check.sh FILE          looks at a file that --json has written
#
# Fails if a value is out of its bounds, and names those that were not measured.

here=$(cd "$(dirname "$0")" && pwd)
case ${1-} in
--help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
"" | --quick)
	file=$(mktemp)
	trap 'rm -f "$file"' EXIT
	"$here/run.sh" ${1:+"$1"} --json "$file" || exit 1
	echo
	;;
-*) echo "check.sh: unknown option $1" >&2; exit 64 ;;
*) file=$1 ;;
esac

awk '
function field(name,   at, rest) {
	at = index($0, "\"" name "\":")
	if (!at)
		return ""
	rest = substr($0, at + length(name) + 3)
	if (substr(rest, 1, 1) == "\"") {
		rest = substr(rest, 2)
		return substr(rest, 1, index(rest, "\"") - 1)
	}
	return match(rest, /^[-0-9.e+]+/) ? substr(rest, 1, RLENGTH) : ""
}
FNR == NR {
	row = field("image") "|" field("mode") "|" field("row")
	line[row] = $0 # of a row that was measured twice, the last
	next
}
/^#/ || !NF { next }
{
	split($0, col, /  +/)
	row = col[1] "|" col[2] "|" col[3]
	name = col[1] ", " col[2] ": " col[3] ", " col[4]
	split(col[5], bound, " ")
	budget = $0
	$0 = line[row]
	value = field(col[4])
	if (value == "") {
		missing++
		printf "?     %s\n", name
		next
	}
	good = bound[1] == ">=" ? value + 0 >= bound[2] + 0 : value + 0 <= bound[2] + 0
	printf "%s  %s: %.4g (%s %s)\n", good ? "ok  " : "BAD ", name, value, bound[1], bound[2]
	bad += !good
	n++
}
END {
	printf "%d bounds, %d out of bounds, %d not measured\n", n + missing, bad, missing
	exit bad > 0
}' "$file" "$here/budgets"
