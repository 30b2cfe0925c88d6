#!/usr/bin/env bash
# fetch.t: the example https_fetch against nginx, openssl s_server, dnsmasq and a proxy: names, redirects,
# connections that are kept, and certificates of every kind that must be refused; on both stacks of unix, spt, hvt.
. "$(dirname "$0")/../lib.sh"
need_tool
. "$root/tests/examples.sh"
. "$root/tests/guest.sh"
PATH=$PATH:/usr/sbin
why=$(direct_impossible) && skip_all "$why"
for p in nginx openssl dnsmasq perl; do command -v $p >/dev/null || skip_all "needs $p"; done

cp -r "$root/examples/https_fetch" "$tmp/fetch"
cd "$tmp/fetch" || exit 1
rm -rf mirage dist Makefile

# --- an authority and its certificates -----------------------------------------------

mkdir "$tmp/ca"
: >"$tmp/ca/index"
echo 01 >"$tmp/ca/serial"
echo 01 >"$tmp/ca/crlnumber"
cat >"$tmp/ca/conf" <<EOF
[ca]
default_ca = test
[test]
dir = $tmp/ca
database = $tmp/ca/index
new_certs_dir = $tmp/ca
serial = $tmp/ca/serial
crlnumber = $tmp/ca/crlnumber
certificate = $tmp/ca.pem
private_key = $tmp/ca.key
default_md = sha256
default_days = 2
default_crl_days = 2
policy = any
unique_subject = no
[any]
commonName = supplied
EOF
for ca in ca other; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/$ca.key" -out "$tmp/$ca.pem" -days 2 \
		-subj "/CN=$ca authority" 2>/dev/null
done
# identity NAME SAN [EXTENSION] [OPTION OF ca ...]
identity() {
	local name=$1 san=$2 ext=$3
	shift 3
	openssl req -new ${key:--newkey ec -pkeyopt ec_paramgen_curve:P-256} -nodes -keyout "$tmp/$name.key" -out "$tmp/$name.csr" \
		-subj "/CN=$name" 2>/dev/null
	openssl ca -batch -notext -config "$tmp/ca/conf" -in "$tmp/$name.csr" -out "$tmp/$name.pem" \
		-extfile <(printf 'subjectAltName=DNS:%s\n%s\n' "$san" "$ext") "$@" 2>/dev/null
}
identity good good.test extendedKeyUsage=serverAuth
identity name elsewhere.test ""
identity expired expired.test "" -startdate 20200101000000Z -enddate 20200201000000Z
identity early early.test "" -startdate 20990101000000Z -enddate 20990201000000Z
identity usage usage.test extendedKeyUsage=clientAuth
identity revoked revoked.test ""
identity stranger stranger.test "" -cert "$tmp/other.pem" -keyfile "$tmp/other.key"
key="-newkey rsa:1024" identity weak weak.test ""
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/selfsigned.key" -out "$tmp/selfsigned.pem" \
	-days 2 -subj /CN=selfsigned -addext subjectAltName=DNS:selfsigned.test 2>/dev/null
openssl ca -config "$tmp/ca/conf" -revoke "$tmp/revoked.pem" 2>/dev/null
openssl ca -config "$tmp/ca/conf" -gencrl -out tls/crl.pem 2>/dev/null
cp "$tmp/ca.pem" tls/ca.pem

# --- servers ---------------------------------------------------------------------------

space_new
mkdir "$tmp/www"
seq 5000 >"$tmp/www/lines"
echo "the page" >"$tmp/www/page"
{
	echo "daemon off; worker_processes 1; pid $tmp/nginx.pid; error_log $tmp/nginx.err; user root;"
	echo "events {} http { ssl_protocols TLSv1.2 TLSv1.3; log_format ab '\$connection \$connection_requests \$host \$request_uri \$http_x_test'; access_log $tmp/access ab;"
	for t in body proxy fastcgi uwsgi scgi; do
		[ $t = body ] && echo "client_body_temp_path $tmp/t_$t;" || echo "${t}_temp_path $tmp/t_$t;"
	done
	echo "server { listen 80; root $tmp/www; location /up { return 301 https://good.test/page; }"
	echo " location /loop { return 302 /loop; } location /gone { return 404 gone; } }"
	for n in good name expired early usage revoked stranger selfsigned; do
		echo "server { listen 443 ssl; server_name $n.test; root $tmp/www; ssl_certificate $tmp/$n.pem; ssl_certificate_key $tmp/$n.key;"
		echo " location /down { return 302 http://good.test/page; } }"
	done
	echo "server { listen 445 ssl http2; root $tmp/www; ssl_certificate $tmp/good.pem; ssl_certificate_key $tmp/good.key; }"
	echo "}"
} >"$tmp/nginx.conf"
start nginx $in_space nginx -c "$tmp/nginx.conf"
start weak $in_space openssl s_server -accept 444 -cert "$tmp/weak.pem" -key "$tmp/weak.key" -cipher DEFAULT@SECLEVEL=0 -www -quiet
start dnsmasq $in_space dnsmasq --no-daemon --conf-file=/dev/null --user=root --no-resolv --no-hosts --port=53 --local=/test/ \
	--address=/good.test/10.0.0.1 --address=/name.test/10.0.0.1 --address=/expired.test/10.0.0.1 --address=/early.test/10.0.0.1 \
	--address=/usage.test/10.0.0.1 --address=/revoked.test/10.0.0.1 --address=/stranger.test/10.0.0.1 \
	--address=/selfsigned.test/10.0.0.1 --address=/weak.test/10.0.0.1 --cname=alias.test,target.test \
	--host-record=target.test,10.0.0.1 --log-queries
