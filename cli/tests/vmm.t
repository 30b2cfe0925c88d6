#!/usr/bin/env bash
# vmm.t: `mirage run` with hypervisors: what they are started with, and how a machine starts, is
# ended, and ends.  The image is a kernel of the test's own.
. "$(dirname "$0")/../../tests/lib.sh"
. "$(dirname "$0")/vmm.sh"
need_tool
export NO_COLOR=1
unset MIRAGE_DEVICES
[ "$(uname -m)" = x86_64 ] || skip_all "the machines are for x86_64"
box_tree "qemu, firecracker, cloud-hypervisor"
qemu=$(command -v qemu-system-x86_64)

# --- command lines -------------------------------------------------------------------------

box_app plain 'main-noip: plain.main' 'needs: console' 'key-who: string "you" "whom"'
check "configures" mirage configure -t box
check "builds" mirage build
run() { mirage run -t box "$@" 2>/dev/null; }
line=$(run --dry-run --accel=tcg -- --who='a "b\'); is "--dry-run: 0" $? 0
has "prints a command" "$line" "^qemu-system-x86_64 .*-kernel dist/plain.box -append"
has "with the arguments quoted for the image" "$line" "-append '\"--who=a \\\\\"b\\\\\\\\\"'$"
has "the machine" "$line" "-machine microvm,accel=tcg,rtc=on -cpu max -m 512"
has "its console is the terminal" "$line" "-serial stdio"
has "its end has a status" "$line" "-device isa-debug-exit"
has "--mem, --machine" "$(run --dry-run --accel=kvm --mem=1G --machine=q35)" "-machine q35,accel=kvm -cpu host -m 1024 "
has "--vmm-option" "$(run --dry-run --vmm-option=-snapshot --vmm-option=-s)" " -snapshot -s -kernel "
has "cloud-hypervisor" "$(run --dry-run --vmm=cloud-hypervisor --accel=kvm --mem=32 -- --who=x)" \
	"^cloud-hypervisor --kernel dist/plain.box --cmdline --who=x --memory size=32M"
has "firecracker" "$(run --dry-run --vmm=firecracker --accel=kvm --mem=32)" "\"mem_size_mib\": 32"
for bad in --machine=ibm --accel=warp --vmm=vmware --mem=x --vmm=firecracker\ --accel=tcg --dumpcore=/tmp --tender=x; do
	# shellcheck disable=SC2086
	run $bad --dry-run >/dev/null; is "$bad: 125" $? 125
done
out=$(mirage run -t unix --machine=pc 2>&1); is "--machine on unix: 125" $? 125
has "says so" "$out" "targets with a hypervisor"
out=$(mirage run -t box --vmm=firecracker --accel=kvm 2>&1); is "no firecracker: 125" $? 125
has "says where it is from" "$out" "release of Firecracker"
mkdir "$tmp/few" && for p in sh make cc cat mkdir; do ln -s "$(command -v $p)" "$tmp/few/$p"; done
out=$(PATH=$share/build:$tmp/few mirage run -t box 2>&1); is "no QEMU: 125" $? 125
has "says which package" "$out" "apt-get install qemu-system-x86"

# --- what other hypervisors are given ---------------------------------------------------------

box_app devices 'main-ip: devices.main' 'net-lan: 192.168.7.2/24' 'block-storage: disk,1.img' 'storage-size: 64k'
check "networks and disks: builds" mirage build -t box
line=$(run --dry-run --accel=tcg --net:lan=tap9 --storage-sector-size=4096)
has "a network that will be made" "$line" \
	"-netdev tap,id=net0,ifname=mir0,script=no,downscript=no -device virtio-net-device,netdev=net0,mac=02:00:00:00:00:01,bus=virtio-mmio-bus.1"
has "one that is there, the second" "$line" "ifname=tap9,.*mac=02:00:00:00:00:02,bus=virtio-mmio-bus.2"
has "a disk by its name, at its place" "$line" \
	"file=disk,,1.img -device virtio-blk-device,drive=disk2,serial=storage,logical_block_size=4096,physical_block_size=4096,bus=virtio-mmio-bus.3"
has "entropy" "$line" "virtio-rng-device,bus=virtio-mmio-bus.4"
has "on PCI, in this order, too" "$(run --dry-run --accel=tcg --machine=pc)" \
	"virtio-net-pci,disable-legacy=on,netdev=net0,mac=[^,]*,addr=4 .*addr=5 .*virtio-blk-pci.*addr=6 .*virtio-rng-pci,disable-legacy=on,addr=7"
is "a disk is made" "$(stat -c %s disk,1.img)" 65536

cat >"$share/build/firecracker" <<'C'
#!/usr/bin/env perl
# As far as a fake can: checks its arguments and configuration, says what it has found.
use JSON::PP;
@ARGV == 3 && $ARGV[0] eq '--no-api' && $ARGV[1] eq '--config-file' or die "arguments: @ARGV\n";
open my $f, '<', $ARGV[2] or die "$ARGV[2]: $!\n";
my $c = decode_json(join '', <$f>);
-f $c->{'boot-source'}{kernel_image_path} or die "no kernel\n";
$c->{'machine-config'}{vcpu_count} == 1 or die "vcpu_count\n";
for my $n (@{ $c->{'network-interfaces'} }) {
	my $there = -e "/sys/class/net/$n->{host_dev_name}" || system("ip link show $n->{host_dev_name} >/dev/null 2>&1") == 0;
	print "$n->{iface_id} $n->{guest_mac} $n->{host_dev_name} ", $there ? "there" : "gone", "\n";
}
print "$_->{drive_id} $_->{path_on_host} ", $_->{is_read_only} ? "ro" : "rw", "\n" for @{ $c->{drives} };
print "$c->{'boot-source'}{boot_args} $c->{'machine-config'}{mem_size_mib}\n";
exit 7;
C
chmod +x "$share/build/firecracker"
out=$(mirage run -t box --vmm=firecracker --accel=kvm --net:service=a --net:lan=b --net-mac=02:00:00:00:00:07 --mem=9 2>"$tmp/err")
is "Firecracker's status" $? 7
has "its networks in order" "$out" "^service 02:00:00:00:00:07 a gone"$'\n'"lan 02:.* b gone"$'\n'
has "its disks" "$out" "storage disk,1.img rw"
has "memory and arguments" "$out" "--ipv4=10.0.0.2/24 9$"
chmod a-w disk,1.img
[ "$(id -u)" = 0 ] || has "a disk that is read-only" "$(run --vmm=firecracker --accel=kvm --net:service=a --net:lan=b)" "disk,1.img ro"
chmod u+w disk,1.img
fake cloud-hypervisor
has "cloud-hypervisor" "$(run --vmm=cloud-hypervisor --accel=kvm --net:service=a --net:lan=b --net-mac=02:00:00:00:00:07)" \
	"<--disk><path=disk,1.img,id=storage,readonly=off><--net><tap=a,mac=02:00:00:00:00:07><tap=b,mac=02:[0-9a-f:]*>$"
has "a path to it" "$(run --vmm="$share/build/cloud-hypervisor" --accel=kvm --net:service=a --net:lan=b)" "<--kernel>"

if why=$(direct_impossible); then
	skip "taps" "$why"
else
	space_new
	out=$($in_space "$mirage" run -t box --vmm=firecracker --accel=kvm 2>"$tmp/err")
	has "Firecracker's taps are there, by name" "$out" "service 02:[0-9a-f:]* mir0 there"$'\n'"lan 02:[0-9a-f:]* mir1 there"
	has "the image is told its address" "$out" "--ipv4=10.0.0.2/24 512"
	is "none is left" "$(ip -n "$lib_space" -o link | grep -c mir)" 0
	cat >"$share/build/qemu-system-x86_64" <<-'C'
	#!/bin/sh
	printf '<%s>' "$@" >&2
	for fd in /proc/self/fd/*; do readlink "$fd"; done | grep -c tun >&2
	exit 1
	C
	chmod +x "$share/build/qemu-system-x86_64"
	out=$($in_space "$mirage" run -t box --accel=tcg 2>&1); is "QEMU that does not start: 125" $? 125
	has "says so" "$out" "did not start the image"
	has "its taps are descriptors" "$out" "<tap,id=net0,fd=[0-9]+>.*<tap,id=net1,fd=[0-9]+>"
	has "which are open" "$out" ">2"$'\n'
	is "none of them is left" "$(ip -n "$lib_space" -o link | grep -c mir)" 0
	rm "$share/build/qemu-system-x86_64"
fi

# --- machines ----------------------------------------------------------------------------------

if [ -z "$qemu" ]; then
	skip "machines" "needs qemu-system-x86_64 (scripts/depend.sh vm)"
	done_testing
fi
cd "$tmp/plain" || exit 1
out=$(mirage run -t box 2>"$tmp/err" -- hello); is "a machine: 0" $? 0
is "output is the image's alone" "$out" "[hello]"
if [ "$(sed -n 's/.*(TCG).*/tcg/p' "$tmp/err")" = tcg ]; then
	has "says why it is emulated" "$(cat "$tmp/err")" "as KVM does not work here: .*/dev/kvm"
fi
for machine in microvm pc q35; do
	out=$(run --accel=tcg --machine=$machine -- --status=3 'a  b'); is "$machine: the image's status" $? 3
	is "$machine: its arguments" "$out" '[--status=3 "a  b"]'
	start wait "$mirage" run -t box --accel=tcg --machine=$machine -- wait $machine
	wait_for 10 grep -q waiting "$tmp/wait.log"
	if [ $machine = q35 ]; then
		child=$(pgrep -P "$pid")
		stop "$pid" KILL
		check "$machine: killed, nothing is left" wait_for 3 test ! -e "/proc/${child:-self}"
		continue
	fi
	stop "$pid" INT; is "$machine: ctrl-C is the power button" $? 5
	has "$machine: which the image sees" "$(cat "$tmp/wait.log")" "button"
done
start stubborn "$mirage" run -t box --accel=tcg -- wait-for-ever
wait_for 10 grep -q waiting "$tmp/stubborn.log"
kill -TERM "$pid"
stop "$pid" TERM; is "one that will not: a second signal ends it" $? 143
has "says so" "$(cat "$tmp/stubborn.log")" "did not end when asked to"
out=$(mirage run -t box --accel=tcg 2>&1 -- reset); is "a reset: 255" $? 255
has "says so" "$out" "the machine was reset"
out=$(mirage run -t box --accel=tcg 2>&1 -- status=127); is "a status that does not fit: 255" $? 255
out=$(mirage run -t box --accel=tcg --vmm-option=-no-such 2>&1); is "a bad option: 125" $? 125
has "is QEMU's to explain" "$out" "no-such: invalid option"
is "standard input is the console" "$(printf 'line\n' | mirage run -t box --accel=tcg 2>/dev/null -- echo)" \
	$'[echo]\nwaiting\n>line'

# gdb from elsewhere.
port=$(free_port)
start gdb "$mirage" run -t box --accel=tcg --gdb-port="$port"
if command -v gdb >/dev/null; then
	wait_for 10 grep -q "target remote localhost:$port" "$tmp/gdb.log"
	wait_for 10 bash -c "echo >/dev/tcp/127.0.0.1/$port"
	out=$(gdb -batch -nx -ex 'set architecture i386:x86-64' -ex "target remote localhost:$port" \
		-ex "hbreak *0x$(nm dist/plain.box.debug | awk '$3 == "start" { print $1 }')" -ex continue 2>&1)
	has "--gdb-port: gdb stops where it is told" "$out" "Breakpoint 1, 0x0*200000 in"
else
	skip "--gdb-port" "needs gdb"
fi
stop "$pid" TERM
done_testing
