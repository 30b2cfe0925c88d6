#!/bin/bash
# aarch64.t: images for aarch64, made by the tool on this host; those of spt run in an emulator of
# processes, which knows no seccomp, with a disk and a network; those of hvt in an emulated machine
# with KVM (tests/vm/arm.sh), with a disk.

. "$(dirname "$0")/../net/lib.sh"
build=${net_bin%/tests/net}
PATH=$build:$PATH
need mirage aarch64-linux-gnu-gcc file
. "$net_root/tests/vm/arm.sh"

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

# ---- hvt, in a machine ----

mkdir "$net_tmp/wrong"
cat >"$net_tmp/wrong/wrong.conf" <<'E'
main-noip: wrong.main
needs:     console
key-how:   string "zero" "zero, text, deep"
E
cat >"$net_tmp/wrong/wrong.c" <<'E'
#include "mirage/app.h"

#include <string.h>

static int deep(volatile int *p)
{
	volatile int here[64];

	here[0] = *p + 1;
	return deep(here) + here[1];
}

int wrong_main(const struct app *app)
{
	volatile int one = 1;

	if (strcmp(app->keys.how, "zero") == 0)
		*(volatile int *)(uintptr_t)16 = one;
	if (strcmp(app->keys.how, "text") == 0)
		*(volatile int *)(uintptr_t)wrong_main = one;
	return deep(&one);
}
E
# said WHAT: what the machine printed for it.
said() { sed -n "/^== $1\$/,/^==/p" <<<"$all" | sed '/^==/d'; }

made hvt "$net_root/examples/hello" hello
hvt=("$image")
made hvt "$net_root/tests/block/app" disk
hvt+=("$image")
made hvt "$net_tmp/wrong" wrong
hvt+=("$image")
guest() {
	CC=aarch64-linux-gnu-gcc CPU=aarch64 "$net_root/tender/tests/guests/build.sh" "$net_tmp/guest" 1 hvt.c \
		'-DDEVICES=""' -DEXT=15 -DFAULT=0
}
check "a test image builds" guest
check "mirage-hvt builds" make -s -C "$net_root" BUILD="$build" "$build/aarch64/mirage-hvt"
if why=$(arm_missing); then
	skip "hvt runs" "$why"
else
	all=$(arm_run 170 "$build/aarch64/mirage-hvt" "$net_tmp/guest" "${hvt[@]}" <<'E'
truncate -s 2M /disk.img
t="/mirage-hvt --mem=32"
echo "== hello"; $t /hello-aarch64.hvt; echo "status $?"
echo "== disk"; $t --block:storage=/disk.img -- /disk-aarch64.hvt; echo "status $?"
for how in zero text deep; do echo "== $how"; $t /wrong-aarch64.hvt --how=$how; echo "status $?"; done
echo "== guest"; $t /guest args boot stack submit-many; echo "status $?"
echo "== status"; $t /guest 7 exit; echo "status $?"
echo "== read-only"; $t /guest write-text; echo "status $?"
echo "== pointer"; $t /guest puts-wild; echo "status $?"
echo "== spin"; $t /guest spin & sleep 1; kill -TERM $!; sleep 4; kill -INT $!; wait $!; echo "status $?"
echo "=="
E
	)
	is "hvt: the machine ends" $? 0
	is "hvt: hello" "$(said hello)" $'Hello from a unikernel!\nstatus 0'
	has "hvt: a disk" "$(said disk)" "ok discard: 0.*status 0$"
	is "hvt: a disk: what failed" "$(said disk | grep ^BAD)" ""
	has "hvt: page 0 is reported" "$(said zero)" "crash: .*write at address 0x10 in fiber main.*page 0.*status 255"
	has "hvt: so is a write to code" "$(said text)" "crash: .*the image's code.*status 255"
	has "hvt: and an overflow of the stack" "$(said deep)" "stack overflow of fiber main.*status 255"
	has "hvt: what an image finds" "$(said guest)" \
		"<boot>.*mem=33554432.*clock=1.host=256.*magic=1.features=15.seed=1.start=1.stack=1.ordered=1.*status 0"
	is "hvt: the image's status" "$(said status)" "status 7"
	has "hvt: code cannot be written" "$(said read-only)" "host/guest translation fault.*status 1"
	has "hvt: a wrong pointer ends it" "$(said pointer)" "outside of its memory.*status 1"
	has "hvt: no notice of a signal, and the second" "$(said spin)" "not taken notice of the signal.*status 130"
fi

# ---- spt, in an emulator of processes ----

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
