/* machine.c: what every image may rely on, looked at from inside: prints TAP, and two lines for the
 * test outside to look at.
 */
#include "mirage/app.h"

#include <mir/err.h>
#include <mir/fiber.h>
#include <mir/pages.h>
#include <mir/target.h>
#include <mir/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READINGS = 100000, MIB = 1 << 20, BLOCK = 8 * MIB };

static struct mir_console *console;
static unsigned n_tests, n_failed;

static void check(bool good, const char *what)
{
	n_failed += !good;
	mir_console_printf(console, "%s %u - %s\n", good ? "ok" : "not ok", ++n_tests, what);
}

/* ---- the CPU ---- */

static bool has_avx2(void)
{
	uint32_t a = 7, b, c = 0, d, low, high;

	__asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (!(b >> 5 & 1))
		return false;
	a = 1;
	__asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	if (!(c >> 27 & 1)) /* OSXSAVE: the entry has not asked for it */
		return false;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & 6) == 6;
}

static void avx(void)
{
	uint32_t a[8], b[8], sum[8];
	bool good = true;

	for (uint32_t i = 0; i < 8; i++) {
		a[i] = i * 1000;
		b[i] = i;
	}
	if (!has_avx2()) {
		check(true, "256-bit arithmetic # SKIP this CPU, or this tender, has no AVX2");
		return;
	}
	__asm__("vmovdqu (%1), %%ymm0\n\tvpaddd (%2), %%ymm0, %%ymm0\n\tvmovdqu %%ymm0, (%0)\n\t"
		"vzeroupper"
		:
		: "r"(sum), "r"(a), "r"(b)
		: "memory", "xmm0");
	for (uint32_t i = 0; i < 8; i++)
		good &= sum[i] == i * 1001;
	check(good, "256-bit arithmetic");
}

static void floating(void)
{
	volatile double three = 3, tiny = 5e-324;
	char text[64];

	snprintf(text, sizeof(text), "%.17g %g", 1 / three, tiny);
	check(strcmp(text, "0.33333333333333331 4.94066e-324") == 0,
	    "floating point rounds to nearest and keeps denormals");
}

/* ---- thread-local storage ---- */

static _Thread_local int initialised = 42, zero;
static _Thread_local char aligned[3] __attribute__((aligned(64)));

static void tls(void)
{
	char *where = aligned;

	__asm__("" : "+r"(where)); /* the compiler knows the answer */
	check(initialised == 42 && zero == 0, "thread-local variables begin as they should");
	check((uintptr_t)where % 64 == 0 && !where[0], "and lie where they should");
	zero = initialised++;
	check(zero == 42 && initialised == 43, "and can be written");
}

/* ---- clocks ---- */

static void clocks(void)
{
	int64_t last = mir_target_monotonic(), start = last;
	bool good = true;

	for (unsigned i = 0; i < READINGS; i++) {
		int64_t now = mir_target_monotonic();

		good &= now >= last;
		last = now;
	}
	check(good && last > start, "the monotonic clock never goes back, and goes");
	start = mir_target_monotonic();
	mir_sleep_until(start + MIR_MS(20));
	check(mir_target_monotonic() - start >= MIR_MS(20), "20 ms of sleep are at least 20 ms");
	mir_console_printf(console, "wall %lld\n", (long long)(mir_target_wall() / MIR_SECOND(1)));
}

/* ---- protection ---- */

static bool all_are(const uint8_t *p, size_t len, uint8_t value)
{
	for (size_t i = 0; i < len; i += 512)
		if (p[i] != value)
			return false;
	return p[len - 1] == value;
}

/* From the middle of one 2 MiB to the middle of another. */
static void protection(void)
{
	uint8_t *p = mir_pages_take(mir_target_pages(), BLOCK / MIR_PAGE, 2 * MIB, false);
	uint8_t *from, *to;
	int rc;

	if (!p) {
		check(false, "8 MiB of memory");
		return;
	}
	from = p + MIB;
	to = p + 5 * MIB;
	memset(p, 7, BLOCK);
	rc = mir_target_protect(from, (size_t)(to - from), MIR_ACCESS_READ);
	if (rc == MIR_ENOSYS) {
		check(true, "protection # SKIP the tender allows no change of it");
		mir_pages_give(mir_target_pages(), p, BLOCK / MIR_PAGE);
		return;
	}
	check(rc == 0 && all_are(p, BLOCK, 7), "read-only memory can be read");
	memset(p, 8, MIB);
	memset(to, 8, 3 * MIB);
	check(all_are(p, MIB, 8) && all_are(from, 4 * MIB, 7) && all_are(to, 3 * MIB, 8),
	    "what is beside it can be written");
	rc = mir_target_protect(from, (size_t)(to - from), MIR_ACCESS_NONE);
	check(rc == 0 && all_are(to, 3 * MIB, 8), "memory can be taken away");
	rc = mir_target_protect(from, (size_t)(to - from), MIR_ACCESS_WRITE);
	check(rc == 0 && all_are(from, 4 * MIB, 7), "and comes back with what it held");
	memset(p, 9, BLOCK);
	check(all_are(p, BLOCK, 9), "to be written");
	mir_pages_give(mir_target_pages(), p, BLOCK / MIR_PAGE);
}

static int deeper(const volatile char *up)
{
	volatile char here[512];

	here[0] = up[0];
	return here[0] ? 0 : deeper(here) + here[1];
}

static void overflow(void *arg)
{
	volatile char here[1] = { 0 };

	(void)arg;
	deeper(here);
}

int machine_main(const struct app *app)
{
	void *heap = malloc(100);

	console = app->console;
	if (app->keys.crash) {
		mir_spawn("digger", overflow, NULL);
		mir_sleep(MIR_SECOND(5));
		return 0;
	}
	avx();
	floating();
	tls();
	clocks();
	protection();
	mir_console_printf(console, "places %p %p\n", heap, (void *)&heap);
	mir_console_printf(console, "1..%u\n", n_tests);
	free(heap);
	return n_failed > 0;
}
