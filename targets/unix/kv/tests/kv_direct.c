/* kv_direct.c: a live folder, and that nothing leads out of it.
 *
 * The folder is made anew in a temporary one, beside a file that no key may reach.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mir/test.h>

#include "../kv_direct.c"
#include "../linux/kv_beneath.c"

static char top[] = "/tmp/mir-kv-direct.XXXXXX";
static struct mir_kv_direct store;
static struct mir_kv *const kv = &store.kv;

static const char *path(const char *name)
{
	static char text[2][300];
	static unsigned turn;
	char *p = text[turn++ % 2];

	snprintf(p, sizeof(text[0]), "%s/%s", top, name);
	return p;
}

static void put(const char *name, const char *content)
{
	int fd = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (fd < 0 || write(fd, content, strlen(content)) != (ssize_t)strlen(content))
		abort();
	close(fd);
}

static void put_link(const char *name, const char *target)
{
	if (symlink(target, path(name)) < 0)
		abort();
}

static void put_folder(const char *name)
{
	if (mkdir(path(name), 0777) < 0)
		abort();
}

static void make_tree(void)
{
	if (!mkdtemp(top))
		abort();
	put("secret", "secret");
	put_folder("web");
	put_folder("web/a");
	put_folder("web/empty");
	put("web/index.html", "<p>hi");
	put("web/a/b.txt", "b of a");
	put_link("web/inside", "a/b.txt");
	put_link("web/a/up", "../index.html");
	put_link("web/absolute", path("secret"));
	put_link("web/parent", "../secret");
	put_link("web/folder", "..");
	put_link("web/root", "/");
	put_link("web/proc", "/proc/self/root");
	put_link("web/dangling", "nowhere");
	put_link("web/circle", "circle");
	if (mkfifo(path("web/fifo"), 0666) < 0)
		abort();
}

static void start(void)
{
	struct mir_kv_direct_config config = { path("web"), "web" };

	ok(mir_kv_direct_start(&store, &config) == 0, "start");
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

static void reading(void)
{
	struct mir_kv_stat st;
	uint8_t digest[MIR_KV_DIGEST];
	char same_as_root[] = "/a/b.txt\0x";

	start();
	ok(has("/index.html", "<p>hi") && has("/a/b.txt", "b of a"), "values");
	ok(mir_kv_stat(kv, mir_str("/index.html"), &st) == 0 && st.kind == MIR_KV_VALUE &&
		st.size == 5 && st.mtime_ns > 0 && strncmp(st.mime, "text/html", 9) == 0,
	    "stat of a value");
	ok(mir_kv_stat(kv, mir_str("/"), &st) == 0 && st.kind == MIR_KV_DICT && st.size == 4,
	    "stat of the top");
	ok(lists("/", "/a: /empty: /index.html= /inside= "), "list shows what can be had");
	ok(lists("/a", "/a/b.txt= /a/up= ") && lists("/empty", ""), "list of folders");
	ok(mir_kv_list(kv, mir_str("/index.html"), join, NULL) == MIR_ENOTDIR, "list of a value");
	ok(mir_kv_digest(kv, mir_str("/index.html"), digest) == MIR_ENODIGEST &&
		mir_kv_digest(kv, mir_str("/no"), digest) == MIR_ENOENT,
	    "no digests");
	ok(mir_kv_stat(kv, (struct mir_str){ same_as_root, 10 }, &st) == MIR_ENOENT,
	    "a zero byte does not end a key");
	ok(mir_kv_set(kv, mir_str("/x"), "x", 1) == MIR_EROFS, "read-only");
	mir_kv_direct_stop(&store);
}

static void escapes(void)
{
	static const char *const keys[] = { "/absolute", "/parent", "/folder/secret",
		"/root/etc/passwd", "/proc/etc/passwd", "/dangling", "/circle", "/fifo",
		"/index.html/x" };
	struct mir_kv_stat st;
	struct mir_slice s;

	start();
	for (unsigned i = 0; i < MIR_COUNT(keys); i++) {
		ok(mir_kv_stat(kv, mir_str(keys[i]), &st) == MIR_ENOENT &&
			mir_kv_view(kv, mir_str(keys[i]), 0, 10, &s) == MIR_ENOENT,
		    "%s is not there", keys[i]);
	}
	ok(mir_kv_stat(kv, mir_str("/../secret"), &st) == MIR_EINVAL &&
		mir_kv_stat(kv, mir_str("/a/../../secret"), &st) == MIR_EINVAL &&
		mir_kv_stat(kv, mir_str("/.."), &st) == MIR_EINVAL,
	    "'..' is no key");
	ok(has("/inside", "b of a") && has("/a/up", "<p>hi"),
	    "links that stay inside are followed");
	mir_kv_direct_stop(&store);
}

/* What openat2 refuses, the walk must refuse too. */
static void walking(void)
{
	static const char *const out[] = { "../secret", "a/../../secret", "absolute", "parent",
		"folder/secret", "root/etc/passwd", "inside", "/etc/passwd" };
	int root = open(path("web"), O_PATH | O_DIRECTORY), fd;
	char byte;

	for (unsigned i = 0; i < MIR_COUNT(out); i++) {
		fd = mir_kv_beneath_walk(root, out[i], O_RDONLY);
		ok(fd < 0, "%s leads nowhere", out[i]);
		ok(i > 1 || mir_kv_beneath_open(root, out[i], O_RDONLY) == -EXDEV,
		    "by openat2 too");
	}
	fd = mir_kv_beneath_walk(root, "a/b.txt", O_RDONLY);
	ok(fd >= 0 && read(fd, &byte, 1) == 1 && byte == 'b', "a file in a folder");
	close(fd);
	fd = mir_kv_beneath_walk(root, ".", O_RDONLY | O_DIRECTORY);
	ok(fd >= 0, "the folder itself");
	close(fd);
	ok(mir_kv_beneath_walk(root, "index.html/x", O_RDONLY) == -ENOTDIR, "below a file");
	close(root);
}

