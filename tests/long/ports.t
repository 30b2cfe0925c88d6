#!/usr/bin/env bash
# ports.t: third-party libraries in sealed images: built from Debian's sources once, without a network after;
# a program that computes with them; licenses.
. "$(dirname "$0")/../lib.sh"
need_tool
[ "$(uname -m)" = x86_64 ] || skip_all "ports are tested on x86_64"

mkdir "$tmp/app" && cd "$tmp/app" || exit 1
cat >some.conf <<'E2'
main-noip: some.main
needs:     console
packages:  zlib, zstd, lua5.4, xxhash, cjson, nghttp2, sqlite3, jansson
E2
cat >some.c <<'E2'
#include "mirage/app.h"

#include <cjson/cJSON.h>
#include <jansson.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <nghttp2/nghttp2.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

static void zlib(const struct app *app)
{
	static unsigned char in[100000], out[2000], back[100000];
	uLongf n = sizeof(out), m = sizeof(back);

	memset(in, 'x', sizeof(in));
	compress(out, &n, in, sizeof(in));
	uncompress(back, &m, out, n);
	mir_console_printf(app->console, "zlib %s\n", memcmp(in, back, sizeof(in)) ? "wrong" : "right");
}

static void zstd(const struct app *app)
{
	static char in[100000], out[2000], back[100000];
	size_t n;

	memset(in, 'y', sizeof(in));
	n = ZSTD_compress(out, sizeof(out), in, sizeof(in), 3);
	n = ZSTD_decompress(back, sizeof(back), out, n);
	mir_console_printf(app->console, "zstd %s\n",
	    n == sizeof(in) && memcmp(in, back, n) == 0 ? "right" : "wrong");
}

/* The preface of a client, 24 bytes (RFC 9113 section 3.4). */
static void nghttp2(const struct app *app)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_session *session;
	const uint8_t *data;

	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_client_new(&session, callbacks, NULL);
	nghttp2_submit_settings(session, 0, NULL, 0);
	mir_console_printf(app->console, "nghttp2 %d\n", (int)nghttp2_session_mem_send(session, &data));
	nghttp2_session_del(session);
	nghttp2_session_callbacks_del(callbacks);
}

static void lua(const struct app *app)
{
	lua_State *l = luaL_newstate();

	luaL_openlibs(l);
	if (luaL_dostring(l, "return string.format('%.3f', math.sin(1)) .. #string.rep('x', 1e6)") == 0)
		mir_console_printf(app->console, "lua %s\n", lua_tostring(l, -1));
	lua_close(l);
}

static void json(const struct app *app)
{
	cJSON *tree = cJSON_Parse("{ \"a\": [1, 2.5, null] }");
	char *text = cJSON_PrintUnformatted(tree);

	mir_console_printf(app->console, "cjson %s\n", text);
	cJSON_free(text);
	cJSON_Delete(tree);
}

static void jansson(const struct app *app)
{
	json_t *tree = json_pack("{s:i, s:[b, n]}", "a", 1, "b", 1);
	char *text = json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS);

	mir_console_printf(app->console, "jansson %s\n", text);
	free(text);
	json_decref(tree);
}

