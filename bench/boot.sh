#!/bin/bash
# boot.sh [--rounds N] [--json FILE]: how long QEMU (TCG) takes from its start to the first output of
# hello for virtio, beside a kernel that only prints, and beside Debian's Linux with an init that
# only prints (where apt can get it).  Medians of paired rounds.

here=$(cd "$(dirname "$0")/.." && pwd)
rounds=15 json=
while [ $# -gt 0 ]; do
	case $1 in
	--rounds) rounds=$2; shift ;;
	--json) json=$2; shift ;;
	--seconds) shift ;;
	--help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) echo "boot.sh: unknown option $1" >&2; exit 64 ;;
	esac
	shift
done
command -v qemu-system-x86_64 >/dev/null || { echo "boot.sh: skipped: qemu-system-x86_64 is not installed (scripts/depend.sh vm)" >&2; exit 0; }
make -s -C "$here" all || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
gcc -nostdlib -static -no-pie -Wl,-T,"$here/bench/floor-boot.ld",-z,max-page-size=0x1000,--build-id=none,--no-warn-rwx-segments \
	-o "$tmp/floor" "$here/bench/floor-boot.S" 2>/dev/null ||
	gcc -nostdlib -static -no-pie -Wl,-T,"$here/bench/floor-boot.ld",-z,max-page-size=0x1000,--build-id=none \
		-o "$tmp/floor" "$here/bench/floor-boot.S" || exit 1
cp -r "$here/examples/hello" "$tmp/app" && rm -rf "$tmp/app/mirage" "$tmp/app/dist"
(cd "$tmp/app" && "$here/build/mirage" configure -t virtio && "$here/build/mirage" depend -t virtio &&
	"$here/build/mirage" build -t virtio) >"$tmp/log" 2>&1 || { cat "$tmp/log"; exit 1; }

linux=
. "$here/tests/tap.sh"
. "$here/tests/vm/lib.sh"
if command -v cpio >/dev/null && vm_kernel >"$tmp/log" 2>&1; then
	linux=$(echo "$vm_build"/kernel/boot/vmlinuz-*)
	mkdir "$tmp/root"
	printf '#include <unistd.h>\nint main(void)\n{\n\twrite(1, "Hello\\n", 6);\n\tfor (;;)\n\t\tpause();\n}\n' >"$tmp/init.c"
	gcc -O2 -static -o "$tmp/root/init" "$tmp/init.c" && mkdir "$tmp/root/dev" && mknod "$tmp/root/dev/console" c 5 1
	(cd "$tmp/root" && find . | cpio -o -H newc --quiet) >"$tmp/initrd"
else
	echo "boot.sh: Linux skipped: $(tail -n 1 "$tmp/log")" >&2
fi

# first MACHINE OPTION ...: microseconds from the start of QEMU to "Hello" on its serial port.
first() {
	timeout -k 1 "${limit:-20}" perl -MTime::HiRes=clock_gettime,CLOCK_MONOTONIC -e '
		my $from = clock_gettime(CLOCK_MONOTONIC);
		my $pid = open(my $out, "-|", @ARGV) or die;
		my ($text, $part) = ("");
		while (sysread($out, $part, 4096)) { $text .= $part; last if $text =~ /Hello/ }
		printf "%d\n", (clock_gettime(CLOCK_MONOTONIC) - $from) * 1e6;
		kill "KILL", $pid' qemu-system-x86_64 -accel tcg -cpu max -m 128 -nodefaults -display none -serial stdio \
		-no-reboot -device isa-debug-exit -M "$@" </dev/null 2>/dev/null
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

printf '%-24s %-8s %10s %10s %10s %8s %8s\n' boot unit floor mirage linux /floor linux/
for machine in microvm pc; do
	: >"$tmp/f" >"$tmp/m" >"$tmp/l"
	for ((i = 0; i < rounds; i++)); do
		first $machine -kernel "$tmp/floor" >>"$tmp/f"
		first $machine -kernel "$tmp/app/dist/hello.virtio" >>"$tmp/m"
	done
	for ((i = 0; i < 2 && ${#linux} > 0; i++)); do
		limit=40 first $machine -kernel "$linux" -initrd "$tmp/initrd" -append "console=ttyS0 quiet mitigations=off" >>"$tmp/l"
	done
	floor=$(median <"$tmp/f") mirage=$(median <"$tmp/m") other=$(median <"$tmp/l")
	awk -v m=$machine -v f="$floor" -v g="$mirage" -v l="$other" -v json="$json" 'BEGIN {
		printf "%-24s %-8s %10d %10d %10s %8.2f %8s\n", m ": first output", "us", f, g, l ? l : "-", g / f, l ? sprintf("%.1f", l / g) : "-"
		if (json)
			printf "{\"image\":\"boot\",\"mode\":\"virtio\",\"row\":\"%s: first output\",\"unit\":\"us\",\"value\":%s,\"floor\":%s,\"ratio_floor\":%.6f}\n", m, g, f, g / f >>json
	}'
done
