#!/bin/sh
# toolchain.sh: where the toolchain for images is, for build systems (mirage toolchain).
#
#	libc/toolchain.sh ARCH dir|cmake|meson|env
set -u

self=$(readlink -f "$0")
folder=${self%/*}/toolchain arch=$1
quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }

case $2 in
dir) echo "$folder" ;;
cmake) echo "$folder/$arch-mirage.cmake" ;;
meson)
	# Its files cannot name what is beside them.
	out=${XDG_CACHE_HOME:-$HOME/.cache}/mirage/toolchain
	out=$out/$(printf %s "$folder" | sha256sum | cut -c 1-16)-$arch.ini
	mkdir -p "${out%/*}" && sed "s|@FOLDER@|$folder|" "$folder/$arch-mirage.ini" >"$out.$$" && mv "$out.$$" "$out" || exit
	echo "$out"
	;;
env)
	echo "export PATH=$(quoted "$folder"):\"\$PATH\""
	echo "export CONFIG_SITE=$(quoted "$folder/config.site")"
	for pair in CC=cc CXX=c++ LD=ld AR=ar RANLIB=ranlib NM=nm STRIP=strip OBJCOPY=objcopy OBJDUMP=objdump READELF=readelf \
		PKG_CONFIG=pkg-config; do
		echo "export ${pair%=*}=$arch-mirage-${pair#*=}"
	done
	echo "unset PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR CPPFLAGS LDFLAGS LIBS"
	;;
*) exit 2 ;;
esac
