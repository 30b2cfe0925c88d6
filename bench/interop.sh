#!/bin/bash
# interop.sh: our stack against the kernel's over every path of tests/net/matrix.sh: goodput as a ratio to that of
# the kernel in its place on the same emulated path, the kernel at the other end each time.

. "$(dirname "$0")/../tests/tap.sh"
. "$(dirname "$0")/../tests/net/image.sh"
. "$(dirname "$0")/../tests/net/matrix.sh"

rounds=3 abreast=4 list=matrix_all target=direct json= from=
while [ $# -gt 0 ]; do
	case $1 in
	--help)
		echo "usage: interop.sh [--quick] [--rounds N (3)] [--abreast N (4)] [--target direct|spt|hvt]
                  [--json FILE] [--congestion cubic|bbr] [--from FILE: what matrix_walk has printed]"
		exit ;;
	--quick) list=matrix_quick ;;
	--rounds) rounds=$2; shift ;;
	--seconds) shift ;;
	--abreast) abreast=$2; shift ;;
	--target) target=$2; shift ;;
	--json) json=$2; shift ;;
	--congestion) export CONGESTION=$2; shift ;;
	--from) from=$2; shift ;;
	*) echo "interop.sh: unknown option $1" >&2; exit 64 ;;
	esac
	shift
done
[ "$(id -u)" = 0 ] || { echo "interop.sh: skipped: needs root for network namespaces" >&2; exit 0; }

walk() {
	[ -z "$from" ] || { cat "$from"; return; }
	server=$(image_build transfer "$target") && caller=$(image_build caller "$target") || exit 1
	matrix_walk $list "$abreast" "$target" "$server" "$caller" "$rounds" "image linux"
}

# Ratios above 1: ours is faster.  "Down" is what the server sends: as server we send, as client we receive.
walk | awk -F'[| ]' -v target="$target" -v json="$json" '
function median(list,   v, n, i, j, t) {
	n = split(list, v, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
	return n ? (n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2) : 0
}
{
	name = $0
	sub(/\|.*/, "", name)
	bytes = $NF; good = $(NF - 1); s = $(NF - 2); way = $(NF - 3); role = $(NF - 4); side = $(NF - 5)
	if (!(name in size)) { names[++n] = name; size[name] = bytes }
	if (good != "ok") { bad++; print "BAD: " $0; next }
	took[name, side, role, way] = took[name, side, role, way] " " s
}
function ratio(name, role, way,   mine, theirs, r) {
	mine = median(took[name, "image", role, way])
	theirs = median(took[name, "linux", "server", way])
	r = mine && theirs ? theirs / mine : 0
	if (json && r)
		printf "{\"image\":\"transfer\",\"mode\":\"%s\",\"row\":\"%s, %s %s\",\"unit\":\"MB/s\",\"value\":%s,\"linux\":%s,\"ratio_linux\":%s}\n",
			target, name, role, way, size[name] / mine / 1e6, size[name] / theirs / 1e6, r >>json
	if (r) { sum += log(r); count++; below += r < 1 }
	return r ? sprintf("%.2f", r) : "-"
}
END {
	printf "%-32s %9s %9s %9s   %s\n", "path", "linux", "linux", "", "ratio of ours (" target ") to that"
	printf "%-32s %9s %9s %9s %9s %9s %9s %9s\n", "", "down MB/s", "up MB/s", "bytes", "srv sends", "srv recvs", "cli recvs", "cli sends"
	for (i = 1; i <= n; i++) {
		name = names[i]
		d = median(took[name, "linux", "server", "down"]); u = median(took[name, "linux", "server", "up"])
		printf "%-32s %9.3g %9.3g %9d %9s %9s %9s %9s\n", name, d ? size[name] / d / 1e6 : 0, u ? size[name] / u / 1e6 : 0,
			size[name], ratio(name, "server", "down"), ratio(name, "server", "up"), ratio(name, "client", "down"), ratio(name, "client", "up")
	}
	printf "geometric mean %.2f; %d of %d below 1; %d transfers failed\n", count ? exp(sum / count) : 0, below, count, bad
	exit bad > 0
}'
