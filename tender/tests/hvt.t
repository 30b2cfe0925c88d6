#!/bin/bash
# hvt.t: build/mirage-hvt with the test image guests/hvt.c: the ABI, the extensions, and everything
# that a guest must not do.  Networks are in a namespace of its own.
cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC1091
. tests/tap.sh
if [ "${1:-}" != inside ] && unshare -n true 2>/dev/null; then
	exec unshare -n "$0" inside
fi
if ! { : <>/dev/kvm; } 2>/dev/null; then
	skip_all "no usable /dev/kvm: load kvm_intel or kvm_amd, and join its group"
fi
hvt=$PWD/build/mirage-hvt
[ -x "$hvt" ] || make -s tenders || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"; [ -z "${child:-}" ] || kill "$child" 2>/dev/null' EXIT

# build NAME DEVICES [DEFINE ...]
build() {
	local name=$1 devices=$2 cpu=
	shift 2
	[ "$(uname -m)" = x86_64 ] && cpu="-mgeneral-regs-only -mno-red-zone"
	# shellcheck disable=SC2086
	tender/tests/guests/build.sh "$tmp/$name" 1 hvt.c -DDEVICES="$devices" "$@" $cpu || exit 1
}
ext="-DEXT=15 -DFAULT=0"
build plain '""'
# shellcheck disable=SC2086
{
	build ext '""' $ext
	build net 'NET("net0")'
	build netext 'NET("net0")' $ext
	build disk 'BLOCK("disk0")'
	build diskext 'BLOCK("disk0")' $ext
	build net2 'NET("net0") NET("net1")' $ext
}

# run [OPTION ...] IMAGE WORDS: $out, $err (one line each, space between), $status
run() {
	timeout 20 "$hvt" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	out=$(tr '\n' ' ' <"$tmp/out")
	err=$(tr '\n' ' ' <"$tmp/err")
}

# ends NAME STATUS PATTERN COMMAND ...: it ends with this status and says that on stderr
ends() {
	local name=$1 want=$2 pattern=$3
	shift 3
	run "$@"
	if [ "$status" = "$want" ] && [[ $err =~ $pattern ]]; then
		pass "$name"
	else
		fail "$name" "status $status, wanted $want" "$err" "wanted: $pattern"
	fi
}

# says NAME PATTERN COMMAND ...: it ends with 0 and says that on stdout
says() {
	local name=$1 pattern=$2
	shift 2
	run "$@"
	if [ "$status" = 0 ] && [[ $out =~ $pattern ]]; then
		pass "$name"
	else
		fail "$name" "status $status" "$out" "$err" "wanted: $pattern"
	fi
}

# ---- the command line ----

says "--version" "ABI version 2 of hvt" --version
says "--help" "usage: mirage-hvt" --help
ends "no image" 1 "no image given"
ends "unknown option" 1 "unknown option '--foo'" --foo "$tmp/plain"
ends "no such file" 1 "No such file" "$tmp/none"
ends "not an image" 1 "not an ELF file" tests/tap.sh
ends "a program of the host" 1 "not an executable of fixed address|no ABI note" "$hvt"
ends "a network that is not given" 1 "add --net:net0=INTERFACE" "$tmp/net"
ends "a network that it has not" 1 "no such device: --net:foo; it has: none" --net:foo=tap0 "$tmp/plain"
ends "no such interface" 1 "mirage-hvt: .*nosuch" --net:net0=nosuch "$tmp/net"
ends "memory that is rounded" 0 "using 2" --mem=3 "$tmp/plain"
ends "too much of it" 1 "a number from 1" --mem=99999999999 "$tmp/plain"
tender/tests/guests/build.sh "$tmp/other" 2 hvt.c -DDEVICES='""' || exit 1
"$hvt" "$tmp/plain" 2>"$tmp/err" >&-
is "no stdout: nothing of the tender's becomes the console" $? 1
ends "an image for spt" 1 "run it with mirage-spt" "$tmp/other"

# ---- what an image finds ----

says "arguments" "^args a  b c *$" "$tmp/plain" args a "" b "c"
says "arguments as a vector" "<ext> <args> <a b> <> <c> $" "$tmp/ext" args "a b" "" c
run "$tmp/plain" 7 exit
is "the status of the image is its own" "$status" 7
run "$tmp/plain" 255 exit
is "255, of an image that gives up" "$status" 255
says "memory of 2 MiB" "mem=2097152 .*clock=1 host=0 ring=-1 stack=1" --mem=2 "$tmp/plain" boot stack
says "memory of 4 GiB" "mem=4294967296 .*stack=1" --mem=4096 "$tmp/plain" boot stack
says "extensions" "host=256 ring=-1 magic=1 features=15 seed=1 start=1" "$tmp/ext" boot
says "--plain: none" "host=0 ring=-1 $" --plain "$tmp/ext" boot
if [ "$(uname -m)" = x86_64 ]; then
	says "the CPU: no nested machines" "vmx=0 sse2=1 svm=0 nx=1 cr0=2147549217 cr4=1568" "$tmp/plain" cpu
