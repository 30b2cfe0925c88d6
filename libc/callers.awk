# callers.awk: who calls what an image does not have.  Of a link with --emit-relocs:
#
#	awk -v library=LIBMIRAGE -v libc=LIBC -f callers.awk MISSING MAP RELOCATIONS
#
# MISSING: lines "ADDRESS NAME"; MAP: of ld; RELOCATIONS: of readelf -rW.  A line for
# each function of the C library that the program calls and that comes to them.

function number(hex,    i, n) {
	sub(/^0x/, "", hex)
	for (i = 1; i <= length(hex); i++)
		n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
	return n
}

# The section that holds an address, or 0.
function at(address,    low, high, middle) {
	low = 1
	high = sections
	while (low < high) {
		middle = int((low + high + 1) / 2)
		if (start[middle] <= address)
			low = middle
		else
			high = middle - 1
	}
	return sections && start[low] <= address && address < start[low] + size[low] ? low : 0
}

function name(i,    s) {
	s = title[i]
	if (!sub(/^\.[a-z.]*\.(text|unlikely|hot|startup|rodata|data|bss|rel\.ro|local)\./, "", s))
		sub(/^\.(text|rodata|data|bss)\./, "", s)
	sub(/\.(isra|part|constprop|cold).*$/, "", s)
	return s ~ /^\./ ? base(i) : s
}

function base(i,    s) {
	s = file[i]
	sub(/^.*[(\/]/, "", s)
	sub(/\)$/, "", s)
	return s
}

function ours(i) {
	return (library != "" && index(file[i], library "(") == 1) || index(file[i], libc "(") == 1 ||
	       file[i] ~ /^mirage\/[^\/]*\/obj\/([a-z]*\.o$|run\/|lib\/|libc\/|targets\/|ext\/)/
}

function add(section, address, length_, from) {
	# Strings that are merged have there the size that they had before; what debuggers read has no place.
	if (length_ == "0x0" || section !~ /^\./ || section ~ /\.(str|cst)[0-9]|^\.debug/ || number(address) < start[sections])
		return
	sections++
	start[sections] = number(address)
	size[sections] = number(length_)
	title[sections] = section
	file[sections] = from
}

FILENAME ~ /\/missing$/ {
	wanted[++wants] = $2
	place[wants] = number($1)
	next
}

FILENAME ~ /\/map$/ {
	if (/^Linker script and memory map/)
		begun = 1
	if (!begun || !/^ /)
		next
	if (/^ \.[^ ]+$/) {
		held = $1
	} else if (/^ \.[^ ]+ +0x[0-9a-f]+ +0x[0-9a-f]+ ./) {
		held = $1
		rest = $0
		sub(/^ [^ ]+ +0x[0-9a-f]+ +0x[0-9a-f]+ /, "", rest)
		add(held, $2, $3, rest)
		held = ""
	} else if (held != "" && /^ +0x[0-9a-f]+ +0x[0-9a-f]+ ./) {
		rest = $0
		sub(/^ +0x[0-9a-f]+ +0x[0-9a-f]+ /, "", rest)
		add(held, $1, $2, rest)
		held = ""
	}
	next
}

/^[0-9a-f]+ / && NF >= 5 {
	from = at(number($1))
	target = number($4)
	if ($5 ~ /^\./ && NF >= 7) # of a section: the place is in the addend
		target += ($6 == "-" ? -1 : 1) * number($7) + ($3 ~ /_(PC32|PLT32)$/ ? 4 : 0)
	to = at(target)
	if (from && to && from != to && !((from, to) in known)) {
		known[from, to] = 1
		above[to] = above[to] " " from
	}
}

# Upwards from each, breadth first, to what is not the C library's.
END {
	for (w = 1; w <= wants; w++) {
		i = at(place[w])
		what = wanted[w]
		split("", seen)
		split("", by)
		queue[1] = i
		seen[i] = 1
		count = 1
		found = 0
		for (next_ = 1; next_ <= count; next_++) {
			n = split(above[queue[next_]], up, " ")
			for (k = 1; k <= n; k++) {
				u = up[k]
				if (u in seen)
					continue
				seen[u] = 1
				if (ours(u)) {
					queue[++count] = u
					continue
				}
				found = 1
				entry = queue[next_] == i ? what : name(queue[next_])
				if (!(entry in calls))
					order[++entries] = entry
				if (index(calls[entry] " ", " " what " ") == 0)
					calls[entry] = calls[entry] " " what
				caller = name(u) " of " base(u)
				if (index(", " callers[entry] ", ", ", " caller ", ") == 0 && number_of[entry]++ < 3)
					callers[entry] = callers[entry] (callers[entry] == "" ? "" : ", ") caller
			}
		}
		if (!found)
			alone = alone " " what
	}
	for (i = 1; i <= entries; i++) {
		entry = order[i]
		reason = calls[entry] == " " entry ? "" : " (" substr(calls[entry], 2) ")"
		more = number_of[entry] > 3 ? " and " (number_of[entry] - 3) " more" : ""
		printf "      %s%s: in %s%s\n", entry, reason, callers[entry], more
	}
	if (alone != "")
		printf "      %s: by the C library itself\n", substr(alone, 2)
}
