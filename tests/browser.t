#!/usr/bin/env bash
# browser.t: a browser gets the site of examples/www, from the host's sockets and from our stack; and one over
# HTTPS, by HTTP/2, whose certificate it checks.
. "$(dirname "$0")/lib.sh"
browser=$(command -v chromium) || skip_all "needs chromium (scripts/depend.sh browser)"
need_tool

# page WHERE URL PREFIX: what the browser makes of it.
page() {
	$3 timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--user-data-dir="$tmp/profile-$1" --dump-dom "$2" 2>"$tmp/browser.log"
}

# shows WHERE URL PREFIX: opens the page; the image must have been asked for all that belongs to it.
shows() {
	local where=$1 url=$2 dom
	dom=$(page "$where" "$url" "$3")
	has "$where: the page is whole" "$dom" "<title>Mirage: your program.*</footer>"
	has "$where: the style sheet came with it" "$(cat "$tmp/$where.log")" "GET /style.css.* 200 "
	hasnt "$where: nothing failed" "$(cat "$tmp/$where.log")" "HTTP/1.1\" [45]|panic|ERR "
}

cp -r "$root/examples/www" "$tmp/www"
cd "$tmp/www" || exit 1
rm -rf mirage dist Makefile
mkdir "$tmp/home"
export HOME=$tmp/home

check "builds for host sockets" bash -c 'mirage configure --socket && mirage build --socket'
port=$(free_port)
start socket mirage run --socket -- --http-port="$port" --http-address=127.0.0.1 --http-access-log
wait_for 10 timeout 2 bash -c ": </dev/tcp/127.0.0.1/$port"
shows socket "http://127.0.0.1:$port/" ""
stop "$pid"
is "socket: ends" $? 0

if why=$(direct_impossible); then
	skip "direct: the page is whole" "$why"
	done_testing
fi
space_new
check "builds for a tap" bash -c 'mirage configure --unix && mirage build --unix'
start direct $in_space mirage run --unix -- --http-access-log
wait_for 10 $in_space timeout 2 bash -c ': </dev/tcp/10.0.0.2/8080'
shows direct http://10.0.0.2:8080/ "$in_space"
stop "$pid"
is "direct: ends" $? 0

# An authority that the browser is told of, and a server's certificate by it.
certificates() {
	mkdir -p tls/site "$HOME/.pki/nssdb"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=Test authority" \
		-keyout ca.key -out ca.pem &&
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=site" -keyout tls/site/privkey.pem -out site.csr &&
		openssl x509 -req -in site.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
			-extfile <(printf 'subjectAltName=IP:10.0.0.2\nextendedKeyUsage=serverAuth') -out tls/site/fullchain.pem &&
		certutil -N -d "sql:$HOME/.pki/nssdb" --empty-password
}
trust() { certutil -A -d "sql:$HOME/.pki/nssdb" -n authority -t C,, -i ca.pem; }

cp -r "$root/examples/static_website_tls" "$tmp/tls"
cd "$tmp/tls" || exit 1
rm -rf mirage dist Makefile
cat >site/index.html <<'E'
<!doctype html><title>Mirage</title><body><script>
document.body.append("came by " + performance.getEntriesByType("navigation")[0].nextHopProtocol);
</script>
E
check "makes certificates" certificates
check "builds with TLS" bash -c 'mirage configure --unix && mirage build --unix'
start tls $in_space mirage run --unix
wait_for 10 $in_space timeout 2 bash -c ': </dev/tcp/10.0.0.2/4433'
hasnt "tls: an unknown authority is refused" "$(page stranger https://10.0.0.2:4433/ "$in_space")" "came by"
check "the browser is told of the authority" trust
has "tls: by HTTP/2" "$(page tls https://10.0.0.2:4433/ "$in_space")" "came by h2"
has "tls: from the clear to HTTPS" "$(page clear http://10.0.0.2:8080/ "$in_space")" "came by h2"
stop "$pid"
is "tls: ends" $? 0
done_testing
