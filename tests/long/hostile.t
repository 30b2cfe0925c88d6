#!/bin/bash
# hostile.t: every attacker of tests/net/hostile.t, and what rate it leaves to an honest peer.
exec "$(dirname "$0")/../net/hostile.t" all direct spt
