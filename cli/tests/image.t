#!/usr/bin/env bash
# image.t: `mirage image`: disks that BIOS and UEFI start, their arguments, their bytes.  The image is
# a kernel of the test's own.
. "$(dirname "$0")/../../tests/lib.sh"
. "$(dirname "$0")/vmm.sh"
need_tool
export NO_COLOR=1
unset MIRAGE_DEVICES SOURCE_DATE_EPOCH
[ "$(uname -m)" = x86_64 ] || skip_all "the disks are for x86_64"
for p in grub-mkimage:grub-common mcopy:mtools qemu-img:qemu-utils; do
	command -v ${p%:*} >/dev/null || skip_all "needs ${p%:*} (scripts/depend.sh vm)"
done
for p in i386-pc:grub-pc-bin x86_64-efi:grub-efi-amd64-bin; do
	[ -e /usr/lib/grub/${p%:*}/multiboot.mod ] || skip_all "needs ${p#*:} (scripts/depend.sh vm)"
done
export BOX_KERNEL=-DMULTIBOOT
box_tree qemu
echo 'loader: multiboot' >>"$share/targets/box/target.conf"
box_app disk 'main-noip: disk.main' 'needs: console'

# --- what is made ------------------------------------------------------------------------------

out=$(mirage image -t unix 2>&1); is "not on unix: 1" $? 1
has "says where" "$out" "images of -t unix are not started from a disk"
check "makes a disk" mirage image -t box -- --who=me 'a  b' "it's" '$x' 'a"b\'
is "dist/NAME.img" "$(cd dist && echo *.img)" "disk.img"
has "it is small" "$(du -k dist/disk.img)" "^[0-9]{1,3}"$'\t'
mv dist/disk.img first.img
check "again" mirage image -t box -- --who=me 'a  b' "it's" '$x' 'a"b\'
check "the same bytes" cmp first.img dist/disk.img
has "the time of SOURCE_DATE_EPOCH" "$(SOURCE_DATE_EPOCH=1700000000 mirage image -t box -o epoch.img &&
	mdir -i epoch.img@@2M ::/boot/grub)" "GRUB +CFG +16384 2023-11-14 +22:13"
if command -v sgdisk >/dev/null; then
	has "sgdisk finds no fault" "$(sgdisk -v first.img)" "No problems found"
fi
has "sfdisk reads it" "$(/sbin/sfdisk -l first.img 2>/dev/null)" "first.img1 .*BIOS boot.*first.img2 .*EFI System"
if [ -x /sbin/fsck.fat ]; then
	dd if=first.img of=esp bs=1M skip=2 count=9 2>/dev/null
	check "fsck.fat finds no fault" /sbin/fsck.fat -n esp
fi
check "the kernel inside is the image" bash -c 'mcopy -i first.img@@2M ::/boot/kernel.bin - | cmp - dist/disk.box'
check "--size" mirage image -t box --size=70M -o big.img
is "is as large" "$(stat -c %s big.img)" $((70 << 20))
for bad in --size=x --size=1M --format=vhd --set-args=/no/such; do
	mirage image -t box $bad >/dev/null 2>&1; is "$bad: 1" $? 1
done
out=$(mirage image -t box 2>&1 -- $'a\tb'); is "what GRUB cannot pass: 1" $? 1
has "says so" "$out" "GRUB cannot pass on"
mkdir "$tmp/few" && for p in sh make cc gcc cat mkdir objcopy; do ln -s "$(command -v $p)" "$tmp/few/$p"; done
out=$(PATH=$share/build:$tmp/few mirage image -t box 2>&1); is "no GRUB: 1" $? 1
has "says which package" "$out" "apt-get install grub-common grub-pc-bin"

# --- other formats -------------------------------------------------------------------------------

check "qcow2" mirage image -t box --format=qcow2 -- --who=me 'a  b' "it's" '$x' 'a"b\'
check "holds the same" qemu-img compare first.img dist/disk.qcow2
check "gce" mirage image -t box --format gce -- --who=me 'a  b' "it's" '$x' 'a"b\'
is "a tar with disk.raw" "$(tar tzf dist/disk.tar.gz)" disk.raw
check "unpacks" tar xzSf dist/disk.tar.gz
is "of a whole GiB" "$(stat -c %s disk.raw)" $((1 << 30))
check "which has the same system" cmp <(dd if=first.img bs=1M skip=2 count=8 2>/dev/null) <(dd if=disk.raw bs=1M skip=2 count=8 2>/dev/null)
has "and a backup of its partitions at its end" "$(/sbin/sfdisk --verify disk.raw 2>&1)" "No errors"
is "again: the same bytes" "$(sha256sum <dist/disk.tar.gz)" \
	"$(mirage image -t box --format=gce -o again.tar.gz -- --who=me 'a  b' "it's" '$x' 'a"b\' >/dev/null && sha256sum <again.tar.gz)"

