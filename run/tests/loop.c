/* The loop: tasks, hooks, shutdown; errors' texts; stores' keys. */
#include <mir/err.h>
#include <mir/fiber.h>
#include <mir/kv.h>
#include <mir/loop.h>
#include <mir/test.h>
#include <stdlib.h>
#include <string.h>

static char trace[32];
static unsigned n;

static void note(char c)
{
	trace[n++] = c;
	trace[n] = '\0';
}

static struct mir_task task_a, task_b, task_c;

static void run_a(struct mir_task *t)
{
	note('a');
	if (n < 4)
		mir_post(t);
	mir_unpost(&task_c);
}

static void run_other(struct mir_task *t)
{
	note(t == &task_b ? 'b' : 'c');
}

static void tasks(void)
{
	n = 0;
	task_a = (struct mir_task){ .run = run_a };
	task_b = task_c = (struct mir_task){ .run = run_other };
	mir_post(&task_a);
	mir_post(&task_b);
	mir_post(&task_a);
	mir_post(&task_c);
	for (int i = 0; i < 5; i++)
		mir_yield();
	ok(strcmp(trace, "abaa") == 0 || strcmp(trace, "abaaa") == 0, "once each, taken back: %s",
	    trace);
	mir_post(&task_b);
	mir_unpost(&task_b);
	mir_unpost(&task_b);
	mir_post(&task_c);
	n = 0;
	mir_yield();
	mir_yield();
	ok(strcmp(trace, "c") == 0, "the queue is whole after: %s", trace);
}

static struct mir_hook tcp, eth, again;

static void run_tcp(struct mir_hook *h)
{
	(void)h;
	note('t');
	mir_at_turn_end(&eth);
}

static void run_eth(struct mir_hook *h)
{
	(void)h;
	note('e');
	if (n < 4)
		mir_at_turn_end(&tcp);
}

static void hooks(void)
{
	n = 0;
	tcp = (struct mir_hook){ .run = run_tcp, .rank = 10 };
	eth = (struct mir_hook){ .run = run_eth, .rank = 20 };
	mir_at_turn_end(&eth);
	mir_at_turn_end(&tcp);
	mir_at_turn_end(&tcp);
	note('-');
	for (int i = 0; i < 6 && n < 5; i++)
		mir_yield();
	ok(strcmp(trace, "-tete") == 0, "by rank; a lower one in the next turn: %s", trace);
	ok(!again.asked, "end");
}

static void shutdown(void)
{
	struct mir_waitq q = { NULL, NULL };

	mir_shutdown("test");
	ok(mir_shutting_down() && mir_cancelled(), "the main fiber is cancelled");
	ok(mir_wait(&q) == MIR_ECANCELED, "its calls end");
	mir_shutdown_acknowledge();
	ok(mir_sleep(MIR_MS(1)) == 0, "until it is acknowledged");
}

static void texts(void)
{
	ok(strcmp(mir_strerror(MIR_ECONNREFUSED), "connection refused") == 0, "an errno");
	ok(strcmp(mir_strerror(MIR_ENOENTROPY), "no source of entropy") == 0, "our own");
	ok(strcmp(mir_strerror(-99999), "unknown error") == 0, "unknown");
}

static bool key(const char *s)
{
	return mir_kv_key_ok(mir_str(s));
}

static void keys(void)
{
	static char longest[MIR_KV_KEY_MAX + 2];

	ok(key("/") && key("/a") && key("/a/b.c/...d") && key("/..a") && key("/ "), "good keys");
	ok(!key("") && !key("a") && !key("//") && !key("/a/") && !key("/a//b"), "form");
	ok(!key("/.") && !key("/..") && !key("/a/../b") && !key("/a/./b") && !key("/a/.."), "dots");
	memset(longest, 'x', MIR_KV_KEY_MAX + 1);
	longest[0] = '/';
	ok(!key(longest), "too long");
	longest[MIR_KV_KEY_MAX] = '\0';
	ok(key(longest), "as long as may be");
}

static int fake_stat(struct mir_kv *kv, struct mir_str k, struct mir_kv_stat *out)
{
	(void)kv;
	*out = (struct mir_kv_stat){ .kind = k.len == 1 ? MIR_KV_DICT : MIR_KV_VALUE, .size = 10 };
	return 0;
}

static int64_t fake_view(
    struct mir_kv *kv, struct mir_str k, uint64_t off, size_t max, struct mir_slice *out)
{
	size_t len = off < 7 ? MIR_MIN(max, 3u) : 0; /* in pieces, and shorter than stat said */

	(void)kv;
	(void)k;
	*out = mir_slice_copy(&"abcdefghijklm"[off], len);
	if (len == 0)
		mir_slice_unref(out);
	return (int64_t)len;
}

static void get(void)
{
	static const struct mir_kv_ops ops = {
		.name = "fake", .stat = fake_stat, .view = fake_view
	};
	struct mir_kv kv = { &ops, "fake" };
	char *value = NULL;
	size_t len = 0;

	ok(mir_kv_get(&kv, mir_str("/x"), 10, &value, &len) == 0 && len == 9 &&
		strcmp(value, "abcdefghi") == 0,
	    "in pieces, and a zero after it");
	free(value);
	ok(mir_kv_get(&kv, mir_str("/x"), 9, &value, &len) == MIR_EFBIG, "over the limit");
	ok(mir_kv_get(&kv, mir_str("/"), 9, &value, &len) == MIR_EISDIR, "a dictionary");
	ok(mir_kv_set(&kv, mir_str("/x"), "", 0) == MIR_EROFS, "read only");
}

int main(void)
{
	RUN(tasks);
	RUN(hooks);
	RUN(shutdown);
	RUN_PLAIN(texts);
	RUN_PLAIN(keys);
	RUN(get);
	return mir_test_end();
}
