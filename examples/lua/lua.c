/* lua.c: runs a Lua script of a store; `require` finds others there, `print` is the console. */
#include "mirage/app.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCRIPT_MAX = 1 << 20 };

static const struct app *app_of(lua_State *l)
{
	return lua_touserdata(l, lua_upvalueindex(1));
}

static int print(lua_State *l)
{
	int n = lua_gettop(l);

	for (int i = 1; i <= n; i++) {
		mir_console_printf(
		    app_of(l)->console, "%s%s", i > 1 ? "\t" : "", luaL_tolstring(l, i, NULL));
		lua_pop(l, 1);
	}
	mir_console_printf(app_of(l)->console, "\n");
	return 0;
}

/* Pushes the script as a function, or what is wrong with it. */
static int load(lua_State *l, const struct app *app, const char *name)
{
	char key[200], shown[200], *text;
	size_t len;
	int rc;

	snprintf(key, sizeof(key), "/%s.lua", name);
	snprintf(shown, sizeof(shown), "@%s.lua", name);
	rc = mir_kv_get(app->fs_scripts, mir_str(key), SCRIPT_MAX, &text, &len);
	if (rc < 0) {
		lua_pushfstring(l, "%s: %s", key, mir_strerror(rc));
		return LUA_ERRERR;
	}
	rc = luaL_loadbufferx(l, text, len, shown, "t");
	free(text);
	return rc;
}

/* What package.searchers asks of one: a loader, or why there is none. */
static int search(lua_State *l)
{
	load(l, app_of(l), luaL_checkstring(l, 1));
	return 1;
}

static void set_up(lua_State *l, const struct app *app)
{
	void *arg = (void *)(uintptr_t)app;

	luaL_openlibs(l);
	lua_pushlightuserdata(l, arg);
	lua_pushcclosure(l, print, 1);
	lua_setglobal(l, "print");
	/* Behind what was loaded before, in place of files and shared libraries. */
	lua_getglobal(l, "package");
	lua_createtable(l, 1, 0);
	lua_pushlightuserdata(l, arg);
	lua_pushcclosure(l, search, 1);
	lua_rawseti(l, -2, 1);
	lua_setfield(l, -2, "searchers");
	lua_pop(l, 1);
}

int lua_main(const struct app *app)
{
	lua_State *l = luaL_newstate();
	bool failed;

	if (!l)
		return 1;
	set_up(l, app);
	failed = load(l, app, app->keys.script) != LUA_OK || lua_pcall(l, 0, 0, 0) != LUA_OK;
	if (failed)
		mir_console_printf(app->console, "error: %s\n", lua_tostring(l, -1));
	lua_close(l);
	return failed;
}
