/* internal.h: what the files of run/ know of each other, and the test harness of them. */
#ifndef MIR_RUN_INTERNAL_H
#define MIR_RUN_INTERNAL_H

#include <mir/fiber.h>
#include <mir/log.h>
#include <mir/loop.h>
#include <mir/mem.h>
#include <mir/switch.h>
#include <mir/timer.h>

/* timer.c */
void mir_timers_reset(int64_t now);
/* Fires what is due. */
void mir_timers_run(int64_t now);
/* When mir_timers_run has something to do next: 0 at once, MIR_NEVER nothing is set. */
int64_t mir_timers_next(void);
unsigned mir_timers_count(void);
/* NULL, or what is wrong with them; *looked grows by their number. */
const char *mir_timers_check(unsigned *looked);

/* fiber.c */
struct mir_fiber *mir_fiber_spawn_main(void (*fn)(void *), void *arg);
bool mir_fibers_ready(void);
/* Runs ready fibers until none is left or `budget` have run. */
void mir_fibers_run(unsigned budget);
/* Ended fibers that nobody has joined. */
unsigned mir_fibers_unjoined(void);
/* As mir_timers_check. */
const char *mir_fibers_check(unsigned *looked);
/* Forgets all fibers. */
void mir_fibers_reset(void);

/* loop.c */
void mir_loop_reset(void);

/* random.c: the next number is drawn from the target's entropy anew. */
void mir_random_reset(void);

/* log.c: levels as at start. */
void mir_log_reset(void);

#endif