start proxy $in_space perl -MIO::Socket::INET -MIO::Select -e '
	my $l = IO::Socket::INET->new(Listen => 5, LocalPort => 3128, ReuseAddr => 1) or die;
	$SIG{CHLD} = "IGNORE";
	while (my $c = $l->accept) {
		next if fork;
		my $head = "";
		sysread $c, $head, 1, length $head until $head =~ /\r\n\r\n/;
		$head =~ /^CONNECT \S+:(\d+)/ or do { print STDERR $head =~ /^(.*)\r/; print $c "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy"; exit };
		print STDERR "tunnel to $1\n";
		my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $1) or exit;
		syswrite $c, "HTTP/1.1 200 OK\r\n\r\n";
		my $sel = IO::Select->new($c, $s);
		while (my @r = $sel->can_read) { for (@r) { sysread($_, my $b, 65536) or exit; syswrite $_ == $c ? $s : $c, $b } }
	}'

wait_for 10 $in_space bash -c ': </dev/tcp/127.0.0.1/443' || fail "nginx listens" "$(cat "$tmp/nginx.log" "$tmp/nginx.err")"

# --- the image ----------------------------------------------------------------------------

# fetch STATUS WHAT TEXT ARGUMENT ...: its exit status is STATUS and its output has TEXT.
fetch() {
	local status=$1 what=$2 text=$3 out rc
	shift 3
	out=$(timeout 30 $run --dns-server=10.0.0.1 "$@" 2>&1)
	rc=$?
	is "$on: $what" "$rc" "$status"
	[[ $out =~ $text ]] || fail "$on: $what: says" "$out"
}

all() {
	fetch 0 "a page over https" "the page" --url=https://good.test/page
	fetch 0 "over http, by an alias" "the page" --url=http://alias.test/page
	fetch 0 "from http to https" "200 TLSv1.3.*the page" --url=http://good.test/up --head
	fetch 0 "not from https to http" "302 TLSv1.3" --url=https://good.test/down --head
	fetch 1 "an answer of 404" "gone" --url=http://good.test/gone
	: >"$tmp/access"
	fetch 0 "three at once" "the page.the page.the page" --url=https://good.test/page --count=3 --header="X-Test: three"
	is "$on: three on one connection" "$(awk '/three/ { print $1 }' "$tmp/access" | sort -u | wc -l)" 1
	fetch 0 "a larger body" "4999.5000" --url=https://good.test/lines
	: >"$tmp/access"
	fetch 0 "over HTTP/2" "200 TLSv1.3 HTTP/2.*the page" --url=https://good.test:445/page --head --count=3 --header="X-Test: two"
	is "$on: three on one connection of HTTP/2" "$(awk '/two/ { print $1 }' "$tmp/access" | sort -u | wc -l) $(grep -c two "$tmp/access")" "1 3"
	fetch 0 "a larger body over HTTP/2" "4999.5000" --url=https://good.test:445/lines
	fetch 1 "a body to send over HTTP/2" "405 TLSv1.3 HTTP/2" --url=https://good.test:445/page --data=hello --method=POST --head
	fetch 5 "another name" "for another name" --url=https://name.test/page
	fetch 5 "expired" "expired, or is not valid yet" --url=https://expired.test/page
	fetch 5 "not valid yet" "expired, or is not valid yet" --url=https://early.test/page
	fetch 5 "not for servers" "not for this use" --url=https://usage.test/page
	fetch 5 "revoked" "was revoked" --url=https://revoked.test/page
	fetch 5 "another authority" "not trusted" --url=https://stranger.test/page
	fetch 5 "self-signed" "not trusted" --url=https://selfsigned.test/page
	fetch 5 "a weak key" "not trusted" --url=https://weak.test:444/
	fetch 3 "no such name" "no such key" --url=https://nowhere.test/
	fetch 4 "nobody listens" "refused" --url=https://good.test:81/
	fetch 6 "no TLS there" "broke the protocol" --url=https://good.test:80/
	fetch 2 "no URL" "invalid" --url=gopher://good.test/
}

few() {
	fetch 0 "by a proxy" "proxy" --url=http://anywhere.else/x --http-proxy=http://10.0.0.1:3128
	has "$on: in absolute form" "$(cat "$tmp/proxy.log")" "GET http://anywhere.else/x HTTP/1.1"
	fetch 0 "https through a proxy" "the page" --url=https://good.test/page --http-proxy=http://10.0.0.1:3128
	has "$on: by CONNECT" "$(cat "$tmp/proxy.log")" "tunnel to 443"
	fetch 5 "through a proxy names count too" "another name" --url=https://name.test/page --http-proxy=http://10.0.0.1:3128
	fetch 0 "a host that needs none" "the page" --url=http://good.test/page --http-proxy=http://10.0.0.1:9 --http-no-proxy=.test
	fetch 0 "names that are known" "the page" --url=http://mine/page "--hosts=10.0.0.1 mine"
	fetch 4 "no name server" "timed out|no route|not reachable" --url=http://good.test/ --dns-server=10.0.0.77 --dns-timeout=100ms --dns-tries=1
}

inside=
on=socket
check "socket: configures" mirage configure --socket
check "socket: builds" mirage build --socket
ip -n "$lib_space" addr add 10.0.0.1/32 dev lo
run="$in_space dist/https_fetch"
all
few
ip -n "$lib_space" addr del 10.0.0.1/32 dev lo

on=direct
check "direct: configures" mirage configure --unix
check "direct: builds" mirage build --unix
run="$in_space mirage run --unix --"
all

for on in spt hvt; do
	if why=$(guest_why_not $on); then
		skip "$on" "$why"
		continue
	fi
	check "$on: configures" mirage configure -t $on
	check "$on: OpenSSL is built" mirage depend -t $on
	check "$on: builds" mirage build -t $on
	run="$in_space mirage run -t $on --mem=64 --"
	all
done
done_testing
