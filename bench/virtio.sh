#!/bin/bash
# virtio.sh: networks and disks of virtio, against a Linux guest in the same machine of QEMU's.

. "$(dirname "$0")/lib.sh"
. "$bench_dir/../tests/net/image.sh"
. "$bench_dir/../tests/vm/lib.sh"
. "$bench_dir/../tests/virtio/machine.sh"

kind="q35 modern"
bytes=100000000
bench_mode=virtio
while [ $# -gt 0 ]; do
	case $1 in
	--rounds) bench_rounds=$2; shift ;;
	--seconds) bench_seconds=$2; shift ;;
	--json) bench_json=$2; shift ;;
	--machine) kind=$2; shift ;;
	*)
		echo "usage: virtio.sh [option ...]
Measures the transfer and the disk example, and Debian's kernel with bench/peer, in machines of
QEMU without KVM, alternately.
  --machine KIND     of tests/virtio/machine.sh (q35 modern); Linux needs one with PCI
  --rounds N         (7)
  --seconds N        of requests (1)
  --json FILE        append a line for each row"
		exit $(($1 == --help ? 0 : 64))
		;;
	esac
	shift
done
need_root
machine_need
need ip taskset awk peer load busybox cpio musl-gcc
vm_need
machine_choose "$kind"
transfer=$(image_build transfer virtio) && disk=$(image_build disk virtio) || die "the images do not build"
bench_image=transfer

# The Linux guest: its init finds what to do on the command line.
initrd() {
	local dir=$net_tmp/initrd module path version
	version=$(ls "$vm_build/kernel/lib/modules")
	mkdir -p "$dir"/{bin,proc,sys,dev,modules}
	cp "$(command -v busybox)" "$dir/bin/busybox"
	musl-gcc -O2 -static -I"$bench_dir/../types" -I"$bench_dir/../lib/digest" "$bench_dir"/{peer,server,client}.c \
		"$bench_dir/../lib/digest/sha256.c" -o "$dir/bin/peer" || die "a static peer does not compile"
	musl-gcc -O2 -static "$bench_dir/disk.c" -o "$dir/bin/disk" || die "a static disk does not compile"
	for module in virtio_pci virtio_net virtio_blk; do
		set -- $(sed -n "s,^\([^:]*/$module.ko\): *\(.*\),\1 \2,p" "$vm_build/kernel/lib/modules/$version/modules.dep")
		for path; do echo "$path"; done | tac
	done | awk '!seen[$0]++' | while read -r path; do
		cp "$vm_build/kernel/lib/modules/$version/$path" "$dir/modules/"
		echo "insmod /modules/${path##*/}" >>"$net_tmp/insmod"
	done
	cat >"$dir/init" <<-E
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
		$(cat "$net_tmp/insmod")
		case "\$(cat /proc/cmdline)" in
		*what=net*)
			ip link set lo up; ip link set eth0 up; ip addr add 10.77.2.2/24 dev eth0
			exec peer serve 10.77.2.2 80 ;;
		esac
		for way in write read; do
			for size in 4096 65536 1048576; do
				total=67108864
				[ \$size != 65536 ] || total=33554432
				[ \$size != 4096 ] || total=8192000
				echo "rate \$way \$size \$(disk /dev/vda \$way \$size \$total direct)"
			done
		done
		poweroff -f
	E
	chmod 755 "$dir/init"
	(cd "$dir" && find . | cpio -o -H newc --quiet) >"$net_tmp/initrd.cpio"
}
initrd
linux=("${machine[@]}" -m 256 -kernel "$vm_build"/kernel/boot/vmlinuz-* -initrd "$net_tmp/initrd.cpio")
quiet="console=ttyS0 quiet panic=1 mitigations=off"

# ---- networks ----

netns_new a
network() { # NAME ADDRESS COMMAND ...: a machine on a tap of its own
	local name=$1 address=$2
	shift 2
	ip -n "$a" tuntap add dev "$name" mode tap vnet_hdr && ip -n "$a" link set "$name" up &&
		ip -n "$a" addr add "${address%.*}.1/24" dev "$name" || die "a tap"
	start "$name" ip netns exec "$a" "${bench_serve[@]}" "$@" \
		-netdev tap,id=net,ifname="$name",script=no,downscript=no -device "$machine_net,netdev=net"
	wait_port "$a" "$address" 80 20 || die "$name does not listen: $(grep -v "^\[" "$net_tmp/$name.out" | tail -n 9)"
}
network image 10.77.1.2 "${machine[@]}" -m 256 -kernel "$transfer" \
	-append "--ipv4=10.77.1.2/24 --http-port=80 --logs=error"
network linux 10.77.2.2 "${linux[@]}" -append "$quiet what=net"
declare -A at=([image]=10.77.1.2 [linux]=10.77.2.2)

for ((round = 0; round < bench_rounds; round++)); do
	for side in $(in_turn $round linux image); do
		for way in down up; do
			out=$(in_ns "$a" timeout 60 "${bench_load[@]}" "$net_bin/peer" $way "${at[$side]}" 80 $bytes nodigest) ||
				die "$side, $way: $out"
			result "TCP $way" MB/s $side "$(awk '{ print $2 / $4 / 1e6 }' <<<"$out")"
		done
		out=$(in_ns "$a" "${bench_load[@]}" "$net_bin/load" --to "${at[$side]}" --port 80 --connections 20 \
			--seconds "$bench_seconds" --path '/down?bytes=100')
		result "HTTP, 100 bytes, 20 connections" requests/s $side \
			"$(sed -n 's/.*"requests":\([0-9]*\).*/\1/p' <<<"$out" | awk -v s="$bench_seconds" '{ print $1 / s }')"
	done
done

# ---- disks: in memory, so that the way there is measured ----

file=/dev/shm/bench-virtio.$$
trap 'rm -f "$file"; net_cleanup' EXIT
truncate -s 64M "$file"
drive=(-drive "if=none,id=disk,format=raw,file=$file" -device "$machine_block,drive=disk")
for ((round = 0; round < bench_rounds; round++)); do
	"${bench_serve[@]}" timeout 100 "${linux[@]}" -append "$quiet what=block" "${drive[@]}" </dev/null 2>/dev/null |
		tr -d '\r' | awk '/^rate/ { printf "%s %s %.6f\n", $2, $3, $3 * $7 / $5 * 1000 }' |
		while read -r way size rate; do result "block $way, $size bytes" MB/s linux "$rate"; done
	for size in 4096 65536 1048576; do
		total=$((size < 65536 ? size * 2000 : 64 << 20))
		[ $size != 65536 ] || total=$((512 * size))
		for way in write read; do
			out=$("${bench_serve[@]}" timeout 60 "${machine[@]}" -m 256 -kernel "$disk" \
				-append "--act=$way --size=$size --total=$total" "${drive[@]}" </dev/null 2>&1 | tr -d '\r')
			result "block $way, $size bytes" MB/s image \
				"$(awk -v size=$size '/^ns/ { printf "%.6f\n", size * $4 / $2 * 1000 }' <<<"$out")"
		done
	done
done
report linux
