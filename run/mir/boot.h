/* boot.h: the phases of a start, printed with --boot-chart. */
#ifndef MIR_BOOT_H
#define MIR_BOOT_H

#include <mir/cc.h>

enum { MIR_BOOT_PHASES = 48 }; /* later ones are dropped, and counted */

/* The phase `name` (lives for ever) ends now: it began when the one before it ended, or, for the
 * first, at the zero of mir_boot_begin. Costs a clock reading. */
void mir_boot_phase(const char *name);

/* Before the first phase: the clock's reading when the image was entered, and how long its
 * tender took before that (0: unknown; it becomes the first phase, "tender"). */
void mir_boot_begin(int64_t entered, int64_t tender_ns);

/* All devices are connected: calls what the target has set here, which takes away what only they
 * needed. */
void mir_boot_end(void);
extern void (*mir_boot_hook)(void);

/* What --boot-chart prints: each phase with its start and length in microseconds, and a bar. */
void mir_boot_chart(void);

#endif
