# image.sh: images of the examples for tests and benchmarks; bash, to be sourced.

image_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
image_out=${BUILD:-$image_root/build}
case $image_out in /*) ;; *) image_out=$image_root/$image_out ;; esac

# image_over_tls EXAMPLE: in the folder of a copy of it.
image_over_tls() {
	mv "$1.conf" "$1-tls.conf" 2>/dev/null
	printf 'fs-certificates: tls\ntls-store: certificates\nhttps-port: 8443\n' >>"$1-tls.conf"
	[ "$1" != www ] || head -c 8388608 /dev/zero | tr '\0' m >site/8m.bin
	[ -s tls/bench/fullchain.pem ] || { mkdir -p tls/bench && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		-nodes -keyout tls/bench/privkey.pem -out tls/bench/fullchain.pem -subj /CN=bench -days 3650 2>/dev/null; }
}

# image_build EXAMPLE socket|direct|hvt|spt|virtio: builds a copy of examples/EXAMPLE ("disk": of
# tests/block/app, "caller": of tests/net/caller, "yield", "udpecho": of bench); prints the image's path.  The
# site of www has 1k.bin and 100k.bin besides.  NAME-tls is NAME served over TLS too, with the certificate that lies
# in tls/bench beside dist/; the site of www-tls has 8m.bin as well.  On failure prints
# the end of what the tool said on stderr.  One at a time for each copy.  With SANITIZE set
# it is built under AddressSanitizer and UBSan.
image_build() {
	local work=$image_out/images/$1-$2 net tool=$image_out/mirage suffix= from=$image_root/examples/$1
	case $1 in
	disk) from=$image_root/tests/block/app ;;
	caller) from=$image_root/tests/net/caller ;;
	yield | udpecho) from=$image_root/bench/$1 ;;
	*-tls) from=$image_root/examples/${1%-tls} ;;
	esac
	case $2 in
	socket) net=--socket ;;
	direct) net=--unix ;;
	*) net="-t $2" suffix=.$2 ;;
	esac
	if [ -n "${SANITIZE:-}" ]; then
		work=$work-san
		export MIRAGE_CFLAGS="-O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined"
		export MIRAGE_LDFLAGS="-fsanitize=address,undefined"
	fi
	[ -x "$tool" ] || { echo "$tool is not there; make builds it" >&2; return 1; }
	mkdir -p "$image_out/images"
	(
		flock 9
		# What another version of the tool has written is nothing to build on.
		made_by=$(stat -c '%Y %s' "$tool")
		[ "$(cat "$work/made-by" 2>/dev/null)" = "$made_by" ] || rm -rf "$work"
		mkdir -p "$work"
		echo "$made_by" >"$work/made-by"
		cd "$from" || exit 1
		tar cf - --exclude=./dist --exclude=./mirage --exclude=./Makefile . | tar xf - -C "$work"
		cd "$work" || exit 1
		case $1 in www*)
			printf '%1024s' | tr ' ' m >site/1k.bin
			printf '%102400s' | tr ' ' m >site/100k.bin
			;;
		esac
		case $1 in *-tls) image_over_tls "${1%-tls}" || exit 1 ;; esac
		{ "$tool" configure $net && { [ -z "$suffix" ] || "$tool" depend $net; } &&
			"$tool" build $net; } >log 2>&1 ||
			{ tail -n 20 log >&2; exit 1; }
	) 9>"$work.lock" || return 1
	echo "$work/dist/$1$suffix"
}
