/* crunch.c: a store over an index made by hand, as `mirage crunch` would have made it. */
#include <stdio.h>
#include <stdlib.h>

#include <mir/crunch.h>
#include <mir/test.h>

#define DICT(text, n)                                                                              \
	{                                                                                          \
		text, NULL, NULL, n, 5, sizeof(text) - 1, MIR_CRUNCH_DICT,                         \
		{                                                                                  \
			2                                                                          \
		}                                                                                  \
	}
#define VALUE(text, bytes)                                                                         \
	{                                                                                          \
		text, (const uint8_t *)bytes, "text/plain", sizeof(bytes) - 1, 7,                  \
		    sizeof(text) - 1, MIR_CRUNCH_VALUE,                                            \
		{                                                                                  \
			1                                                                          \
		}                                                                                  \
	}

/* "/a-b" and "/a.txt" lie between "/a" and what is below it. */
static const struct mir_crunch_entry entries[] = {
	DICT("/", 5),
	DICT("/a", 2),
	VALUE("/a-b", "dash"),
	VALUE("/a.txt", "text"),
	VALUE("/a/x", "x of a"),
	DICT("/a/y", 1),
	VALUE("/a/y/z", "deep"),
	DICT("/empty", 0),
	VALUE("/none", ""),
};
static const struct mir_crunch_index store_index = { entries, MIR_COUNT(entries), 24 };

static struct mir_crunch store;

static void start(void)
{
	struct mir_crunch_config config = { &store_index, "static" };

	mir_crunch_start(&store, &config);
}

static int join(void *arg, struct mir_str key, enum mir_kv_kind kind)
{
	char *text = arg;
	size_t len = strlen(text);

	snprintf(
	    text + len, 200 - len, "%.*s%c ", (int)key.len, key.p, kind == MIR_KV_DICT ? ':' : '=');
	return 0;
}

static bool lists(const char *key, const char *want)
{
	char text[200] = "";

	return mir_kv_list(&store.kv, mir_str(key), join, text) == 0 && strcmp(text, want) == 0;
}

static void listing(void)
{
	start();
	ok(lists("/", "/a: /a-b= /a.txt= /empty: /none= "), "the top, in order of keys");
	ok(lists("/a", "/a/x= /a/y: "), "a folder whose content lies apart");
	ok(lists("/a/y", "/a/y/z= "), "a folder in a folder");
	ok(lists("/empty", ""), "an empty folder");
	ok(mir_kv_list(&store.kv, mir_str("/none"), join, NULL) == MIR_ENOTDIR, "a value");
	ok(mir_kv_list(&store.kv, mir_str("/no"), join, NULL) == MIR_ENOENT, "the start of a key");
	mir_crunch_stop(&store);
}

static void values(void)
{
	struct mir_slice s;
	char *value;
	size_t len;

	start();
	ok(mir_kv_get(&store.kv, mir_str("/a/y/z"), 100, &value, &len) == 0 && len == 4 &&
		memcmp(value, "deep", 4) == 0,
	    "a value");
	free(value);
	ok(mir_kv_view(&store.kv, mir_str("/a.txt"), 1, 2, &s) == 2 && memcmp(s.p, "ex", 2) == 0 &&
		!s.owner,
	    "a part, without a copy");
	ok(mir_kv_view(&store.kv, mir_str("/a.txt"), 4, 9, &s) == 0, "at the end");
	ok(mir_kv_view(&store.kv, mir_str("/a.txt"), UINT64_MAX, SIZE_MAX, &s) == 0,
	    "far behind it");
	ok(mir_kv_view(&store.kv, mir_str("/a.txt"), 2, SIZE_MAX, &s) == 2, "more than there is");
	ok(mir_kv_view(&store.kv, mir_str("/none"), 0, 9, &s) == 0, "an empty value");
	ok(mir_kv_view(&store.kv, mir_str("/a"), 0, 9, &s) == MIR_EISDIR, "a dictionary");
	ok(mir_kv_view(&store.kv, mir_str("/zz"), 0, 9, &s) == MIR_ENOENT, "behind the last");
	ok(mir_kv_view(&store.kv, mir_str("/!"), 0, 9, &s) == MIR_ENOENT, "before the first");
	ok(mir_kv_view(&store.kv, mir_str("/a/../none"), 0, 9, &s) == MIR_EINVAL, "no key");
	mir_crunch_stop(&store);
}

static void facts(void)
{
	struct mir_kv_stat st;
	uint8_t digest[MIR_KV_DIGEST];

	start();
	ok(mir_kv_stat(&store.kv, mir_str("/a-b"), &st) == 0 && st.kind == MIR_KV_VALUE &&
		st.size == 4 && st.mtime_ns == 7 && strcmp(st.mime, "text/plain") == 0,
	    "of a value");
	ok(mir_kv_stat(&store.kv, mir_str("/"), &st) == 0 && st.kind == MIR_KV_DICT &&
		st.size == 5 && st.mtime_ns == 5,
	    "of the top");
	ok(mir_kv_digest(&store.kv, mir_str("/a/x"), digest) == 0 && digest[0] == 1, "digest");
	ok(mir_kv_digest(&store.kv, mir_str("/x"), digest) == MIR_ENOENT, "no digest");
	ok(!mir_kv_writable(&store.kv) && mir_kv_remove(&store.kv, mir_str("/a")) == MIR_EROFS,
	    "read-only");
	mir_crunch_stop(&store);
}

int main(void)
{
	RUN(listing);
	RUN(values);
	RUN(facts);
	return mir_test_end();
}
