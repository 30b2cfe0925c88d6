#!/usr/bin/env bash
# extract.sh PAGE.md: prints a bash script that does what a reader of the page does. Code blocks
# whose first line says so take part, in the order of the page; all others are only read:
#
#	```c file=PATH      the complete content of a file, below the present folder
#	```sh run           commands, one shell for the whole page: cd and variables last
#	```sh serve         one command that goes on; the next serve, or the end, ends it by SIGTERM
#	```text output      what the commands of the run before print: these lines, in this order,
#	                    perhaps with others between; "..." stands for anything, in a line too
#
# A block marked "root" as well needs root and a network of its own; without, it is skipped.
# The script prints TAP lines without numbers and without a plan, and ends at the first failure.
set -eu
page=$1

cat <<'PRELUDE'
set -u
exec 9>&1 # where results go, whatever the commands print to
work=$(mktemp -d) out=$work/out page_pid=
page_end() {
	local status=0
	[ -n "$page_pid" ] || return 0
	kill -TERM $page_pid 2>/dev/null
	wait $page_pid || status=$?
	page_pid=
	[ $status = 0 ] || { echo "not ok $1: ended with status $status at SIGTERM"; sed 's/^/# /' "$work/served"; exit 1; }
	echo "ok $1: ended at SIGTERM"
}
trap '[ -z "$page_pid" ] || kill $page_pid; rm -rf "$work"' EXIT
page_ran() {
	[ $1 = 0 ] && { echo "ok $2"; return; }
	{
		echo "not ok $2: status $1"
		sed 's/^/# /' "$out"
		[ ! -s "$work/served" ] || sed 's/^/# served: /' "$work/served"
	} >&9
	exit 1
}
# The lines of standard input are in $out, in this order.
page_output() {
	local want line
	exec 3<"$out"
	while IFS= read -r want; do
		[ "$want" != ... ] || continue
		want=${want//'\'/'\\'}; want=${want//'*'/'\*'}; want=${want//'?'/'\?'}; want=${want//'['/'\['}
		want=${want//.../'*'}
		while :; do
			IFS= read -r line <&3 || { echo "not ok $1: no line '$want'"; sed 's/^/# /' "$out"; exit 1; }
			# shellcheck disable=SC2053
			[[ $line != $want ]] || break
		done
	done
	exec 3<&-
	echo "ok $1"
}
# What is served takes a moment to be there; the reader is slower.
curl() { command curl -sS --retry 40 --retry-delay 1 --retry-all-errors --connect-timeout 2 --max-time 20 "$@"; }
ping() {
	local i
	for i in {1..40}; do
		command ping "$@" && return
		sleep 0.5
	done
	return 1
}
PRELUDE

awk -v page="$(basename "$page")" '
function quote(s) { gsub(/\047/, "\047\\\047\047", s); return "\047" s "\047" }
function word(name,    i) {
	for (i = 2; i <= n; i++) if (words[i] == name) return 1
	return 0
}
function begin(    i) {
	kind = ""; file = ""
	n = split(substr($0, 4), words, /[ \t]+/)
	for (i = 2; i <= n; i++) {
		if (words[i] ~ /^file=/) { kind = "file"; file = substr(words[i], 6) }
		if (words[i] ~ /^(run|serve|output)$/) kind = words[i]
	}
	root = word("root"); line = NR; text = ""
}
function finish(    name) {
	if (kind == "") return
	name = page ":" line ": " kind (file == "" ? "" : " " file)
	if (root) print "if [ -n \"${ROOT-}\" ]; then"
	if (kind == "file") {
		print "mkdir -p \"$(dirname " quote(file) ")\" && cat >" quote(file) " <<\047END OF FILE\047"
		printf "%s", text
		print "END OF FILE\npage_ran $? " quote(name)
	} else if (kind == "run") {
		print "page_name=" quote(name) "\nset -e\ntrap \047page_ran $? \"$page_name\"\047 ERR"
		print "{\n" text "} >\"$out\" 2>&1"
		print "trap - ERR\nset +e\npage_ran 0 " quote(name)
	} else if (kind == "serve") {
		sub(/\n$/, "", text)
		print "page_end " quote(name)
		print "( exec " text " ) >\"$work/served\" 2>&1 </dev/null &\npage_pid=$!"
	} else {
		print "page_output " quote(name) " <<\047END OF FILE\047"
		printf "%s", text
		print "END OF FILE"
	}
	if (root) print "else echo " quote("ok " name " # SKIP needs root and network namespaces") "\nfi"
}
/^```/ && !inside { inside = 1; begin(); next }
/^```/ && inside { inside = 0; finish(); next }
inside { text = text $0 "\n" }
END { print "page_end " quote(page ": the end") }
' "$page"
