# tap.sh: tests in shell that print TAP, with the plan at the end; bash, sourced by lib.sh and net/lib.sh.

# What a make above us has set is not meant for those that tests run.
unset MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES
tap_tests=0 tap_failed=0

diag() { printf '%s\n' "$@" | sed 's/^/# /'; }

# pass NAME, fail NAME [TEXT ...]
pass() { tap_tests=$((tap_tests + 1)); echo "ok $tap_tests - $1"; }
fail() {
	tap_tests=$((tap_tests + 1)) tap_failed=$((tap_failed + 1))
	echo "not ok $tap_tests - $1"
	shift
	[ $# -eq 0 ] || diag "$@"
}

# check NAME COMMAND ...: passes if the command does; its output is shown otherwise.
check() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then pass "$name"; else fail "$name" "failed ($?): $*" "$out"; fi
}

# is NAME GOT WANT; has NAME TEXT PATTERN (a regular expression of bash)
is() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got:  $2" "want: $3"; fi; }
has() { if [[ $2 =~ $3 ]]; then pass "$1"; else fail "$1" "got: $2" "want a match of: $3"; fi; }
hasnt() { if [[ $2 =~ $3 ]]; then fail "$1" "got: $2" "want no match of: $3"; else pass "$1"; fi; }

# between NAME GOT LOW HIGH: integers.
between() {
	if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then pass "$1"; else fail "$1" "$2 is not in $3..$4"; fi
}

# skip NAME REASON: one test that cannot be made here; skip_all REASON: none can.
skip() { tap_tests=$((tap_tests + 1)); echo "ok $tap_tests - $1 # SKIP $2"; }
skip_all() { echo "1..0 # SKIP $*"; exit 0; }

# done_testing: the plan; the script's exit status.
done_testing() {
	echo "1..$tap_tests"
	exit $((tap_failed != 0))
}
