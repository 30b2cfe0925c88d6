#!/bin/bash
# block.sh: reads and writes of 512 bytes to 1 MiB, one at a time, against pread and pwrite on the
# host; of a file in memory (tmpfs), so that the way there is measured, not a disk.

. "$(dirname "$0")/lib.sh"

bench_options "usage: block.sh IMAGE spt|hvt [option ...]
Measures IMAGE (tests/block/app) and a host program alternately.
  --rounds N         (7)
  --seconds N        not used
  --json FILE        append a line for each row" "$@"
need taskset awk gcc
disk=/dev/shm/bench-block.$$
trap 'rm -f "$disk"; net_cleanup' EXIT
truncate -s 64M "$disk"
gcc -O2 -o "$net_tmp/disk" "$bench_dir/disk.c" || die "the host's program does not compile"

# one SIDE WAY SIZE TOTAL: its MB/s.
one() {
	local out
	case $1 in
	host) out=$("${bench_serve[@]}" "$net_tmp/disk" "$disk" "$2" "$3" "$4") || die "$out" ;;
	image) out=$("${bench_serve[@]}" "${net_bin%/tests/net}/mirage-$bench_mode" --mem=32 --block:storage="$disk" \
		-- "$bench_image" --act="$2" --size="$3" --total="$4") || die "$out" ;;
	esac
	awk -v size="$3" '/^ns/ { printf "%.6f\n", size * $4 / $2 * 1000 }' <<<"$out"
}

for ((round = 0; round < bench_rounds; round++)); do
	for size in 512 4096 65536 1048576; do
		total=$((size < 65536 ? size * 4000 : 256 << 20))
		for way in write read; do
			for side in $(in_turn $round host image); do
				result "block $way, $size bytes" MB/s $side "$(one $side $way $size $total)"
			done
		done
	done
done
report host
