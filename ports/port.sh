#!/bin/bash
# port.sh: third-party C libraries for images with no operating system beneath, each built from Debian's
# source package by a recipe of a few lines, ports/NAME/port.conf (docs/ports.md).
#
#	ports/port.sh [--update] build ARCH NAME ...   build what is not built, and what those need
#	ports/port.sh find ARCH NAME                   its folder (include/, lib/); fails if there is none
#	ports/port.sh key ARCH NAME                    what its folder depends on, as a digest
#	ports/port.sh list ARCH                        all, a line each: NAME, built or "", tabs between
#	ports/port.sh paths ARCH                       the folders of those that are built, a line each
#	ports/port.sh remove ARCH NAME ...             what was built of them
#
# What is built is kept in ${XDG_CACHE_HOME:-~/.cache}/mirage/ports and used again, without a network, until
# the recipe, the compiler, its flags or the C library's headers change.  MIRAGE_PORTS adds folders with recipes, colon-separated.
set -u -o pipefail
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd)
libc=$here/../libc
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mirage/ports
label=ports
. "$here/source.sh"

# ---- recipes ----

folder() { # NAME: of its recipe
	local d dirs
	IFS=: read -ra dirs <<<"${MIRAGE_PORTS-}"
	for d in "${dirs[@]+"${dirs[@]}"}" "$here"; do
		[ ! -r "$d/$1/port.conf" ] || { echo "$d/$1" && return; }
	done
	die "there is no port '$1'" "'mirage ports' lists those that there are"
}

# The values of a key of a recipe, in one line.
value() { # NAME KEY
	sed -n "s/^$2:[[:space:]]*//p" "$(folder "$1")/port.conf" | sed 's/[[:space:]]*$//' | tr '\n' ' ' | sed 's/ $//'
}

# Those and what they need, each behind what it needs.
closure() { # NAME ...
	local name seen=' '
	visit() {
		local n
		case $seen in *" $1 "*) return ;; esac
		seen+="$1 "
		for n in $(value "$1" needs); do visit "$n"; done
		echo "$1"
	}
	for name; do visit "$name"; done
}

compiler() { # sets cc, compiler, and headers: of the C library, if that is built
	cc=$libc/$arch-mirage-cc
	local below=gcc
	[ "$(uname -m)" = "$arch" ] || below=$arch-linux-gnu-gcc
	below=${MIRAGE_CC:-$below}
	command -v "${below%% *}" >/dev/null || die "no compiler for $arch: ${below%% *} is not installed"
	prefix=''
	[ "$(uname -m)" = "$arch" ] || prefix=$arch-linux-gnu-
	compiler="$below $($below -dumpfullversion -dumpversion 2>&1) $($below -dumpmachine 2>&1)"
	headers=$(dir=$("$libc/build.sh" --find "$arch") && cat "$dir/headers")
}

key() { # NAME
	local n
	{
		echo "$arch $compiler $headers"
		sed -n '/^step()/,/^build()/p' "$here/port.sh"
		cat "$libc/cflags"
		(cd "$(folder "$1")" && find . -type f | sort | xargs cat)
		for n in $(value "$1" needs); do key "$n"; done
	} | sha256sum | cut -c 1-16
}

built() { # NAME: its folder, if it is there
	local dir
	dir=$cache/$arch/$1-$(key "$1")
	[ -r "$dir/version" ] && echo "$dir"
}

# ---- the build ----

# Runs a step of the recipe in the source; its lines that compile are counted.
step() { # NAME KEY FROM TO: percent
	local command n=0 total line percent
	command=$(value "$1" "$2")
	[ -n "$command" ] || return 0
	total=$(value "$1" steps)
	while read -r line; do
		case $line in
		*' -c '*)
			n=$((n + 1)) percent=$(($3 + ($4 - $3) * n / (${total:-1} + 1)))
			[ $percent -gt "$4" ] || progress $percent "$1 $version: compiling"
			;;
		esac
	done < <(
		cd "$work/src" && bash -eu -c "$command" 2>&1 </dev/null | tee -a "$work/log"
		echo "${PIPESTATUS[0]}" >"$work/status"
	)
	[ "$(cat "$work/status" 2>/dev/null)" = 0 ] || failed "$1" "$2"
}