fi
says "4 kB in one write" "^args x{4000} *$" "$tmp/plain" args "$(head -c 4000 /dev/zero | tr '\0' x)"
ends "arguments that are too long" 1 "longer than 8191" "$tmp/plain" "$(head -c 9000 /dev/zero | tr '\0' x)"

# ---- hypercalls ----

says "the wall clock" "wall=[0-9]{10} " "$tmp/plain" wall
says "a wait ends in time" "ready=0 ret=0 waited=1" "$tmp/plain" 3000000 poll
says "a wait of no time" "ready=0 ret=0 waited=1" "$tmp/plain" 0 poll
says "submissions" "clock=1 wait=0 waited=1 look=0 entropy=0 random=1 release=0 zero=0 release-part=0 kept=1" \
	"$tmp/ext" submit
says "submissions that are wrong" "release-text=-22 entropy-text=-22 entropy-end=-22 entropy-wild=-22 many=-22 unknown=-38 no-net=-22 handle-wild=-22 iov-end=-22" \
	"$tmp/ext" submit
says "256 operations, and none" "ordered=1 none" "$tmp/ext" submit-many

pointer="pointer outside of its memory"
for word in puts-end puts-wild puts-long puts-ring argument-end argument-wild argument-text halt-cookie; do
	ends "$word ends it" 1 "$pointer: hypercall [128] at 0x[0-9a-f]+, pc=0x10" --mem=2 "$tmp/plain" $word
done
ends "a hypercall that there is not" 1 "a hypercall that there is not" "$tmp/plain" 9 call
ends "submissions without the note" 1 "a hypercall that there is not" "$tmp/plain" 16 call
ends "submissions with --plain" 1 "a hypercall that there is not" --plain "$tmp/ext" submit
ends "a hypercall for disks without one" 1 "for disks, of which it has none" "$tmp/plain" 4 call
ends "a hypercall for networks without one" 1 "for networks, of which it has none" "$tmp/plain" 7 call
ends "submit-wild ends it" 1 "outside of its memory" "$tmp/ext" submit-wild
ends "submit-text ends it" 1 "outside of its memory" "$tmp/ext" submit-text
ends "257 operations end it" 1 "too many operations" "$tmp/ext" submit-257
ends "text cannot be written" 1 "host/guest translation fault" "$tmp/plain" write-text
if [ "$(uname -m)" = x86_64 ]; then
	ends "another port" 1 "port 0x3f8" "$tmp/plain" other-port
	ends "a byte to a port" 1 "port 0x501" "$tmp/plain" short-port
	ends "a port that is read" 1 "port 0x501" "$tmp/plain" in-port
	ends "HLT" 1 "HLT" "$tmp/plain" hlt
	ends "page 0 without a handler" 1 "triple fault" "$tmp/plain" zero-page
fi

# ---- disks ----

disk() { head -c 65536 /dev/zero >"$tmp/disk.img"; }
disk
blocks="write=0 read=0 same=1 last=0 over=2 beyond=2 far=2 handle-0=2 handle-64=2 handle-max=2 text=3"
says "a disk" "disk0=1 capacity=65536 $blocks" --block:disk0="$tmp/disk.img" "$tmp/disk" boot 1 block
says "blocks of 4096 bytes" "$blocks" --block:disk0="$tmp/disk.img" --block-sector-size:disk0=4096 "$tmp/disk" 1 block
says "a disk by submissions" "write=0 read=0 same=1 flush=0 discard=0 read=0 gone=0 there=1 odd=-22 part=-22 over=-22 far=-22 net=-22 nothing=0" \
	--block:disk0="$tmp/disk.img" "$tmp/diskext" 1 submit-block
is "the file keeps its size" "$(stat -c %s "$tmp/disk.img")" 65536
many= given=()
for i in $(seq 63); do
	many+=" BLOCK(\"disk$i\")"
	given+=(--block:disk$i="$tmp/disk.img")
done
build most "$many"
# shellcheck disable=SC2086
build mostext "$many" $ext
says "63 disks, as many as a manifest holds" "disk63=1 .*$blocks" "${given[@]}" "$tmp/most" boot 63 block
says "63 disks by submissions" "disk63=1 .*write=0 read=0 same=1 flush=0" "${given[@]}" "$tmp/mostext" boot 63 submit-block
ends "blocks of 521 bytes" 1 "521" --block:disk0="$tmp/disk.img" --block-sector-size:disk0=521 "$tmp/disk"
head -c 1000 /dev/zero >"$tmp/odd.img"
ends "a file of odd size" 1 "odd.img" --block:disk0="$tmp/odd.img" "$tmp/disk"

# ---- the end ----

# start COMMAND ...: in the background as $child, when it has said its first line
start() {
	: >"$tmp/out"
	"$hvt" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null &
	child=$!
	for _ in $(seq 500); do
		[ -s "$tmp/out" ] && return
		sleep 0.01
	done
}

