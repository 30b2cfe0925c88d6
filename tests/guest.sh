# guest.sh: which kinds of sealed images this host can run; bash, to be sourced after lib.sh or
# net/lib.sh.

guest_build=${BUILD:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build}
case $guest_build in /*) ;; *) guest_build=$PWD/$guest_build ;; esac

# guest_why_not TARGET: prints why it cannot run here; fails if it can.  TARGETS, where it is set,
# are the only ones wanted.
guest_why_not() {
	local out
	case " ${TARGETS-$1} " in *" $1 "*) ;; *) echo "TARGETS is '$TARGETS'"; return ;; esac
	[ "$(uname -m)" = x86_64 ] || { echo "the images of this test are for x86_64"; return; }
	[ -x "$guest_build/mirage-$1" ] || { echo "$guest_build/mirage-$1 is not there; make builds it"; return; }
	if [ "$1" = hvt ]; then
		[ -e /dev/kvm ] || { echo "no /dev/kvm"; return; }
		out=$("$guest_build/tests/isolation/kvm" 2>&1) || { echo "$out"; return; }
	fi
	return 1
}

# guest_kvm: svm, vmx or pvm.
guest_kvm() { "$guest_build/tests/isolation/kvm"; }
