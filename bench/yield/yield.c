/* yield.c: prints how many nanoseconds one of --act takes, the mean of --count.
 *
 *	yield   mir_yield() of a fiber that is alone
 *	past    mir_sleep_until() a time that has passed
 *	poll    the target is asked what devices have, and does not sleep
 *	call    nothing is written to the console: a system call (spt), an exit (hvt)
 */
#include "mirage/app.h"

#include <mir/fiber.h>
#include <mir/loop.h>
#include <mir/target.h>
#include <string.h>

#if defined(__x86_64__)
enum { WRITE = 1 };
#else
enum { WRITE = 64 };
#endif

/* The image has one of them: targets/spt, targets/hvt. */
MIR_WEAK long mir_spt_call(long number, long a, long b, long c, long d, long e, long f);
MIR_WEAK void mir_host_console(const char *text, size_t len);

static void call(void)
{
	if (mir_spt_call)
		mir_spt_call(WRITE, 1, 0, 0, 0, 0, 0);
	else
		mir_host_console("", 0);
}

static void once(const char *act)
{
	if (strcmp(act, "yield") == 0)
		mir_yield();
	else if (strcmp(act, "past") == 0)
		mir_sleep_until(mir_now() - 1);
	else if (strcmp(act, "poll") == 0)
		mir_target_poll(1);
	else
		call();
}

int yield_main(const struct app *app)
{
	int64_t count = app->keys.count, began, took;

	for (int64_t i = 0; i < count / 10; i++)
		once(app->keys.act);
	began = mir_target_monotonic();
	for (int64_t i = 0; i < count; i++)
		once(app->keys.act);
	took = mir_target_monotonic() - began;
	mir_console_printf(app->console, "ns %lld of %lld\n", (long long)took, (long long)count);
	return 0;
}
