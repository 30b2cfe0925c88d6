#!/bin/bash
# toolchain.t: configure scripts, CMake and meson build programs for images and learn the truth about
# them; what a program wants that there is not is listed when it is linked.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/guest.sh"

arch=$(uname -m)
has_tool() { command -v "$1" >/dev/null; }
if ! said=$("$root/libc/build.sh" "$arch" 2>&1); then
	case $said in
	*"cannot be reached"*) skip_all "no network for the source of musl, and none in the cache" ;;
	esac
	fail "libc/build.sh $arch" "$said"
	done_testing
fi
folder=$(mirage toolchain)
check "mirage toolchain: a folder with the compiler" test -x "$folder/$arch-mirage-cc"
mirage toolchain --arch vax >/dev/null 2>&1
is "an unknown processor" $? 2
for f in "$(mirage toolchain --cmake)" "$(mirage toolchain --meson --arch aarch64)"; do
	check "${f##*/}" test -s "$f"
done
eval "$(mirage toolchain --env)"
is "--env names the compiler" "$CC" "$arch-mirage-cc"
cd "$tmp" || exit 1

# --- one by one ------------------------------------------------------------------

printf 'int twice(int x) { return 2 * x; }\n' >twice.c
cat >prog.c <<'E2'
#include <stdio.h>
int twice(int);
int main(void) { return printf("%d\n", twice(21)) < 0; }
E2
$CC -c twice.c && $CC -c prog.c
check "-ar" "$AR" rcs libtwice.a twice.o
check "-ranlib" "$RANLIB" libtwice.a
has "-nm" "$("$NM" libtwice.a)" " T twice"
check "-ld -r" "$LD" -r -o both.o prog.o twice.o
check "-ld" "$LD" -o linked prog.o -L. -ltwice
check "-cc, -l and -L apart" "$CC" -o prog prog.o -L . -l twice -rdynamic -pie -s
hasnt "-s" "$("$NM" prog 2>&1)" " T main"
check "-strip" "$STRIP" linked
is "no C++" "$("$CXX" -c x.cc 2>&1)" "$CXX: there is no C++ for images: C only"
if has_tool pkg-config; then
	"$PKG_CONFIG" --exists zlib && ported=yes || ported=''
	is "-pkg-config: what there is is a port" "$ported" \
		"$("$root/ports/port.sh" find "$arch" zlib >/dev/null && echo yes)"
	hasnt "nothing of the host" "$("$PKG_CONFIG" --list-all)" "libudev|systemd|libsystemd"
	mkdir -p pc && printf 'Name: mine\nDescription: d\nVersion: 1\nLibs: -lmine\n' >pc/mine.pc
	has "a path of one's own" "$(MIRAGE_PKG_CONFIG_PATH=$PWD/pc "$PKG_CONFIG" --libs mine)" "^-lmine"
fi

# --- what it was linked of -------------------------------------------------------

noted() { objcopy --dump-section .mirage.link="$tmp/note" "$1" "$tmp/rest" && cat "$tmp/note"; }
is "the note of a link" "$(noted prog)" "mirage-link 1
$arch
$tmp/prog.o
$tmp/libtwice.a"
check "of sources" "$CC" -O2 -o direct prog.c twice.c -Wl,--wrap=none -u twice
is "their objects are kept" "$(noted direct | sed 's|/.*/|/|; 1,2d')" "/prog.o
/twice.o
-Wl,--wrap=none
-u
twice"
for f in $(noted direct | grep '^/'); do check "${f##*/}" test -s "$f"; done

# --- what there is not -----------------------------------------------------------

cat >wants.c <<'E2'
#include <stdio.h>
#include <unistd.h>
static __attribute__((noinline)) void shell(const char *s) { pclose(popen(s, "r")); }
void child(void) { if (fork() == 0) _exit(0); }
int main(int argc, char **argv) { if (argc > 9) child(); shell(argv[0]); return 0; }
E2
said=$($CC -Os -o wants wants.c 2>&1)
is "a program links without" $? 0
has "which is said" "$said" "warning: wants wants what images do not have"
has "by name" "$said" $'\n'" +fork: in child of wants.o"
has "and by who calls it" "$said" $'\n'" +popen \\(.*execve.*\\): in shell of wants.o"
said=$($CC --mirage-strict -Os -o strict wants.c 2>&1)
is "--mirage-strict" $? 1
has "is an error" "$said" "error: strict wants"
check "and makes nothing" test ! -e strict
is "nothing is said of what does" "$($CC -Os -o prog prog.c twice.c 2>&1)" ""

