# examples.sh: what the examples do wherever they run; bash, sourced by examples.t and sealed.t after
# lib.sh.

# An image is run by the tool ("run") or by itself ("dist/NAME").
here() { cd "$tmp/$1" || exit 1; }

# built NAME [CONFIGURE OPTION ...]: a fresh copy, configured and built; the current folder is its.
built() {
	local name=$1
	shift
	rm -rf "${tmp:?}/$name"
	cp -r "$root/examples/$name" "$tmp/$name"
	rm -rf "$tmp/$name"/{mirage,dist,Makefile}
	here "$name"
	check "$name: configures $*" mirage configure "$@" && check "$name: builds $*" mirage build "$@"
	compgen -G "dist/$name*" >/dev/null
}

# serving NAME ADDRESS PORT COMMAND ...: in the background until it answers; $pid.
serving() {
	local name=$1 address=$2 port=$3
	shift 3
	start "$name" "$@"
	if wait_for 10 $inside timeout 2 bash -c ": </dev/tcp/$address/$port"; then
		pass "$name: $where: listens"
	else
		fail "$name: $where: listens" "$(cat "$tmp/$name.log")"
	fi
}

# ends NAME: SIGTERM is a clean end.
ends() {
	stop "$pid"
	is "$1: $where: ends with status 0 at SIGTERM" $? 0
	hasnt "$1: $where: has not complained" "$(cat "$tmp/$1.log")" "panic|ERR |runtime error|Sanitizer"
}

status() { $inside curl -s -o /dev/null --max-time 20 -w '%{http_code}' "$@"; }
body() { $inside curl -s --max-time 60 "$@"; }

# --- what each does, wherever it runs ---------------------------------------------

test_echo() { # ADDRESS PORT
	local result
	result=$($inside perl -MIO::Socket::INET -e '
		my ($address, $port) = @ARGV;
		my @idle = map { IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port) or die "$_: $!" } 1 .. 200;
		my $s = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port) or die $!;
		my $sent = join "", map { chr($_ * 7 % 251) x 97 } 1 .. 20000;
		my $pid = fork // die;
		if (!$pid) { print $s $sent; shutdown($s, 1); exit 0 }
		my $got = "";
		alarm 30;
		while (sysread($s, my $piece, 65536)) { $got .= $piece }
		waitpid $pid, 0;
		print $got eq $sent ? "same" : "different: " . length($got) . " of " . length($sent);
		my $again = $idle[137];
		syswrite $again, "still there?";
		sysread $again, my $answer, 100;
		print " $answer";' "$1" "$2" 2>&1)
	is "echo: $where: gives back 2 MB after half-close, and has time for the idle" "$result" "same still there?"
}

