# matrix.sh: the paths that our stack and the kernel's meet on: a name, bytes of a transfer, the MTU of the
# devices, options of the relay.  bash, to be sourced by net/interop.t, long/interop.t, bench/interop.sh.

# matrix_quick: a few, for each change.
matrix_quick() {
	cat <<-E
		clean|2000000|1500|
		delay 100 ms|1000000|1500|--delay 50ms
		loss 3 %, 20 ms|300000|1500|--loss 3% --delay 10ms
		reordering 10 %|1000000|1500|--reorder 10% --delay 5ms
		all at once|200000|1500|--loss 2% --delay 10ms --jitter 4ms --reorder 5% --dup 2% --corrupt 1% --rate 20M
		MTU 576|500000|576|--mtu 576 --delay 5ms
		MTU 9000|2000000|9000|--delay 5ms --loss 1%
	E
}

# matrix_all: losses by delays, then one thing after the other.
matrix_all() {
	local loss delay bytes
	for loss in 0 1 3 10; do
		for delay in 0 20 100 200; do
			bytes=$((2000000 / (1 + loss * delay / 20)))
			[ "$delay" -ge 100 ] && [ $bytes -gt 600000 ] && bytes=600000
			[ $loss = 10 ] && [ $bytes -gt 300000 ] && bytes=300000
			[ $bytes -ge 60000 ] || bytes=60000
			echo "loss $loss %, $delay ms|$bytes|1500|--loss $loss% --delay $((delay / 2))ms"
		done
	done
	cat <<-E
		burst loss, 20 ms|500000|1500|--burst 0.5%,30% --delay 10ms
		reordering 1 %, 20 ms|1000000|1500|--reorder 1% --delay 10ms
		reordering 20 %, 20 ms|1000000|1500|--reorder 20% --delay 10ms
		reordering by 50 ms|500000|1500|--reorder 5% --reorder-delay 50ms --delay 10ms
		jitter 10 ms, 40 ms|1000000|1500|--jitter 10ms --delay 20ms
		duplication 1 %|1000000|1500|--dup 1% --delay 10ms
		duplication 20 %|1000000|1500|--dup 20% --delay 10ms
		corruption 1 %|500000|1500|--corrupt 1% --delay 10ms
		corruption 5 %|200000|1500|--corrupt 5% --delay 10ms
		1 Mbit/s|300000|1500|--rate 1M --queue 30000 --delay 10ms
		10 Mbit/s|2000000|1500|--rate 10M --queue 60000 --delay 10ms
		10 Mbit/s, deep queue|2000000|1500|--rate 10M --queue 512k --delay 10ms
		10 Mbit/s, shallow|2000000|1500|--rate 10M --queue 8000 --delay 10ms
		100 Mbit/s, 100 ms|4000000|1500|--rate 100M --queue 512k --delay 50ms
		MTU 576|500000|576|--mtu 576 --delay 5ms
		MTU 576 in the path, told|500000|1500|--mtu 576 --icmp --delay 5ms
		MTU 1000 in the path, not told|500000|1500|--mtu 1000 --delay 5ms
		MTU 1280, loss 1 %|500000|1280|--mtu 1280 --loss 1% --delay 10ms
		MTU 9000|4000000|9000|--delay 5ms
		MTU 9000, loss 1 %|2000000|9000|--loss 1% --delay 10ms
		all at once|200000|1500|--loss 2% --delay 10ms --jitter 4ms --reorder 5% --dup 2% --corrupt 1% --rate 20M
	E
}

# matrix_walk matrix_quick|matrix_all ABREAST STACK IMAGE CALLER ROUNDS SIDES: each cell in a process of its own,
# so many at once; lines "NAME|SIDE ROLE WAY SECONDS ok|BYTES" in the order of the matrix.
matrix_walk() {
	local list=$1 abreast=$2 n=0 name bytes mtu options dir
	shift 2
	dir=$(mktemp -d)
	while IFS='|' read -r name bytes mtu options; do
		n=$((n + 1))
		while [ "$(jobs -rp | wc -l)" -ge "$abreast" ]; do wait -n 2>/dev/null; done
		(
			"$image_root/tests/net/cell.sh" "$1" "$2" "$3" "$bytes" "$4" "$5" "$mtu" $options 2>"$dir/$n.log" |
				while read -r line; do echo "$name|$line|$bytes"; done >"$dir/$n"
			while read -r line; do echo "# $name: $line" >&2; done <"$dir/$n.log"
		) </dev/null &
	done < <($list)
	wait $(jobs -p)
	for ((i = 1; i <= n; i++)); do cat "$dir/$i"; done
	rm -rf "$dir"
}