# --- configure -------------------------------------------------------------------

mkdir auto && cd auto || exit 1
if has_tool autoconf; then
	cat >configure.ac <<'E2'
AC_INIT([probe], [1])
AC_CONFIG_HEADERS([config.h])
AC_PROG_CC
AC_PROG_RANLIB
AC_SEARCH_LIBS([sin], [m])
AC_SEARCH_LIBS([pthread_create], [pthread])
AC_CHECK_HEADERS([sys/epoll.h sys/sysctl.h execinfo.h])
AC_CHECK_FUNCS([memmem strlcpy fork execve posix_spawn popen dlopen pthread_create epoll_wait open qsort_r clock_gettime no_such_function])
AC_CHECK_SIZEOF([long])
AC_C_BIGENDIAN
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
E2
	printf 'prog: ../prog.c ../twice.c\n\t@CC@ @CFLAGS@ -o $@ ../prog.c ../twice.c @LIBS@\n' >Makefile.in
	touch install-sh && autoheader 2>/dev/null
	check "autoconf" autoconf
	check "configure" ./configure --host="$arch-mirage"
	true_answers() { sed -n 's/^#define HAVE_\([A-Z_]*\) 1/\1/p' config.h | sort | tr '\n' ' '; }
	answers=" $(true_answers)"
	for yes in MEMMEM STRLCPY CLOCK_GETTIME SYS_EPOLL_H PTHREAD_CREATE EPOLL_WAIT OPEN; do has "there is $yes" "$answers" " $yes "; done
	for no in FORK EXECVE POSIX_SPAWN POPEN DLOPEN NO_SUCH_FUNCTION SYS_SYSCTL_H EXECINFO_H; do
		hasnt "there is no $no" "$answers" " $no "
	done
	has "sizes" "$(cat config.h)" "SIZEOF_LONG 8"
	check "make" make
	built="auto/prog"
else
	skip "configure" "autoconf is not installed"
	built=''
fi
cd ..

# --- CMake, meson ----------------------------------------------------------------

mkdir cmake && cat >cmake/CMakeLists.txt <<'E2'
cmake_minimum_required(VERSION 3.13)
project(probe C)
include(CheckFunctionExists)
include(CheckIncludeFile)
check_function_exists(memmem HAVE_MEMMEM)
check_function_exists(fork HAVE_FORK)
find_package(Threads REQUIRED)
find_library(HOST_LIBRARY NAMES z ssl)
add_library(twice ../twice.c)
add_executable(prog ../prog.c)
target_link_libraries(prog twice m Threads::Threads)
file(WRITE ${CMAKE_BINARY_DIR}/answers "${HAVE_MEMMEM} ${HAVE_FORK} ${HOST_LIBRARY}\n")
E2
if has_tool cmake; then
	check "cmake" env -u CC -u CXX -u LD -u AR -u RANLIB -u NM -u STRIP cmake -S cmake -B cmake/out \
		-DCMAKE_TOOLCHAIN_FILE="$(mirage toolchain --cmake)"
	has "its answers" "$(cat cmake/out/answers)" "^1  (HOST_LIBRARY-NOTFOUND|.*/mirage/ports/.*)"
	check "its build" cmake --build cmake/out
	built+=" cmake/out/prog"
else
	skip "cmake" "cmake is not installed"
fi

mkdir meson && cp prog.c twice.c meson && cat >meson/meson.build <<'E2'
project('probe', 'c')
cc = meson.get_compiler('c')
message('answers', cc.has_function('memmem'), cc.has_function('fork'), cc.sizeof('long'))
executable('prog', 'prog.c', link_with: library('twice', 'twice.c'), dependencies: cc.find_library('m'))
E2
if has_tool meson && has_tool ninja; then
	said=$(env -u CC -u CXX -u LD -u AR -u STRIP meson setup --cross-file "$(mirage toolchain --meson)" meson/out meson 2>&1)
	is "meson" $? 0
	has "its answers" "$said" "answers true false 8"
	check "its build" ninja -C meson/out
	built+=" meson/out/prog"
else
	skip "meson" "meson or ninja is not installed"
fi
if why=$(guest_why_not spt); then
	skip "what was built runs" "$why"
else
	for f in prog linked direct $built; do is "$f runs" "$(mirage-spt "$f")" 42; done
fi
done_testing
