#!/bin/bash
# aarch64.t: what the tenders share and mirage-hvt compile for aarch64.
cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC1091
. tests/tap.sh
cc=aarch64-linux-gnu-gcc
command -v $cc >/dev/null || skip_all "$cc is not installed: apt-get install gcc-aarch64-linux-gnu"
flags=$(make -s --no-print-directory print-flags)
for file in $(git ls-files 'tender/*.c' 'tender/hvt/*.c' | grep -v -e _x86_64 -e /tests/ -e /fuzz/ -e /spt/); do
	# shellcheck disable=SC2086
	check "$file" $cc -Itender $flags -D_GNU_SOURCE -DMIRAGE_VERSION='""' -O2 -fsyntax-only "$file"
done
done_testing
