# sqlite.sh: the shell of SQLite, by its configure script.
# source: sqlite3 3.40 3
export CROSS_BUILDING=yes # Debian's word for it
./configure --host=x86_64-linux-musl --build=x86_64-linux-gnu --disable-shared --disable-tcl --disable-readline \
	--disable-load-extension
make sqlite3