static void changing(void)
{
	struct mir_slice s;

	start();
	put("web/new", "first");
	ok(has("/new", "first"), "a new file is seen");
	put("web/new", "second");
	ok(has("/new", "second"), "a change is seen");
	ok(mir_kv_view(kv, mir_str("/new"), 0, 3, &s) == 3, "the front of a file");
	mir_slice_unref(&s);
	put("web/other", "OTHER!");
	ok(rename(path("web/other"), path("web/new")) == 0 &&
		mir_kv_view(kv, mir_str("/new"), 3, 10, &s) == 3 && memcmp(s.p, "ond", 3) == 0,
	    "its rest comes from the same file, though another has its name now");
	mir_slice_unref(&s);
	ok(has("/new", "OTHER!"), "read anew it is the other");
	ok(unlink(path("web/new")) == 0 && has("/new", NULL), "a removal is seen");
	mir_kv_direct_stop(&store);
}

static void many_open(void)
{
	char key[16];
	struct mir_slice s;
	unsigned wrong = 0;

	start();
	for (unsigned i = 0; i < 3 * MIR_KV_DIRECT_OPEN; i++) {
		snprintf(key, sizeof(key), "web/f%u", i);
		put(key, "abc");
		wrong += mir_kv_view(kv, mir_str(key + 3), 0, 1, &s) != 1;
		mir_slice_unref(&s);
	}
	for (unsigned i = 0; i < 3 * MIR_KV_DIRECT_OPEN; i++) {
		snprintf(key, sizeof(key), "web/f%u", i);
		wrong += mir_kv_view(kv, mir_str(key + 3), 1, 5, &s) != 2;
		mir_slice_unref(&s);
		unlink(path(key));
	}
	ok(wrong == 0, "more files than are kept open");
	mir_kv_direct_stop(&store);
	ok(open("/dev/null", O_RDONLY | O_CLOEXEC) == 3, "every descriptor was closed");
	close(3);
}

static void no_folder(void)
{
	struct mir_kv_direct_config config = { path("nowhere"), "web" };

	ok(mir_kv_direct_start(&store, &config) == MIR_ENOENT, "missing");
	config.folder = path("secret");
	ok(mir_kv_direct_start(&store, &config) == MIR_ENOTDIR, "a file");
	mir_kv_direct_stop(&store);
}

int main(void)
{
	char command[100];

	make_tree();
	RUN(reading);
	RUN(escapes);
	RUN_PLAIN(walking);
	RUN(changing);
	RUN(many_open);
	RUN(no_folder);
	snprintf(command, sizeof(command), "rm -r %s", top);
	if (system(command) != 0)
		abort();
	return mir_test_end();
}
