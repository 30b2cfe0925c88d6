#!/bin/bash
# direct.t: our own TCP/IP stack, in the transfer example, against the kernel's: over a
# tap, over a bad link, over a path of 600 bytes, and against those who mean it no good.
#
#	direct.t [IMAGE]	IMAGE, or "kernel": the kernel in its place, to test the test

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/image.sh"
. "$(dirname "$0")/cases.sh"
need_root
need ip ping perl sha256sum relay peer idle load slow synflood badpackets conform
image_choose direct "${1:-}"

# --- a clean tap
link_tap
check "it answers a ping" in_ns "$a" ping -c 1 -W 2 10.77.0.2
check "and one of 10000 bytes, in fragments" in_ns "$a" ping -c 1 -W 2 -s 10000 10.77.0.2
case_transfer tap 100000000
is "a SYN to a closed port is reset" "$(raw conform --port 81 | cut -d' ' -f1)" RST,ACK
is "a stray ACK is reset" "$(raw conform --flags ACK --ack 5 | cut -d' ' -f1)" RST
is "a stray RST is not answered" "$(raw conform --flags RST --wait 200)" none
link_end tap

# --- many
link_tap
case_idle 10000
case_active 1000 20000
case_short 5000
link_end many

# --- hostile
link_tap
case_badpackets 50
case_synflood 100000
case_serves 100 "the service goes on"
case_slow 100
case_resets 300
if command -v nmap >/dev/null; then
	out=$(in_ns "$a" timeout 60 nmap -n -Pn -sS -T5 -p 1-2000 10.77.0.2 2>&1)
	case $out in
	*"80/tcp "*open*) pass "nmap finds port 80" ;;
	*) fail "nmap finds port 80" "${out//$'\n'/$'\n# '}" ;;
	esac
else
	skip "nmap finds port 80" "no nmap"
fi
case_transfer "after all that" 1000000
link_end hostile

# --- a bad link
link_relay --loss 1% --delay 20ms --reorder 5% --dup 1% --seed 7
case_transfer "bad link" 3000000
for kind in lost duplicated reordered; do
	relay_stats
	between "frames were $kind" $(($(relay_count ab $kind) + $(relay_count ba $kind))) 1 100000
done
link_end "bad link" relay
link_relay --delay 2ms --burst 0.5%,30% --corrupt 1% --seed 11
case_transfer "bursts and flipped bits" 3000000
link_end "bursts" relay

# --- path MTU
link_relay --mtu 600 --icmp
case_transfer "path of 600 bytes" 10000000
relay_stats
between "the image was told" "$(relay_count ba icmp)" 1 1000
link_end mtu relay
link_relay --mtu 600 --fragment
check "it puts fragments together" in_ns "$a" ping -c 1 -W 2 -M dont -s 4000 10.77.0.2
link_end fragments relay
done_testing
