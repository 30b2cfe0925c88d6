#!/bin/bash
# interop.t: our stack and the kernel's over every path of tests/net/matrix.sh.
exec "$(dirname "$0")/../net/interop.t" all direct spt
