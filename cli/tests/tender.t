#!/usr/bin/env bash
# tender.t: targets without a system beneath: what is generated, what the tender is started with,
# what an image tells.  The target "box" is made here: its images are never run, its tender prints
# how it was called.
. "$(dirname "$0")/../../tests/lib.sh"
need_tool
export NO_COLOR=1
unset MIRAGE_DEVICES

# --- a tree of its own -----------------------------------------------------------------

share=$tmp/share
mkdir -p "$share"/{build,targets/{box,part},libc} "$tmp/bin"
for d in lib run types abi; do ln -s "$root/$d" "$share/$d"; done
for t in unix sim; do ln -s "$root/targets/$t" "$share/targets/$t"; done
cp "$build/mirage" "$share/build/mirage"
mirage=$share/build/mirage
PATH=$share/build:$PATH
cat >"$share/targets/box/target.conf" <<'C'
target:       box
about:        a box
freestanding: yes
suffix:       .box
nets:         direct
arch:         x86_64, aarch64
cc:           {arch}-box-cc
tender:       box-tender
abi:          spt 2
extensions:   argv, entropy
shares:       ../part, ../unix
sources:      ../../run/*.c, ../../run/switch_{cpu}.S, ../unix/*.c, ../unix/linux/poll.c, ../unix/linux/guard.c, ../unix/linux/cpu_{cpu}.c
cflags:       -fno-omit-frame-pointer
component:    boxlib MIT no-such-package
harden-nx:    "by the box" "by nobody"
C
cat >"$share/targets/part/console.device.conf" <<'C'
device:   box-console
provides: CONSOLE
type:     mir_unix_console
object:   console
header:   mir/unix_console.h
targets:  box
C
cat >"$share/targets/part/net.device.conf" <<'C'
device:   box-net
provides: NETWORK
type:     mir_box_net
object:   net
header:   box_net.h
attached: yes
run-interface: string "" option=net:{group} "tap device"
run-net-mac: string "" "hardware address"
targets:  box
C
cat >"$share/targets/part/block.device.conf" <<'C'
device:   box-block
provides: BLOCK
type:     mir_box_block
object:   block
header:   box_net.h
when:     block=file
attached: yes
run-file: string "" option=block:{group} "file that holds the disk"
run-size: size 0 option={group}-size "its size"
run-sector-size: int 0 option={group}-sector-size "bytes of a sector"
targets:  box
C
cat >"$share/targets/part/box_net.h" <<'C'
#include <mir/block.h>
#include <mir/net.h>

struct mir_box_net_config { const char *name; };
struct mir_box_net { struct mir_net net; };
static inline int mir_box_net_start(struct mir_box_net *n, const struct mir_box_net_config *c)
{
	n->net.name = c->name;
	return 0;
}
static inline void mir_box_net_stop(struct mir_box_net *n) { (void)n; }
struct mir_box_block_config { const char *name; };
struct mir_box_block { struct mir_block block; };
static inline int mir_box_block_start(struct mir_box_block *b, const struct mir_box_block_config *c)
{
	(void)b, (void)c;
	return 0;
}
static inline void mir_box_block_stop(struct mir_box_block *b) { (void)b; }
C
cat >"$share/libc/x86_64-box-cc" <<'C'
#!/bin/sh
exec cc "$@"
C
sed 's/exec cc/exec aarch64-linux-gnu-gcc/' "$share/libc/x86_64-box-cc" >"$share/libc/aarch64-box-cc"
cat >"$share/build/box-tender" <<'C'
#!/bin/sh
printf '<%s>' "$@"
echo
case $* in *@*) for fd in /proc/self/fd/*; do readlink "$fd"; done | grep -c tun ;; esac
C
chmod +x "$share"/libc/* "$share/build/box-tender"
case $(uname -m) in x86_64) here=x86_64 there=aarch64 ;; *) here=aarch64 there=x86_64 ;; esac

# --- an application without devices ------------------------------------------------------

mkdir "$tmp/plain" && cd "$tmp/plain" || exit 1
printf 'main-noip: plain.main\nneeds: console\nkey-who: string "you" "whom"\n' >plain.conf
cat >plain.c <<'C'
int plain_main(const struct app *app) { mir_console_printf(app->console, "hi %s\n", app->keys.who); return 0; }
C
check "configures" mirage configure -t box
check "its folder has neither network nor processor in its name" test -f mirage/box/notes.S
has "the notes say what they are" "$(cat mirage/box/notes.S)" "For tenders of spt, version 2"
has "and what the image can use" "$(cat mirage/box/notes.S)" "tender offers them: argv entropy"
check "builds" mirage build
is "the image has the suffix" "$(cd dist && echo *)" "plain.box plain.box.debug"
hasnt "no names of functions are inside" "$(strings dist/plain.box)" "plain_main"
has "they are beside it" "$(nm dist/plain.box.debug)" "plain_main"
has "which the image names" "$(readelf --string-dump=.gnu_debuglink dist/plain.box)" "plain.box.debug"
is "the host does not run it" "$(dist/plain.box 2>/dev/null; echo $?)" 127
check "another processor has a folder of its own" mirage configure -t box --arch=$there
has "of its name" "$(cat mirage/box-$there/build.mk)" "image/plain-$there.box"
is "only known processors" "$(mirage configure -t box --arch=z80 2>&1 | head -1)" \
	"mirage: error: the target 'box' is not for the processor 'z80'"
is "only this one elsewhere" "$(mirage configure -t unix --arch=$there 2>&1 | head -1)" \
	"mirage: error: the target 'unix' is not for the processor '$there'"
is "its network is its own" "$(mirage configure -t box --net=socket 2>&1 | head -1)" \
	"mirage: error: there is no network 'socket' on the target 'box'"
check "back" mirage configure -t box

run() { mirage run -t box "$@" 2>/dev/null; }
is "run starts the tender" "$(run)" "<--><dist/plain.box>"
is "boot arguments follow the image" "$(run --who=me -- --who 'a  b')" "<--><dist/plain.box><--who=me><--who><a  b>"
is "--mem is MiB" "$(run --mem=16)" "<--mem=16><--><dist/plain.box>"
is "or a size" "$(run --mem 1G)" "<--mem=1024><--><dist/plain.box>"
is "--gdb, --gdb-port, --dumpcore, --plain" "$(run --gdb --gdb-port=99 --dumpcore /tmp --plain)" \
	"<--gdb><--gdb-port=99><--dumpcore=/tmp><--plain><--><dist/plain.box>"
is "any other" "$(run --tender-option=x-exec-heap)" "<--x-exec-heap><--><dist/plain.box>"
is "another tender" "$(run --tender=/bin/echo)" "-- dist/plain.box"
is "an image that needs nothing answers itself" "$(run -- --help)" "<--><dist/plain.box><--help>"
for bad in --mem=0 --mem=x --mem=1k --mem=99999999999; do
	run $bad >/dev/null; is "$bad: 125" $? 125
done
printf 'memory: 8M\n' >>plain.conf
is "memory: of the description" "$(run)" "<--mem=8><--><dist/plain.box>"
is "--mem wins" "$(run --mem=9)" "<--mem=9><--><dist/plain.box>"
mv "$share/build/box-tender" "$share/build/away"
out=$(mirage run -t box 2>&1); is "no tender: 125" $? 125
has "says where it was looked for" "$out" "neither '$share/build/box-tender' nor 'box-tender' in PATH"
mv "$share/build/away" "$share/build/box-tender"
out=$(mirage run -t unix --mem=3 2>&1); is "no tender on unix: 125" $? 125
has "says so" "$out" "targets with a tender"
out=$(mirage run -t box --arch=$there 2>&1)
is "an image of another processor: 125" $? 125
echo 'host-device: /dev/no-such' >>"$share/targets/box/target.conf"
out=$(mirage run -t box 2>&1); is "no device of the host: 125" $? 125
has "says which" "$out" "cannot open /dev/no-such, which -t box needs"
sed -i 's/^host-device.*/host-address: 1/' "$share/targets/box/target.conf"
if [ "$(cat /proc/sys/vm/mmap_min_addr)" -gt 1 ]; then
	out=$(mirage run -t box 2>&1); is "no low memory: 125" $? 125
	has "says how to allow it" "$out" "sudo sysctl vm.mmap_min_addr=1"
