/* kv_mem.c: the operations of a store in memory, its budget, and that nothing is lost or left. */
#include <stdio.h>
#include <stdlib.h>

#include <mir/digest.h>
#include <mir/kv_mem.h>
#include <mir/test.h>

static struct mir_kv_mem store;
static struct mir_kv *const kv = &store.kv;

static void start(uint64_t size)
{
	struct mir_kv_mem_config config = { size, "store" };

	mir_kv_mem_start(&store, &config);
}

static void stop(void)
{
	mir_kv_mem_stop(&store);
	ok(store.budget.used == 0 && store.count == 0, "all of the budget came back");
}

static int set(const char *key, const char *value)
{
	return mir_kv_set(kv, mir_str(key), value, strlen(value));
}

static bool has(const char *key, const char *want)
{
	char *value;
	size_t len;
	bool same;

	if (mir_kv_get(kv, mir_str(key), 1 << 20, &value, &len) < 0)
		return want == NULL;
	same = want && len == strlen(want) && memcmp(value, want, len) == 0;
	free(value);
	return same;
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

	return mir_kv_list(kv, mir_str(key), join, text) == 0 && strcmp(text, want) == 0;
}

static void setting(void)
{
	struct mir_kv_stat st;

	start(1 << 20);
	ok(set("/a/b/c", "one") == 0 && has("/a/b/c", "one"), "with the dictionaries on the way");
	ok(set("/a/b/c", "two, longer") == 0 && has("/a/b/c", "two, longer"), "anew");
	ok(set("/a/b/c", "") == 0 && has("/a/b/c", ""), "to nothing");
	ok(set("/a/b", "x") == MIR_EISDIR && set("/", "x") == MIR_EISDIR, "not over a dictionary");
	ok(set("/a/b/c/d", "x") == MIR_ENOTDIR, "not below a value");
	ok(set("a", "x") == MIR_EINVAL && set("/a//b", "x") == MIR_EINVAL &&
		set("/a/", "x") == MIR_EINVAL && set("/../a", "x") == MIR_EINVAL,
	    "what is no key");
	ok(mir_kv_stat(kv, mir_str("/a"), &st) == 0 && st.kind == MIR_KV_DICT && st.size == 1,
	    "stat");
	ok(set("/page.html", "x") == 0 && mir_kv_stat(kv, mir_str("/page.html"), &st) == 0 &&
		st.kind == MIR_KV_VALUE && st.size == 1 && strncmp(st.mime, "text/html", 9) == 0,
	    "a value's type is told by its name");
	stop();
}

static void partial(void)
{
	start(1 << 20);
	ok(mir_kv_set_partial(kv, mir_str("/p"), 2, "cd", 2) == 0, "makes the value");
	ok(mir_kv_set_partial(kv, mir_str("/p"), 0, "ab", 2) == 0 && has("/p", "abcd"), "a front");
	ok(mir_kv_set_partial(kv, mir_str("/p"), 3, "DEF", 3) == 0 && has("/p", "abcDEF"),
	    "over the end");
	ok(mir_kv_set_partial(kv, mir_str("/p"), UINT64_MAX, "x", 1) == MIR_ENOSPC &&
		mir_kv_set_partial(kv, mir_str("/q"), UINT32_MAX, "x", 1) == MIR_ENOSPC &&
		has("/p", "abcDEF") && has("/q", NULL),
	    "too far: nothing changes");
	ok(mir_kv_allocate(kv, mir_str("/z"), 4) == 0 &&
		mir_kv_set_partial(kv, mir_str("/z"), 0, "wxyz", 4) == 0 && has("/z", "wxyz"),
	    "allocated");
	ok(mir_kv_allocate(kv, mir_str("/z"), 4) == MIR_EEXIST, "once");
	stop();
}

