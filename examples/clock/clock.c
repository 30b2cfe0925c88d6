/* clock.c: prints the wall clock and the monotonic clock, once a second.
 *
 * Each sleep ends at a fixed time, not a fixed while after the last one, so that the time that
 * printing takes does not add up.
 */
#include "mirage/app.h"

#include <time.h>

#define SECOND INT64_C(1000000000)

static void print(const struct app *app, int64_t start)
{
	int64_t wall = mir_clock_wall(app->clock);
	int64_t since = mir_clock_monotonic(app->clock) - start;
	time_t seconds = (time_t)(wall / SECOND);
	struct tm utc;
	char text[32];

	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &utc);
	mir_console_printf(app->console, "wall %s.%03d UTC, monotonic +%d.%06d s\n", text,
	    (int)(wall % SECOND / 1000000), (int)(since / SECOND), (int)(since % SECOND / 1000));
}

int clock_main(const struct app *app)
{
	int64_t start = mir_clock_monotonic(app->clock);

	for (int64_t n = 1;; n++) {
		print(app, start);
		if (n == app->keys.count)
			return 0;
		if (mir_clock_sleep_until(app->clock, start + n * SECOND) < 0)
			return 0; /* asked to end */
	}
}
