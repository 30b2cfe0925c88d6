# source.sh: Debian's source packages, for what images link: libc/build.sh and ports/port.sh; bash, to be
# sourced.
#
# A source comes by apt, which verifies it, in a configuration of its own: neither root nor a deb-src
# entry is needed, and the host's lists are not touched.  What was fetched is kept in
# $cache/src/PACKAGE/VERSION and used again without a network.
#
#	label    whose errors these are: "libc"
#	cache    a folder; work: one in it that is removed at the end
#
# Progress on stdout, a bar on a terminal, else lines "[n/100] text"; errors on stderr.

die() { # TEXT ...: the first line is the error
	clear_bar
	printf '%s: %s\n' "$label" "$1" >&2
	shift
	[ $# -eq 0 ] || printf '      %s\n' "$@" >&2
	exit 1
}

# ---- progress ----

shown=-4
clear_bar() { [ ! -t 1 ] || printf '\r\033[K'; }
progress() { # PERCENT TEXT
	local bar
	if [ -t 1 ]; then
		printf -v bar '%*s' $(($1 / 4)) ''
		printf '\r\033[K[%-25s] %s' "${bar// /#}" "$2"
	elif [ "$1" -ge $((shown + 4)) ] || [ "$1" = 100 ]; then
		printf '[%d/100] %s\n' "$1" "$2"
		shown=$1
	fi
}

space() { # KB: the cache's disk has room
	local free need_kb=$1
	free=$(df -Pk "$cache" | awk 'NR == 2 { print $4 }')
	[ -z "$free" ] || [ "$free" -ge $need_kb ] ||
		die "no space: $((need_kb / 1000)) MB are needed in $cache, $((free / 1000)) MB are free" \
			"XDG_CACHE_HOME names another place"
}

# ---- the source ----

# The host's package sources with deb-src in place of deb; $1: where to.
source_entries() {
	local list='' parts='' f
	eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
	for f in "$list" "${parts%/}"/*.list; do
		[ -r "$f" ] || continue
		sed -nE 's/^[[:space:]]*deb(-src)?[[:space:]]+/deb-src /p' "$f"
		echo
	done | grep -v '[ :]cdrom:' | awk '!seen[$0]++' >"$1.list"
	for f in "${parts%/}"/*.sources; do
		[ -r "$f" ] || continue
		grep -v '^#' "$f"
		echo
	done | awk -v RS= -v ORS='\n\n' 'tolower($0) !~ /(^|\n)enabled:[ \t]*(no|false|0)/ {
		n = split($0, line, "\n")
		for (i = 1; i <= n; i++)
			print (tolower(line[i]) ~ /^types:/ ? "Types: deb-src" : line[i]) (i < n ? "\n" : "\n\n")
	}' ORS= >"$1.sources"
	[ -s "$1.list" ] || [ -s "$1.sources" ] || return 1
}

# An apt of our own in $1: as the host's, but for its lists, its caches and what it runs.
apt_configure() {
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/parts"
	source_entries "$1/parts/host" ||
		die "apt has no package sources (/etc/apt/sources.list, /etc/apt/sources.list.d)"
	{
		apt-config dump | grep -vEi 'Invoke|^(Dir::(State|Cache|Etc::(main|parts|source))|quiet)'
		cat <<-END
			Dir::Etc::main "/dev/null";
			Dir::Etc::parts "/dev/null";
			Dir::Etc::sourcelist "$1/parts/host.list";
			Dir::Etc::sourceparts "$1/parts";
			Dir::State::lists "$1/lists";
			Dir::State::status "/dev/null";
			Dir::Cache "$1/cache";
			APT::Sandbox::User "$(id -un)";
			Acquire::Languages "none";
			Acquire::Retries "2";
			Acquire::http::Timeout "30";
			Acquire::https::Timeout "30";
		END
	} >"$1/apt.conf"
	export APT_CONFIG=$1/apt.conf
}

# VERSION ... a line each, the newest first.
newest_first() {
	local sorted=() v i
	for v in "$@"; do
		for ((i = ${#sorted[@]}; i > 0; i--)); do
			dpkg --compare-versions "$v" gt "${sorted[i - 1]}" || break
			sorted[i]=${sorted[i - 1]}
		done
		sorted[i]=$v
	done
	[ ${#sorted[@]} = 0 ] || printf '%s\n' "${sorted[@]}" | uniq
}

# VERSION ... in the order in which they are to be tried: those of the first series, the newest first, then
# of the next; at the end all others.  $1: the series.
choose() {
	local series=$1 s v some all=("${@:2}")
	for s in $series; do
		some=()
		for v in "${all[@]}"; do
			case ${v#*:} in "$s" | "$s"[.+~-]*) some+=("$v") ;; esac
		done
		newest_first "${some[@]+"${some[@]}"}"
	done | awk '!seen[$0]++'
	newest_first "${all[@]}" | while read -r v; do
		for s in $series; do
			case ${v#*:} in "$s" | "$s"[.+~-]*) continue 2 ;; esac
		done
		echo "$v"
	done
}

warn_untried() { # PACKAGE SERIES
	case ${version#*:} in
	"${2%% *}" | "${2%% *}"[.+~-]*) ;;
	*)
		clear_bar
		echo "$label: warning: $1 ${2%% *} was not found; $version is not tested" >&2
		;;
	esac
}

offline() { grep -qE 'Could not (resolve|connect)|Temporary failure|Unable to connect|timed out|unreachable' "$1"; }

# Why apt gave no PACKAGE; $2: what it said.
no_source() {
	if offline "$2"; then
		die "the package server cannot be reached: is there a network?" "$(grep -m 1 -E '^(Err|W:|E:)' "$2")" \
			"Once $1 is built, none is needed."
	elif grep -qE 'NO_PUBKEY|is not signed|EXPKEYSIG|BADSIG|signatures? (couldn|were invalid)' "$2"; then
		die "the package lists are not signed by a key that apt trusts" "$(grep -m 1 -E '^(W|E):' "$2")"
	elif grep -qE 'No space left|not enough free space' "$2"; then
		die "no space left in $cache"
	fi
	die "apt offers no source of $1" "none of the servers in /etc/apt/sources.list* has its source package" \
		"$(grep -m 1 -E '^(E|W):' "$2")"
}

# Fetches PACKAGE into $cache/src/PACKAGE/VERSION, the best version of SERIES that is to be had: an archive
# may lack what its lists name.  Sets version.
fetch() {
	local package=$1 apt=$work/apt log=$work/apt.log versions v
	progress 0 "$package: reading package lists"
	if [ ! -d "$apt" ]; then
		apt_configure "$apt"
		apt-get -q=2 update >"$log" 2>&1
	fi
	export APT_CONFIG=$apt/apt.conf
	versions=$(apt-cache showsrc --only-source "$package" 2>>"$log" | sed -n 's/^Version: //p')
	[ -n "$versions" ] || no_source "$package" "$log"
	# shellcheck disable=SC2086
	for v in $(choose "$2" $versions); do
		version=$v
		[ ! -d "$cache/src/$package/$v" ] || return 0
		progress 4 "$package $v: fetching"
		rm -rf "$work/fetched" && mkdir -p "$work/fetched"
		if (cd "$work/fetched" && apt-get -q=2 source --download-only --only-source "$package=$v") >>"$log" 2>&1; then
			mkdir -p "$cache/src/$package"
			mv "$work/fetched" "$cache/src/$package/$v"
			return
		fi
		! offline "$log" || break
		clear_bar
		echo "$label: warning: $package $v is not to be had: $(grep -m 1 -E '^E:' "$log")" >&2
	done
	no_source "$package" "$log"
}

# source_find PACKAGE SERIES UPDATE: sets version: what was fetched before, or if UPDATE is not empty or for
# want of that, what apt has.
source_find() {
	local have=()
	[ ! -d "$cache/src/$1" ] || mapfile -t have < <(ls "$cache/src/$1")
	if [ ${#have[@]} -gt 0 ] && [ -z "$3" ]; then
		version=$(choose "$2" "${have[@]}" | head -n 1)
	else
		fetch "$1" "$2"
	fi
	warn_untried "$1" "$2"
}

# source_unpack PACKAGE: its version $version into $work/src.
source_unpack() {
	progress 8 "$1 $version: unpacking"
	rm -rf "$work/src"
	dpkg-source --no-copy -x "$cache/src/$1/$version"/*.dsc "$work/src" >"$work/unpack.log" 2>&1 && return
	rm -rf "${cache:?}/src/$1/$version"
	die "the source of $1 $version does not unpack; it will be fetched anew" "$(tail -n 1 "$work/unpack.log")"
}
