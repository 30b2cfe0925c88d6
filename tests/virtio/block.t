#!/bin/bash
# block.t: disks of virtio on QEMU's machines: what tests/block asks of a disk, random requests against
# a model, bad sectors, and a power cut between flushes.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../net/image.sh"
. "$(dirname "$0")/machine.sh"
need_tool
machine_need
image=$(image_build disk virtio 2>"$tmp/build") || { fail "disk builds" "$(cat "$tmp/build")"; done_testing; }
cd "$tmp" || exit 1

# run ARGUMENTS DRIVE DEVICE-OPTIONS: the image with that disk.
run() {
	timeout -k 2 100 "${machine[@]}" -m 64 -kernel "$image" -append "$1" \
		-drive "if=none,id=storage,$2" -device "$machine_block,drive=storage${3:+,$3}" </dev/null 2>&1 | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

# does NAME WANT-STATUS ARGUMENTS DRIVE DEVICE-OPTIONS: each line of the image that is ok, or not, is
# a test.
does() {
	local name=$1 want=$2 line
	shift 2
	out=$(run "$@")
	is "$name: status" "$?" "$want"
	has "$name: it has a disk" "$out" "disk: [0-9]+ sectors"
	while read -r line; do
		case $line in
		ok\ *) pass "$name: ${line#ok }" ;;
		BAD\ *) fail "$name: ${line#BAD }" "$out" ;;
		esac
	done <<<"$out"
}

for kind in "${machine_kinds[@]}"; do
	machine_choose "$kind"
	for size in 512 4096; do
		truncate -s 0 disk.img
		truncate -s 4M disk.img
		does "$kind, $size" 0 "" file=disk.img,format=raw,discard=unmap \
			logical_block_size=$size,physical_block_size=$size
		is "$kind, $size: the last sector is in the file" \
			"$(tail -c $size disk.img | head -c 1 | od -An -tu1 | xargs)" "$(((4194304 / size - 1) % 251))"
	done
	does "$kind, random" 0 "--act=random --rounds=1000 --seed=$RANDOM" file=disk.img,format=raw
done

machine_choose "q35 modern"
for odd in indirect_desc=off event_idx=off queue-size=8,seg-max-adjust=on queue-size=1024 write-cache=off \
	discard=off,write-zeroes=off num-queues=2 serial=ABC; do
	does "$odd" 0 "--act=random --rounds=300 --seed=$RANDOM" file=disk.img,format=raw "$odd"
done
does "by its serial number" 0 --block:storage=serial:ABC file=disk.img,format=raw serial=ABC
has "and not by another's" "$(run --block:storage=serial:AB file=disk.img,format=raw serial=ABC)" "there is no such device"
does "read-only" 0 --act=readonly file=disk.img,format=raw,readonly=on
out=$(timeout 20 "${machine[@]}" -m 64 -kernel "$image" </dev/null 2>&1 | tr -d '\r')
has "no disk at all" "$out" "which device is this disk\? 1 names of such are left, and 0 devices"

# The host cannot read one sector, nor write another.
bad=file.driver=blkdebug,file.image.driver=file,file.image.filename=disk.img,format=raw
bad+=,file.inject-error.0.event=none,file.inject-error.0.iotype=read,file.inject-error.0.sector=100
bad+=,file.inject-error.1.event=none,file.inject-error.1.iotype=write,file.inject-error.1.sector=200
does "bad sectors" 0 --act=errors "$bad,rerror=report,werror=report"

# A power cut: qcow2 keeps what it has not flushed in QEMU's memory.  What was flushed is there.
for kind in "q35 modern" "microvm legacy"; do
	machine_choose "$kind"
	for cut in 1 2 3; do
		rm -f disk.qcow2
		qemu-img create -q -f qcow2 disk.qcow2 4M || { skip "a power cut" "needs qemu-img"; break 2; }
		start cut "${machine[@]}" -m 64 -kernel "$image" -append "--act=rounds --rounds=1000000" \
			-drive if=none,id=storage,file=disk.qcow2,format=qcow2 -device "$machine_block,drive=storage"
		wait_for 30 grep -q "flushed $((cut * 7))" "$tmp/cut.log"
		stop "$pid" KILL
		flushed=$(tr -d '\r' <"$tmp/cut.log" | sed -n 's/^flushed \([0-9]*\)$/\1/p' | tail -n 1)
		does "$kind, a power cut after $((cut * 7)) flushes and more" 0 "--act=verify --rounds=${flushed:-0}" \
			file=disk.qcow2,format=qcow2
	done
done
done_testing
