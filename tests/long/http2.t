#!/usr/bin/env bash
# http2.t: HTTP/2 from images on host sockets, on our own stack, and sealed, asked by curl, nghttp and h2load:
# versions, bodies both ways, many streams, attackers beside them.
. "$(dirname "$0")/../lib.sh"
need_tool
. "$root/tests/examples.sh"
. "$root/tests/guest.sh"
for p in curl nghttp h2load; do command -v $p >/dev/null || skip_all "needs $p (Debian packages curl, nghttp2-client)"; done

mkdir "$tmp/site" && cd "$tmp/site" || exit 1
mkdir site tls
echo "<h1>Mirage over TLS</h1>" >site/index.html
touch tls/none
cat >site.conf <<-CONF
	main-http:       pages.main
	fs-site:         site
	fs-certificates: tls
	tls-store:       certificates
	tls-self-signed: localhost,10.0.0.2
	http-port:       8080
	https-port:      4433
	http2-clear:     true
CONF
cat >pages.c <<'SOURCE'
/* pages.c: files; what is posted comes back; /large is 200 MB. */
#include "mirage/app.h"

static int echo(struct mir_http_request *req, struct mir_http_response *res)
{
	struct mir_slice s[8];
	int n;

	mir_http_begin(res, req->content_length);
	while ((n = mir_http_read(req, s, 8)) > 0)
		if ((n = mir_http_write(res, s, (unsigned)n)) < 0)
			return n;
	return n;
}

static int large(struct mir_http_response *res)
{
	static uint8_t zeros[65536];
	size_t left = 200000000;
	int rc = mir_http_begin(res, (int64_t)left);

	while (left && rc >= 0) {
		size_t n = left < sizeof(zeros) ? left : sizeof(zeros);
		struct mir_slice s = mir_slice_static(zeros, n);

		rc = mir_http_write(res, &s, 1);
		left -= n;
	}
	return rc;
}

int pages_main(const struct app *app, struct mir_http_request *req, struct mir_http_response *res)
{
	if (req->method == MIR_HTTP_POST)
		return echo(req, res);
	if (req->path.len == 6 && memcmp(req->path.p, "/large", 6) == 0)
		return large(res);
	return mir_http_serve(app->fs_site, "", req, res);
}
SOURCE
head -c 3000000 /dev/urandom >site/big
head -c 20000000 /dev/urandom >"$tmp/up"

inside=
get() { $inside curl -sk --max-time 60 "$@"; }

# ask WHAT: $https and $http are where it listens.
ask() {
	local what=$1 out
	is "$what: by ALPN" "$(get --http2 -o /dev/null -w '%{http_version} %{http_code}' "$https/")" "2 200"
	is "$what: HTTP/1.1 is spoken too" "$(get --http1.1 -o /dev/null -w '%{http_version}' "$https/")" 1.1
	is "$what: by prior knowledge" "$(get --http2-prior-knowledge -o /dev/null -w '%{http_version} %{http_code}' "$http/")" "2 200"
	is "$what: TLS 1.2" "$(get --http2 --tls-max 1.2 -o /dev/null -w '%{http_version}' "$https/")" 2
	is "$what: HEAD" "$(get --http2 -I -o /dev/null -w '%{http_version} %{http_code}' "$https/big")" "2 200"
	is "$what: a file" "$(get --http2 "$https/big" | sha256sum)" "$(sha256sum <site/big)"
	is "$what: a part of it" "$(get --http2 -r 1000-1999 "$https/big" | sha256sum)" \
		"$(tail -c +1001 site/big | head -c 1000 | sha256sum)"
	is "$what: 20 MB there and back" "$(get --http2 --data-binary "@$tmp/up" "$https/echo" | sha256sum)" \
		"$(sha256sum <"$tmp/up")"
	is "$what: 200 MB" "$(get --http2 "$https/large" | wc -c)" 200000000
	has "$what: nghttp" "$($inside nghttp -nv "$https/" 2>&1)" ":status: 200"
	out=$($inside h2load -n 2000 -c 2 -m 100 "$https/" 2>&1)
	has "$what: 100 streams at once" "$out" "2000 succeeded, 0 failed, 0 errored"
	out=$($inside h2load -n 50 -c 5 -m 10 -w 16 "$https/big" 2>&1)
	has "$what: 10 files at once in small windows" "$out" "50 succeeded, 0 failed, 0 errored"
}

