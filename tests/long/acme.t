#!/usr/bin/env bash
# acme.t: certificates from Debian's ACME test server: got, shown, renewed, by both challenges, with nonces that are
# refused; and not from a server whose own certificate is another's.  On both stacks of unix, and spt.
. "$(dirname "$0")/../lib.sh"
need_tool
. "$root/tests/examples.sh"
. "$root/tests/guest.sh"
PATH=$PATH:/usr/sbin
why=$(direct_impossible) && skip_all "$why"
for p in pebble openssl dnsmasq curl; do command -v $p >/dev/null || skip_all "needs $p"; done

mkdir -p "$tmp/shop/site" "$tmp/shop/ca"
cd "$tmp/shop" || exit 1
echo "the shop" >site/index.html
cat >shop.conf <<'EOF'
main-http:       pages.main
fs-site:         site
fs-ca:           ca
kv-certificates: mem
tls-store:       certificates
acme-ca:         ca
acme-names:      site.test
acme-directory:  https://ca.test:14000/dir
acme-agree:      yes
acme-retry:      3s
dns-server:      10.0.0.1
https-redirect:  yes
http-port:       80
https-port:      443
EOF
cat >pages.c <<'EOF'
#include "mirage/app.h"

int pages_main(const struct app *app, struct mir_http_request *req, struct mir_http_response *res)
{
	return mir_http_serve(app->fs_site, "", req, res);
}
EOF

# The authority of the directory's own certificate, and another.
for ca in ca other; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/$ca.key" -out "$tmp/$ca.pem" -days 2 \
		-subj "/CN=$ca authority" 2>/dev/null
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/$ca-server.key" -out "$tmp/csr" \
		-subj "/CN=ca.test" 2>/dev/null
	openssl x509 -req -in "$tmp/csr" -CA "$tmp/$ca.pem" -CAkey "$tmp/$ca.key" -CAcreateserial -days 2 \
		-extfile <(echo subjectAltName=DNS:ca.test) -out "$tmp/$ca-server.pem" 2>/dev/null
done
cp "$tmp/ca.pem" ca/ca.pem

space_new
# directory NAME PORT CA: an ACME server whose certificate is CA's.
directory() {
	cat >"$tmp/$1.json" <<-EOF
		{"pebble": {"listenAddress": "0.0.0.0:$2", "managementListenAddress": "0.0.0.0:1$2",
		"certificate": "$tmp/$3-server.pem", "privateKey": "$tmp/$3-server.key",
		"httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": false}}
	EOF
	start "$1" $in_space env PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=30 PEBBLE_AUTHZREUSE=0 \
		pebble -strict=true -config "$tmp/$1.json" -dnsserver 127.0.0.1:53
}
start dnsmasq $in_space dnsmasq --no-daemon --conf-file=/dev/null --user=root --no-resolv --no-hosts --port=53 --local=/test/ \
	--host-record=ca.test,10.0.0.1 --host-record=site.test,10.0.0.2 --host-record=host.test,127.0.0.1
directory pebble 4000 ca
directory stranger 4001 other
wait_for 10 $in_space bash -c ': </dev/tcp/127.0.0.1/4000' || fail "pebble listens" "$(cat "$tmp/pebble.log")"
$in_space curl -sk https://127.0.0.1:14000/roots/0 >"$tmp/root.pem"

serial() { timeout 5 $in_space openssl s_client -connect "$address:443" -servername "$site" </dev/null 2>/dev/null | openssl x509 -noout -serial 2>/dev/null; }
another() { local s; s=$(serial); [ -n "$s" ] && [ "$s" != "$1" ]; }
page() { $in_space curl -s --max-time 10 --cacert "$tmp/root.pem" --resolve "$site:443:$address" "https://$site/"; }

# up [ARGUMENT ...]: starts it, until it has a certificate.
up() {
	start "$on" $run --acme-directory=https://ca.test:4000/dir --acme-names="$site" "$@"
	wait_for 30 grep -q "acme: certificate for $site" "$tmp/$on.log"
}

all() {
	local first
	up --acme-renew=8s
	is "$on: gets a certificate by http-01" $? 0
	has "$on: and serves with it" "$(page)" "the shop"
	first=$(serial)
	has "$on: is redirected" "$($in_space curl -s -o /dev/null -w '%{http_code}' "http://$address/.well-known/acme-challenge/x")" "^301$"
	check "$on: renews it" wait_for 25 another "$first"
	has "$on: and serves with that" "$(page)" "the shop"
	stop "$pid"
	is "$on: ends with status 0" $? 0
	up --acme-challenge=tls-alpn-01
	is "$on: gets one by tls-alpn-01" $? 0
	has "$on: and serves with it too" "$(page)" "the shop"
	stop "$pid"
	hasnt "$on: no complaint" "$(cat "$tmp/$on.log")" "panic|ERR|Sanitizer"
}

on=socket site=host.test address=127.0.0.1
check "socket: configures" mirage configure --socket
check "socket: builds" mirage build --socket
ip -n "$lib_space" addr add 10.0.0.1/32 dev lo
run="$in_space dist/shop"
all
start stranger $run --acme-directory=https://ca.test:4001/dir --acme-names=host.test
check "a directory of another authority is refused" wait_for 10 grep -q "no certificate: .*not trusted" "$tmp/stranger.log"
stop "$pid"
ip -n "$lib_space" addr del 10.0.0.1/32 dev lo
[ "$(grep -c "POST /sign-me-up" "$tmp/pebble.log")" -gt 0 ] && [ "$(grep -c POST "$tmp/pebble.log")" -gt $((8 * $(grep -c "There are now .* orders" "$tmp/pebble.log"))) ]
is "nonces were refused, and asked for again" $? 0

site=site.test address=10.0.0.2
on=direct
check "direct: configures" mirage configure --unix
check "direct: builds" mirage build --unix
run="$in_space mirage run --unix --"
all

on=spt
if why=$(guest_why_not spt); then
	skip "spt" "$why"
else
	check "spt: configures" mirage configure -t spt
	check "spt: OpenSSL is built" mirage depend -t spt
	check "spt: builds" mirage build -t spt
	run="$in_space mirage run -t spt --mem=64 --"
	all
fi
done_testing
