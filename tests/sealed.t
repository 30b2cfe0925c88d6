#!/usr/bin/env bash
# sealed.t: the examples as sealed images, under our tenders: spt, and hvt where /dev/kvm is usable.
# What they do is what they do on unix (examples.sh).
. "$(dirname "$0")/lib.sh"
need_tool
. "$root/tests/examples.sh"
export NO_COLOR=1

if ! out=$(cd "$root/examples/hello" && cp -r . "$tmp/first" && cd "$tmp/first" && rm -rf mirage dist Makefile &&
	mirage configure -t spt && mirage depend 2>&1); then
	skip_all "the C library cannot be built here: $(echo "$out" | tail -n 1)"
fi
targets=spt
if why=$( (exec 3<>/dev/kvm) 2>&1); then
	targets="spt hvt"
else
	skip "hvt" "no /dev/kvm to use: ${why##*: }"
fi
why=$(direct_impossible) && { skip "networks" "$why"; net=; } || { net=yes; space_new; }

for t in $targets; do
	where=$t inside=
	if built hello -t $t; then
		is "hello: $t: greets" "$(mirage run -t $t --mem=4 2>/dev/null)" "Hello from a unikernel!"
		has "hello: $t: a chart of its start" "$(mirage run -t $t --mem=4 --boot-chart 2>&1)" "length us +phase"
		mirage run -t $t -- --no-such-key >/dev/null 2>&1; is "hello: $t: a bad boot argument" $? 64
		has "hello: $t: help" "$(mirage run -t $t -- --help 2>/dev/null)" "--boot-chart"
		has "hello: $t: tells its target" "$(mirage query --image dist/hello.$t)" "abi +$t 2"
		hasnt "hello: $t: has no names of functions" "$(strings dist/hello.$t)" "hello_main|mir_loop"
		check "hello: $t: they are beside it" bash -c "nm dist/hello.$t.debug | grep -q hello_main"
		cp dist/hello.$t "$tmp/again"
		check "hello: $t: builds elsewhere" bash -c "rm -rf '$tmp/else' && mkdir '$tmp/else' && cp hello.c hello.conf '$tmp/else' &&
			cd '$tmp/else' && '$build/mirage' configure -t $t && '$build/mirage' build"
		check "hello: $t: the same bytes" cmp "$tmp/again" "$tmp/else/dist/hello.$t"
	fi
	if built clock -t $t; then
		has "clock: $t: a line" "$(mirage run -t $t -- --count=1 2>/dev/null)" "^wall 20[0-9-]+ [0-9:.]+ UTC"
		start clock mirage run -t $t -- --count=0
		wait_for 10 grep -q wall "$tmp/clock.log"
		stop "$pid" INT
		is "clock: $t: ends with status 0 at SIGINT" $? 0
	fi
	if built app-keys -t $t; then
		has "app-keys: $t: as told" "$(mirage run -t $t -- --greeting='good  "evening' --cache=2M 2>/dev/null)" \
			$'greeting: good  "evening\n.*cache:    2097152 bytes'
	fi
	[ -n "$net" ] || continue
	inside=$in_space
	if built www -t $t; then
		serving www 10.0.0.2 8080 $in_space mirage run -t $t --mem=32
		check "www: $t: answers ping" $in_space ping -c 1 -W 2 10.0.0.2
		test_www http://10.0.0.2:8080
		ends www
		is "www: $t: the tap is gone" "$($in_space ip -o link | grep -vc ': lo')" 0
		serving www 10.0.0.2 8080 $in_space mirage run -t $t
		stop "$pid" KILL
		check "www: $t: killed: the tap is gone" wait_for 3 bash -c "! ip -n $lib_space -o link | grep -v ': lo'"
	fi
	if built echo -t $t; then
		serving echo 10.0.0.2 7007 $in_space mirage run -t $t
		test_echo 10.0.0.2 7007
		ends echo
	fi
	# The rest is the same code; once is enough.
	[ $t = spt ] || continue
	if built ping -t $t; then
		out=$($in_space mirage run -t $t -- --count=3 --interval=100ms 2>&1)
		is "ping: $t: status" $? 0
		has "ping: $t: replies of the host" "$out" "3 packets transmitted, 3 received, 0% packet loss"
	fi
	if built kv -t $t; then
		serving kv 10.0.0.2 8081 $in_space mirage run -t $t
		test_kv http://10.0.0.2:8081
		ends kv
	fi
	if built transfer -t $t; then
		serving transfer 10.0.0.2 8082 $in_space mirage run -t $t
		test_transfer http://10.0.0.2:8082
		ends transfer
	fi
done

# What is not there on these targets is said when it is asked for.
here www
has "a live folder" "$(mirage configure -t spt --kv_ro=direct 2>&1)" "kv-direct: is for the target unix, not for spt"
has "the host's sockets" "$(mirage configure -t spt --net=socket 2>&1)" "no network 'socket' on the target 'spt'"
done_testing
