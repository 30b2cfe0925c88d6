#!/bin/bash
# hvt.t: our own TCP/IP stack in the transfer example, as a guest of KVM.
#
#	hvt.t [IMAGE]

. "$(dirname "$0")/guest.sh"
[ -n "${NESTED-}" ] && share=100 || { [ "$(guest_kvm 2>/dev/null)" != pvm ] || share=10; }
guest_suite hvt "${1:-}"
done_testing
