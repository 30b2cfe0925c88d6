#!/bin/bash
# entropy.t: a processor without a generator of random numbers: a device of virtio gives them, and
# without one the image does not start.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../net/image.sh"
. "$(dirname "$0")/machine.sh"
need_tool
machine_need
image=$(image_build hello virtio 2>"$tmp/build") || { fail "hello builds" "$(cat "$tmp/build")"; done_testing; }
for kind in "${machine_kinds[@]}"; do
	machine_choose "$kind"
	device=${machine_net/net/rng}
	out=$(timeout 30 "${machine[@]}" -cpu qemu64 -m 64 -kernel "$image" -device "$device" \
		</dev/null 2>&1 | tr -d '\r')
	has "$kind" "$out" "Hello from a unikernel"
done
out=$(timeout 30 "${machine[@]}" -cpu qemu64 -m 64 -kernel "$image" </dev/null 2>&1)
has "no source at all" "$out" "no entropy"
done_testing
