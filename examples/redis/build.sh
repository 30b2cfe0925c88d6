#!/bin/bash
# build.sh: builds redis/src/redis-server for images, of Debian's source package, unpatched; apt and a
# deb-src entry are needed, and once 'mirage depend -t spt' for the C library.
set -eu
[ -d redis ] || { apt-get source redis && mv redis-[0-9]*/ redis; }
eval "$(mirage toolchain --env)"
make -j "$(nproc)" -C redis/src redis-server MALLOC=libc BUILD_TLS=no USE_SYSTEMD=no OPTIMIZATION=-O2
