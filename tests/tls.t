#!/usr/bin/env bash
# tls.t: HTTPS from the example static_website_tls, asked by curl and openssl: versions, ciphers,
# names, certificates that change, clients with and without one, and those that speak nonsense.
. "$(dirname "$0")/lib.sh"
need_tool
. "$root/tests/examples.sh"
command -v openssl >/dev/null || skip_all "needs openssl (Debian package openssl)"
inside= where="tls"

cp -r "$root/examples/static_website_tls" "$tmp/site"
cd "$tmp/site" || exit 1
rm -rf mirage dist Makefile tls
mkdir tls
mv static_website_tls.conf site.conf
head -c 3000000 /dev/urandom >site/big

# identity NAME SAN [DAYS]: a certificate of the test's authority in tls/NAME.
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/ca.key" -out "$tmp/ca.pem" -days 2 \
	-subj "/CN=test authority" 2>/dev/null
identity() {
	mkdir -p "tls/$1"
	openssl req -new -newkey "${4:-ec}" ${5:--pkeyopt ec_paramgen_curve:P-256} -nodes -keyout "tls/$1/privkey.pem" \
		-out "$tmp/$1.csr" -subj "/CN=$1" 2>/dev/null
	openssl x509 -req -in "$tmp/$1.csr" -CA "$tmp/ca.pem" -CAkey "$tmp/ca.key" -CAcreateserial -days "${3:-2}" \
		-extfile <(echo "subjectAltName=$2") -out "tls/$1/fullchain.pem" 2>/dev/null
}
identity a DNS:a.test,DNS:localhost
identity b DNS:b.test,DNS:*.b.test 2 rsa:2048 " "
cp "$tmp/ca.pem" tls/ca.pem

# The store is a live folder here, so that certificates can change while it runs.
check "configures" mirage configure --socket --certificates-kv_ro=direct
check "builds" mirage build --socket

# up [ARGUMENT ...]: serves; $http and $https are its ports.
up() {
	http=$(free_port)
	https=$(free_port)
	start site dist/site --tls-reload=1s --http-port="$http" --https-port="$https" "$@"
	wait_for 10 grep -q "https://" "$tmp/site.log"
}
# get NAME [OPTION ...]
get() {
	local name=$1
	shift
	curl -s --max-time 20 --cacert "$tmp/ca.pem" --resolve "$name:$https:127.0.0.1" "$@" "https://$name:$https/"
}
client() { timeout 20 openssl s_client -connect "127.0.0.1:$https" -CAfile "$tmp/ca.pem" "$@" </dev/null 2>&1; }

up
has "a page" "$(get a.test)" "Mirage over TLS"
has "TLS 1.2" "$(get a.test --tls-max 1.2)" "Mirage over TLS"
is "HTTP/2" "$(get a.test --http2 -o /dev/null -w '%{http_version} %{http_code}')" "2 200"
is "HTTP/1.1 for those who want it" "$(get a.test --http1.1 -o /dev/null -w '%{http_version}')" 1.1
is "TLS 1.1 is refused" "$(get a.test --tlsv1.0 --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 >/dev/null; echo $?)" 35
is "a large file" "$(curl -s --cacert "$tmp/ca.pem" --resolve "a.test:$https:127.0.0.1" \
	"https://a.test:$https/big" | sha256sum)" "$(sha256sum <site/big)"
is "in the clear: redirected" "$(curl -s -o /dev/null -w '%{http_code} %{redirect_url}' "http://127.0.0.1:$http/x?y")" \
	"301 https://127.0.0.1:$https/x?y"
has "HSTS" "$(get a.test -I)" "[Ss]trict-[Tt]ransport-[Ss]ecurity: max-age="
hasnt "not in the clear" "$(curl -sI "http://127.0.0.1:$http/")" "Strict-Transport"

has "by name" "$(client -servername www.b.test)" "subject=CN = b"
has "without one the first" "$(client -noservername)" "subject=CN = a"
has "the chain is good" "$(client -servername b.test)" "Verify return code: 0"
has "ALPN" "$(client -alpn http/1.1)" "ALPN protocol: http/1.1"
for cipher in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256; do
	has "1.3 $cipher" "$(client -tls1_3 -ciphersuites $cipher)" "Cipher is $cipher"
done
for cipher in ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305; do
	has "1.2 $cipher" "$(client -tls1_2 -cipher $cipher)" "Cipher is $cipher"
done
for cipher in ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384; do
	has "1.2 $cipher" "$(client -tls1_2 -servername b.test -cipher $cipher)" "Cipher is $cipher"