static void views(void)
{
	struct mir_slice a, b;

	start(1 << 20);
	set("/v", "before");
	ok(mir_kv_view(kv, mir_str("/v"), 0, 99, &a) == 6, "a view");
	ok(mir_kv_set_partial(kv, mir_str("/v"), 0, "BEFORE", 6) == 0 && has("/v", "BEFORE") &&
		memcmp(a.p, "before", 6) == 0,
	    "stays as it was when the value is changed in place");
	ok(mir_kv_view(kv, mir_str("/v"), 1, 3, &b) == 3 &&
		mir_kv_set(kv, mir_str("/v"), b.p, b.len) == 0 && has("/v", "EFO"),
	    "can be the new value itself");
	ok(mir_kv_remove(kv, mir_str("/v")) == 0 && memcmp(a.p, "before", 6) == 0,
	    "and outlives it");
	stop();
	mir_slice_unref(&a);
	mir_slice_unref(&b);
}

static void listing(void)
{
	start(1 << 20);
	ok(lists("/", ""), "an empty store");
	set("/a-b", "1");
	set("/a/x", "1");
	set("/a/y/z", "1");
	set("/a/y/w", "1");
	set("/a.b", "1");
	set("/\x01", "1");
	ok(lists("/", "/\x01= /a: /a-b= /a.b= "), "the top, in order of keys");
	ok(lists("/a", "/a/x= /a/y: "), "a dictionary");
	ok(mir_kv_list(kv, mir_str("/a/x"), join, NULL) == MIR_ENOTDIR &&
		mir_kv_list(kv, mir_str("/b"), join, NULL) == MIR_ENOENT,
	    "what is none");
	ok(mir_kv_remove(kv, mir_str("/a/y")) == 0 && lists("/a", "/a/x= "), "remove one");
	ok(mir_kv_remove(kv, mir_str("/a/x")) == 0 &&
		mir_kv_list(kv, mir_str("/a"), join, NULL) == MIR_ENOENT,
	    "an empty dictionary is gone");
	ok(mir_kv_remove(kv, mir_str("/a")) == MIR_ENOENT, "remove what is not there");
	ok(mir_kv_remove(kv, mir_str("/")) == 0 && lists("/", "") && store.count == 0,
	    "remove all");
	stop();
}

static int rename_key(const char *from, const char *to)
{
	return mir_kv_rename(kv, mir_str(from), mir_str(to));
}

static void renaming(void)
{
	start(1 << 20);
	set("/a", "a");
	ok(rename_key("/a", "/b") == 0 && has("/b", "a") && has("/a", NULL), "a value");
	set("/c", "c");
	ok(rename_key("/b", "/c") == 0 && has("/c", "a") && store.count == 1, "over another");
	ok(rename_key("/c", "/c") == 0 && has("/c", "a"), "to itself");
	ok(rename_key("/x", "/y") == MIR_ENOENT, "what is not there");
	ok(rename_key("/c", "/c/d") == MIR_EINVAL && rename_key("/", "/d") == MIR_EINVAL,
	    "into itself");
	set("/d/e/f", "f");
	set("/d/g", "g");
	set("/d-", "-");
	ok(rename_key("/d", "/longer/name") == 0 && has("/longer/name/e/f", "f") &&
		has("/longer/name/g", "g") && has("/d-", "-") && has("/d/g", NULL),
	    "a dictionary with all below");
	ok(rename_key("/longer/name", "/l") == 0 && has("/l/e/f", "f"), "to a shorter name");
	ok(rename_key("/l", "/d-") == 0 && has("/d-/g", "g"), "over a value");
	ok(rename_key("/c", "/d-") == MIR_EISDIR && rename_key("/d-/e", "/d-") == MIR_ENOTEMPTY,
	    "not over a dictionary");
	ok(rename_key("/d-", "/c/x") == MIR_ENOTDIR, "not below a value");
	stop();
}

