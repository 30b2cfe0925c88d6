# machine.sh: machines of QEMU, without KVM unless $machine_accel is kvm, for images of -t virtio; bash, to be sourced after
# tests/tap.sh.
#
#	machine_choose "microvm legacy"; "${machine[@]}" -m 64 -kernel IMAGE -append ARGUMENTS

# What each is: MACHINE, how devices are named on it, and a word that says what is odd about it.
machine_kinds=("microvm legacy" "microvm modern" "pc legacy" "pc line" "q35 modern" "q35 line")

machine=() machine_net= machine_block=

# machine_choose KIND: sets $machine, the command; $machine_net and $machine_block, values of
# -device.
machine_choose() {
	local bus=pci more=
	machine=(qemu-system-x86_64 -accel "${machine_accel:-tcg}" -cpu max -M "${1% *}" -nodefaults -no-user-config -display none
		-vga none -serial stdio -no-reboot -device isa-debug-exit)
	case $1 in
	microvm*) bus=device ;;
	esac
	case $1 in
	*"microvm modern") machine+=(-global virtio-mmio.force-legacy=false) ;;
	"pc legacy") more=,disable-modern=on ;;
	"pc line") more=,disable-modern=on,vectors=0 ;;
	"q35 modern") more=,disable-legacy=on ;;
	"q35 line") more=,vectors=0 ;;
	esac
	machine_net=virtio-net-$bus$more machine_block=virtio-blk-$bus$more
}

# machine_need: skips everything where there is no such machine.
machine_need() {
	[ "$(uname -m)" = x86_64 ] || skip_all "the images of this test are for x86_64"
	command -v qemu-system-x86_64 >/dev/null || skip_all "needs qemu-system-x86_64 (scripts/depend.sh vm)"
}
