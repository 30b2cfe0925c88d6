/* clock.h: the monotonic clock of kernels of their own: the CPU's counter, whose frequency the
 * hypervisor says (pvclock), or CPUID, or a measurement of a millisecond that is made better later.
 */
#ifndef MIR_BARE_CLOCK_H
#define MIR_BARE_CLOCK_H

#include <mir/cc.h>

/* What KVM and Xen write: how to make time of the counter. */
struct mir_bare_pvclock {
	uint32_t version; /* odd: they are writing */
	uint32_t pad0;
	uint64_t counter, ns;
	uint32_t factor; /* ns = (counter << shift) * factor >> 32 */
	int8_t shift;    /* negative: to the right */
	uint8_t flags;
	uint8_t pad[2];
};
_Static_assert(sizeof(struct mir_bare_pvclock) == 32, "one of the hypervisor");

/* The clock goes by that from now on: before mir_bare_clock_begin. */
void mir_bare_clock_use(const volatile struct mir_bare_pvclock *);

/* The hypervisor's clock is another one now (the image was moved): it goes on from `before`. */
void mir_bare_clock_moved(int64_t before);

/* What is added to the hypervisor's clock since then. */
int64_t mir_bare_clock_shift(void);

/* What the time of day was when the monotonic clock was 0; KVM and Xen say so. */
struct mir_bare_wallclock {
	uint32_t version, seconds, ns;
};
void mir_bare_wall_use(const volatile struct mir_bare_wallclock *);

/* What a measurement compares with: a counter of `bits` bits. */
struct mir_bare_reference {
	uint32_t (*read)(void);
	uint32_t hz;
	unsigned bits;
};
void mir_bare_clock_reference(const struct mir_bare_reference *);

/* NULL, or what is wrong: there is nothing to go by. */
const char *mir_bare_clock_begin(void) MIR_COLD;

/* The clock at a reading of the counter. */
int64_t mir_bare_clock_at(int64_t counter);

/* Frequency of the counter. */
uint64_t mir_bare_clock_hz(void);

/* From time to time, before the CPU sleeps: makes the measurement better. */
void mir_bare_clock_refine(void);

#endif
