# cases.sh: what xen.t does in dom0.

# ---- start, arguments, end ----
check "hello: created" create hello hello.xen
expect hello 'Hello from a unikernel'
ends hello

# ---- network ----
check "echo: created" create echo echo.xen "extra='--ipv4=10.0.0.2/24 --logs=info'" "$(network)"
expect echo 'vif 0, back end in domain 0, 00:16:3e:00:00:01, mtu 1500, queues 1, offloads'
answers() { ping -c 1 -W 1 10.0.0.2 >/dev/null 2>&1; }
if until_is 20 answers; then pass "echo: answers ping"; else
	fail "echo: answers ping" "$(console echo)" "$(ip -s link)"
fi
check "echo: ping of 1400 bytes" ping -c 3 -W 2 -s 1400 10.0.0.2
dd if=/dev/urandom of=/tmp/data bs=1k count=300 2>/dev/null
exec 3<>/dev/tcp/10.0.0.2/7007
cat /tmp/data >&3 &
head -c 307200 <&3 >/tmp/back
check "echo: 300 kB come back whole" cmp /tmp/data /tmp/back

# ---- less and more memory ----
check "echo: less memory" timeout 30 xl mem-set echo 24
expect echo 'Xen has 2048 pages back'
check "echo: more again" timeout 30 xl mem-set echo 32
expect echo 'Xen has 0 pages back'

# ---- save, restore, migrate: the connection of before goes on ----
check "echo: saved" xl save echo /tmp/echo.save
check "echo: is gone meanwhile" gone echo
check "echo: restored" xl restore /tmp/echo.save
rm -f /tmp/echo.save
expect echo 'the domain goes on after suspension 1'
echo again >&3
line=
read -t 20 -r line <&3
is "echo: the connection goes on after a restore" "$line" again
check "echo: migrated, to this host" xl migrate -s '' echo 'xl migrate-receive'
echo thrice >&3
line=
read -t 20 -r line <&3
is "echo: the connection goes on after a live migration" "$line" thrice
# It had that name when its console was opened.
expect echo--incoming 'the domain goes on after suspension 2'
exec 3>&-

# ---- asked to end ----
check "echo: asked to end" xl shutdown echo
ends echo

# ---- an image that asks for others' answers ----
check "ping: created" create ping ping.xen "extra='--ipv4=10.0.0.2/24 --peer=10.0.0.1 --count=2 --interval=100ms'" \
	"$(network)"
expect ping "from 10.0.0.1"
ends ping

# ---- HTTP, with several queues ----
check "www: created" create www www.xen "extra='--ipv4=10.0.0.2/24 --net-queues=2 --http-port=80 --logs=info'" "$(network)"
expect www 'mtu 1500, queues 2, offloads'
until_is 20 answers
exec 4<>/dev/tcp/10.0.0.2/80
printf 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >&4
has "www: serves a page" "$(timeout 20 cat <&4)" 'HTTP/1.1 200'
exec 4>&-
check "www: asked to start anew" xl reboot www
restarted() { [ "$(xl list www | awk 'NR == 2 { print $5 }' | tr -d b-)" = sr ]; }
if until_is 20 restarted; then pass "www: ends so"; else fail "www: ends so" "$(xl list)" "$(console www)"; fi
xl destroy www

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
expect disk 'vbd 51712, back end in domain 0, 8192 sectors of 512, flush, discard, persistent grants' 1
ends disk 1
rm -f /var/log/xen/console/guest-disk.log
check "disk: created, to be read only" create disk disk.xen "extra='--act=readonly --block:storage=xvda'" "$(disk "$device" ro)"
until_is 20 gone disk
hasnt "disk: read only" "$(console disk)" BAD
ends disk 1
losetup -d "$device"

# ---- what is missing is told ----
check "missing: created" create missing echo.xen "extra='--ipv4=10.0.0.2/24'"
expect missing 'service: this domain has no other network'
ends missing

# ---- faults are crashes; attempts to get out are faults ----
for word in write_text execute_heap read_zero overflow_main halt; do
	check "attempt $word: created" create attempt attempt.xen "extra='--how=$word'"
	if until_is 20 crashed attempt; then pass "attempt $word: the domain has crashed"; else
		fail "attempt $word: the domain has crashed" "$(console attempt | tail -n 12)" "$(xl list)"
	fi
	expect attempt 'crash: |stack overflow' 5 "attempt $word: and says why"
	xl destroy attempt
	rm -f /var/log/xen/console/guest-attempt.log
done
done_testing
