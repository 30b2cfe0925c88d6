/* sim.h: what tests and the files of this target know of the simulated machine. */
#ifndef MIR_SIM_H
#define MIR_SIM_H

#include <mir/cc.h>

/* The clock back to its start, entropy from this seed. */
void mir_sim_reset(uint64_t seed);

/* clock.c */
void mir_sim_clock_reset(void);
/* Moves the clock forward to `time`, never back. */
void mir_sim_clock_advance(int64_t time);

/* entropy.c */
void mir_sim_entropy_reset(uint64_t seed);

#endif
