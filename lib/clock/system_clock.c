/* system_clock.c: the target's clock as an object. */
#include <mir/fiber.h>
#include <mir/system_clock.h>

static int64_t monotonic(struct mir_clock *c)
{
	(void)c;
	return mir_now_precise();
}

static int64_t wall(struct mir_clock *c)
{
	(void)c;
	return mir_wall();
}

static int sleep_until(struct mir_clock *c, int64_t until)
{
	(void)c;
	return mir_sleep_until(until);
}

static const struct mir_clock_ops ops = { "system clock", monotonic, wall, sleep_until };

int mir_system_clock_start(struct mir_system_clock *c, const struct mir_system_clock_config *config)
{
	(void)config;
	c->clock.ops = &ops;
	return 0;
}

void mir_system_clock_stop(struct mir_system_clock *c)
{
	(void)c;
}
