#!/bin/bash
# relay-fd.t: see relay-fd.c.

. "$(dirname "$0")/lib.sh"
need relay-fd relay
"$net_bin/relay-fd" "$net_bin/relay"
