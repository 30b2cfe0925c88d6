# redis.sh: the server of Redis, with the C library's allocator.
# source: redis 7.0 7
make -j "$(nproc)" -C src redis-server MALLOC=libc BUILD_TLS=no USE_SYSTEMD=no OPTIMIZATION=-O2
