/* check.c: invariants of the runtime and of who has asked. */
#include <mir/check.h>
#include <mir/panic.h>

#include "internal.h"

enum { MUCH = 64 }; /* things looked at in a turn on average, at most about */

static struct mir_checker *checkers;
static unsigned rest; /* turns until the next look */

void mir_checker_add(struct mir_checker *c)
{
	c->next = checkers;
	checkers = c;
}

void mir_checker_remove(struct mir_checker *c)
{
	for (struct mir_checker **p = &checkers; *p; p = &(*p)->next) {
		if (*p == c) {
			*p = c->next;
			return;
		}
	}
}

static void hold(const char *name, const char *bad)
{
	if (bad)
		mir_panic("an invariant does not hold: %s: %s", name, bad);
}

void mir_checks_run(void)
{
	unsigned looked = 0;

	if (rest > 0 && rest-- > 0)
		return;
	hold("fibers", mir_fibers_check(&looked));
	hold("timers", mir_timers_check(&looked));
	for (struct mir_checker *c = checkers; c; c = c->next)
		hold(c->name, c->check(c, &looked));
	rest = looked / MUCH;
}
