/* clock.c: time that passes only when nothing else can happen. */
#include <mir/target.h>
#include <mir/time.h>

#include "sim.h"

enum { BILLION = 1000000000 };

static const int64_t START = BILLION; /* not 0, so that "never yet" and "at the start" differ */
static const int64_t WALL = 1767225600 * (int64_t)BILLION; /* 2026-01-01 00:00 UTC */
static const int64_t DRIFT_MAX = BILLION / 2;

/* The machine's clock shows `mono` at the world's `base`, and goes on at its own rate. */
static struct {
	int64_t now, base, mono, drift_ppb, wall;
} t = { .mono = START, .wall = WALL };

/* ns * (1 + ppb / 10^9) without overflow. */
static int64_t scaled(int64_t ns, int64_t ppb)
{
	return ns + ns / BILLION * ppb + ns % BILLION * ppb / BILLION;
}

int64_t mir_target_monotonic(void)
{
	return t.mono + scaled(t.now - t.base, t.drift_ppb);
}

int64_t mir_target_wall(void)
{
	return t.wall + mir_target_monotonic() - START;
}

int64_t mir_sim_now(void)
{
	return t.now;
}

void mir_sim_advance(int64_t time)
{
	t.now = MIR_MAX(t.now, time);
}

int64_t mir_sim_when(int64_t monotonic)
{
	int64_t want = monotonic - t.mono, have = 0, left;

	if (monotonic == MIR_NEVER)
		return MIR_NEVER;
	/* Each step takes away all but the drift's share of what is left. */
	while ((left = want - scaled(have, t.drift_ppb)) > 0)
		have += t.drift_ppb <= 0 ? left : MIR_MAX(left / 2, (int64_t)1);
	while (have > 0 && scaled(have - 1, t.drift_ppb) >= want)
		have--;
	return mir_time_add(t.base, MIR_MAX(have, (int64_t)0));
}

void mir_sim_clock_change(const struct mir_sim_clock *c)
{
	t.wall += c->jump_ns;
	if (!c->set_drift)
		return;
	t.mono = mir_target_monotonic();
	t.base = t.now;
	t.drift_ppb = MIR_MAX(MIR_MIN(c->drift_ppb, DRIFT_MAX), -DRIFT_MAX);
}

void mir_sim_clock_wall(int64_t at_start)
{
	t.wall = at_start;
}

void mir_sim_clock_reset(void)
{
	t.now = t.base = t.drift_ppb = 0;
	t.mono = START;
	t.wall = WALL;
}
