#!/bin/bash
# bulk.t: 100 MB, or BULK_BYTES, each way between our stack and the kernel's through a bad
# link: loss 1 %, delay 20 ms, reordering 5 %, duplication 1 %; the digests are right.
#
#	bulk.t [IMAGE [BYTES]]	IMAGE, or "kernel": the kernel in its place
#
# BULK_WAYS="down" or "up": the one way only, from the image or to it.

. "$(dirname "$0")/../net/lib.sh"
. "$(dirname "$0")/../net/image.sh"
. "$(dirname "$0")/../net/cases.sh"
need_root
need ip relay peer sha256sum
bytes=${2:-${BULK_BYTES:-100000000}}
image_choose direct "${1:-}"
link_relay --loss 1% --delay 10ms --reorder 5% --dup 1% --seed 7
want=$("$net_bin/peer" pattern "$bytes" | sha256sum | cut -d' ' -f1)
for way in ${BULK_WAYS:-down up}; do
	got=$(in_ns "$a" timeout 3000 "$net_bin/peer" $way 10.77.0.2 80 "$bytes" 2>&1)
	is "$bytes bytes $way" "${got##* }" "$want"
	diag "$(awk '{ printf "%.1f MB/s", $2 / $4 / 1e6 }' <<<"$got")"
done
relay_stats
for kind in lost duplicated reordered; do
	between "frames were $kind" $(($(relay_count ab $kind) + $(relay_count ba $kind))) 1 100000000
done
diag "$(tail -n 1 "$net_tmp/relay.json")"
link_end bulk relay
done_testing