static void budget(void)
{
	char key[MIR_KV_KEY_MAX + 1] = "/", long_to[MIR_KV_KEY_MAX + 1];
	unsigned made = 0;
	uint64_t used;

	start(10000);
	while (
	    made < 1000 && mir_kv_set(kv, (snprintf(key, sizeof(key), "/%u", made), mir_str(key)),
			       "0123456789", 10) == 0)
		made++;
	ok(made > 50 && made < 100, "%u values are enough", made);
	used = store.budget.used;
	ok(mir_kv_set(kv, mir_str("/0"), key, sizeof(key)) == MIR_ENOSPC &&
		has("/0", "0123456789") && store.budget.used == used,
	    "a refused change changes nothing");
	memset(long_to, 'x', sizeof(long_to) - 1);
	long_to[0] = '/';
	long_to[sizeof(long_to) - 1] = '\0';
	ok(rename_key("/1", long_to) == MIR_ENOSPC && has("/1", "0123456789"), "neither a name");
	ok(mir_kv_set(kv, mir_str("/0"), "", 0) == 0 && store.budget.used == used - 10, "less");
	stop();
}

static void out_of_memory(void)
{
	start(1 << 20);
	set("/k", "old");
	mir_mem_fail_at(1);
	ok(set("/k", "new value") == MIR_ENOMEM && has("/k", "old"), "a value stays as it was");
	mir_mem_fail_at(1);
	ok(set("/new", "x") == MIR_ENOMEM && has("/new", NULL) && store.count == 1, "none is made");
	stop();
}

static void digests(void)
{
	uint8_t digest[MIR_KV_DIGEST], want[MIR_KV_DIGEST], child[MIR_KV_DIGEST];
	struct mir_sha256 inner, outer;

	start(1 << 20);
	set("/d/e", "x");
	set("/d/s/f", "y");
	set("/d!", "not in it");
	mir_sha256("x", 1, want);
	ok(mir_kv_digest(kv, mir_str("/d/e"), digest) == 0 && memcmp(digest, want, 32) == 0,
	    "value");
	mir_sha256_init(&outer);
	mir_sha256_update(&outer, "\1e", 3);
	mir_sha256_update(&outer, want, 32);
	mir_sha256_init(&inner);
	mir_sha256("y", 1, want);
	mir_sha256_update(&inner, "\1f", 3);
	mir_sha256_update(&inner, want, 32);
	mir_sha256_final(&inner, child);
	mir_sha256_update(&outer, "\2s", 3);
	mir_sha256_update(&outer, child, 32);
	mir_sha256_final(&outer, want);
	ok(mir_kv_digest(kv, mir_str("/d"), digest) == 0 && memcmp(digest, want, 32) == 0,
	    "dictionary");
	set("/d/s/f", "z");
	ok(mir_kv_digest(kv, mir_str("/d"), digest) == 0 && memcmp(digest, want, 32) != 0,
	    "changes with what is below");
	ok(mir_kv_digest(kv, mir_str("/"), digest) == 0, "the root has one");
	stop();
}

/* Removes what it is shown, so that the listing has to find its way by key. */
static int remove_it(void *arg, struct mir_str key, enum mir_kv_kind kind)
{
	(void)kind;
	++*(unsigned *)arg;
	return mir_kv_remove(kv, key);
}

static void many(void)
{
	enum { N = 20000 };
	unsigned seen = 0, wrong = 0;
	char key[32], value[32];

	start(64 << 20);
	for (unsigned i = 0; i < N; i++) { /* ascending: what makes a plain tree a list */
		snprintf(key, sizeof(key), "/n/%06u", i);
		snprintf(value, sizeof(value), "%u", i);
		wrong += set(key, value) != 0;
	}
	for (unsigned i = 0; i < N; i += 37) {
		snprintf(key, sizeof(key), "/n/%06u", i);
		snprintf(value, sizeof(value), "%u", i);
		wrong += !has(key, value);
	}
	ok(wrong == 0 && store.count == N, "set and found");
	ok(mir_kv_rename(kv, mir_str("/n"), mir_str("/m/o")) == 0 && has("/m/o/000777", "777"),
	    "moved");
	ok(mir_kv_list(kv, mir_str("/m/o"), remove_it, &seen) == 0 && seen == N && store.count == 0,
	    "each seen once, removed in the act");
	stop();
}

int main(void)
{
	RUN(setting);
	RUN(partial);
	RUN(views);
	RUN(listing);
	RUN(renaming);
	RUN(budget);
	RUN(out_of_memory);
	RUN(digests);
	RUN(many);
	return mir_test_end();
}
