#!/bin/bash
# suite.sh: Open POSIX Test Suite programs (Debian's source package posixtestsuite) as images of spt.
#
#	tests/posix/suite.sh FOLDER [PATTERN ...]    prints INTERFACE/NUMBER RESULT, a line each
#	tests/posix/suite.sh --table RESULTS         the table of docs/posix-conformance.md
#
# FOLDER keeps the sources and the image that they are linked with.  PATTERN: of interfaces, as the shell has
# them ("pthread_*", "sem_wait/1-1"); without one, all that an image can have.  RESULT: pass, fail, unresolved,
# unsupported, untested (what the program itself says), hang (10 s), panic, build; for those that do not pass,
# behind it what the same program does as a process of this host.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD:-$root/build}
PATH=$build:$PATH

# What belongs to files that are mapped, message queues and asynchronous input: an image has none of them.
never='^(aio_|lio_|mq_|shm_|mmap|munmap|mlock|munlock|fork|killpg|pthread_atfork)'

result() { # STATUS
	case $1 in
	0) echo pass ;; 1) echo fail ;; 2) echo unresolved ;; 4) echo unsupported ;; 5) echo untested ;;
	124 | 137) echo hang ;;
	255) echo panic ;;
	*) echo "status $1" ;;
	esac
}

# A source that makes a process says so.
forks() { grep -qE '\b(fork|vfork|system|execl|execvp?) *\(' "$1"; }

one() { # FOLDER NAME: runs in a process of its own
	local work=$1 name=$2 source=$1/suite/conformance/interfaces/$2.c o=$1/out/${2//\//_} flags got host=''
	flags="-D_GNU_SOURCE -D_XOPEN_SOURCE=600 -w -I$work/suite/include -I${source%/*} -I$work/suite/conformance/interfaces"
	if forks "$source"; then
		echo "$name fork"
		return
	fi
	# shellcheck disable=SC2086
	if ! $cc $flags -O1 -c "$source" -o "$o.o" 2>"$o.log" || ! $cc -o "$o.spt" @"$work/link" "$o.o" 2>>"$o.log"; then
		got=build
	else
		(cd "$work/image" && timeout -k 1 10 mirage-spt --mem=64 "$o.spt") >"$o.log" 2>&1 </dev/null
		got=$(result $?)
	fi
	if [ "$got" != pass ]; then
		# shellcheck disable=SC2086
		gcc $flags -O1 "$source" -o "$o.host" -pthread -lrt 2>/dev/null &&
			(cd "$work" && timeout -k 1 10 "$o.host") >/dev/null 2>&1 </dev/null
		host=" $(result $?)"
		tail -n 1 "$o.log" >"$o.why"
	fi
	rm -f "$o.o" "$o.spt" "$o.host"
	echo "$name $got$host"
}

prepare() { # FOLDER
	local work=$1
	export cc=$build/x86_64-mirage-cc\ --mirage-target=spt
	mkdir -p "$work/out" "$work/image"
	if [ ! -d "$work/suite" ]; then
		(
			label=posix cache=${XDG_CACHE_HOME:-$HOME/.cache}/mirage/tests work=$work/fetch
			mkdir -p "$cache" "$work"
			. "$root/ports/source.sh"
			source_find posixtestsuite 1.5 '' && source_unpack posixtestsuite && mv "$work/src" "${work%/fetch}/suite"
		) >&2 || exit 3
	fi
	cd "$work/image" || exit 1
	printf 'main-posix: main\n' >probe.conf
	printf 'int main(void) { return 0; }\n' >probe.c
	mirage configure -t spt >&2 && mirage build >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
	sed "s|^mirage/|$work/image/mirage/|" mirage/spt/obj/link | grep -vE '/app/probe\.o|-Map=' >"$work/link"
}

table() { # RESULTS
	awk '
	{ split($1, p, "/"); n = p[1]; all[n]++; got = $2; host = $3
	  if (got == "pass") pass[n]++
	  else if (got == "fork") forks[n]++
	  else if (got == host && host != "") same[n]++
	  else rest[n] = rest[n] (rest[n] == "" ? "" : ", ") p[2] " " got
	  t[got]++; count++ }
	END { print "| interface | programs | pass | make processes | as on the host | others |"
	      print "|---|---|---|---|---|---|"
	      for (n in all) print "| `" n "` | " all[n] " | " pass[n] + 0 " | " forks[n] + 0 " | " same[n] + 0 " | " rest[n] " |" | "sort"
	}' "$1"
}

if [ "${1-}" = --table ]; then
	table "$2"
	exit
fi
[ $# -ge 1 ] || { sed -n 2,13p "$0" >&2; exit 2; }
work=$(mkdir -p "$1" && cd "$1" && pwd)
shift
prepare "$work"
cd "$work/suite/conformance/interfaces" || exit 1
names=()
for pattern in "${@:-*}"; do
	case $pattern in */*) ;; *) pattern=$pattern/* ;; esac
	for f in $pattern.c; do
		[[ $f =~ $never ]] || [[ ! $f =~ /[0-9]+-[0-9]+\.c$ ]] || names+=("${f%.c}")
	done
done
export -f one result forks
export PATH
printf '%s\n' "${names[@]}" | xargs -P "${JOBS:-2}" -I{} bash -c 'one "$@"' one "$work" {} | sort -V
