/* The phases of a start. */
#include <stddef.h>

static void hear(const char *text, size_t n);

#define mir_target_console hear
#include "../boot.c"
#undef mir_target_console

#include <mir/fiber.h>
#include <mir/test.h>
#include <stdio.h>

static char said[8192];
static size_t len;

static void hear(const char *text, size_t n)
{
	n = MIR_MIN(n, sizeof(said) - 1 - len);
	memcpy(said + len, text, n);
	len += n;
	said[len] = '\0';
}

static bool says(const char *text)
{
	return strstr(said, text) != NULL;
}

static bool says_line(int64_t from, int64_t to, const char *name)
{
	char text[80];

	snprintf(text, sizeof(text), "%8lld.%lld %8lld.%lld  %s", (long long)(from / 1000),
	    (long long)(from / 100 % 10), (long long)((to - from) / 1000),
	    (long long)((to - from) / 100 % 10), name);
	return says(text);
}

static void phases(void)
{
	int64_t zero = mir_now() - MIR_US(250), end;

	len = 0;
	mir_boot_begin(mir_now(), MIR_US(250));
	mir_sleep(MIR_US(2048));
	end = mir_now() - zero;
	mir_boot_phase("one");
	mir_boot_phase("two");
	mir_boot_chart();
	ok(says("       0.0      250.0  tender"), "what the tender took");
	ok(says_line(MIR_US(250), end, "one"), "a phase");
	ok(says_line(end, end, "two"), "one that took no time");
	ok(says_line(0, end, "all"), "all");
}

static void too_many(void)
{
	len = 0;
	mir_boot_begin(mir_now(), 0);
	for (unsigned i = 0; i < MIR_BOOT_PHASES + 5; i++)
		mir_boot_phase("phase");
	mir_boot_chart();
	ok(!says("tender"), "a tender that is not known is not shown");
	ok(says("all (some not shown)"), "too many");
}

static void none(void)
{
	len = 0;
	mir_boot_begin(mir_now(), 0);
	mir_boot_chart();
	ok(says("all"), "no phase");
}

int main(void)
{
	RUN(phases);
	RUN(too_many);
	RUN(none);
	return mir_test_end();
}
