#!/usr/bin/env bash
# browser.t: a browser gets the site of examples/www, from the host's sockets and from our stack.
. "$(dirname "$0")/lib.sh"
browser=$(command -v chromium) || skip_all "needs chromium (scripts/depend.sh browser)"
need_tool

# shows WHERE URL: opens the page; the image must have been asked for all that belongs to it.
shows() {
	local where=$1 url=$2 dom
	dom=$($3 timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--user-data-dir="$tmp/profile-$where" --dump-dom "$url" 2>"$tmp/browser.log")
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
done_testing
