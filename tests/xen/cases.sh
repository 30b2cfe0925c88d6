# cases.sh: what xen.t does in dom0.

# ---- start, arguments, end ----
check "hello: created" create hello hello.xen "extra='--hello=Xen'"
expect hello 'Hello'
ends hello

# ---- network ----
check "echo: created" create echo echo.xen "extra='--ipv4=10.0.0.2/24 --logs=info'" "$(network)"
expect echo 'vif 0, back end in domain 0, 00:16:3e:00:00:01, mtu 1500, queues 1, offloads'
if until_is 20 ping -c 1 -W 1 10.0.0.2 >/dev/null 2>&1; then pass "echo: answers ping"; else
	fail "echo: answers ping" "$(console echo)" "$(ip -s link)"
fi
check "echo: ping of 1400 bytes" ping -c 3 -W 2 -s 1400 10.0.0.2
dd if=/dev/urandom of=/tmp/data bs=1k count=300 2>/dev/null
exec 3<>/dev/tcp/10.0.0.2/7007
cat /tmp/data >&3 &
head -c 307200 <&3 >/tmp/back
check "echo: 300 kB come back whole" cmp /tmp/data /tmp/back

# ---- save and restore: the connection of before goes on ----
check "echo: saved" xl save echo /tmp/echo.save
check "echo: is gone meanwhile" gone echo
check "echo: restored" xl restore /tmp/echo.save
rm -f /tmp/echo.save
expect echo 'the domain goes on after suspension 1'
echo again >&3
line=
read -t 20 -r line <&3
is "echo: the connection goes on after a restore" "$line" again
check "echo: migrated to this host" xl migrate -s '' echo 'xl migrate-receive'
expect echo 'the domain goes on after suspension 2'
echo thrice >&3
line=
read -t 20 -r line <&3
is "echo: the connection goes on after a live migration" "$line" thrice
exec 3>&-

# ---- more and less memory ----
check "echo: less memory" xl mem-set echo 24
expect echo 'Xen has 2048 pages back'
check "echo: more again" xl mem-set echo 32
expect echo 'Xen has 0 pages back'

# ---- asked to end ----
check "echo: asked to end" xl shutdown echo
ends echo

# ---- the host's side of a ping ----
check "ping: created" create ping ping.xen "extra='--ipv4=10.0.0.2/24 --peer=10.0.0.1 --count=2 --interval=100ms'" \
	"$(network)"
expect ping '2 .*received|2 replies|0%'
ends ping

# ---- HTTP, with several queues ----
check "www: created" create www www.xen "extra='--ipv4=10.0.0.2/24 --net-queues=4 --http-port=80'" "$(network)"
got() { wget -q -T 2 -O /tmp/page http://10.0.0.2/ 2>/tmp/wget; }
if until_is 20 got; then pass "www: serves a page of $(wc -c </tmp/page) bytes"; else
	fail "www: serves a page" "$(cat /tmp/wget)" "$(console www)"
fi
xl shutdown www
ends www

# ---- disk ----
dd if=/dev/zero of=/tmp/disk.img bs=1M count=4 2>/dev/null
device=$(loop /tmp/disk.img)
check "disk: created" create disk disk.xen "extra='--logs=info'" "$(disk "$device")"
until_is 40 gone disk
while read -r line; do
	case $line in
	ok\ *) pass "disk: ${line#ok }" ;;
	BAD\ *) fail "disk: ${line#BAD }" ;;
	esac
done <<<"$(console disk)"
ends disk
losetup -d "$device"

# ---- what is missing is told ----
check "nonet: created" create nonet echo.xen "extra='--ipv4=10.0.0.2/24'"
expect nonet 'service: this domain has no other network'
ends nonet

# ---- crashes, and attempts to get out ----
for how in write_text execute_heap read_zero overflow_main privileged; do
	case $how in
	privileged) word=halt ;;
	*) word=$how ;;
	esac
	check "attempt $word: created" create attempt attempt.xen "extra='--how=$word'"
	if until_is 20 crashed attempt; then pass "attempt $word: the domain has crashed"; else
		fail "attempt $word: the domain has crashed" "$(console attempt | tail -n 12)" "$(xl list)"
	fi
	expect attempt 'crash: |stack overflow' 5
	xl destroy attempt
done
done_testing
