#!/bin/sh
# build.sh FILE [FLAG ...]: the kernel for tests
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
shift
exec gcc -m32 -march=i586 -O2 -Wall -Wextra -ffreestanding -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none -nostdlib -static -no-pie -Wl,-T,"$here/kernel.ld,--build-id=none,--no-warn-rwx-segments" "$@" \
	"$here/kernel.c" -o "$out"