check "iso" mirage image -t box --format=iso -- --who=me 'a  b' "it's" '$x' 'a"b\'
if command -v xorriso >/dev/null; then
	has "a CD that others read" "$(xorriso -indev dist/disk.iso -find / 2>&1)" "/BOOT/GRUB/GRUB.CFG'.*/BOOT/KERNEL.BIN'"
	check "with the image in it" bash -c "xorriso -osirrox on -indev dist/disk.iso -extract /BOOT/KERNEL.BIN kernel >/dev/null 2>&1 && cmp kernel dist/disk.box"
else
	skip "a CD that others read" "needs xorriso (scripts/depend.sh vm)"
fi
cp dist/disk.iso other.iso
mirage image -t box --format=iso --size=1G >/dev/null 2>&1; is "a CD has no --size: 1" $? 1

# --- other arguments --------------------------------------------------------------------------------

cp first.img other.img
check "--set-args" mirage image --set-args=other.img -- status=9
has "they are in grub.cfg" "$(mcopy -i other.img@@2M ::/boot/grub/grub.cfg -)" "multiboot /boot/kernel.bin 'status=9'"
check "there and back is the same" mirage image --set-args=other.img -- --who=me 'a  b' "it's" '$x' 'a"b\'
check "to the byte" cmp first.img other.img
cp dist/disk.qcow2 other.qcow2
check "in a qcow2, too" mirage image --set-args other.qcow2 -- status=9
check "and in a CD" mirage image --set-args=other.iso -- status=9
printf "multiboot /boot/kernel.bin --edited\nboot\n" >grub.cfg
mcopy -o -i other.img@@2M grub.cfg ::/boot/grub/grub.cfg
out=$(mirage image --set-args=other.img -- x 2>&1); is "a grub.cfg that was made short: 1" $? 1
has "says what there is room for" "$out" "room for 2048 bytes only"
out=$(mirage image --set-args=dist/disk.box -- x 2>&1); is "no disk: 1" $? 1
has "says so" "$out" "no disk image with a GPT"
mirage image --set-args=other.img --size=1G >/dev/null 2>&1; is "--set-args and --size: 2" $? 2

# --- they start ----------------------------------------------------------------------------------------

qemu=$(command -v qemu-system-x86_64)
if [ -z "$qemu" ]; then
	skip "starts" "needs qemu-system-x86_64 (scripts/depend.sh vm)"
	done_testing
fi
# boot FILE FORMAT ARGUMENT ...: what the kernel prints, and QEMU's status.
boot() {
	local file=$1 format=$2
	shift 2
	timeout 100 $qemu -nodefaults -no-user-config -no-reboot -display none -accel tcg -m 256 -device isa-debug-exit -serial stdio \
		-drive "if=none,id=d,format=$format,snapshot=on,file=$file" "$@" </dev/null 2>&1
	echo " = $?"
}
want="\[--who=me \"a  b\" it\\\\'s \\\$x a\\\\\"b\\\\\\\\\]"
has "BIOS, virtio disk, the arguments in the image's quoting" "$(boot first.img raw -device virtio-blk-pci,drive=d)" "$want"
has "BIOS, NVMe, as on EC2" "$(boot first.img raw -device nvme,drive=d,serial=x)" "$want"
has "BIOS, other arguments" "$(boot other.qcow2 qcow2 -device virtio-blk-pci,drive=d)" "\[status=9\]"$'\n'" = 19"
has "BIOS, the disk of GCE" "$(boot disk.raw raw -device virtio-scsi-pci -device scsi-hd,drive=d)" "$want"
has "BIOS, a CD" "$(boot dist/disk.iso raw -device ide-cd,drive=d)" "$want"
has "BIOS, a CD with other arguments" "$(boot other.iso raw -device ide-cd,drive=d)" "\[status=9\]"$'\n'" = 19"
if [ -e /usr/share/qemu/OVMF.fd ]; then
	has "UEFI, a CD" "$(boot other.iso raw -bios /usr/share/qemu/OVMF.fd -device ide-cd,drive=d)" "\[status=9\]"$'\n'" = 19"
	has "UEFI" "$(boot first.img raw -bios /usr/share/qemu/OVMF.fd -device virtio-blk-pci,drive=d)" "$want"
	has "UEFI, NVMe" "$(boot big.img raw -machine q35 -bios /usr/share/qemu/OVMF.fd -device nvme,drive=d,serial=x)" "\[\]"
else
	skip "UEFI" "needs ovmf (scripts/depend.sh vm)"
fi
mirage clean >/dev/null 2>&1
is "clean removes disks of ours" "$(ls dist | grep -cE "img$|qcow2$|gz$|iso$")" 0
done_testing