else
	skip "no low memory" "vm.mmap_min_addr is $(cat /proc/sys/vm/mmap_min_addr)"
fi
sed -i '/^host-address/d' "$share/targets/box/target.conf"
printf 'symbols: yes\n' >>plain.conf
check "symbols: yes" mirage build
has "has a table of them" "$(strings dist/plain.box)" "plain_main"

# --- what an image tells -----------------------------------------------------------------

cp dist/plain.box "$tmp/alone"
q() { (cd / && mirage query "$@" --image "$tmp/alone"); }
has "query of the file alone" "$(q)" "abi +spt 2"
has "extensions" "$(q facts)" "extensions +argv entropy"
has "hardening" "$(q hardening)" "nx +by the box +by nobody"
has "sizes" "$(q sizes)" "application +[0-9]+"
has "licenses" "$(q licenses)" "boxlib +MIT"
for what in facts attached hardening sizes image all; do
	check "JSON: $what" bash -c "'$mirage' query $what --image '$tmp/alone' --json | perl -MJSON::PP -0777 -e 'decode_json(<STDIN>)'"
done
is "an SBOM" "$(q sbom | perl -MJSON::PP -0777 -e 'my $j = decode_json(<STDIN>);
	my %id = map { $_->{SPDXID} => 1 } @{ $j->{packages} };
	print join " ", $j->{spdxVersion}, (grep { !$id{ $_->{relatedSpdxElement} } } @{ $j->{relationships} }) ? "dangling" : "whole",
		map { $_->{name} } grep { $_->{licenseDeclared} eq "MIT" } @{ $j->{packages} }')" "SPDX-2.3 whole boxlib"
