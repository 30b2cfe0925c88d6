#!/bin/bash
# run.sh: every benchmark, on images of the examples made for it.
#
#	bench/run.sh [--quick] [--json FILE]

here=$(cd "$(dirname "$0")/.." && pwd)
options=() json=()
while [ $# -gt 0 ]; do
	case $1 in
	--quick) options=(--rounds 1 --seconds 1) ;;
	--json) json=(--json "$(realpath -m "$2")"); shift ;;
	--help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) echo "run.sh: unknown option $1" >&2; exit 64 ;;
	esac
	shift
done
. "$here/tests/net/image.sh"

status=0
# measure SCRIPT EXAMPLE MODE [OPTION ...]
measure() {
	local path
	echo
	if path=$(image_build "$2" "$3"); then
		"$here/bench/$1.sh" "$path" "$3" "${options[@]}" "${json[@]}" "${@:4}" || status=1
	else
		echo "run.sh: $2 does not build for $3" >&2
		status=1
	fi
}
"$here/bench/fiber.sh" "${json[@]}" || status=1
echo
"$here/bench/start.sh" "${json[@]}" || status=1
echo
"$here/bench/boot.sh" "${json[@]}" || status=1
modes="socket direct"
. "$here/tests/guest.sh"
make -s -C "$here" "$guest_build/tests/isolation/kvm" "$guest_build/mirage-hvt" "$guest_build/mirage-spt" 2>/dev/null
for mode in spt hvt; do
	if why=$(guest_why_not $mode); then echo "run.sh: $mode skipped: $why" >&2; else modes+=" $mode"; fi
done
for mode in $modes; do
	measure http www $mode
	measure https www-tls $mode
	measure idle www $mode
	echo
	"$here/bench/http2.sh" site $mode "${options[@]}" "${json[@]}" || status=1
	measure tcp transfer $mode
	measure rates transfer $mode
done
for mode in ${modes#socket }; do measure echo udpecho "$mode"; done
for mode in ${modes#socket direct}; do
	measure block disk "$mode"
	measure yield yield "$mode"
	echo
	"$here/bench/mem.sh" examples "$mode" "${json[@]}" || status=1
done
measure badlink transfer direct
measure badlink transfer direct --congestion bbr
echo
"$here/bench/interop.sh" "${options[@]}" "${json[@]}" || status=1
echo
"$here/bench/size.sh" "${json[@]}" || status=1
echo
"$here/bench/virtio.sh" "${options[@]}" "${json[@]}" || status=1
exit $status
