#!/bin/bash
# build.sh: the C library of images with no operating system beneath: musl, of Debian's source
# package, with its system calls turned into calls of C functions (libc/*.c).
#
#	libc/build.sh [--update] ARCH [OUT]    build what is not built; OUT becomes a link to it
#	libc/build.sh --find ARCH              its folder (include/, lib/libc.a); fails if there is none
#
# ARCH: x86_64, aarch64.  What is built is kept in ${XDG_CACHE_HOME:-~/.cache}/mirage/libc and used
# again, without a network, until this recipe or the compiler changes; --update asks apt for a newer
# version.  Progress on stdout, a bar on a terminal, else lines "[n/100] text"; errors on stderr.
#
# The source comes by apt (ports/source.sh).
#
#	CC, AR, RANLIB    the compiler for ARCH and its tools (default: Debian's)
set -u -o pipefail
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd)
series="1.2 1.1" # of musl, the first is what this is tested with
need_kb=200000   # while building
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mirage/libc
# Small, but for what computes: an image is mostly what it does not run.
fast="string/memcmp.c,string/memcpy.c,string/memmove.c,string/memset.c,string/memmem.c,math/*.c,complex/*.c,stdlib/qsort*.c,prng/*.c,crypt/*.c"
flags="-Os -ffunction-sections -fdata-sections -fno-pie -fcf-protection=none -U_FORTIFY_SOURCE"
label=libc
. "$here/../ports/source.sh"

# ---- what is there ----

recipe_hash() { cat "$here/build.sh" "$here"/musl/* | sha256sum | cut -c 1-16; }

tools() { # sets cc, ar, ranlib
	local prefix=$arch-linux-gnu- package=gcc-${arch//_/-}-linux-gnu t
	if [ "$(uname -m)" = "$arch" ]; then prefix='' package=gcc; fi
	cc=${CC:-${prefix}gcc} ar=${AR:-${prefix}ar} ranlib=${RANLIB:-${prefix}ranlib}
	# shellcheck disable=SC2086
	command -v ${cc%% *} >/dev/null ||
		die "no compiler for $arch: ${cc%% *} is not installed" "apt-get install $package libc6-dev"
	for t in make:make dpkg-source:dpkg-dev patch:patch xz:xz-utils apt-get:apt flock:util-linux; do
		command -v "${t%:*}" >/dev/null ||
			die "${t%:*} is not installed" "apt-get install ${t#*:}"
	done
}

# ---- the build ----

# System calls become C calls (musl/syscall_arch.h), also those at which a thread may be cancelled
# (musl/syscall_cp.h, cancel.c); threads are made and ended by libc/posix/ (musl/thread.c).
# The hand-written assembly that makes some itself goes: the C beside it serves.
redirect() {
	local calls
	cd "$work/src" || exit 1
	calls=$(sed -n 's/^#define[[:space:]]*__NR_\([a-z0-9_]*\)[[:space:]]*\([0-9]*\)$/\1 \2/p' \
		"arch/$arch/bits/syscall.h.in")
	[ -n "$calls" ] || die "musl $version has no list of system calls for $arch"
	{
		echo "$calls" | sed 's/\(.*\) .*/void mir_sys_\1(void);/'
		echo '#define MIR_CALLS \'
		echo "$calls" | sed 's/\(.*\) \(.*\)/	[\2] = mir_sys_\1, \\/'
		echo
	} >"arch/$arch/mir_calls.h"
	{
		echo "/* The names of all system calls; by libc/build.sh. */"
		echo '#define MIR_SYSCALL_NAMES(X) \'
		echo "$calls" | sed 's/\(.*\) .*/	X(\1) \\/'
		echo
	} >"$work/names.h"
	cp "$here/musl/syscall_arch.h" "arch/$arch/syscall_arch.h"
	cp "$here/musl/start.c" src/env/mir_start.c
	cp "$here/musl/cancel.c" src/thread/pthread_cancel.c
	cp "$here/musl/thread.c" src/thread/clone.c
	cp "$here/musl/syscall_cp.h" src/internal/mir_syscall_cp.h
	rm src/thread/__unmapself.c
	sed -i '/^#define syscall_cp(/a #include "mir_syscall_cp.h"' src/internal/syscall.h
	find src -path "*/$arch/*.s" -exec grep -lE '^[[:space:]]*(syscall|svc)' {} + | xargs -r rm -f
}

