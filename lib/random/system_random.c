/* system_random.c: the runtime's generator as an object. */
#include <mir/hash.h>
#include <mir/system_random.h>

static void fill(struct mir_random *r, void *buf, size_t len)
{
	(void)r;
	mir_random(buf, len);
}

static const struct mir_random_ops ops = { "system random", fill };

int mir_system_random_start(
    struct mir_system_random *r, const struct mir_system_random_config *config)
{
	(void)config;
	r->random.ops = &ops;
	return 0;
}

void mir_system_random_stop(struct mir_system_random *r)
{
	(void)r;
}