# stop NAME STATUS PATTERN: $child ends with it, by itself
stop() {
	for _ in $(seq 1000); do
		# A zombie is waited for.
		[[ $(cut -d' ' -f3 /proc/$child/stat 2>/dev/null) =~ ^Z?$ ]] && break
		sleep 0.01
	done
	kill -9 $child 2>/dev/null
	wait $child 2>/dev/null
	status=$? child=
	err=$(tr '\n' ' ' <"$tmp/err")
	out=$(tr '\n' ' ' <"$tmp/out")
	if [ $status = "$2" ] && [[ "$out$err" =~ $3 ]]; then
		pass "$1"
	else
		fail "$1" "status $status, wanted $2" "$out" "$err"
	fi
}

start "$tmp/plain" poll-forever
kill -TERM $child
stop "SIGTERM ends an image without extensions" 1 "ended by a signal"
start "$tmp/plain" spin
kill -INT $child
stop "SIGINT ends one that spins" 1 "ended by a signal"
start "$tmp/ext" wait-for-end
kill -TERM $child
stop "SIGTERM is told to an image that can take it, once" 0 "ready=1 again=0"
start "$tmp/ext" spin
kill -TERM $child
for _ in $(seq 2000); do
	[ -s "$tmp/err" ] && break
	sleep 0.01
done
check "which may go on" kill -0 $child
kill -TERM $child
stop "until the second; that it took no notice is said" 130 \
	"spinning mirage-hvt: the image has not taken notice of the signal; a second SIGTERM .* $"

# ---- networks ----

if [ "${1:-}" != inside ] || [ ! -c /dev/net/tun ]; then
	skip "networks" "no network namespace or no /dev/net/tun: run as root"
	done_testing
fi
mac=02:00:00:00:00:02
tap() {
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6 # no frames but ours
	ip tuntap add dev tap0 mode tap && ip addr add 10.0.0.1/24 dev tap0 && ip link set tap0 mtu 1500 up &&
		ip neigh add 10.0.0.2 lladdr $mac dev tap0
}
tap || { fail "a tap device" && done_testing; }

# echoes NAME IMAGE WORD [OPTION ...]: it answers 30 pings
echoes() {
	local name=$1 image=$2 word=$3 lost
	shift 3
	"$hvt" --mem=4 --net:net0=tap0 --net-mac:net0=$mac "$@" "$tmp/$image" 30 "$word" >"$tmp/out" 2>"$tmp/err" &
	child=$!
	for _ in $(seq 200); do
		ip link show tap0 | grep -q LOWER_UP && break
		sleep 0.01
	done
	lost=$(ping -q -c 40 -i 0.01 -W 1 10.0.0.2 | sed -n 's/.*, \([0-9]*\) received.*/\1/p')
	stop "$name" 0 "echoed"
	between "$name: answers" "${lost:-0}" 30 40
}
says "what a network is" "host=1 ring=0 net0=1 mtu=1500" --net:net0=tap0 "$tmp/net" boot
says "net without ring: mtu" "host=256 ring=-1 net0=1 mtu=1500" --net:net0=tap0 "$tmp/netext" boot
says "a ring within 4 GiB" "mem=4292870144 .*ring=0" --mem=4096 --net:net0=tap0 "$tmp/net" boot
says "wrong handles, no frame, a short frame" "handle-2=2 handle-max=2 none=1 short=2" --net:net0=tap0 "$tmp/net" bad-net
echoes "by hypercalls" net echo
echoes "by the ring" net echo-ring
echoes "by submissions" netext echo-submit
echoes "with --plain" netext echo-ring --plain
if command -v python3 >/dev/null; then
	python3 - "$hvt" "$tmp/net" >"$tmp/fd" 2>&1 <<'P'
import fcntl, os, struct, subprocess, sys
fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", b"tap0", 0x1002))
os.set_inheritable(fd, True)
p = subprocess.run([sys.argv[1], "--net:net0=@%d" % fd, sys.argv[2], "boot", "bad-net"], close_fds=False)
print("status", p.returncode)
P
	has "a network that is passed as a descriptor" "$(tr '\n' ' ' <"$tmp/fd")" "net0=1 mtu=1500 handle-2=2.*status 0"
else
	skip "a network that is passed as a descriptor" "python3 is not installed"
fi
ends "nonsense in the ring ends it" 1 "nonsense into the ring" --net:net0=tap0 "$tmp/net" 0 ring-nonsense
ends "and a wrong pointer there" 1 "nonsense into the ring" --net:net0=tap0 "$tmp/net" 1 ring-nonsense

ticks() { cut -d' ' -f14,15 "/proc/$child/stat" | tr ' ' +; }
start --net:net0=tap0 "$tmp/net" ring-full
before=$(($(ticks)))
sleep 0.5
between "a ring without room for commits is waited for, not spun upon" $(($(ticks) - before)) 0 15
kill $child
stop "and the guest waits" 1 "waiting"

start --net:net0=tap0 "$tmp/net" send
ip link set tap0 down
sleep 0.2
check "a tap that is down does not end it" kill -0 $child
ip link set tap0 up
ip link del tap0
sleep 0.2
check "nor does one that is deleted" kill -0 $child
before=$(($(ticks)))
sleep 0.5
between "and it does not spin" $(($(ticks) - before)) 0 10
kill $child
stop "what it saw" 1 "write=0 write=3 "

done_testing
