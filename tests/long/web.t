#!/usr/bin/env bash
# web.t: sites without C, a reverse proxy and a TLS tunnel, asked by curl: on the sockets of the host, on the
# project's own stack, and as sealed images.
. "$(dirname "$0")/../lib.sh"
need_tool
. "$root/tests/examples.sh"
. "$root/tests/guest.sh"
why=$(direct_impossible) && skip_all "$why"
for p in curl openssl; do command -v $p >/dev/null || skip_all "needs $p"; done
space_new
inside="$in_space"
export CURL_HOME=$tmp
echo insecure >"$tmp/.curlrc"

# --- a site of several hosts, without C ---------------------------------------------

mkdir -p "$tmp/site/pages" "$tmp/site/blog" && cd "$tmp/site" || exit 1
echo main >pages/index.html
echo nothing >pages/404.html
echo blog >blog/index.html
cat >site.conf <<'END'
main-site:              pages
fs-pages:               pages
fs-blog:                blog
vhost-blog:             blog.example.org, *.blog.example.org
redirect:               www.example.org/ https://example.org/ 308
redirect:               /old/ /new/
site-not-found:         /404.html
site-cache-control:     max-age=60
END
where=site
check "site: configures" mirage configure --socket
check "site: builds without C" mirage build --socket
serving site 127.0.0.1 8010 $in_space mirage run --socket -- --http-port=8010
url=http://127.0.0.1:8010 bytes=3000000
is "site: the main one" "$(body $url/; body -H 'Host: other' $url/)" $'main\nmain'
is "site: another" "$(body -H 'Host: Blog.example.org:80' $url/; body -H 'Host: a.blog.example.org' $url/)" $'blog\nblog'
is "site: a host that goes elsewhere" "$($inside curl -s -o /dev/null -w '%{http_code} %{redirect_url}' -H 'Host: www.example.org' "$url/a?b")" \
	"308 https://example.org/a?b"
is "site: a folder that has moved" "$($inside curl -s -o /dev/null -w '%{http_code} %{redirect_url}' "$url/old/x")" "301 $url/new/x"
is "site: not there" "$(status $url/none) $(body $url/none)" "404 nothing"
has "site: how long to keep it" "$($inside curl -sI $url/)" "Cache-Control: max-age=60"
ends site
serving site 127.0.0.1 8010 $in_space dist/site --http-port=8010 --site-unknown-host=421
is "site: unknown hosts are refused" "$(status $url/) $(status -H 'Host: blog.example.org' $url/)" "421 200"
ends site
# compressed ADDRESS: what curl gets by each coding, and by none.
compressed() {
	local url=http://$1:8010/numbers.txt coding
	is "site: $where: compressed, and undone" "$(body --compressed $url | md5sum)" "$(md5sum <pages/numbers.txt)"
	for coding in gzip zstd; do
		has "site: $where: $coding" "$($inside curl -s -D - -o "$tmp/numbers.$coding" -H "Accept-Encoding: $coding" $url)" \
			"Content-Encoding: $coding"
		check "site: $where: $coding: is smaller" [ $(($(stat -c %s "$tmp/numbers.$coding") * 2)) -lt "$(stat -c %s pages/numbers.txt)" ]
	done
	is "site: $where: and that is gzip" "$(gzip -dc <"$tmp/numbers.gzip" | md5sum)" "$(md5sum <pages/numbers.txt)"
	is "site: $where: as it is" "$(body $url | md5sum)" "$(md5sum <pages/numbers.txt)"
}
seq 20000 >pages/numbers.txt
printf 'http-compress: zstd, gzip\n' >>site.conf
where=socket
check "site: compression is configured" mirage configure --socket
check "site: and built" mirage build --socket
serving site 127.0.0.1 8010 $in_space dist/site --http-port=8010
compressed 127.0.0.1
ends site
where=spt
if why=$(guest_why_not spt); then
	skip "site: spt: compressed" "$why"
else
	check "site: spt: configured" mirage configure -t spt
	check "site: spt: finds what it needs" mirage depend -t spt
	check "site: spt: built" mirage build -t spt
	serving site 10.0.0.2 8010 $in_space mirage run -t spt --mem=64 -- --http-port=8010
	compressed 10.0.0.2
	ends site
fi
where=site
sed -i '/^http-compress/d' site.conf
printf 'redirect: / /x/\n' >>site.conf
has "site: says what is wrong, and where" "$(mirage configure --socket 2>&1)" "site.conf:9:13: error: a redirect into itself"

# --- what the proxy and the tunnel lead to -------------------------------------------

check "transfer: builds" built transfer --socket
cd "$tmp/transfer" || exit 1
for port in 8000 8001; do
	serving "transfer$port" 127.0.0.1 $port $in_space dist/transfer --http-port=$port
	eval "server$port=$pid"
