#!/bin/bash
# sanitized.t: the images of direct.t and socket.t under AddressSanitizer and UBSan, for a
# while: bad packets, floods, slow clients, resets, bad links; and no leak at the end.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/image.sh"
. "$(dirname "$0")/cases.sh"
need_root
need ip ping perl sha256sum relay peer idle load slow synflood badpackets conform
SANITIZE=yes
export UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1

# mistake NAME STATEMENT: what an image says that makes this mistake.
mistake() {
	local flags="-fsanitize=address,undefined"
	mkdir "$net_tmp/$1"
	cd "$net_tmp/$1" || exit 1
	echo "main-noip: $1.main" >"$1.conf"
	printf '#include "mirage/app.h"\n#include <stdlib.h>\nint %s_main(const struct app *app)\n{\n%s\n\treturn 0;\n}\n' \
		"$1" "	(void)app; $2" >"$1.c"
	MIRAGE_CFLAGS=$flags MIRAGE_LDFLAGS=$flags "$image_out/mirage" build 2>&1 && dist/"$1" 2>&1
	cd "$OLDPWD" || exit 1
}
[ -x "$image_out/mirage" ] || skip_all "needs build/mirage"
for try in "heap-buffer-overflow overflow volatile char *volatile p = malloc(5); p[5] = 1; free((void *)p);" \
	"stack-buffer-overflow on_fiber char a[5]; char *volatile p = a; p[5] = 1;" \
	"LeakSanitizer leak char *volatile p = malloc(5); p = NULL; (void)p;"; do
	read -r want name code <<<"$try"
	case $(mistake "$name" "$code") in
	*"$want"*) pass "an image with a mistake says so: $want" ;;
	*) fail "an image with a mistake says so: $want" "$(cd "$net_tmp/$name" && dist/"$name" 2>&1)" ;;
	esac
done

diag "on the host's sockets"
image_choose socket
link_tap
case_transfer veth 5000000
case_idle 1000
case_active 200 3000
case_short 1000
case_slow 50
case_resets 100
link_end socket

diag "with our own stack"
image_choose direct
link_tap
check "it answers fragments" in_ns "$a" ping -c 1 -W 2 -s 10000 10.77.0.2
case_transfer tap 5000000
case_idle 1000
case_active 200 3000
case_short 1000
link_end tap
link_tap
case_badpackets 30
case_synflood 20000
case_serves 100 "the service goes on"
case_slow 50
case_resets 100
link_end hostile
link_relay --loss 2% --delay 3ms --reorder 5% --dup 2% --corrupt 1% --seed 3
case_transfer "bad link" 1000000
link_end "bad link" relay
link_relay --mtu 600 --icmp
case_transfer "path of 600 bytes" 1000000
link_end mtu relay
done_testing
