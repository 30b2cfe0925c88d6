#!/bin/bash
# relay-unit.t: see relay-unit.c.

. "$(dirname "$0")/lib.sh"
need relay-unit relay
"$net_bin/relay-unit"
