#!/bin/bash
# hvm.t: images as HVM guests of a real Xen that start from a disk by GRUB, as on older EC2: console,
# network and disk are the same drivers, the PC's own devices are unplugged.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/lib.sh"
need_tool
xen_need
xen_need_hvm

mkdir -p "$tmp/guests" "$tmp/disk/boot/grub"
cp -r "$root/examples/echo" "$tmp/echo" && cd "$tmp/echo" || exit 1
check "configures" mirage configure -t xen && check "C library" mirage depend -t xen && check "builds" mirage build -t xen
cp dist/echo.xen "$tmp/disk/boot/"
cat >"$tmp/disk/boot/grub/grub.cfg" <<'E'
set timeout=0
multiboot /boot/echo.xen --ipv4=10.0.0.2/24 --logs=info
boot
E
check "a disk with GRUB" grub-mkrescue -d /usr/lib/grub/i386-pc -o "$tmp/guests/echo.img" "$tmp/disk"

XEN_HVM=yes xen_run "${XEN_SECONDS:-240}" "$tmp/guests" <"$xen_here/hvm.sh" >"$tmp/out"
xen_report $?
done_testing
