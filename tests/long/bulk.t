#!/bin/bash
# bulk.t: 200 MB, or BULK_BYTES, each way between our stack and the kernel's through a bad
# link: loss 1 %, delay 20 ms, reordering 5 %, duplication 1 %; the digests are right.
#
#	bulk.t [IMAGE [BYTES]]	IMAGE, or "kernel": the kernel in its place

. "$(dirname "$0")/../net/lib.sh"
. "$(dirname "$0")/../net/image.sh"
need_root
need ip relay peer sha256sum
image=${1:-} bytes=${2:-${BULK_BYTES:-200000000}}
[ -n "$image" ] || [ -x "$image_out/mirage" ] || skip_all "needs build/mirage"
if [ -z "$image" ]; then
	image=$(image_build transfer direct 2>"$net_tmp/build") ||
		{ fail "transfer builds" "$(cat "$net_tmp/build")"; done_testing; }
fi
netns_new a
netns_new b
image_link "$a" "$b" --loss 1% --delay 10ms --reorder 5% --dup 1% --seed 7 || fail "image_link"
if [ "$image" = kernel ]; then
	ip -n "$b" addr add 10.77.0.2/24 dev br0
	start image ip netns exec "$b" "$net_bin/peer" serve 10.77.0.2 80
else
	start image ip netns exec "$b" "$image" --net:service=service --ipv4=10.77.0.2/24 --http-port=80
fi
image_pid=$pid
wait_port "$a" 10.77.0.2 80 || fail "the image listens" "$(tail -n 20 "$net_tmp/image.log")"
want=$("$net_bin/peer" pattern "$bytes" | sha256sum | cut -d' ' -f1)
for way in down up; do
	got=$(in_ns "$a" timeout 1200 "$net_bin/peer" $way 10.77.0.2 80 "$bytes" 2>&1)
	is "$bytes bytes $way" "${got##* }" "$want"
	diag "$(awk '{ printf "%.1f MB/s", $2 / $4 / 1e6 }' <<<"$got")"
done
relay_stats
diag "$(tail -n 1 "$net_tmp/relay.json")"
stop "$image_pid"
status=$?
[ "$image" = kernel ] || is "it ends with status 0" "$status" 0
done_testing