compile() {
	local total n=0 percent line
	progress 10 "musl $version: configuring"
	# shellcheck disable=SC2086
	./configure --target="$arch" CC="$cc" AR="$ar" RANLIB="$ranlib" CROSS_COMPILE= --disable-shared --enable-optimize="$fast" \
		--prefix="$work/sysroot" CFLAGS="$flags" >"$work/configure.log" 2>&1 ||
		die "musl $version does not configure with $cc" "$(tail -n 1 "$work/configure.log")"
	trap 'kill $! 2>/dev/null; exit 130' INT TERM HUP
	total=$(make -n CROSS_COMPILE= lib/libc.a 2>/dev/null | grep -c -- ' -c ')
	while read -r line; do
		case $line in
		*' -c '*)
			n=$((n + 1)) percent=$((12 + 86 * n / (total + 1)))
			[ $percent = $((12 + 86 * (n - 1) / (total + 1))) ] ||
				progress $percent "musl $version: compiling"
			;;
		esac
	done < <(exec make -j"$(nproc)" CROSS_COMPILE= lib/libc.a 2>"$work/make.log")
	[ -s lib/libc.a ] || compile_failed
	make CROSS_COMPILE= install-libs install-headers >>"$work/make.log" 2>&1 || compile_failed
	install -D -m 644 "$work/names.h" "$work/sysroot/include/mir/syscall_names.h"
	cp COPYRIGHT "$work/sysroot/COPYRIGHT"
	(cd "$work/sysroot/include" && find . -type f | sort | xargs sha256sum | sha256sum | cut -c 1-16) >"$work/sysroot/headers"
	echo "$version" >"$work/sysroot/version"
}

compile_failed() {
	! grep -q 'No space left' "$work/make.log" || die "no space left in $cache"
	cp "$work/make.log" "$cache/make.log"
	die "musl $version does not compile with $cc" "$(grep -m 1 -E 'error|Error' "$work/make.log")" \
		"all that was said: $cache/make.log"
}

# ---- the order ----

build() {
	local dir
	mkdir -p "$cache" || die "cannot write in $cache" "XDG_CACHE_HOME names another place"
	exec 9>"$cache/lock"
	if ! flock -n 9; then
		progress 0 "waiting for another build"
		flock 9
	fi
	rm -rf "$cache"/work.* # of builds that were interrupted
	if [ -z "$update" ] && [ -s "$cache/$arch-$recipe/lib/libc.a" ] &&
		[ "$(cat "$cache/$arch-$recipe/compiler" 2>/dev/null)" = "$compiler" ]; then
		return
	fi
	space $need_kb
	work=$cache/work.$$
	trap 'rm -rf "$work"' EXIT
	trap 'kill $! 2>/dev/null; exit 130' INT TERM HUP
	mkdir "$work" || die "cannot write in $cache"
	source_find musl "$series" "$update"
	dir=$arch-$(echo "$recipe $compiler $version" | sha256sum | cut -c 1-16)
	if [ ! -s "$cache/$dir/lib/libc.a" ]; then
		source_unpack musl
		(redirect && compile) 9>&- &
		wait $! || exit 1
		echo "$compiler" >"$work/sysroot/compiler"
		rm -rf "${cache:?}/$dir"
		mv "$work/sysroot" "$cache/$dir"
	fi
	ln -sfn "$dir" "$work/link" && mv -T "$work/link" "$cache/$arch-$recipe"
	progress 100 "musl $version"
	clear_bar
}

update='' find='' arch=
while [ $# -gt 0 ]; do
	case $1 in
	--update) update=yes ;;
	--find) find=yes ;;
	x86_64 | aarch64) arch=$1 ;;
	-*) die "unknown option $1" "build.sh [--update | --find] ARCH [OUT]" ;;
	*) break ;;
	esac
	shift
done
[ -n "$arch" ] && [ $# -le 1 ] || die "build.sh [--update | --find] x86_64|aarch64 [OUT]"
recipe=$(recipe_hash)
if [ -n "$find" ]; then
	[ -s "$cache/$arch-$recipe/lib/libc.a" ] || exit 1
	echo "$cache/$arch-$recipe"
	exit 0
fi
tools
compiler="$cc $($cc -dumpfullversion -dumpversion 2>&1) $($cc -dumpmachine 2>&1)"
build
[ $# = 0 ] || { mkdir -p "$(dirname "$1")" && ln -sfn "$cache/$arch-$recipe" "$1"; } || die "cannot write $1"