test_www() { # URL
	local url=$1 page etag link bad=
	page=$(body "$url/")
	has "www: $where: the index" "$page" "<title>Mirage: your program"
	etag=$($inside curl -sI --max-time 20 "$url/style.css" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
	is "www: $where: not modified" "$(status -H "If-None-Match: $etag" "$url/style.css")" 304
	is "www: $where: a range" "$(body -H 'Range: bytes=0-14' "$url/")" "<!doctype html>"
	is "www: $where: the bytes of a file" "$(body "$url/style.css" | sha256sum)" \
		"$(sha256sum <site/style.css)"
	has "www: $where: a path out of the site" "$(status --path-as-is "$url/../www.conf")" "^40[04]\$"
	is "www: $where: no such page" "$(status "$url/nothing/here")" 404
	has "www: $where: and it says so nicely" "$(body "$url/nothing/here")" "Just a mirage"
	page=$(body "$url/about")
	has "www: $where: the rendered page" "$page" "Requests answered</dt><dd>[0-9]+"
	hasnt "www: $where: no place is left open" "$page" "\{\{"
	is "www: $where: POST is not for pages" "$(status -d x "$url/about") $(status -d x "$url/")" "405 405"
	for link in $(body "$url/" "$url/start.html" "$url/network.html" "$url/404.html" "$url/about" |
		sed 's/\(href\|src\)="/\n\1="/g' | sed -n 's/^\(href\|src\)="\(\/[^"#]*\).*/\2/p' | sort -u); do
		[ "$(status "$url$link")" = 200 ] || bad="$bad $link"
	done
	is "www: $where: every link leads somewhere" "$bad" ""
}

test_kv() { # URL
	local url=$1
	head -c 70000 /dev/urandom >value
	head -c 2000000 /dev/zero >large
	is "kv: $where: new, then replaced" "$(status -T value "$url/a/b") $(status -T value "$url/a/b")" "201 204"
	is "kv: $where: gives back what it got" "$(body "$url/a/b" | sha256sum)" "$(sha256sum <value)"
	is "kv: $where: lists" "$(status -X PUT -d 1 "$url/a/c/d"; body "$url/a/")" $'201b\nc/'
	is "kv: $where: a dictionary without its slash" \
		"$($inside curl -sL -o /dev/null --max-time 20 -w '%{http_code} %{url_effective}' "$url/a")" "200 $url/a/"
	is "kv: $where: one value is no variant of another" \
		"$(status -X PUT -d other "$url/a/b.gz"; body -H 'Accept-Encoding: gzip' "$url/a/b" | sha256sum; status -X DELETE "$url/a/b.gz")" \
		"201$(sha256sum <value)"$'\n204'
	is "kv: $where: the root" "$(body "$url/")" "a/"
	is "kv: $where: no such key" "$(status "$url/x") $(status "$url/x/")" "404 404"
	is "kv: $where: dictionary and value in each other's way" \
		"$(status -X PUT -d 1 "$url/a") $(status -X PUT -d 1 "$url/a/b/c") $(status -X DELETE "$url/a")" "409 409 409"
	is "kv: $where: too large, with length and without" \
		"$(status -T large "$url/l") $(status -T large -H 'Transfer-Encoding: chunked' "$url/l") $(status "$url/l")" "413 413 404"
	is "kv: $where: an empty value" "$(status -X PUT -H 'Content-Length: 0' "$url/e") $(status "$url/e")" "201 200"
	is "kv: $where: removes" "$(status -X DELETE "$url/a/b") $(status -X DELETE "$url/a/b") $(status -X DELETE "$url/a/")" "204 404 204"
	is "kv: $where: the rest" "$(body "$url/")" "e"
	is "kv: $where: other methods" "$(status -X POST -d 1 "$url/a") $(status -X DELETE "$url/")" "405 403"
}

test_transfer() { # URL
	local url=$1 bytes=${bytes:-20000000} sum
	sum=$(body "$url/down?bytes=$bytes&seed=7" | tee down | sha256sum | cut -d' ' -f1)
	is "transfer: $where: down" "$(body "$url/digest?bytes=$bytes&seed=7")" "{\"bytes\":$bytes,\"sha256\":\"$sum\"}"
	is "transfer: $where: up" "$(body -T down "$url/up")" "{\"bytes\":$bytes,\"sha256\":\"$sum\"}"
	is "transfer: $where: up in chunks, by POST" \
		"$(body -X POST -H 'Transfer-Encoding: chunked' --data-binary @down "$url/up")" "{\"bytes\":$bytes,\"sha256\":\"$sum\"}"
	is "transfer: $where: up without a digest" "$(body -T down "$url/up?digest=none")" "{\"bytes\":$bytes}"
	hasnt "transfer: $where: another seed, other bytes" "$(body "$url/digest?bytes=$bytes&seed=8")" "$sum"
	is "transfer: $where: nothing" "$(body "$url/down?bytes=0" | wc -c)" 0
	is "transfer: $where: what is wrong" \
		"$(status "$url/down?bytes=-1") $(status "$url/down?bytes=x") $(status "$url/x") $(status "$url/up")" "400 400 404 405"
	rm -f down
}

test_chat() { # ADDRESS PORT
	local result
	result=$($inside timeout 30 perl -MIO::Socket::INET -e '
		my ($address, $port) = @ARGV;
		sub meet {
			my $s = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port) or die "$_: $!";
			print $s "GET $_[0] HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
			my $head = "";
			while ($head !~ /\r\n\r\n/) { sysread($s, my $c, 1) or die "no answer"; $head .= $c }
			$head =~ /^HTTP\/1.1 101 .*Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r/s or die $head;
			return $s;
		}
		sub say { my ($s, $first, $text) = @_; syswrite $s, chr($first) . chr(0x80 | length $text) . "\0\0\0\0" . $text }
		sub hear {
			my ($s, $got) = ($_[0], "");
			while (length $got < 2 || length $got < 2 + ord substr $got, 1) {
				sysread($s, my $c, 1) or return "end";
				$got .= $c;
			}
			return sprintf "%02x:%s", ord $got, substr $got, 2;
		}
		my @member = map { meet("/chat") } 1 .. 20;
		say($member[7], 0x81, "me: hello");
		my %heard;
		$heard{hear($_)}++ for @member;
		print join(" ", %heard);
		my $echo = meet("/echo");
		say($echo, 0x89, "p"); say($echo, 0x82, "bytes"); say($echo, 0x88, "\x03\xe8");
		print "; ", hear($echo), " ", hear($echo), " ", unpack("H*", hear($echo)), " ", hear($echo);
		my $wrong = meet("/echo");
		say($wrong, 0x81, "\xff");
		print "; ", unpack("H*", hear($wrong));' "$1" "$2" 2>&1)
	is "chat: $where: all hear it; ping, echo and close; text that is none" "$result" \
		"81:me: hello 20; 8a:p 82:bytes 38383a03e8 end; 38383a03ef"
	has "chat: $where: the page" "$(body "http://$1:$2/")" "new WebSocket"
	is "chat: $where: no handshake" "$(status "http://$1:$2/chat")" 426
}

memory_peak() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"; }
