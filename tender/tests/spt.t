#!/bin/bash
# spt.t: mirage-spt with images without libc: the ABI, its extensions, and what images try to get
# out.  Network parts need root.
. "$(dirname "$0")/../../tests/net/lib.sh"
build=${BUILD:-$net_root/build}
case $build in /*) ;; *) build=$net_root/$build ;; esac
tender=$build/mirage-spt
[ -x "$tender" ] || skip_all "needs build/mirage-spt (make)"
lowest=$(cat /proc/sys/vm/mmap_min_addr)
[ "$lowest" -le 65536 ] || skip_all "vm.mmap_min_addr is $lowest, spt images need 65536"
dir=$net_tmp

# image NAME DEFINE ...
image() { "$net_root/tender/tests/guests/build.sh" "$dir/$1.spt" 2 spt.c "${@:2}" || exit 1; }
all='-DEXT=0xff'
image plain '-DDEVICES='
image ext '-DDEVICES=' "$all" -DFAULT=fault
image nofault '-DDEVICES=' "$all" -DFAULT=0
image badfault '-DDEVICES=' "$all" -DFAULT=image_end
image disk '-DDEVICES=BLOCK("disk")' "$all" -DFAULT=fault
image plaindisk '-DDEVICES=BLOCK("disk")'
image disks '-DDEVICES=BLOCK("disk") BLOCK("other")' "$all" -DFAULT=fault
image net '-DDEVICES=NET("net")' "$all" -DFAULT=fault
image plainnet '-DDEVICES=NET("net")'

# go [OPTION ...] IMAGE.spt WORD ...: $out is what it prints, $status how it ends.
go() {
	out=$(cd "$dir" && timeout 20 "$tender" "$@" 2>"$dir/err")
	status=$?
	err=$(cat "$dir/err")
}
# ends NAME STATUS OPTION ... IMAGE WORD ...
ends() {
	local name=$1 want=$2
	go "${@:3}" 2>/dev/null
	if [ $status = "$want" ]; then pass "$name"; else fail "$name" "status $status, not $want" "$out" "$err"; fi
}

# --- the ABI ----------------------------------------------------------------------

go plain.spt hello args
is "prints, and has its command line" "$out" $'hello\nhello args'
is "ends with 0" $status 0
go --mem=64 -- plain.spt 7 exit
is "ends with the image's status" $status 7
go --mem=64 plain.spt mem
is "--mem" "$out" "mem 64"
ends "runs in 2 MiB" 0 --mem=2 plain.spt hello
ends "not in 1" 1 --mem=1 plain.spt hello
has "and says so" "$err" "--mem"
go plain.spt 0 clock 1 clock
is "clocks" "$out" $'clock 0\nlater than 2017 1\nclock 0\nlater than 2017 0'
go plain.spt 1000000 timer 5000 wait
is "sleeps until an alarm" "$out" $'timer 0\nready 1\nhandle 4294967294'
ends "a file that is no image" 1 spt.t
(cd "$dir" && exec ./plain.spt) 2>/dev/null
is "the system itself cannot run an image" $? 127

# --- what images may not do ---------------------------------------------------------

forbidden() { ends "forbidden: $1" 159 "${@:2}"; }
forbidden "dup" plain.spt dup
forbidden "dup, with extensions" ext.spt dup
forbidden "writing to stderr" plain.spt 2 write
forbidden "reading stdin" plain.spt 0 read
forbidden "writing to the epoll descriptor" ext.spt 3 write
forbidden "the clock of the process" plain.spt 2 clock
forbidden "a disk that it has not" plain.spt 512 0 pread
forbidden "random numbers without extensions" plain.spt 0 random
forbidden "random numbers of other kinds" ext.spt 2 random
forbidden "changing memory without extensions" plain.spt 4096 2097152 1 protect
forbidden "making memory executable" ext.spt 4096 2097152 4 protect
forbidden "the same with all bits" ext.spt 4096 2097152 7 protect
forbidden "making code writable" ext.spt 4096 1048576 3 protect
forbidden "protection beyond its memory" --mem=4 ext.spt 8192 4190208 1 protect
forbidden "protection of the tender" ext.spt 4096 140737488355328 1 protect
forbidden "protection below its memory" ext.spt 4096 65536 0 protect
forbidden "other advice" ext.spt 4096 2097152 14 advise
forbidden "fork" ext.spt 57 call
forbidden "open" ext.spt 2 call
forbidden "ptrace" ext.spt 101 call
if [ "$(uname -m)" = x86_64 ]; then
	forbidden "setting its signal mask by rt_sigreturn" ext.spt 15 call
	forbidden "waiting with a signal mask" ext.spt 281 wait-masked
	forbidden "the same in ns" ext.spt 441 wait-masked
	forbidden "and without extensions" plain.spt 281 wait-masked
	forbidden "taking signals that wait" ext.spt 128 call
	forbidden "a 32-bit system call" ext.spt arch
	forbidden "an x32 system call" ext.spt x32
	forbidden "the GS base" ext.spt set_fs set_gs
fi
for image in plain nofault; do
	ends "$image: reading page 0" 139 $image.spt 8 peek
	ends "$image: writing page 0" 139 $image.spt 8 poke
	ends "$image: writing where nothing is" 139 $image.spt 17179869184 poke
	ends "$image: writing code" 139 $image.spt text
	ends "$image: writing constants" 139 $image.spt rodata
	ends "$image: running data" 139 $image.spt data
	ends "$image: running the heap" 139 $image.spt heap
done
go --x-exec-heap plain.spt heap
is "--x-exec-heap" "$out" executed
ends "but not its data" 139 --x-exec-heap plain.spt data

# --- extensions -----------------------------------------------------------------------

go ext.spt argv features "vdso" "0 exit" 2>/dev/null
has "arguments as a vector" "$out" '^\[ext.spt\]\[argv\]\[features\]\[vdso\]\[0 exit\]'
has "features" "$out" "magic 1.features 247"
has "the host's clock without a system call" "$out" "vdso 0.agree 1"
go --plain ext.spt features
is "--plain" "$out" $'magic 0\nfeatures 0'
go ext.spt seed
first=$out
go ext.spt seed
hasnt "a seed" "$out" '^0*$'
if [ "$out" != "$first" ] && [ ${#out} = 128 ]; then pass "another one each time"; else fail "another one each time"; fi
go ext.spt 0 random 1000000 wait2
is "random numbers, waiting in ns" "$out" $'random 16\nready 0'
go ext.spt 4096 2097152 1 protect 4096 2097152 3 protect 2097152 poke 4096 2097152 4 advise 2097152 peek \
	4096 2097152 0 protect 2097153 peek
is "protection of its memory, and giving it back" "$out" \
	$'protect 0\nprotect 0\npoked\nadvise 0\npeeked 0\nprotect 0\nfault 11\nat 2097153'
is "a fault is told to the image" $status 255
go ext.spt illegal
has "an illegal instruction too" "$out" "fault 4"
ends "a handler that is no code" 1 badfault.spt hello
has "is refused" "$err" "not within its code"

# --- disks ------------------------------------------------------------------------------

truncate -s 8192 "$dir/disk"
printf abc | dd of="$dir/disk" bs=512 seek=15 conv=notrunc 2>/dev/null
go --block:disk=disk plaindisk.spt devices 512 7680 pread 512 7168 pwrite
has "size of a disk" "$out" "^disk.capacity 8192.block 512"
has "reads its last block" "$out" "pread 512.first 97"
has "writes a block" "$out" "pwrite 512"
forbidden "a block beyond the end" --block:disk=disk plaindisk.spt 512 8192 pread
forbidden "part of a block beyond the end" --block:disk=disk plaindisk.spt 512 7681 pwrite
forbidden "two blocks" --block:disk=disk plaindisk.spt 1024 0 pread
forbidden "flush without extensions" --block:disk=disk plaindisk.spt flush
go --block:disk=disk disk.spt 65 fill 8192 0 pwrite 0 fill 8192 0 pread 2048 4096 preadv flush
is "any length" "$out" $'pwrite 8192\npread 8192\nfirst 65\npreadv 4096\nflush 0'
forbidden "writing a byte beyond the end" --block:disk=disk disk.spt 8193 0 pwrite
forbidden "writing at the end" --block:disk=disk disk.spt 1 8192 pwrite
forbidden "writing far beyond" --block:disk=disk disk.spt 512 9223372036854775807 pwrite
forbidden "writing vectors" --block:disk=disk disk.spt pwritev
is "the file has not grown" "$(stat -c %s "$dir/disk")" 8192
go --block:disk=disk disk.spt 4096 4096 3 discard 512 4096 pread 512 0 pread
is "discards" "$out" $'discard 0\npread 512\nfirst 0\npread 512\nfirst 65'
forbidden "growing by fallocate" --block:disk=disk disk.spt 4096 16384 0 discard
go --block:disk=disk --block-sector-size:disk=4096 disk.spt devices
has "--block-sector-size" "$out" "block 4096"
many= given=()
for i in $(seq 63); do
	many+=" BLOCK(\"disk$i\")"
	given+=(--block:disk$i=disk)
done
image most "-DDEVICES=$many" "$all" -DFAULT=fault
image plainmost "-DDEVICES=$many"
for image in most plainmost; do
	go "${given[@]}" $image.spt 512 7680 pread devices
	is "$image: 63 disks, as many as a manifest holds" "$(grep -c '^capacity 8192' <<<"$out")" 63
done
ends "a size that is no multiple" 1 --block:disk=disk --block-sector-size:disk=16384 disk.spt hello
has "is refused" "$err" "not a multiple of 16384"
for n in 256 521 65536 512x; do
	ends "a sector of $n" 1 --block:disk=disk --block-sector-size:disk=$n disk.spt hello
done
go --block:disk=disk --block:other=disk disks.spt devices
is "one file twice in one image" $status 0
ends "a disk that is missing" 1 --block:disk=nothing disk.spt hello
ends "a folder" 1 --block:disk=. disk.spt hello
ends "a device of no image" 1 --block:no=disk plain.spt hello
go --block:disk=@9 disk.spt 512 0 pread 9<>"$dir/disk"
has "@FD" "$out" "pread 512"
has "an open descriptor that it has not" "$(go --block:disk=disk disk.spt 9 write 9<>"$dir/disk"; echo $status)" 159
ends "a descriptor whose writes go to the end" 1 --block:disk=@9 disk.spt hello 9>>"$dir/disk"
has "and says so" "$err" "O_APPEND"
"$tender" "$dir/plain.spt" hello 2>"$dir/err" >&-
is "no stdout: nothing of the tender's becomes the console" $? 1
go --block:disk=@9 disk.spt devices 512 0 pread 512 0 pwrite 9<"$dir/disk"
has "a disk to read only: told" "$out" "device features 65536"
has "and held" "$out" "pwrite -9"

# A file system that is full, and one that fails.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	mkdir "$dir/small"
	cp "$dir/disk.spt" "$dir/image"
	out=$(unshare -m sh -c "mount -t tmpfs -o size=64k tmpfs $dir/small && truncate -s 1M $dir/small/disk &&
		$tender --block:disk=$dir/small/disk $dir/image 65536 0 pwrite 65536 65536 pwrite 65536 131072 pwrite hello")
	has "a full disk is an error" "$out" "pwrite -28"
	has "that the image survives" "$out" "hello"
else
	skip "a full disk" "needs root and mount namespaces"
fi

# Another process has it.
mkfifo "$dir/ready"
(cd "$dir" && exec "$tender" --block:disk=disk disk.spt hello spin >ready) &
pid=$!
net_pids+=($pid)
exec 8<"$dir/ready"
read -r line <&8
ends "a disk in use" 1 --block:disk=disk disk.spt hello
has "is refused" "$err" "in use"
kill -9 $pid
wait $pid 2>/dev/null
exec 8<&-
ends "not when its process is gone" 0 --block:disk=disk disk.spt hello

# --- the end ------------------------------------------------------------------------------

# signals IMAGE WORDS SIGNAL ...: each signal when the image says something; $status, $out.
signals() {
	local image=$1 words=$2 line
	shift 2
	rm -f "$dir/fifo"
	mkfifo "$dir/fifo"
	# shellcheck disable=SC2086
	(cd "$dir" && exec timeout 20 "$tender" $image $words >fifo) &
	pid=$!
	exec 8<"$dir/fifo"
	out=
	read -r line <&8
	for s; do
		kill -"$s" "$(pgrep -P $pid)"
		[ "$image" = plain.spt ] || sleep 0.05
	done
	out=$(cat <&8)
	exec 8<&-
	wait $pid 2>/dev/null
	status=$?
}
signals ext.spt "hello 10000 wait 10 wait" TERM
is "the first signal is an event, which comes once" "$out" $'ready 1\nhandle 0\nready 0'
is "and not the end" $status 0
signals ext.spt "hello spin" TERM INT
is "the second one ends it, even where it spins" $status 130
signals ext.spt "hello set_fs spin" TERM TERM
is "and where the thread's pointer is its own" $status 130
signals plain.spt "hello spin" TERM
is "the first one ends an image without extensions" $status 143

# begin IMAGE WORD ...: in the background as $pid, when it has said its first line
begin() {
	: >"$dir/said"
	"$tender" "$dir/$1" "${@:2}" >"$dir/said" 2>"$dir/err" &
	pid=$!
	for _ in $(seq 500); do
		[ -s "$dir/said" ] && return
		sleep 0.01
	done
}
notice="not taken notice of the signal; a second SIGTERM"
begin ext.spt spin
kill -TERM $pid
for _ in $(seq 2000); do
	grep -q "$notice" "$dir/err" && break
	sleep 0.01
done
has "what spins takes no notice, which is said" "$(cat "$dir/err")" "^mirage-spt: the image has $notice"
check "and goes on" kill -0 $pid
kill -TERM $pid
wait $pid
is "until the second" $? 130
begin ext.spt hello 100000 wait spin
kill -TERM $pid
sleep 2.5 # longer than SIGNAL_NOTICE_S
has "told to what waits, which then spins" "$(tr '\n' ' ' <"$dir/said")" "ready 1 handle 0 spinning"
is "nothing is said of notice" "$(cat "$dir/err")" ""
kill -INT $pid
wait $pid
is "the second ends that too" $? 130

# --- networks ---------------------------------------------------------------------------------

go --net:net=nosuch0 net.spt hello
has "no such interface" "$err" "there is no interface 'nosuch0'"
go --net:net=lo net.spt hello
has "an interface that is no tap" "$err" "not a tap device|not permitted|/dev/net/tun"
go --net:net=@0 net.spt hello </dev/null
has "a descriptor that is no tap" "$err" "not a tap device"
go net.spt hello
has "a network that is not given" "$err" "--net:net="
if [ "$(id -u)" = 0 ] && [ -c /dev/net/tun ] && unshare -n true 2>/dev/null; then
	netns_new space
	tap_new "$space" tap0 10.0.0.1/24
	tap_new "$space" tap1
	ip -n "$space" link set tap1 mtu 9000
	for image in net plainnet; do
		in_ns "$space" "$tender" --net:net=tap0 "$dir/$image.spt" 101 echo &
		pid=$!
		check "$image: answers 100 pings" in_ns "$space" ping -q -c 100 -i 0.002 -w 20 10.0.0.2
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
	done
	out=$(in_ns "$space" "$tender" --net:net=tap1 --net-mac:net=02:00:00:00:00:0a "$dir/net.spt" devices mac)
	has "the MTU of the interface, offloads" "$out" "mtu 9000.device features 31"
	has "--net-mac" "$out" "02000000000a"
	out=$(in_ns "$space" "$tender" --net:net=tap1 "$dir/plainnet.spt" devices mac)
	has "no offloads without extensions" "$out" "mtu 9000"
	has "a random address of its own" "$out" $'\n[0-9a-f][26ae][0-9a-f]*$'
	for mac in 02:00:00:00:00 02:00:00:00:00:0g 03:00:00:00:00:01 00:00:00:00:00:00 02:00:00:00:00:01:; do
		out=$(in_ns "$space" "$tender" --net:net=tap1 --net-mac:net=$mac "$dir/net.spt" hello 2>&1)
		has "--net-mac:net=$mac is refused" "$out" "--net-mac:net=$mac"
	done
	# Opened in one namespace, passed to a tender in another.
	chmod 755 "$dir"
	cat >"$dir/pass.py" <<'P'
import fcntl, os, struct, subprocess, sys
fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", b"tap1", 0x5002))
os.set_inheritable(fd, True)
argv = ["unshare", "-n"] if len(sys.argv) < 5 else ["unshare", "-n", "setpriv", "--reuid", sys.argv[4], "--clear-groups"]
subprocess.run(argv + [sys.argv[1], "--net:net=@%d" % fd, sys.argv[2], sys.argv[3]], close_fds=False)
P
	out=$(in_ns "$space" python3 "$dir/pass.py" "$tender" "$dir/net.spt" devices 2>&1)
	has "a descriptor of another network namespace" "$out" "mtu 9000"
	out=$(in_ns "$space" python3 "$dir/pass.py" "$tender" "$dir/net.spt" devices 65534 2>&1)
	has "one that may not ask there says so" "$out" "warning: tap1 is of another network namespace"
	has "and takes the usual MTU" "$out" "mtu 1500"
	ip -n "$space" link set tap1 down
	out=$(in_ns "$space" "$tender" --net:net=tap1 "$dir/plainnet.spt" send receive hello 2>&1)
	has "an interface that is down: a warning" "$out" "warning: tap1 is down"
	has "errors for the image, which goes on" "$out" "send -5.receive -[0-9]+.hello"
	# Deleted while the image runs.
	mkfifo "$dir/gone"
	in_ns "$space" "$tender" --net:net=tap1 "$dir/net.spt" hello 10000 wait receive send forget 100 wait >"$dir/gone" 2>/dev/null &
	exec 7<"$dir/gone"
	read -r line <&7
	ip -n "$space" link del tap1
	out=$(cat <&7)
	exec 7<&-
	has "an interface that is gone: ready, then errors" "$out" "ready 1.handle 1.receive -77.send -77"
	has "and no more of it when it is forgotten" "$out" "forget 0.ready 0"
	# One that is held by another.
	in_ns "$space" "$tender" --net:net=tap0 "$dir/net.spt" 10000 wait >/dev/null &
	pid=$!
	sleep 0.2
	out=$(in_ns "$space" "$tender" --net:net=tap0 "$dir/net.spt" hello 2>&1)
	has "an interface in use" "$out" "in use by another process"
	kill -9 $pid
	wait $pid 2>/dev/null
else
	skip "networks" "needs root and network namespaces"
fi

# --- several at once, and what is open ------------------------------------------------------------

pids=()
for i in 1 2 3 4 5; do
	(cd "$dir" && exec "$tender" plain.spt "$i" exit) &
	pids+=($!)
done
sum=0
for p in "${pids[@]}"; do
	wait "$p"
	sum=$((sum + $?))
done
is "five at once" $sum 15
out=$("$tender" "$dir/plain.spt" hello 2>&1 <&-)
has "without standard descriptors it does not start" "$out" "0, 1 and 2 must be open"

# --- aarch64, in an emulator that knows no seccomp --------------------------------------------------

if command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 >/dev/null; then
	arm=$build/aarch64/mirage-spt
	check "aarch64: builds" make -s -C "$net_root" BUILD="$build" "$arm"
	export CC=aarch64-linux-gnu-gcc CPU=aarch64
	image arm '-DDEVICES=' "$all" -DFAULT=fault
	out=$(qemu-aarch64 "$arm" --x-no-sandbox --mem=64 "$dir/arm.spt" hello argv 8 poke 2>"$dir/err")
	is "aarch64: ends with the image's status" $? 255
	is "aarch64: runs, and tells faults" "$out" $'hello\n[arm.spt][hello][argv][8][poke]\nfault 11\nat 8'
	has "aarch64: says that there is no sandbox" "$(cat "$dir/err")" "--x-no-sandbox"
	out=$(qemu-aarch64 "$arm" --mem=64 "$dir/arm.spt" hello 2>&1)
	has "aarch64: never silently" "$out" "cannot enter the sandbox: seccomp"
else
	skip "aarch64" "needs gcc-aarch64-linux-gnu and qemu-user"
fi
done_testing
