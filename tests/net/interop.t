#!/bin/bash
# interop.t: our stack and the kernel's over bad links, both ways, each as client and as server: what comes is
# what was sent.  A few paths; all of them are in tests/long/interop.t.
#
#	interop.t [quick|all] [direct|spt|hvt ...]

. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../net/image.sh"
. "$(dirname "$0")/../net/matrix.sh"
. "$(dirname "$0")/../guest.sh"
[ "$(id -u)" = 0 ] || skip_all "needs root for network namespaces"
[ -x "$image_out/tests/net/relay" ] || skip_all "needs build/tests/net/relay"
list=matrix_${1:-quick}
[ $# = 0 ] || shift
for target in ${*:-direct spt}; do
	if [ "$target" != direct ] && why=$(guest_why_not "$target"); then
		skip "$target" "$why"
		continue
	fi
	server=$(image_build transfer "$target") && caller=$(image_build caller "$target") || {
		fail "$target: images build"
		continue
	}
	while IFS='|' read -r name what bytes; do
		read -r side role way seconds good <<<"$what"
		is "$target as $role, $name: $bytes bytes $way in $seconds s" "$good" ok
	done < <(matrix_walk $list 6 "$target" "$server" "$caller" 1 image)
done
done_testing
