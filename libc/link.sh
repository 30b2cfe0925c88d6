# link.sh: how mirage-cc links a program: what it was linked of is noted in it, for `mirage build`
# (main-posix), and what it wants that an image cannot give is listed; sh, to be sourced.

record= # a word a line: objects, archives, and flags of the linker, with absolute paths
note() {
	record="$record$1
"
}

absolute() { case $1 in /*) echo "$1" ;; *) echo "$PWD/${1#./}" ;; esac }

# compile_one SOURCE ARGUMENT ...: its object, kept in the cache, for later links.
compile_one() {
	source=$1 option=''
	shift
	for a; do
		shift
		if [ -n "$option" ]; then
			case $option in -Xlinker | -u | -z | -e | -T) ;; *) set -- "$@" "$option" "$a" ;; esac
			option=''
			continue
		fi
		case $a in -Wl,* | -l?* | -L?* | [!-]*) continue ;; esac
		if takes_value "$a"; then option=$a; else set -- "$@" "$a"; fi
	done
	object=$scratch/object.o
	# shellcheck disable=SC2086
	$cc $cflags "$@" -c -o "$object" "$source" || return 1
	base=${source##*/}
	kept=$cache/objects/$(sha256sum <"$object" | cut -c 1-32)
	mkdir -p "$kept" && touch "$kept" && mv "$object" "$kept/${base%.*}.o" || die "cannot write in $cache"
	find "$cache/objects" -mindepth 1 -maxdepth 1 -mtime +90 -exec rm -rf {} +
	object=$kept/${base%.*}.o
}

# The calls that only stubs answer, and functions that always fail, but for those that do no harm, and, in
# images without libc/posix, what that would give; $1: an image.  Lines: ADDRESS NAME.
missing() {
	"${prefix}nm" "$1" 2>/dev/null | awk '
		/^long mir_sys_/ { if (sub(/^long mir_sys_/, "") && sub(/\(.*/, "")) kind[$0] = "harmless"; next }
		FILENAME != "-" { if ($1 == "harmless" || $1 == "function") kind[$2] = $1; next }
		sub(/^mir_stub_/, "", $3) && kind[$3] != "harmless" { print $1, $3 }
		($2 == "T" || $2 == "W") && kind[$3] == "function" { print $1, $3 }' "$libc"/posix/*.c "$libc/wants" -
}

# By whom they are reached: from the same link, with relocations.
callers() { # ARGUMENT ...
	link_to "$scratch/image" "$@" -Wl,--emit-relocs "-Wl,-Map=$scratch/map" >/dev/null 2>&1 &&
		missing "$scratch/image" >"$scratch/missing" &&
		"${prefix}readelf" -rW "$scratch/image" >"$scratch/relocations" 2>/dev/null &&
		awk -v library="$lib" -v libc="$sysroot/lib/libc.a" -f "$libc/callers.awk" \
			"$scratch/missing" "$scratch/map" "$scratch/relocations"
}

link_program() { # ARGUMENT ...
	scratch=$(mktemp -d) || die "cannot make a folder for temporary files"
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 1' INT TERM HUP
	option=''
	[ -n "$split" ] || note "incomplete"
	for a; do
		shift
		if [ -z "$option" ] && [ -z "$probe$own" ] && [ -n "$split" ]; then
			case $a in
			*.c | *.S | *.s | *.i)
				compile_one "$a" "$@" || exit 1
				a=$object
				;;
			esac
		fi
		case $option$a in
		-Wl,-Map* | -Wl,-T*) ;;
		-Wl,* | -Xlinker* | -u* | -z*) note "$a" ;;
		"$sysroot"/*) ;;
		[!-]*) note "$(absolute "$a")" ;;
		esac
		if [ -z "$option" ] && takes_value "$a"; then option=$a; else option=''; fi
		set -- "$@" "$a"
	done
	link_to "$out" "$@" || exit
	[ -n "$out" ] || exit 0

	wanted=$(missing "$out")
	if [ -n "$wanted" ] && [ -n "$probe" ]; then
		rm -f "$out"
		die "an image cannot do this: $(echo "$wanted" | sed 's/.* //' | tr '\n' ' ')"
	elif [ -n "$wanted" ]; then
		severity=${strict:+error}
		echo "${0##*/}: ${severity:-warning}: $out wants what images do not have:" >&2
		callers "$@" >&2 || echo "$wanted" | sed 's/.* /      /' >&2
		[ -z "$strict" ] || { rm -f "$out" && exit 1; }
	fi
	[ -z "$own$probe" ] || exit 0
	[ -z "$strip" ] || "${prefix}strip" "$out"
	{
		echo "mirage-link 1"
		echo "$arch"
		printf %s "$record"
	} >"$scratch/note"
	"${prefix}objcopy" --add-section ".mirage.link=$scratch/note" "$out" || exit
}
