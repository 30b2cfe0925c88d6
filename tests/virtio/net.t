#!/bin/bash
# net.t: our own TCP/IP stack in the transfer example, on networks of virtio: before and after
# 1.0, on PCI with messages and with lines, and in memory.
#
#	net.t [IMAGE]

. "$(dirname "$0")/../net/lib.sh"
. "$(dirname "$0")/../net/image.sh"
. "$(dirname "$0")/../net/cases.sh"
. "$(dirname "$0")/machine.sh"
PATH=$PATH:/usr/sbin
need_root
machine_need
need ip ping perl sha256sum curl relay peer idle load badpackets
image_choose virtio "${1:-}"

# A tap that takes the header of virtio, so that offloads reach the machine.
tap_new() {
	ip -n "$1" tuntap add dev "$2" mode tap vnet_hdr && ip -n "$1" link set "$2" up || return
	[ $# -lt 3 ] || ip -n "$1" addr add "$3" dev "$2"
}

on_each() { # KIND
	machine_choose "$1"
	link_tap
	check "$1: it answers a ping" in_ns "$a" ping -c 1 -W 5 10.77.0.2
	check "$1: and one of 10000 bytes, in fragments" in_ns "$a" ping -c 1 -W 5 -s 10000 10.77.0.2
	case_transfer "$1" 20000000
	case_active 50 1000
	has "$1: it says where its network is" "$(image_said)" "service: (pci|mmio):.* mtu 1500, offloads"
	link_end "$1"
}
for kind in "${machine_kinds[@]}"; do on_each "$kind"; done

# With KVM.
if why=$("$image_out/tests/isolation/kvm" 2>&1 >/dev/null) && [ -w /dev/kvm ]; then
	machine_accel=kvm
	for kind in "microvm modern" "q35 modern"; do
		machine_choose "$kind"
		link_tap
		case_transfer "$kind, KVM" 20000000
		case_active 50 1000
		link_end "$kind, KVM"
	done
	machine_accel=tcg
else
	skip "with KVM" "${why:-no /dev/kvm, or make isolation-images has not been run}"
fi

# What the device does not offer is done without.
plain=csum=off,gso=off,guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ufo=off,mrg_rxbuf=off
for what in "$plain" "$plain,indirect_desc=off,event_idx=off,ctrl_vq=off,status=off" \
	"indirect_desc=off" "event_idx=off" "mrg_rxbuf=off" "rx_queue_size=1024,tx_queue_size=256"; do
	machine_choose "q35 modern"
	machine_net+=,$what
	link_tap
	case_transfer "$what" 3000000
	link_end "$what"
done

# A long frame, where the device tells of it.
machine_choose "q35 modern"
machine_net+=,host_mtu=9000
netns_new a
netns_new b
tap_new "$a" service 10.77.0.1/24
ip -n "$a" link set service mtu 9000
image_start "$a"
check "host_mtu=9000: a ping of 8972 bytes, in one frame" in_ns "$a" ping -c 1 -W 5 -M do -s 8972 10.77.0.2
case_transfer "host_mtu=9000" 3000000
link_end "host_mtu=9000"

# A bad link, floods, and the rest.
machine_choose "microvm modern"
link_relay --loss 1% --delay 5ms --reorder 5% --dup 1% --seed 7
case_transfer "bad link" 1000000
link_end "bad link" relay
link_tap
case_badpackets 50
case_idle 500
case_short 500
case_resets 100
case_serves 100 "and after that"
link_end hostile

# The host's end goes down and up.
link_tap
ip -n "$a" link set service down
sleep 0.3
ip -n "$a" link set service up
ip -n "$a" addr replace 10.77.0.1/24 dev service
case_serves 50 "after the tap was down"
link_end "tap trouble"

# Which is which: by order, by place, by address, and never by chance.
netns_new a
tap_new "$a" service 10.77.0.1/24
tap_new "$a" other
which() { # ARGUMENT: what the image says with two networks
	in_ns "$a" timeout 3 "${machine[@]}" -m 64 -kernel "$image" -append "--ipv4=10.77.0.2/24 $1" \
		-netdev tap,id=other,ifname=other,script=no,downscript=no \
		-device "$machine_net,netdev=other,mac=02:00:00:00:00:01" \
		-netdev tap,id=service,ifname=service,script=no,downscript=no \
		-device "$machine_net,netdev=service,mac=02:00:00:00:00:02" 2>&1 </dev/null | tr -d '\r'
}
machine_choose "q35 modern"
out=$(which "")
has "two networks for one name: it does not start" "$out" "which device is this network"
is "and it lists both" "$(grep -c 'found at pci:.*a network' <<<"$out")" 2
has "by number" "$(which --net:service=1)" "service: pci:00:0.\.0, 02:00:00:00:00:02"
has "by address" "$(which --net:service=mac:02:00:00:00:00:01)" "service: pci:00:0.\.0, 02:00:00:00:00:01"
has "by place" "$(which --net:service=pci:00:02.0)" "service: pci:00:02.0,"
has "a place where none is" "$(which --net:service=pci:00:1f.0)" "there is no such device"
machine_choose "microvm legacy"
has "the first in memory is QEMU's first" "$(which --net:service=mmio:0)" "service: mmio:0xfeb02e00, 02:00:00:00:00:01"
ip netns del "$a"
net_spaces=()
done_testing
