/* spt.h: the parts of mirage-spt. */
#ifndef TENDER_SPT_H
#define TENDER_SPT_H

#include "../tender.h"

#include <mir/spt.h>
#include <time.h>

/* ---- memory.c ---- */

/* Maps the guest's memory, readable and writable, at MIR_SPT_MEM..mem.  The guest's addresses are
 * the process's own.  Dies, and says what to do, where the kernel does not allow it. */
void memory_map(uint64_t mem, bool exec);

/* What has been loaded gets the protection of its segments; `exec` as mapped. */
void memory_protect(const struct image *, bool exec);

/* The end of the last segment that is not writable: from there on the guest may change pages. */
uint64_t memory_changeable(const struct image *);

/* ---- fault.c ---- */

/* Makes the stack on which faults are handled. */
void fault_stack(void);

/* Faults enter the image at `address`; dies if that is not code of the image. */
void fault_handlers(const struct image *, uint32_t address);

/* ---- signals.c ---- */

struct pollfd;

/* Starts the thread that takes SIGTERM and SIGINT: the first makes handle 0 ready, the second ends
 * the process, whatever the image does.  After sandbox_drop(), before sandbox_filter(). */
void signals_start(const struct waiter *);

/* signals_CPU.S: the thread itself; its number, or a negative errno.  All signals are blocked. */
long signals_thread(int event, struct pollfd *events, long looks, long text_len);
extern const uint64_t signals_set, signals_one;
extern const struct timespec signals_zero, signals_look;
extern const char signals_text[];

/* ---- vdso.c ---- */

/* The address of the host's clock_gettime(), or 0. */
uint64_t vdso_clock(void);

/* ---- allow.c ---- */

struct descriptors {
	int timer;
	struct waiter waiter;
};

/* What the guest may call: the ABI's list, and what `features` (enum mir_ext_feature) brings. */
void allow_guest(struct filter *, const struct image *, const struct options *,
    const struct device dev[], const struct descriptors *, bool extended, uint32_t features);

/* ---- trace.c ---- */

/* With --gdb or --dumpcore: starts the process that traces this one, and waits for gdb.  Before
 * sandbox_filter(). Blocks. */
void trace_start(const struct options *, const struct image *);

/* ---- enter_CPU.c ---- */

/* Jumps to the image: `boot` in the register of the first argument, the stack at the end of
 * memory. */
_Noreturn void enter_guest(uint64_t entry, uint64_t mem, uint64_t boot);

#endif
