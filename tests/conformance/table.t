#!/usr/bin/env bash
# table.t: docs/conformance.md is what the requirements and their scripts say.
. "$(dirname "$0")/../lib.sh"

program=$root/build/tests/conformance
if [ ! -x "$program" ]; then
	skip "docs/conformance.md is up to date" "build/tests/conformance is not built: make tests-build"
else
	"$program" --table >"$tmp/table"
	diff "$root/docs/conformance.md" "$tmp/table" >"$tmp/diff"
	is "docs/conformance.md is up to date (build/tests/conformance --table >docs/conformance.md)" \
		"$(head -20 "$tmp/diff")" ""
fi
done_testing
