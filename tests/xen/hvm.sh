# hvm.sh: what hvm.t does in dom0.

cat >/tmp/echo.cfg <<C
name='echo'
type='hvm'
memory=128
vcpus=1
vga='none'
vnc=0
sdl=0
nographic=1
usb=0
serial='file:/tmp/serial'
on_poweroff='destroy'
on_crash='preserve'
vif=['bridge=xenbr0,script=vif,mac=00:16:3e:00:00:01,type=vif']
disk=['format=raw,vdev=hda,access=rw,backendtype=phy,script=disk,target=$(loop echo.img)']
C
check "created" xl create -q /tmp/echo.cfg
serial() { tr -d '\r' </tmp/serial | grep -aq "$1"; }
if until_is 60 serial 'listening on'; then pass "starts from the disk, and tells the serial port"; else
	fail "starts from the disk" "$(tail -n 20 /tmp/serial)" "$(tail -n 5 /var/log/xen/*echo*)" "$(xl list)"
fi
has "its network is one of Xen" "$(tr -d '\r' </tmp/serial)" 'vif 0, back end in domain 0'
answers() { ping -c 1 -W 1 10.0.0.2 >/dev/null 2>&1; }
if until_is 20 answers; then pass "answers ping"; else fail "answers ping" "$(ip -s link)"; fi
check "asked to end" xl shutdown echo
ends echo
done_testing
