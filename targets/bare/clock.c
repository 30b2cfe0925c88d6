/* clock.c */
#include "clock.h"

#include "../guest/host.h"
#include "../ring0/rate.h"
#include "apic.h"
#include "machine.h"

#define SECOND 1000000000ull

enum {
	TRIES = 3,
	PER_SECOND = 1000,   /* the first measurement takes a millisecond */
	TEN = 10,            /* the next ones that much longer, each */
	ERROR_PARTS = 200,   /* the first one is off by less than one part of so many */
	LEAF_CRYSTAL = 0x15, /* Intel SDM volume 2, CPUID */
	LEAF_BASE = 0x16,
	LEAF_TIMING = 0x10, /* of a hypervisor: kHz of the counter and of the APIC's bus */
	KILO = 1000,
	MEGA = 1000000,
};

/* The counter and what it is compared with, at one time. */
struct moment {
	int64_t counter;
	uint32_t reference;
};

static const volatile struct mir_bare_pvclock *pv;
static int64_t shift; /* added to what it says */
static const struct mir_bare_reference *reference;
static uint64_t hz;

/* Without pvclock: ns = base_ns + what has gone by since base. */
static struct mir_rate rate;
static int64_t base, base_ns;

static struct {
	struct moment from;
	int64_t after; /* the next measurement: counts after `from`; 0: none */
	unsigned parts;
} better;

void mir_bare_clock_use(const volatile struct mir_bare_pvclock *p)
{
	pv = p;
}

void mir_bare_clock_reference(const struct mir_bare_reference *r)
{
	reference = r;
}

uint64_t mir_bare_clock_hz(void)
{
	return hz;
}

/* ---- the clock ---- */

static int64_t pv_at(int64_t counter)
{
	uint32_t version;
	uint64_t ns;

	do {
		uint64_t gone;

		version = pv->version;
		__asm__ volatile("" : : : "memory");
		gone = (uint64_t)counter - pv->counter;
		if ((int64_t)gone < 0)
			gone = 0;
		gone = pv->shift < 0 ? gone >> -pv->shift : gone << pv->shift;
		ns = pv->ns + (uint64_t)((unsigned __int128)gone * pv->factor >> 32);
		__asm__ volatile("" : : : "memory");
	} while (version & 1 || version != pv->version);
	return (int64_t)ns + shift;
}

int64_t mir_bare_clock_at(int64_t counter)
{
	if (pv)
		return pv_at(counter);
	return counter < base ? base_ns - mir_rate_ns(&rate, (uint64_t)(base - counter))
			      : base_ns + mir_rate_ns(&rate, (uint64_t)(counter - base));
}

/* A host that moves the image or sets the frequency anew does not make time go back. */
int64_t mir_host_monotonic(void)
{
	static int64_t last;
	int64_t now = mir_bare_clock_at(mir_bare_counter());

	last = MIR_MAX(last, now);
	return last;
}

void mir_bare_clock_moved(int64_t before)
{
	if (pv)
		shift += before - pv_at(mir_bare_counter());
}

int64_t mir_bare_clock_shift(void)
{
	return shift;
}

/* ---- how fast the counter is ---- */

static bool set_hz(uint64_t v)
{
	int64_t now = mir_bare_counter(), ns = hz ? mir_bare_clock_at(now) : 0;

	if (!mir_rate_of(&rate, v))
		return false;
	base_ns = hz ? ns : mir_rate_ns(&rate, (uint64_t)now);
	base = now;
	hz = v;
	return true;
}

static uint64_t pv_hz(void)
{
	uint64_t v = pv->factor ? (SECOND << 32) / pv->factor : 0;

	return pv->shift < 0 ? v << -pv->shift : v >> pv->shift;
}

static uint64_t cpuid_hz(void)
{
	uint32_t leaves = mir_bare_cpuid(0, 0).a, base_leaf = mir_bare_cpu.hypervisor;
	struct mir_bare_regs r;

	if (base_leaf && mir_bare_cpuid(base_leaf, 0).a >= base_leaf + LEAF_TIMING) {
		r = mir_bare_cpuid(base_leaf + LEAF_TIMING, 0);
		if (r.a)
			return (uint64_t)r.a * KILO;
	}
	if (leaves >= LEAF_CRYSTAL) {
		r = mir_bare_cpuid(LEAF_CRYSTAL, 0);
		if (r.a && r.b && r.c)
			return (uint64_t)r.c * r.b / r.a;
	}
	return 0;
}

/* The reading that took least time of a few. */
static struct moment moment(void)
{
	struct moment best = { 0 };
	int64_t least = INT64_MAX;

	for (unsigned i = 0; i < TRIES; i++) {
		int64_t before = mir_bare_counter(), after;
		uint32_t v = reference->read();

		after = mir_bare_counter();
		if (after - before < least) {
			least = after - before;
			best = (struct moment){ before + least / 2, v };
		}
	}
	return best;
}

static uint32_t mask(void)
{
	return reference->bits == 32 ? UINT32_MAX : (1u << reference->bits) - 1;
}

static uint64_t gone(const struct moment *from, const struct moment *to)
{
	return (to->reference - from->reference) & mask();
}

static bool measure(void)
{
	enum { LOOKS = 1000000 };
	uint32_t count = mir_bare_apic_count();
	struct moment from = moment(), to;
	uint64_t ticks;
	unsigned i = 0;

	while (((reference->read() - from.reference) & mask()) < reference->hz / PER_SECOND)
		if (i++ == LOOKS)
			return false;
	count -= mir_bare_apic_count();
	to = moment();
	ticks = gone(&from, &to);
	if (!set_hz((uint64_t)(to.counter - from.counter) * reference->hz / ticks))
		return false;
	mir_bare_apic_measured(count, ticks * SECOND / reference->hz);
	better.from = from;
	better.parts = ERROR_PARTS;
	better.after = (int64_t)(hz * TEN / PER_SECOND);
	return true;
}

/* The reference may have gone round: how often is known as long as the error is less than half of
 * that. */
void mir_bare_clock_refine(void)
{
	enum { MICRO = 1000, LONGEST = 1000 /* seconds: beyond that numbers grow too large */ };
	int64_t passed = mir_bare_counter() - better.from.counter;
	uint64_t round, us, expected, ticks;
	struct moment now;

	if (!better.after || passed < better.after)
		return;
	now = moment();
	round = (uint64_t)mask() + 1;
	passed = now.counter - better.from.counter;
	us = (uint64_t)mir_rate_ns(&rate, (uint64_t)passed) / MICRO;
	expected = us / MEGA < LONGEST ? us * reference->hz / MEGA : UINT64_MAX;
	if (expected / better.parts >= round / 4) {
		better.from = now;
		return;
	}
	ticks = gone(&better.from, &now);
	ticks += (expected - ticks + round / 2) & -round;
	set_hz((uint64_t)passed * reference->hz / ticks);
	better.after = better.parts < MEGA ? passed * TEN : 0;
	better.parts *= TEN;
}

const char *mir_bare_clock_begin(void)
{
	uint64_t known = pv ? pv_hz() : cpuid_hz();

	if (known && set_hz(known)) {
		mir_bare_apic_compare();
		return NULL;
	}
	pv = NULL;
	if (reference && measure())
		return NULL;
	return "no clock: neither the hypervisor nor the CPU says how fast its counter is, and "
	       "there is no timer to compare it with\n";
}
