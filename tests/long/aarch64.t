#!/bin/bash
# aarch64.t: images for aarch64, made by the tool on this host; those of spt run in an emulator of
# processes, which knows no seccomp, with a disk and a network.

. "$(dirname "$0")/../net/lib.sh"
build=${net_bin%/tests/net}
PATH=$build:$PATH
need mirage aarch64-linux-gnu-gcc file

# made TARGET FOLDER NAME: configured and built in a copy; its path in $image.
made() {
	mkdir -p "$net_tmp/$1" && cp -r "$2" "$net_tmp/$1/$3" && cd "$net_tmp/$1/$3" || exit 1
	rm -rf mirage dist Makefile
	check "$3: configures for $1" mirage configure -t "$1" --arch=aarch64 &&
		check "$3: C library" mirage depend -t "$1" --arch=aarch64 &&
		check "$3: builds" mirage build -t "$1" --arch=aarch64
	image=$PWD/dist/$3-aarch64.$1
	has "$3 for $1: of aarch64" "$(file -b "$image")" "ELF 64-bit LSB executable, ARM aarch64"
	has "$3 for $1: the tool reads that in it" "$(mirage query --image "$image" 2>&1)" "aarch64"
}

made hvt "$net_root/examples/hello" hello
made spt "$net_root/examples/hello" hello
hello=$image
made spt "$net_root/tests/block/app" disk
disk=$image
made spt "$net_root/examples/transfer" transfer

if ! command -v qemu-aarch64 >/dev/null; then
	skip "they run" "qemu-aarch64 (package qemu-user) is not installed"
	done_testing
fi
check "the tender builds" make -s -C "$net_root" BUILD="$build" "$build/aarch64/mirage-spt"
tender=(qemu-aarch64 "$build/aarch64/mirage-spt" --x-no-sandbox --mem=32)

is "hello" "$(timeout 60 "${tender[@]}" "$hello" 2>/dev/null)" "Hello from a unikernel!"
truncate -s 2M "$net_tmp/disk.img"
out=$(timeout 60 "${tender[@]}" --block:storage="$net_tmp/disk.img" -- "$disk" 2>/dev/null)
is "a disk: status" $? 0
is "a disk: what failed" "$(grep ^BAD <<<"$out")" ""

if [ "$(id -u)" != 0 ] || [ ! -c /dev/net/tun ] || ! unshare -n true 2>/dev/null; then
	skip "a network" "needs root, /dev/net/tun and network namespaces"
	done_testing
fi
netns_new a
tap_new "$a" service 10.77.0.1/24
start image ip netns exec "$a" "${tender[@]}" --net:service=service -- "$image" --ipv4=10.77.0.2/24 --http-port=80
image_pid=$pid
check "a network: it listens" wait_port "$a" 10.77.0.2 80 30
sum=$(in_ns "$a" curl -s --max-time 30 'http://10.77.0.2/down?bytes=1000000&seed=7' | sha256sum | cut -d' ' -f1)
is "a network: 1 MB" "$(in_ns "$a" curl -s --max-time 30 'http://10.77.0.2/digest?bytes=1000000&seed=7')" \
	"{\"bytes\":1000000,\"sha256\":\"$sum\"}"
stop "$image_pid"
is "a network: ends with status 0 at SIGTERM" $? 0
done_testing
