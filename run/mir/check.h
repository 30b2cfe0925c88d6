/* check.h: invariants, looked at after every turn of the loop: that no fiber is lost, that timers
 * are where they belong, and what libraries add.
 *
 * On in unit tests and simulated images (compiled with -DMIR_CHECKED=1); elsewhere the compiler
 * drops it all.
 */
#ifndef MIR_CHECK_H
#define MIR_CHECK_H

#include <mir/cc.h>

#ifndef MIR_CHECKED
#define MIR_CHECKED 0
#endif

struct mir_checker {
	struct mir_checker *next;
	const char *name;
	/* NULL, or what does not hold.  *looked grows by how many things were looked at. */
	const char *(*check)(struct mir_checker *, unsigned *looked);
};

void mir_checker_add(struct mir_checker *);
void mir_checker_remove(struct mir_checker *);

/* Looks at everything, or, where there is much, in some turns only; panics if something does not
 * hold. */
void mir_checks_run(void);

#endif
