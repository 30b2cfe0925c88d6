/* sim_option.c: what a run draws from its seed. */
#include <string.h>

#include "sim.h"

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t sim_draw(uint64_t seed, const char *purpose, uint64_t n)
{
	uint64_t key = mix(seed + UINT64_C(0x9e3779b97f4a7c15));

	for (; *purpose; purpose++)
		key = mix(key ^ (unsigned char)*purpose);
	return mix(key + (n + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

int64_t sim_quantity(enum mir_quantity q, const char *text, uint64_t draw)
{
	int64_t v = 0;

	mir_quantity(q, text, strlen(text), draw, &v);
	return v;
}

void sim_option_path(struct mir_path *p, const struct sim_option *o, uint64_t draw)
{
	const char *expected;

	if (str_eq(o->key, "blackhole"))
		p->silent = true;
	else if (str_eq(o->key, "mtu"))
		p->mtu = (unsigned)sim_quantity(MIR_QUANTITY_COUNT, o->value, draw);
	else
		mir_impair_option(&p->impair.config, o->key, o->value, draw, &expected);
}

void sim_option_disk(struct mir_sim_disk_faults *f, const struct sim_option *o, uint64_t draw)
{
	if (str_eq(o->key, "latency"))
		f->latency_ns = sim_quantity(MIR_QUANTITY_TIME, o->value, draw);
	else if (str_eq(o->key, "jitter"))
		f->jitter_ns = sim_quantity(MIR_QUANTITY_TIME, o->value, draw);
	else if (str_eq(o->key, "rate"))
		f->rate = (uint64_t)sim_quantity(MIR_QUANTITY_SIZE, o->value, draw);
	else if (str_eq(o->key, "error"))
		f->error = (uint64_t)sim_quantity(MIR_QUANTITY_SHARE, o->value, draw);
}
