#!/usr/bin/env bash
# tool.t: new, clean, query, depend: what they print, make and leave alone.
. "$(dirname "$0")/../../tests/lib.sh"
need_tool
export NO_COLOR=1
cd "$tmp" || exit 1
files() { find . -type f -o -type l | sort | tr '\n' ' '; }

# --- new -----------------------------------------------------------------------------

for kind in noip http ip; do
	check "new --kind=$kind" mirage new "my-$kind" --kind=$kind
	check "it builds at once" bash -c "cd my-$kind && '$build/mirage' build"
done
is "and runs" "$(cd my-noip && mirage run 2>/dev/null)" "Hello from a unikernel!"
cd my-http || exit 1
port=$(free_port)
start http dist/my-http --http-port="$port"
if command -v curl >/dev/null && wait_for 5 curl -fs "localhost:$port/"; then
	has "the site has its page" "$(curl -s "localhost:$port/")" "<h1>my-http</h1>"
	is "and its answer" "$(curl -s "localhost:$port/hello")" "Hello from a unikernel!"
else
	skip "the site" "needs curl"
fi
stop "$pid"
cd ..
cd my-ip || exit 1
port=$(free_port)
start ip dist/my-ip --port="$port"
wait_for 5 bash -c ": </dev/tcp/127.0.0.1/$port"
is "the server greets and echoes" "$(bash -c "exec 5<>/dev/tcp/127.0.0.1/$port; echo hi >&5; head -2 <&5" | tr -d '\r' | tr '\n' ' ')" \
	"Hello from a unikernel! hi "
stop "$pid"
cd ..
out=$(mirage new my-http 2>&1); is "over a folder: status" $? 1
has "says so" "$out" "'my-http' is there already"
for name in 3x -x a/b .. 'a b' '' "$(printf 'a%.0s' {1..64})" é; do
	mirage new -- "$name" >/dev/null 2>&1 || mirage new "$name" >/dev/null 2>&1
	is "no name: '$name'" $? 2
done
out=$(mirage new x --kind=htp 2>&1); has "no kind" "$out" "did you mean 'http'"

# --- query ---------------------------------------------------------------------------

cd my-http || exit 1
has "devices" "$(mirage query devices)" "crunch_static +crunch +KV_RO"
has "keys" "$(mirage query keys)" "--greeting +string +Hello from a unikernel! +app"
has "sources" "$(mirage query sources)" "site.c +application"
has "files" "$(mirage query files)" "static +embedded as static"
has "licenses" "$(mirage query licenses)" "crunch +ISC"
has "facts" "$(mirage query facts)" "name +my-http"
is "of the image, the same" "$(mirage query all --image dist/my-http)" "$(mirage query all)"
cp dist/my-http "$tmp/alone"
is "without sources" "$(cd / && mirage query all --image "$tmp/alone")" "$(mirage query all)"
for what in packages modules sources files devices keys licenses facts all; do
	check "JSON: $what" bash -c "'$build/mirage' query $what --json | perl -MJSON::PP -0777 -e 'decode_json(<STDIN>)'"
done
out=$(mirage query device 2>&1); is "an unknown thing: status" $? 2
has "asks back" "$out" "did you mean 'devices'"
out=$(mirage query --image /etc/passwd 2>&1); has "no image" "$out" "'/etc/passwd' is no image"
out=$(mirage query --image nowhere 2>&1); has "no file" "$out" "'nowhere': No such file"
head -c 3000 dist/my-http >cut
out=$(mirage query --image cut 2>&1); has "a broken one" "$out" "'cut' is no image, or a broken one"
rm cut

# --- depend --------------------------------------------------------------------------

if command -v dpkg-query >/dev/null; then
	cd ../my-noip || exit 1
	is "nothing is missing: nothing is said" "$(mirage depend 2>&1)" ""
	echo 'packages: no-such-package-here, dpkg' >>my-noip.conf
	out=$(mirage depend --dry-run 2>&1)
	has "says what is missing" "$out" "needs 1 Debian package that is not installed:.*no-such-package-here +for "
	hasnt "and not what is there" "$out" " dpkg "
	sed -i '/^packages/d' my-noip.conf
	cd ../my-http || exit 1
fi

# --- clean ---------------------------------------------------------------------------

check "debugging information stays out of the image" bash -c \
	'! readelf -SW dist/my-http | grep -q "\.debug_info" && readelf -SW dist/my-http | grep -q "\.symtab"'
check "it is beside it" bash -c 'readelf -SW dist/my-http.debug | grep -q "\.debug_info"'
check "where the image says" bash -c 'readelf -p .gnu_debuglink dist/my-http | grep -qw my-http.debug'
check "another target too" mirage configure --unix
check "clean --dry-run" mirage clean --dry-run
check "removes nothing" test -x dist/my-http
check "clean" mirage clean
is "only what was written by hand is left" "$(files)" "./.gitignore ./my-http.conf ./site.c ./static/index.html "
check "once more" mirage clean
mirage build >/dev/null 2>&1
echo '# mine' >>Makefile
sed -i 's/Hello/Good day/' mirage/unix-*/main.c
echo mine >mirage/note
echo mine >mirage/unix-socket/obj/note
echo mine >dist/note
ln -s ../site.c mirage/unix-socket/obj/link.o
out=$(mirage clean 2>&1); is "clean among edited files" $? 0
is "they are kept" "$(files)" "./.gitignore ./Makefile ./dist/note ./mirage/note ./mirage/unix-socket/main.c\
 ./mirage/unix-socket/obj/link.o ./mirage/unix-socket/obj/note ./my-http.conf ./site.c ./static/index.html "
has "and said" "$out" "'Makefile' is kept: it was edited"
has "each" "$out" "main.c' is kept"
out=$(mirage configure 2>&1); is "configure does not write over them" $? 1
rm -r Makefile mirage dist
echo 'all: ; @echo mine' >Makefile
is "a Makefile that was never ours" "$(mirage clean 2>&1; make)" "mine"
done_testing