done

# by TARGET NAME ADDRESS [ARGUMENT ...]: an image of the example as that, running.
by() {
	local target=$1 name=$2 address=$3
	shift 3
	where=$target
	case $target in
	socket) run="--socket" ;;
	direct) run="--unix" ;;
	*) run="-t $target --mem=64" ;;
	esac
	check "$name: $where: configures" mirage configure ${run%--mem*}
	check "$name: $where: finds what it needs" mirage depend ${run%--mem*}
	check "$name: $where: builds" mirage build ${run%--mem*}
	serving "$name" "$address" 4433 $in_space mirage run $run -- "$@"
}

# --- reverse_proxy --------------------------------------------------------------------

proxy_on() { # TARGET ADDRESS SERVER
	local url=https://$2:4433 front i codes=
	rm -rf "$tmp/proxy" && cp -r "$root/examples/reverse_proxy" "$tmp/proxy" && cd "$tmp/proxy" || exit 1
	by "$1" reverse_proxy "$2" --servers="$3:8000,$3:8001" --patience=2s
	front=$pid
	test_transfer "$url"
	has "proxy: $1: in the clear too" "$(body "http://$2:8080/digest?bytes=1")" '"bytes":1'
	is "proxy: $1: what is not there" "$(status "$url/none")" 404
	for i in $(seq 20); do
		(for _ in 1 2 3; do body -o /dev/null -w '%{http_code}\n' "$url/down?bytes=100000"; done >>"$tmp/codes") &
		codes+=" $!"
	done
	wait $codes
	is "proxy: $1: 20 clients at once" "$(sort "$tmp/codes" | uniq -c | xargs)" "60 200"
	rm -f "$tmp/codes"
	pid=$front
}

without_servers() { # TARGET ADDRESS
	local url=https://$2:4433 i front=$pid
	kill -STOP "$server8000"
	is "proxy: $1: a server that says nothing" "$(for i in 1 2; do status "$url/digest?bytes=1"; echo; done | sort | xargs)" "200 504"
	kill -CONT "$server8000"
	stop "$server8000"
	is "proxy: $1: one server has ended, and nobody notices" \
		"$(for i in $(seq 10); do status "$url/digest?bytes=1"; echo; done | sort | uniq -c | xargs)" "10 200"
	stop "$server8001"
	is "proxy: $1: both have" "$(status "$url/digest?bytes=1")" 502
	cd "$tmp/transfer" || exit 1
	for port in 8000 8001; do
		serving "transfer$port" 127.0.0.1 $port $in_space dist/transfer --http-port=$port
		eval "server$port=$pid"
	done
	pid=$front
}

# --- tls_tunnel -----------------------------------------------------------------------

tunnel_on() { # TARGET ADDRESS SERVER
	local url=https://$2:4433 idle= out front
	rm -rf "$tmp/tunnel" && cp -r "$root/examples/tls_tunnel" "$tmp/tunnel" && cd "$tmp/tunnel" || exit 1
	by "$1" tls_tunnel "$2" --target-address="$3" --target-port=8000
	front=$pid
	test_transfer "$url"
	for _ in $(seq 10); do
		timeout 20 $inside openssl s_client -quiet -connect "$2:4433" </dev/zero >/dev/null 2>&1 &
		idle+=" $!"
	done
	out=$( (printf 'GET /digest?bytes=1 HTTP/1.0\r\n\r\n'; sleep 1) |
		timeout 20 $inside openssl s_client -quiet -connect "$2:4433" 2>/dev/null)
	has "tunnel: $1: an answer after half-close, beside 10 that speak nonsense" "$out" '"bytes":1'
	kill $idle 2>/dev/null
	wait $idle 2>/dev/null
	$inside bash -c "exec 3<>/dev/tcp/$2/4433; printf 'not TLS at all\r\n\r\n' >&3; timeout 5 cat <&3 >/dev/null"
	is "tunnel: $1: and then" "$(status "$url/digest?bytes=1")" 200
	pid=$front
}

targets="socket direct spt hvt"
for target in $targets; do
	case $target in
	socket) address=127.0.0.1 server=127.0.0.1 ;;
	direct) address=10.0.0.2 server=10.0.0.1 ;;
	*)
		address=10.0.0.2 server=10.0.0.1
		if why=$(guest_why_not $target); then
			skip "$target" "$why"
			continue
		fi
		;;
	esac
	proxy_on $target $address $server
	[ $target = socket ] && without_servers $target $address
	ends reverse_proxy
	case $target in direct | hvt) continue ;; esac
	tunnel_on $target $address $server
	ends tls_tunnel
done
done_testing