done
for cipher in ECDHE-ECDSA-AES128-SHA AES128-GCM-SHA256 ECDHE-ECDSA-AES128-SHA256; do
	has "1.2 $cipher is refused" "$(client -tls1_2 -cipher "$cipher:@SECLEVEL=0")" "Cipher is \(NONE\)"
done
for group in X25519 P-256 P-384; do
	has "group $group" "$(client -groups $group)" "Verify return code: 0"
done
for version in tls1_2 tls1_3; do
	client -$version -sess_out "$tmp/session" >/dev/null
	timeout 20 openssl s_client -connect "127.0.0.1:$https" -$version -sess_out "$tmp/session" -ign_eof \
		<<<$'GET / HTTP/1.0\r\n\r' >/dev/null 2>&1
	has "$version is resumed" "$(client -$version -sess_in "$tmp/session")" "Reused, "
done
hasnt "no renegotiation" "$(timeout 5 openssl s_client -connect "127.0.0.1:$https" -tls1_2 <<<R 2>&1)" "RENEGOTIATING.*verify return:1"
has "no compression" "$(client -comp -tls1_2)" "Compression: NONE"

# What is no TLS, or half of one.
for text in "GET / HTTP/1.0" $'\x16\x03\x01\x02' ""; do
	printf '%s\r\n\r\n' "$text" | timeout 3 bash -c "cat >/dev/tcp/127.0.0.1/$https" 2>/dev/null
done
has "it is still there" "$(get a.test)" "Mirage over TLS"

# The authority's word on a certificate.
number=$(openssl x509 -in tls/a/fullchain.pem -noout -serial | cut -d = -f 2)
printf 'V\t%s\t\t%s\tunknown\t/CN=a\n' "$(date -u -d +2days +%y%m%d%H%M%SZ)" "$number" >"$tmp/index"
openssl ocsp -issuer "$tmp/ca.pem" -cert tls/a/fullchain.pem -reqout "$tmp/request" -no_nonce >/dev/null 2>&1
openssl ocsp -index "$tmp/index" -rsigner "$tmp/ca.pem" -rkey "$tmp/ca.key" -CA "$tmp/ca.pem" -ndays 1 \
	-reqin "$tmp/request" -respout tls/a/ocsp.der >/dev/null 2>&1
check "a response that is in the store is shown" wait_for 10 bash -c "timeout 5 openssl s_client -connect 127.0.0.1:$https \
	-status </dev/null 2>/dev/null | grep -q 'OCSP Response Status: successful'"
hasnt "not to those who do not ask" "$(client)" "OCSP Response"

# Another certificate, then a broken one.
identity a DNS:c.test
is "a new certificate is shown soon" "$(wait_for 10 bash -c "timeout 5 openssl s_client -connect 127.0.0.1:$https -servername c.test </dev/null 2>/dev/null |
	openssl x509 -noout -ext subjectAltName | grep -q c.test"; echo $?)" 0
echo broken >tls/a/privkey.pem
wait_for 10 grep -q "privkey.pem are not used" "$tmp/site.log"
check "a broken one is told" grep -q "no private key in PEM" "$tmp/site.log"
has "and those that are good are shown" "$(get b.test)" "Mirage over TLS"
stop "$pid"
is "ends with status 0" $? 0

# Clients show who they are.
identity a DNS:a.test
mkdir -p "$tmp/me"
(cd "$tmp/me" && identity me DNS:me.test)
up --tls-client-cert=require
is "a client without a certificate is refused" "$(get a.test >/dev/null; [ $? != 0 ] && echo refused)" refused
has "one with a good one is served" "$(get a.test --cert "$tmp/me/tls/me/fullchain.pem" --key "$tmp/me/tls/me/privkey.pem")" \
	"Mirage over TLS"
stop "$pid"

# Many at once, and all is given back.
up
for _ in 1 2 3 4 5 6 7 8; do
	(for _ in $(seq 25); do get b.test; done | grep -c "<h1>" >>"$tmp/pages") &
	many+=" $!"
done
wait $many
is "200 handshakes, 8 at a time" "$(awk '{ n += $1 } END { print n }' "$tmp/pages")" 200
stop "$pid"
is "ends with status 0" $? 0
rm -rf tls/a tls/b
up --tls-self-signed=localhost
has "a certificate of its own" "$(curl -sk "https://localhost:$https/")" "Mirage over TLS"
stop "$pid"
hasnt "no complaint" "$(cat "$tmp/site.log")" "panic|Sanitizer|runtime error"
done_testing
