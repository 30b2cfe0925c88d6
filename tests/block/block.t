#!/bin/bash
# block.t: disks of sealed images: sectors of 512 and 4096 bytes, the end, wrong ranges, a disk that
# may only be read, a host without room; with and without extensions of the tender.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../guest.sh"
need_tool
[ "$(id -u)" = 0 ] || skip_all "needs root for file systems of its own"
unshare -m true 2>/dev/null || skip_all "needs mount namespaces"

# does NAME WANT-STATUS COMMAND ...: each line of the image that is ok, or not, is a test.
does() {
	local name=$1 want=$2 line
	shift 2
	out=$("$@" 2>&1)
	is "$name: status" "$?" "$want"
	while read -r line; do
		case $line in
		ok\ *) pass "$name: ${line#ok }" ;;
		BAD\ *) fail "$name: ${line#BAD }" "$out" ;;
		esac
	done <<<"$out"
}

for t in spt hvt; do
	if why=$(guest_why_not $t); then
		skip "$t" "$why"
		continue
	fi
	cp -r "$root/tests/block/app" "$tmp/$t" && cd "$tmp/$t" || exit 1
	check "$t: configures" mirage configure -t $t && check "$t: C library" mirage depend -t $t &&
		check "$t: builds" mirage build -t $t
	run=("mirage-$t" --mem=16)
	image=dist/disk.$t
	for plain in "" --plain; do
		for size in 512 4096; do
			truncate -s 0 disk.img
			truncate -s 4M disk.img
			does "$t $plain $size" 0 timeout 60 "${run[@]}" $plain --block:storage=disk.img \
				--block-sector-size:storage=$size -- "$image"
			is "$t $plain $size: the file has not grown" "$(stat -c %s disk.img)" 4194304
			is "$t $plain $size: the last sector is in the file" \
				"$(tail -c $size disk.img | head -c 1 | od -An -tu1 | xargs)" \
				"$(((4194304 / size - 1) % 251))"
		done
	done
	truncate -s 4M disk.img
	does "$t, the tool starts it" 0 timeout 60 mirage run -t $t
	is "$t, a file that is not there" "$("${run[@]}" --block:storage=nothing.img "$image" 2>&1 >/dev/null |
		grep -c 'nothing.img')" 1
	truncate -s 1000 odd.img
	for wrong in odd.img ./ /dev/null; do
		"${run[@]}" --block:storage=$wrong "$image" >/dev/null 2>"$tmp/err"
		is "$t, refused: $wrong" "$? $(wc -l <"$tmp/err")" "1 1"
	done
	does "$t, full" 0 unshare -m sh -c 'mkdir -p small && mount -t tmpfs -o size=2m small small &&
		truncate -s 8M small/disk && exec "$@"' sh timeout 60 "${run[@]}" \
		--block:storage=small/disk -- "$image" --act=full
	does "$t, read-only" 0 unshare -m sh -c 'mkdir -p ro && mount -t tmpfs ro ro && truncate -s 1M ro/disk &&
		mount -o remount,ro ro && exec "$@"' sh timeout 60 "${run[@]}" \
		--block:storage=ro/disk -- "$image" --act=readonly
	# One image at a time.
	truncate -s 4M disk.img
	start holder "${run[@]}" --block:storage=disk.img -- "$image" --act=write --size=512 --total=4G
	wait_for 10 grep -q sectors "$tmp/holder.log"
	"${run[@]}" --block:storage=disk.img -- "$image" >"$tmp/second" 2>&1
	is "$t: a second image on the same disk is refused" $? 1
	stop "$pid" KILL
	"${run[@]}" --block:storage=disk.img -- "$image" >"$tmp/third" 2>&1
	is "$t: after SIGKILL the disk is free" $? 0
done
done_testing