objcopy -R .mirage.manifest -R .mirage.sizes dist/plain.box "$tmp/foreign"
has "an image of someone else: its notes" "$(mirage query --image "$tmp/foreign")" "target +spt"
out=$(mirage query keys --image "$tmp/foreign" 2>&1); is "and no more: status" $? 1
has "says so" "$out" "does not tell its keys"

# --- networks and disks ------------------------------------------------------------------

mkdir "$tmp/devices" && cd "$tmp/devices" || exit 1
cat >devices.conf <<'C'
main-ip: devices.main
net-lan: 192.168.7.2/24
block-storage: disk.img
storage-size: 64k
C
echo 'int devices_main(const struct app *app) { return app->block_storage == 0; }' >devices.c
check "networks and disks: configures" mirage configure -t box
check "builds" mirage build
has "describe says what the tender is told" "$(mirage describe)" "--block:storage=disk.img  file that holds the disk \(mirage run\)"
has "and which tender" "$(mirage describe)" "dist/devices.box runs under box-tender"
is "they are in the notes" "$(mirage query attached --image dist/devices.box)" \
	"$(printf 'service  network\nlan      network\nstorage  disk')"
run --net:service=tap7 -- --net:lan=@0 --ipv4=10.1.1.2/24 >/dev/null
is "a disk that is not there is made" "$(stat -c '%s %a' disk.img)" "65536 600"
is "all by option: nothing is made" "$(run --net:service=tap7 -- --net:lan=@0 --ipv4=10.1.1.2/24 | head -1)" \
	"<--net:service=tap7><--net:lan=@0><--block:storage=disk.img><--><dist/devices.box><--ipv4=10.1.1.2/24>"
is "other values of the disk" "$(run --net:service=a --net:lan=b --block:storage=/dev/null --storage-sector-size=4096 |
	head -1)" "<--net:service=a><--net:lan=b><--block:storage=/dev/null><--block-sector-size:storage=4096><--><dist/devices.box><--ipv4=10.0.0.2/24>"
out=$(mirage run -t box --net:service=a --net:lan=b --block:storage=gone --storage-size=0 2>&1)
is "a disk without size: 125" $? 125
has "says how to have it made" "$out" "--storage-size=64M"
has "--help needs no devices" "$(run -- --help)" "--net:lan="
sed -i 's/net-lan/net-storage/' devices.conf
is "a network and a disk of one name" "$(mirage configure -t box 2>&1 | head -1)" \
	"mirage: error: a network and a disk are both named 'storage'"
sed -i 's/net-storage/net-my-lan/' devices.conf
is "a name that the notes cannot hold" "$(mirage configure -t box 2>&1 | head -1)" \
	"mirage: error: 'my-lan' cannot name a device on the target 'box'"
sed -i 's/net-my-lan/net-lan/' devices.conf

if why=$(direct_impossible); then
	skip "taps" "$why"
else
	space_new
	out=$($in_space "$mirage" run -t box --net-mac=02:00:00:00:00:09 2>&1)
	has "the tender gets open taps" "$out" "<--net:service=@[0-9]+><--net:lan=@[0-9]+><--net-mac:service=02:00:00:00:00:09>"
	has "and the image its address" "$out" "<--ipv4=10.0.0.2/24>"
	has "both are open" "$out" $'\n2$'
	is "none is left" "$(ip -n "$lib_space" -o link | grep -c mir)" 0
fi

cd "$tmp/plain" || exit 1
check "clean" mirage clean
is "leaves nothing" "$(echo *)" "plain.c plain.conf"
done_testing
