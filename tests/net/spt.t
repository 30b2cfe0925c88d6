#!/bin/bash
# spt.t: our own TCP/IP stack in the transfer example, as an image confined by seccomp.
#
#	spt.t [IMAGE]

. "$(dirname "$0")/guest.sh"
guest_suite spt "${1:-}"
done_testing