/* In memory: disks and stores are of lib/sqlite. */
static void sqlite(const struct app *app)
{
	static const char sql[] = "CREATE VIRTUAL TABLE t USING fts5(x);"
				  "INSERT INTO t VALUES ('a sealed image'), ('a mirage');";
	sqlite3_stmt *s;
	sqlite3 *db;

	sqlite3_open(":memory:", &db);
	sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_prepare_v2(db, "SELECT json_array(x, sqrt(2) > 1.4) FROM t WHERE t MATCH 'image'", -1, &s, NULL);
	sqlite3_step(s);
	mir_console_printf(app->console, "sqlite %s\n", (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	sqlite3_close(db);
}

int some_main(const struct app *app)
{
	zlib(app);
	zstd(app);
	lua(app);
	json(app);
	nghttp2(app);
	jansson(app);
	sqlite(app);
	mir_console_printf(app->console, "xxhash %016llx\n", (unsigned long long)XXH64("mirage", 6, 0));
	return 0;
}
E2
check "configures" mirage configure -t spt
check "what it needs is built" mirage depend -t spt
check "builds" mirage build -t spt
right="zlib right
zstd right
lua 0.8411000000
cjson {\"a\":[1,2.5,null]}
nghttp2 24
jansson {\"a\":1,\"b\":[true,null]}
sqlite [\"a sealed image\",1]
xxhash $(printf mirage | xxhsum -H64 2>/dev/null | cut -d ' ' -f 1)"
case $right in *"xxhash ") right+=$(mirage run -t spt --mem=16 2>/dev/null | sed -n 's/^xxhash //p') ;; esac
is "spt: runs" "$(mirage run -t spt --mem=16 2>/dev/null)" "$right"
if [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
	check "hvt: configures" mirage configure -t hvt
	check "hvt: builds" mirage build -t hvt
	is "hvt: runs" "$(mirage run -t hvt --mem=16 2>/dev/null)" "$right"
else
	skip "hvt: runs" "no /dev/kvm"
fi
check "nothing is left to be done" [ -z "$(mirage depend -t spt 2>&1)" ]
has "licenses" "$(mirage query licenses --image dist/some.spt)" "lua5.4 +MIT"
has "bill of materials" "$(mirage query sbom --image dist/some.spt)" '"name": "zlib"'

# Each port that is listed can be shown, and has a license that one may use.
while read -r name license _; do
	has "mirage ports show $name" "$(mirage ports show "$name")" "license +$license"
done < <(mirage ports)

has "musl is one" "$(mirage ports)" "^musl +MIT +1\.[0-9]"
is "mirage ports --json" "$(mirage ports --json | perl -MJSON::PP -0777 -e 'print join " ", map { $_->{license} }
	grep { $_->{port} =~ /^(musl|zlib)$/ && $_->{built} } @{ decode_json(<STDIN>) }')" "MIT Zlib"
is "mirage ports show --json" "$(mirage ports show zlib --json | perl -MJSON::PP -0777 -e 'my $p = decode_json(<STDIN>);
	print "$p->{port} $p->{license} $p->{source}[0] ", -r "$p->{folder}/lib/libz.a" ? "there" : "gone"')" "zlib Zlib zlib there"

# From nothing but fetched sources, in a cache of its own: several at once, no network; stopped, and gone on with.
fetched=${XDG_CACHE_HOME:-$HOME/.cache}/mirage
mkdir -p "$tmp/cache/mirage/ports"
ln -s "$fetched/libc" "$tmp/cache/mirage/libc"
ln -s "$fetched/ports/src" "$tmp/cache/mirage/ports/src"
without_network() { if unshare -n true 2>/dev/null; then unshare -n "$@"; else "$@"; fi; }
own() { XDG_CACHE_HOME=$tmp/cache "$@"; }
out=$(own without_network mirage ports build cjson xxhash 2>&1)
is "two ports without a network" $? 0
has "both at once" "$out" "xxhash.*of 2\)"
has "the first is built" "$(own mirage ports)" $'\n'"cjson +MIT +1"
has "and the second" "$(own mirage ports)" $'\n'"xxhash +BSD-2-Clause +0"
own mirage ports remove xxhash
hasnt "one is removed" "$(own mirage ports)" $'\n'"xxhash +BSD-2-Clause +0"
has "the other stays" "$(own mirage ports)" $'\n'"cjson +MIT +1"
XDG_CACHE_HOME=$tmp/cache setsid mirage ports build xxhash zstd >stopped 2>&1 &
pid=$!
wait_for 60 grep -q 'xxhash: built' stopped
kill -TERM -- "-$pid" 2>/dev/null
wait "$pid" 2>/dev/null
has "stopped: what was done stays" "$(own mirage ports)" $'\n'"xxhash +BSD-2-Clause +0"
wait_for 10 own flock -n "$tmp/cache/mirage/ports/lock" true
check "stopped: nobody goes on" own flock -n "$tmp/cache/mirage/ports/lock" true

# Recipes of one's own.
mkdir -p ports/{strict,broken,gone}
printf 'port: strict\nsource: hello 2.10\nlicense: GPL-3.0-or-later\n' >ports/strict/port.conf
printf 'port: broken\nsource: hello 2.10\nlicense: MIT\nbuild: echo this is why; false\n' >ports/broken/port.conf
printf 'port: gone\nsource: no-such-source-package 1\nlicense: MIT\n' >ports/gone/port.conf
conf() { printf 'main-noip: some.main\nports-path: ports\n%s\n' "$1" >some.conf; }
conf 'packages: strict'
out=$(mirage configure -t spt 2>&1)
is "a license that is not permissive" $? 1
has "is named" "$out" "some.conf:3:.*GPL-3.0-or-later"
has "with the way out" "$out" "allow-license: GPL-3.0-or-later"
conf $'packages: strict\nallow-license: GPL-3.0-or-later'
check "which is taken" mirage configure -t spt
conf 'packages: broken'
mirage configure -t spt >/dev/null 2>&1
out=$(mirage depend -t spt 2>&1)
is "a recipe that fails" $? 1
has "says which step, and why" "$out" "step 'build' failed"
conf 'packages: gone'
mirage configure -t spt >/dev/null 2>&1
out=$(mirage depend -t spt 2>&1)
is "a source that there is not" $? 1
has "is named" "$out" "apt offers no source of no-such-source-package"
mirage ports show nothing >/dev/null 2>&1
is "an unknown port" $? 1
mirage ports shew zlib >/dev/null 2>&1
is "an unknown verb" $? 2
done_testing