# attack ADDRESS PORT: rapid reset and floods, in the clear, by somebody who does not stop.
cat >"$tmp/attack.pl" <<'PERL'
use IO::Socket::INET;
my ($host, $port) = @ARGV;
sub frame {
	my ($type, $flags, $id, $p) = @_;
	return substr(pack("N", length $p), 1) . pack("CCN", $type, $flags, $id) . $p;
}
my $preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame(4, 0, 0, "");
my $head = "\x82\x87\x44\x06/large\x41\x01a";
my @attacks = (
	[ "rapid reset", join "", map { frame(1, 5, 2 * $_ + 1, $head) . frame(3, 0, 2 * $_ + 1, pack "N", 8) } 0 .. 9999 ],
	[ "CONTINUATION", frame(1, 1, 1, "\x82") . frame(9, 0, 1, "\x84") x 20000 ],
	[ "PING", frame(6, 0, 0, "12345678") x 100000 ],
	[ "SETTINGS", frame(4, 0, 0, "") x 100000 ],
);
$SIG{PIPE} = "IGNORE";
for (@attacks) {
	my ($name, $bytes) = @$_;
	my $s = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Timeout => 10) or die "connect: $!";
	my $child = fork;
	if (!$child) { syswrite $s, $preface . $bytes; exit 0 }
	local $SIG{ALRM} = sub { print "$name: still there\n"; kill 9, $child; exit 1 };
	alarm 30;
	my ($all, $buf) = ("");
	$all .= $buf while sysread $s, $buf, 65536;
	alarm 0;
	kill 9, $child;
	waitpid $child, 0;
	print "$name: ", ($all =~ /\x07\x00\x00\x00\x00\x00....\x00\x00\x00(.)/s ? "GOAWAY " . ord $1 : "closed"), "\n";
}
PERL

attacked() { # WHAT ADDRESS PORT
	local out
	out=$($inside perl "$tmp/attack.pl" "$2" "$3" 2>&1)
	is "$1: four attacks are ended" "$(grep -cE 'GOAWAY (11|1)$|closed$' <<<"$out")" 4 || echo "# $out"
	is "$1: and it serves on" "$(get --http2 -o /dev/null -w '%{http_code}' "$https/")" 200
}

# ---- host sockets ----
check "configures" mirage configure --socket --site-kv_ro=direct
check "builds" mirage build --socket
port=$(free_port) ports=$(free_port)
http=http://127.0.0.1:$port https=https://127.0.0.1:$ports
start socket dist/site --http-port="$port" --https-port="$ports"
wait_for 10 grep -q https:// "$tmp/socket.log"
ask socket
attacked socket 127.0.0.1 "$port"
stop "$pid"
is "socket: ends with status 0" $? 0
hasnt "socket: no complaint" "$(cat "$tmp/socket.log")" "panic|ERR |out of memory"
check "an image without it is configured" mirage configure --socket --site-kv_ro=direct --http2=false
check "and built" mirage build --socket
is "it holds none of it" "$(nm dist/site.debug | grep -c 'nghttp2_\|mir_h2_')" 0
start plain dist/site --http-port="$port" --https-port="$ports"
wait_for 10 grep -q https:// "$tmp/plain.log"
is "and speaks HTTP/1.1" "$(get --http2 -o /dev/null -w '%{http_version}' "$https/")" 1.1
stop "$pid"

# ---- our own stack, in a network namespace ----
if why=$(direct_impossible); then
	skip "our own stack" "$why"
	done_testing
	exit
fi
space_new
inside=$in_space
http=http://10.0.0.2:8080 https=https://10.0.0.2:4433
on() { # NAME CONFIGURE-OPTION RUN-OPTION ...
	local name=$1 target=$2
	shift 2
	check "$name: configures" mirage configure $target
	check "$name: its libraries" mirage depend $target
	check "$name: builds" mirage build $target
	start "$name" $inside mirage run $target "$@"
	wait_for 20 grep -q https:// "$tmp/$name.log" || fail "$name: starts" "$(cat "$tmp/$name.log")"
	ask "$name"
	attacked "$name" 10.0.0.2 8080
	stop "$pid"
	is "$name: ends with status 0" $? 0
	hasnt "$name: no complaint" "$(cat "$tmp/$name.log")" "panic|ERR |out of memory"
}
on direct --unix
for t in spt hvt; do
	if why=$(guest_why_not $t); then skip "$t" "$why"; else on $t "-t $t" --mem=128; fi
done
[ ! -e dist/site.spt ] || has "licenses" "$(mirage query licenses --image dist/site.spt)" "nghttp2 +MIT"
done_testing
