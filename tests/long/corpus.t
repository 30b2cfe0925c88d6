#!/bin/bash
# corpus.t: every fuzz target runs on its kept corpus without a complaint.
cd "$(dirname "$0")/../.." || exit 1
n=0
for source in $(git ls-files '*/fuzz/*.c'); do
	name=$(echo "${source%.c}" | sed 's,fuzz/,,; s,/,-,g')
	corpus=$(dirname "$source")/corpus-$(basename "${source%.c}")
	n=$((n + 1))
	if [ ! -d "$corpus" ]; then
		echo "not ok $n - $name has no corpus $corpus"
	elif [ ! -x "build/fuzz/$name" ]; then
		echo "not ok $n - $name is not built: make fuzz-build"
	elif out=$("build/fuzz/$name" -runs=0 -timeout=10 "$corpus" 2>&1); then
		echo "ok $n - $name: $(find "$corpus" -type f | wc -l) inputs"
	else
		echo "not ok $n - $name"
		echo "$out" | tail -30 | sed 's/^/# /'
	fi
done
echo "1..$n"
