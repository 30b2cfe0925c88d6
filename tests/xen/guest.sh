# guest.sh: guests of Xen, in dom0; bash, sourced by init.

# create NAME IMAGE [LINE ...]: a PVH guest of the image; lines of its configuration besides.
create() {
	local name=$1 image=$2
	shift 2
	{
		echo "name='$name'"
		echo "type='pvh'"
		echo "kernel='/guests/$image'"
		echo "memory=32"
		echo "vcpus=1"
		echo "on_poweroff='destroy'"
		echo "on_reboot='preserve'"
		echo "on_crash='preserve'"
		printf '%s\n' "$@"
	} >"/tmp/$name.cfg"
	xl create -q "/tmp/$name.cfg" 2>&1
}

# network [MAC]; disk DEVICE [MODE]: lines of a configuration.
network() { echo "vif=['bridge=xenbr0,script=vif,mac=${1:-00:16:3e:00:00:01}']"; }
disk() { echo "disk=['format=raw,vdev=xvda,access=${2:-rw},backendtype=phy,script=disk,target=$1']"; }

# loop FILE [SECTOR]: the file as a block device, whose name it prints.
loop() {
	local device
	device=$(losetup -f)
	losetup "$device" "$1" && echo "$device"
}

# console NAME: what it has written.
console() { tr -d '\r' <"/var/log/xen/console/guest-$1.log" 2>/dev/null; }

# until_is SECONDS COMMAND ...: true as soon as the command is.
until_is() {
	local i=0 most=$(($1 * 10))
	shift
	until "$@"; do
		[ $((i += 1)) -le $most ] || return 1
		usleep 100000
	done
}

said() { console "$1" | grep -qE "$2"; }
gone() { ! xl domid "$1" >/dev/null 2>&1; }
crashed() { xl list "$1" 2>/dev/null | awk 'NR == 2 && $5 ~ /c/ { ok = 1 } END { exit !ok }'; }

# expect NAME PATTERN [SECONDS [TEST]]: a test: it writes a line like that.
expect() {
	if until_is "${3:-30}" said "$1" "$2"; then pass "${4:-$1: $2}"; else
		fail "${4:-$1: $2}" "$(console "$1" | tail -n 20)" "$(xl list)"
	fi
}

# ends NAME [SECONDS]: a test: it ends by itself.
ends() {
	if until_is "${2:-20}" gone "$1"; then pass "$1: ends"; else
		fail "$1: ends" "$(console "$1" | tail -n 5)" "$(xl list)"
		xl destroy "$1"
	fi
}
