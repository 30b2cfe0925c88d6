/* test.c: the TAP harness. */
#include <mir/args.h>
#include <mir/format.h>
#include <mir/mem.h>
#include <mir/panic.h>
#include <mir/target.h>
#include <mir/test.h>
#include <stdarg.h>
#include <stdlib.h>

#include "internal.h"

enum { TEXT = 512, SETTLE = 1000 };

/* Of targets/sim; on other targets tests run in real time. */
void mir_sim_reset(uint64_t seed) MIR_WEAK;

static struct {
	const char *name; /* of the test that runs */
	unsigned count, failed;
	uint64_t seed;
	bool seed_known, quiet;
	void (*fn)(void);
} t;

/* What must be the same after a test as before. */
struct balance {
	struct mir_mem_stats mem;
	unsigned fibers, unjoined, timers;
};

static void say(const char *fmt, ...) MIR_PRINTF(1, 2);

static void say(const char *fmt, ...)
{
	char text[TEXT];
	va_list args;
	int n;

	va_start(args, fmt);
	n = mir_vformat(text, sizeof(text), fmt, args);
	va_end(args);
	if (n > 0)
		mir_target_console(text, MIR_MIN((size_t)n, sizeof(text) - 1));
}

bool mir_test_ok(bool cond, const char *text, const char *file, int line, const char *fmt, ...)
{
	char what[TEXT / 2];
	va_list args;

	if (t.quiet) {
		if (!cond)
			mir_panic("%s:%d: %s", file, line, text);
		return cond;
	}
	va_start(args, fmt);
	mir_format_fractions();
	mir_vformat(what, sizeof(what), fmt, args);
	va_end(args);
	t.count++;
	say("%sok %u - %s%s%s\n", cond ? "" : "not ", t.count, t.name ? t.name : "",
	    t.name ? ": " : "", what);
	if (!cond) {
		t.failed++;
		say("# %s:%d: %s\n# seed %llu\n", file, line, text, (unsigned long long)t.seed);
	}
	return cond;
}

void mir_test_begin(const char *name)
{
	t.name = name;
}

void mir_test_done(void)
{
	t.name = NULL;
}

void mir_test_seed(uint64_t seed)
{
	t.seed = seed;
	t.seed_known = true;
}

int mir_test_end(void)
{
	say("1..%u\n", t.count);
	return t.failed > 0 || t.count == 0;
}

static struct balance balance(void)
{
	struct mir_fiber_stats fibers;
	struct balance b;

	mir_fiber_stats(&fibers);
	mir_mem_stats(&b.mem);
	b.fibers = fibers.alive;
	b.unjoined = mir_fibers_unjoined();
	b.timers = mir_timers_count();
	return b;
}

static bool balanced(const struct balance *a, const struct balance *b)
{
	return a->mem.packets == b->mem.packets && a->mem.mems == b->mem.mems &&
	       a->fibers == b->fibers && a->unjoined == b->unjoined && a->timers == b->timers;
}

static void comment(const char *text)
{
	say("# %s\n", text);
}

static void check_balance(const struct balance *a, const struct balance *b)
{
	char text[TEXT / 2];

	if (balanced(a, b)) {
		if (!t.quiet)
			mir_test_ok(true, "", __FILE__, __LINE__, "all came back");
		return;
	}
	mir_format(text, sizeof(text),
	    "left over: %lld packets, %lld mems, %d fibers, %d not joined, %d timers",
	    (long long)(b->mem.packets - a->mem.packets), (long long)(b->mem.mems - a->mem.mems),
	    (int)(b->fibers - a->fibers), (int)(b->unjoined - a->unjoined),
	    (int)(b->timers - a->timers));
	mir_test_ok(false, text, __FILE__, __LINE__, "all came back");
	if (b->fibers != a->fibers)
		mir_fiber_dump(comment);
}

/* Fibers that were woken or cancelled at the end of the test may run, without time passing. */
static void settle(const struct balance *before)
{
	for (int i = 0; i < SETTLE; i++) {
		struct balance now = balance();

		if (balanced(before, &now))
			return;
		mir_yield();
	}
}

static int test_main(int argc, char **argv)
{
	struct balance before = balance(), after;

	(void)argc;
	(void)argv;
	t.fn();
	mir_mem_fail_at(0);
	settle(&before);
	after = balance();
	check_balance(&before, &after);
	return 0;
}

static void log_line(void *arg, const char *text, size_t len)
{
	(void)arg;
	if (!t.quiet)
		say("# %.*s", (int)len, text);
}

static void run(void (*fn)(void))
{
	mir_fibers_reset();
	mir_loop_reset();
	mir_log_reset();
	mir_random_reset();
	if (mir_sim_reset)
		mir_sim_reset(t.seed);
	mir_log_sink(log_line, NULL);
	t.fn = fn;
	mir_loop_run(test_main, 0, NULL);
}

void mir_test_run(const char *name, void (*fn)(void))
{
	const char *text = getenv("SEED");
	uint64_t seed = 1;

	if (text)
		mir_arg_value(MIR_ARG_SIZE, NULL, text, &seed);
	if (!t.seed_known)
		mir_test_seed(seed);
	mir_test_begin(name);
	run(fn);
	mir_test_done();
}

void mir_test_fuzz(void (*fn)(void))
{
	t.quiet = true;
	t.name = "fuzz";
	run(fn);
}
