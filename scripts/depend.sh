#!/bin/sh
# depend.sh WHAT...: installs the Debian packages that a step needs, and nothing when all are there.
#   build   the compiler and what the libraries and the tenders are built from
#   check   what the tests talk to and measure with
#   bench   the peers that the benchmarks compare with
#   fuzz    clang's fuzzer
#   vm      machines of QEMU: with a KVM of their own, or for -t virtio
#   programs  build systems for the toolchain of images; clients of programs that were built with it
#   xen     a Xen of its own; Xen itself is not installed
set -eu

packages() {
	case $1 in
	build) echo "gcc make libc6-dev node-llhttp musl-tools" ;;
	check) echo "$(packages build) libssl-dev libsqlite3-dev sqlite3 libnghttp2-dev zlib1g-dev libzstd-dev nghttp2-client openssl perl curl wget iproute2 iputils-ping procps apache2-utils wrk nmap nginx-light" \
		"dpkg-dev patch xz-utils clang clang-format libclang-rt-14-dev binutils file gdb gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user dnsmasq-base pebble graphviz" ;;
	browser) echo "chromium libnss3-tools" ;;
	bench) echo "$(packages check) qemu-system-x86 busybox-static cpio liblwip-dev" ;;
	vm) echo "qemu-system-x86 qemu-system-arm busybox-static cpio qemu-utils ovmf seabios gdisk dosfstools fdisk grub-common grub-pc-bin grub-efi-amd64-bin mtools xorriso awscli python3" ;;
	programs) echo "autoconf m4 cmake meson ninja-build pkg-config redis-tools sqlite3 tcl" ;;
	xen) echo "qemu-system-x86 busybox-static cpio" ;;
	fuzz) echo "$(packages build) libssl-dev libsqlite3-dev libnghttp2-dev zlib1g-dev libzstd-dev clang libclang-rt-14-dev" ;;
	*)
		echo "depend.sh: unknown set '$1'" >&2
		exit 2
		;;
	esac
}

missing=
for set in "$@"; do
	for p in $(packages "$set"); do
		case " $missing " in *" $p "*) continue ;; esac
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $p"
	done
done
[ -n "$missing" ] || exit 0

echo "For '$*' these Debian packages are missing:$missing"
if [ "$(id -u)" = 0 ]; then
	sudo=
elif command -v sudo >/dev/null; then
	sudo=sudo
	echo "Installing them with sudo; it may ask for your password."
else
	echo "Install them as root: apt-get install$missing" >&2
	exit 1
fi
# A service that a package brings must not start by itself: it would take a port.
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
	$sudo chmod +x $policy
	made=yes
fi
trap '[ -z "$made" ] || $sudo rm -f $policy' EXIT
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing ||
	{ $sudo apt-get update -q && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing; }
