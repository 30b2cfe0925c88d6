#!/usr/bin/env bash
# posix-net.t: sockets of POSIX in images: a C program that serves, asks and looks up names, against
# the same sources compiled for Linux.
. "$(dirname "$0")/../net/lib.sh"
. "$net_root/tests/guest.sh"
PATH=$net_root/build:$PATH:/usr/sbin
build=${BUILD:-$net_root/build}
need_root
need ip mirage gcc dnsmasq
[ "$(uname -m)" = x86_64 ] || skip_all "the images of this test are for x86_64"

cp -r "$net_root/tests/long/posix-net" "$net_tmp/net"
cd "$net_tmp/net" || exit 1
check "compiles for Linux" gcc -O1 -Wall -Wextra -Wno-sign-compare -o "$net_tmp/linux" ./*.c

netns_new a
netns_new alone
tap_new "$a" tap0 10.77.0.1/24

# Names, by a server of our own.
cat >"$net_tmp/hosts" <<-'E2'
	192.0.2.1 one.test
	192.0.2.2 two.test
	192.0.2.3 two.test
E2
start dnsmasq ip netns exec "$a" dnsmasq --no-daemon --conf-file=/dev/null --user=root --no-resolv --no-hosts \
	--addn-hosts="$net_tmp/hosts" --listen-address=10.77.0.1 --bind-interfaces --local=/test/ --pid-file="$net_tmp/dnsmasq.pid"

# image TARGET ARGUMENT ...: runs it in the namespace.
image() {
	local target=$1
	shift
	ip netns exec "$a" timeout 60 "$build/mirage-$target" --mem=128 --net:service=tap0 -- dist/net.$target \
		--ipv4=10.77.0.2/24 --logs=error --dns-server=10.77.0.1 -- "$@"
}
linux() { ip netns exec "$a" timeout 60 "$net_tmp/linux" "$@"; }
listens() { grep -q ready "$net_tmp/$1.out"; }

ip netns exec "$alone" timeout 60 "$net_tmp/linux" local >"$net_tmp/local.linux"
is "on Linux, the program talks to itself" "$(wc -l <"$net_tmp/local.linux")" 174

# serves TARGET MODE CONNECTIONS: the image serves a client of Linux.
serves() {
	start "$2" image "$1" "$2" 7
	server=$pid
	wait_for 20 listens "$2" || { fail "$1: $2 serves" "$(cat "$net_tmp/$2.log")"; return; }
	is "$1: an echo server by $2, $3 connections" "$(linux many 10.77.0.2 7 "$3" 2>&1)" \
		"$(($3 * 2 + 7)) answers were right"
	wait "$server"
	is "$1: it ends with main" "$?" 0
	is "$1: $2 said" "$(tail -n 1 "$net_tmp/$2.out")" "${4:-ended}"
}

for target in spt hvt; do
	if why=$(guest_why_not $target); then
		skip "$target" "$why"
		continue
	fi
	n=2000
	[ $target = spt ] || n=200
	check "$target: configure" mirage configure -t $target
	check "$target: build" mirage build
	image $target local >"$net_tmp/local.$target" 2>"$net_tmp/errors"
	is "$target: with itself, each call says what it says on Linux" \
		"$(diff "$net_tmp/local.linux" "$net_tmp/local.$target")" ""
	is "$target: and no error is logged" "$(cat "$net_tmp/errors")" ""
	serves $target poll 50
	serves $target epoll $n "ended, at most $n at once"

	start server ip netns exec "$a" "$net_tmp/linux" poll 7
	wait_for 5 listens server
	is "$target: connects without waiting" "$(image $target ask 10.77.0.1 7 hello 2>&1)" \
		"$(linux ask 10.77.0.1 7 hello)"
	is "$target: 100 connections out" "$(image $target many 10.77.0.1 7 100 2>&1)" "207 answers were right"
	is "$target: where nobody listens" "$(image $target ask 10.77.0.1 81 x 2>&1)" "$(linux ask 10.77.0.1 81 x)"
	is "$target: names" "$(image $target lookup one.test two.test none.test localhost 192.0.2.9 2>&1)" \
		$'one.test: 192.0.2.1\ntwo.test: 192.0.2.2 192.0.2.3\nnone.test: no such name\nlocalhost: 127.0.0.1\n192.0.2.9: 192.0.2.9'

	start udp image $target udp 7
	server=$pid
	wait_for 20 listens udp
	is "$target: datagrams" "$(in_ns "$a" perl -e '
		use Socket; my $n = 0;
		socket(my $s, AF_INET, SOCK_DGRAM, 0); connect($s, pack_sockaddr_in(7, inet_aton("10.77.0.2")));
		for my $text (map { "x" x $_ } 1, 100, 1472, 5000) { alarm(10); send($s, $text, 0);
			recv($s, my $back, 65536, 0); $n += $back eq $text }
		send($s, "end", 0); recv($s, my $b, 9, 0); print "$n$b"')" 4end
	wait "$server"
	is "$target: and its end" "$?" 0
done
done_testing
