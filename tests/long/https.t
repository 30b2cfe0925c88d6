#!/usr/bin/env bash
# https.t: HTTPS from sealed images, with OpenSSL built for them: versions, a large file, many connections,
# memory that comes back.
. "$(dirname "$0")/../lib.sh"
need_tool
. "$root/tests/examples.sh"
why=$(direct_impossible) && skip_all "$why"
for p in curl openssl; do command -v $p >/dev/null || skip_all "needs $p"; done

cp -r "$root/examples/static_website_tls" "$tmp/site"
cd "$tmp/site" || exit 1
rm -rf mirage dist Makefile
mv static_website_tls.conf site.conf
head -c 5000000 /dev/urandom >site/big
space_new
inside="$in_space"

get() { $inside curl -sk --max-time 60 "$@"; }

https_on() { # TARGET
	where=$1
	check "$1: configures" mirage configure -t "$1"
	check "$1: OpenSSL is built" mirage depend -t "$1"
	check "$1: builds" mirage build -t "$1"
	[ "$(stat -c %s "dist/site.$1")" -lt 9000000 ] && pass "$1: is small" || fail "$1: is small" "$(ls -l dist)"
	start "$1" $inside mirage run -t "$1" --mem=64
	wait_for 20 grep -q https:// "$tmp/$1.log" || fail "$1: starts" "$(cat "$tmp/$1.log")"
	has "$1: TLS 1.3" "$(get --tlsv1.3 https://10.0.0.2:4433/)" "Mirage over TLS"
	has "$1: TLS 1.2" "$(get --tls-max 1.2 https://10.0.0.2:4433/)" "Mirage over TLS"
	is "$1: a large file" "$(get https://10.0.0.2:4433/big | sha256sum)" "$(sha256sum <site/big)"
	has "$1: another key exchange" "$(timeout 20 $inside openssl s_client -connect 10.0.0.2:4433 -groups P-384 </dev/null 2>&1)" \
		"Cipher is TLS_"
	is "$1: in the clear" "$(get -o /dev/null -w '%{http_code}' http://10.0.0.2:8080/)" 301
	for _ in 1 2 3 4; do
		(for _ in $(seq 50); do get -o /dev/null -w '%{http_code}\n' https://10.0.0.2:4433/; done >>"$tmp/$1.codes") &
		many+=" $!"
	done
	wait $many
	is "$1: 200 handshakes, 4 at a time" "$(sort "$tmp/$1.codes" | uniq -c | xargs)" "200 200"
	stop "$pid"
	is "$1: ends with status 0" $? 0
	hasnt "$1: no complaint" "$(cat "$tmp/$1.log")" "panic|ERR |out of memory"
	has "$1: licenses" "$(mirage query licenses --image "dist/site.$1")" "openssl +Apache-2.0"
	many=
}

many=
https_on spt
if [ -r /dev/kvm ] && [ -w /dev/kvm ]; then https_on hvt; else skip "hvt" "no /dev/kvm"; fi
done_testing
