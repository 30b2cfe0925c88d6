#!/bin/bash
# tls-endure.t: TLS_MEGABYTES (100; 10000 in make soak) both ways over TLS, intact, with several connections
# at once, and three times TLS_HANDSHAKES (600) connections: memory is what it was.
#
#	tls-endure.t [socket|direct|spt|hvt ...]

. "$(dirname "$0")/../net/lib.sh"
. "$(dirname "$0")/../net/image.sh"
. "$(dirname "$0")/../net/cases.sh"
. "$(dirname "$0")/../guest.sh"
need_root
need ip curl handshake peer sha256sum

bytes=$((${TLS_MEGABYTES:-100} * 1000000)) handshakes=${TLS_HANDSHAKES:-600}
slack=4096 # kB that a process may grow by

resident() { awk '/^VmRSS/ { print $2 }' "/proc/$image_pid/status"; }
over_tls() { in_ns "$a" curl -sk --max-time 600 "$@"; }
url=https://10.77.0.2:8443
many() { # OPTION ...: connections one after the other, 8 at once
	in_ns "$a" "$net_bin/handshake" --connections 8 --seconds 300 --count "$handshakes" "$@" 10.77.0.2 8443 '/down?bytes=1000'
}
# answers WHAT SEED: what comes down, four at once, has the digests that it should have.
answers() {
	local i pids=
	for i in 1 2 3 4; do
		{ over_tls "$url/down?bytes=$((bytes / 4))&seed=$i" | sha256sum >"$net_tmp/down$i"; } &
		pids+=" $!"
	done
	wait $pids
	for i in 1 2 3 4; do
		is "$stack: $((bytes / 4000000)) MB down, $i of 4" "$(cat "$net_tmp/down$i")" \
			"$("$net_bin/peer" pattern $((bytes / 4)) $i | sha256sum)"
	done
}

for target in ${*:-socket direct spt hvt}; do
	case $target in spt | hvt)
		if why=$(guest_why_not "$target"); then
			skip "$target" "$why"
			continue
		fi
		;;
	esac
	image=$(image_build transfer-tls "$target" 2>"$net_tmp/build") || { fail "$target: builds" "$(cat "$net_tmp/build")"; continue; }
	stack=$target
	link_tap
	answers
	"$net_bin/peer" pattern "$bytes" 7 >"$net_tmp/up"
	has "$target: $((bytes / 1000000)) MB up" "$(over_tls -T "$net_tmp/up" "$url/up")" "$(sha256sum <"$net_tmp/up" | cut -d' ' -f1)"
	rm -f "$net_tmp/up"
	many >/dev/null
	! image_tells || image_alive=$(account) # a record's memory is kept for the next
	before=$(resident)
	has "$target: $handshakes connections" "$(many)" "\"failed\":0,"
	has "$target: resumed" "$(many --resume)" "\"failed\":0,"
	has "$target: of TLS 1.2" "$(many --tls12)" "\"failed\":0,"
	between "$target: $before kB before, $(resident) kB after" "$(resident)" 0 $((before + slack))
	link_end "$target"
done
done_testing
