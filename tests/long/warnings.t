#!/bin/bash
# warnings.t: every source is free of warnings with clang too (the build itself uses gcc with -Werror).
cd "$(dirname "$0")/../.." || exit 1
if ! command -v clang >/dev/null; then
	echo "1..0 # SKIP clang is not installed"
	exit 0
fi
flags=$(make -s --no-print-directory print-flags)
n=0
other=x86_64
[ "$(uname -m)" = x86_64 ] && other=aarch64
for folder in run lib targets cli tender bench tests; do
	n=$((n + 1))
	# Images for tests are compiled by their own scripts: they include what the tool writes.
	files=$(git ls-files "$folder/*.c" | grep -v -e "_$other\\.c$" -e ^tender/tests/guests/ \
		-e ^tests/machine/ -e ^tests/isolation/app/ -e ^tests/block/app/ -e ^tests/sim/images/ -e ^targets/guest/plain/ \
		-e ^bench/lwip.c | # which needs liblwip-dev
		xargs grep -L 'include "mirage/app.h"')
	gnu=
	[ $folder = cli ] && gnu=-D_GNU_SOURCE # as cli.mk has it
	[ $folder = tender ] && gnu="-D_GNU_SOURCE -Itender -DMIRAGE_VERSION=\"\"" # as tender.mk has it
	# shellcheck disable=SC2086
	if out=$(echo $files | xargs -n 1 -P 2 clang $gnu $flags -fsyntax-only 2>&1); then
		echo "ok $n - $folder: $(echo "$files" | wc -l) files"
	else
		echo "not ok $n - $folder"
		echo "$out" | grep -E 'error|warning' | head -20 | sed 's/^/# /'
	fi
done
echo "1..$n"