failed() { # NAME KEY
	! grep -q 'No space left' "$work/log" || die "no space left in $cache"
	cp "$work/log" "$cache/$1.log"
	die "$1 $version: its step '$2' failed" "$(grep -m 1 -E '(error|Error|undefined reference|not found)' "$work/log" || tail -n 1 "$work/log")" \
		"all that was said: $cache/$1.log"
}

# Files that name the folder in which they were made name the one beside them instead.
relocate() {
	local f
	for f in "$PREFIX"/lib/pkgconfig/*.pc; do
		[ ! -e "$f" ] || sed -i "s|^prefix=.*|prefix=\${pcfiledir}/../..|; s|$PREFIX|\${prefix}|g" "$f"
	done
	find "$PREFIX" -name '*.la' -delete
	rm -rf "$PREFIX"/share/man "$PREFIX"/share/doc "$PREFIX"/bin "$PREFIX"/lib/cmake
}

build_one() { # NAME
	local name=$1 dir n
	[ -z "$(built "$name")" ] || [ -n "$update" ] || return 0
	dir=$cache/$arch/$name-$(key "$name")
	# shellcheck disable=SC2046
	set -- $(value "$name" source)
	shown=-4
	source_find "$1" "${*:2}" "$update"
	source_unpack "$1"
	rm -rf "$work/out"
	export CC=$cc AR=${prefix}ar RANLIB=${prefix}ranlib NM=${prefix}nm PREFIX=$work/out ARCH=$arch HOST=$arch-linux-musl
	export JOBS CFLAGS="-O2 -ffunction-sections -fdata-sections" RECIPE PORTS_CFLAGS='' PORTS_LIBS=''
	JOBS=$(nproc) RECIPE=$(folder "$name")
	for n in $(value "$name" needs); do
		PORTS_CFLAGS+=" -I$(built "$n")/include" PORTS_LIBS+=" -L$(built "$n")/lib"
	done
	mkdir -p "$PREFIX/lib/pkgconfig" "$PREFIX/include"
	: >"$work/log"
	progress 10 "$name $version: configuring"
	step "$name" configure 10 14
	step "$name" build 14 96
	step "$name" install 96 98
	relocate
	cp "$work/src/debian/copyright" "$PREFIX/copyright"
	mkdir -p "$cache/$arch"
	echo "$version" >"$PREFIX/version"
	rm -rf "${dir:?}" && mv "$PREFIX" "$dir"
	progress 100 "$name $version"
	clear_bar
}

build() {
	local names
	names=$(closure "$@") || exit 1
	mkdir -p "$cache" || die "cannot write in $cache" "XDG_CACHE_HOME names another place"
	exec 9>"$cache/lock"
	if ! flock -n 9; then
		progress 0 "waiting for another build"
		flock 9
	fi
	rm -rf "$cache"/work.* # of builds that were interrupted
	space 600000
	work=$cache/work.$$
	trap 'rm -rf "$work"' EXIT
	trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM HUP
	mkdir "$work" || die "cannot write in $cache"
	"$libc/build.sh" "$arch" || exit 1
	compiler
	local name
	todo=()
	for name in $names; do
		[ -n "$(built "$name")" ] && [ -z "$update" ] || todo+=("$name")
	done
	for name in ${todo[@]+"${todo[@]}"}; do tools_there "$name"; done
	if [ ${#todo[@]} -lt 2 ] || [ -n "$update" ]; then
		for name in ${todo[@]+"${todo[@]}"}; do build_one "$name" 9>&-; done
	else
		build_several
	fi
}

# Those of todo, as many at once as there are processors, each behind what it needs.  What is done stays, whatever
# becomes of the others.
build_several() {
	local name said text running=0 ended=0 total=0 sum n
	declare -gA percent=() weight=() pids=()
	for name in "${todo[@]}"; do # one apt for all
		# shellcheck disable=SC2046
		set -- $(value "$name" source)
		source_find "$1" "${*:2}" ""
		n=$(value "$name" steps)
		weight[$name]=$((${n:-1} + 5)) percent[$name]=0
		total=$((total + weight[$name]))
	done
	mkfifo "$work/said" && exec 8<>"$work/said"
	trap 'end_all; exit 130' INT TERM HUP
	while [ $ended -lt ${#todo[@]} ]; do
		for name in "${todo[@]}"; do
			[ $running -lt "$(nproc)" ] || break
			[ -z "${pids[$name]-}" ] && may_begin "$name" || continue
			begin "$name"
			running=$((running + 1))
		done
		read -r name said text <&8
		if [ "$said" = ended ]; then
			running=$((running - 1)) ended=$((ended + 1)) percent[$name]=100
			[ "$text" = 0 ] || { end_all && exit 1; }
			text=built
		else
			percent[$name]=$said
		fi
		sum=0
		for n in "${todo[@]}"; do sum=$((sum + percent[$n] * weight[$n])); done
		progress $((sum / total)) "$name: $text ($ended of ${#todo[@]})"
	done
	clear_bar
}

tools_there() { # NAME: programs that its commands call
	local tool
	for tool in $(value "$1" tools); do
		command -v "$tool" >/dev/null || die "$1 is built by $tool, which is not installed" "install Debian's package with it"
	done
}

may_begin() { # NAME: all that it needs is there
	local n
	for n in $(value "$1" needs); do [ "${percent[$n]-100}" = 100 ] || return 1; done
}

# In the background, as a group of processes that can be ended as one; what it shows goes to the parent.
begin() { # NAME
	set -m
	(
		trap - INT TERM HUP EXIT
		(
			mkdir "$work/$1" && work=$work/$1 || exit 1
			progress() { echo "$name $1 ${2#"$name "}" >&8; }
			clear_bar() { :; }
			build_one "$1"
		)
		echo "$1 ended $?" >&8
	) 9>&- </dev/null &
	pids[$1]=$!
	set +m
}

end_all() {
	local pid
	for pid in "${pids[@]}"; do kill -- "-$pid" 2>/dev/null; done
	wait 2>/dev/null
	clear_bar
}

update='' arch=''
[ "${1-}" != --update ] || { update=yes && shift; }
command=${1-} arch=${2-}
case $arch in x86_64 | aarch64) ;; *) die "port.sh [--update] build|find|key|list|paths|remove x86_64|aarch64 [NAME ...]" ;; esac
shift 2
compiler
case $command in
build) build "$@" ;;
find) built "$1" ;;
key) key "$1" ;;
list)
	printf 'musl\t%s\n' "$(dir=$("$libc/build.sh" --find "$arch") && cat "$dir/version")"
	IFS=: read -ra dirs <<<"${MIRAGE_PORTS-}"
	for f in "$here"/*/port.conf "${dirs[@]/%//*/port.conf}"; do
		[ -r "$f" ] || continue
		f=${f%/port.conf} f=${f##*/}
		printf '%s\t%s\n' "$f" "$(dir=$(built "$f") && cat "$dir/version")"
	done
	;;
paths)
	IFS=: read -ra dirs <<<"${MIRAGE_PORTS-}"
	for f in "$here"/*/port.conf "${dirs[@]/%//*/port.conf}"; do
		[ ! -r "$f" ] || { f=${f%/port.conf} && built "${f##*/}"; }
	done
	exit 0
	;;
remove) for name; do rm -rf "${cache:?}/$arch/$name"-????????????????; done ;;
*) die "unknown command '$command'" ;;
esac
