# program.sh: programs from Debian's source packages, built by the toolchain of images; bash, to be sourced
# after lib.sh.
#
#	program NAME    builds tests/programs/NAME.sh; sets program_folder; fails, with a test that says so, if it cannot
#
# A recipe has lines "# source: PACKAGE SERIES ..." and commands of bash, which run in the unpacked source with
# the variables of `mirage toolchain --env` set.  What is built is kept in
# ${XDG_CACHE_HOME:-~/.cache}/mirage/programs until the recipe, the flags of the compiler or the C library's
# headers change; what the compiler listed is in its file built-for-mirage.

program_key() { # RECIPE
	cat "$1" "$root/tests/program.sh" "$root/libc/cflags" "$root/libc/link.sh" "$("$root/libc/build.sh" --find x86_64)/headers" |
		sha256sum | cut -c 1-16
}

# In a shell of its own: ports/source.sh defines names of its own.
program_build() ( # NAME FOLDER
	label=$1 cache=${2%/*}
	. "$root/ports/source.sh"
	set -- "$1" "$2" $(sed -n 's/^# source: //p' "$root/tests/programs/$1.sh")
	mkdir -p "$cache" && exec 9>"$cache/lock-$1" && flock 9
	[ ! -e "$2/built-for-mirage" ] || exit 0
	work=$(mktemp -d "$cache/work.XXXXXX") && trap 'rm -rf "$work"' EXIT
	source_find "$3" "${*:4}" "" >/dev/null && source_unpack "$3" >/dev/null || exit 1
	rm -rf "$cache/$1"-????????????????
	mv "$work/src" "$2" && cd "$2" || exit 1
	if ! bash -eu "$root/tests/programs/$1.sh" >"$work/log" 2>&1 9>&- </dev/null; then
		tail -n 20 "$work/log" >&2
		rm -rf "$2"
		exit 1
	fi
	grep '^      ' "$work/log" >built-for-mirage || :
)

program() { # NAME
	local said
	program_folder=${XDG_CACHE_HOME:-$HOME/.cache}/mirage/programs/$1-$(program_key "$root/tests/programs/$1.sh")
	[ -e "$program_folder/built-for-mirage" ] || said=$(eval "$(mirage toolchain --env)" && program_build "$1" "$program_folder" 2>&1)
	if [ ! -e "$program_folder/built-for-mirage" ]; then
		case $said in
		*"cannot be reached"*) skip "$1 is built" "no network for its source, and none in the cache" ;;
		*) fail "$1 is built" "$said" ;;
		esac
		return 1
	fi
	pass "$1 is built"
}
