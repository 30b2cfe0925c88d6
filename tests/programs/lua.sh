# lua.sh: the interpreter of Lua, as its own Makefile makes it for POSIX.
# source: lua5.4 5.4
cd src
echo '#define DEB_HOST_MULTIARCH "mirage"' >lua5.4-deb-multiarch.h
rm luac.c
ls ./*.c | xargs -P "$(nproc)" -n 1 "$CC" -O2 -std=gnu99 -DLUA_COMPAT_5_3 -DLUA_USE_POSIX -c
"$CC" -o lua ./*.o -lm
