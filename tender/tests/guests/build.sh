#!/bin/sh
# build.sh NAME TARGET SOURCE [DEFINE ...]: a test image without libc.
#   CC and CPU may be set.
set -eu
here=$(dirname "$0")
out=$1 target=$2 source=$3
shift 3
cpu=${CPU:-$(uname -m)}
exec "${CC:-gcc}" -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-array-bounds -ffreestanding -fno-pie -no-pie \
	-fno-stack-protector -fcf-protection=none -nostdlib -static -fno-asynchronous-unwind-tables \
	-Wl,--build-id=none,-z,max-page-size=0x1000,-z,noexecstack,-T,"$here/image.lds" -I"$here/../../../abi" \
	-DTARGET="$target" -DCPU="\"call_$cpu.h\"" "$@" "$here/$source" -lgcc -o "$out"
