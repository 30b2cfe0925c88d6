/* turn.c: handshakes are dear, so there are only so many at once; the others wait for their turn,
 * where they hold little.  While some wait, a handshake that takes long makes room, the oldest
 * first: peers that begin and say no more do not shut out others.
 */
#include "internal.h"

#include <mir/time.h>

#define PATIENCE MIR_SECOND(1)

enum { WAITING = 4 /* times as many as there may be handshakes */ };

/* The oldest handshake that has had its time comes to its end.  When to ask again. */
static int64_t make_room(struct mir_tls_device *d)
{
	struct mir_tls_turn *t = d->turns.oldest;

	while (t && t->told)
		t = t->next;
	if (!t)
		return mir_now() + PATIENCE;
	if (mir_now() - t->began >= PATIENCE) {
		t->told = true;
		d->stats.pushed_out++;
		mir_flow_shutdown(t->below, MIR_FLOW_READ);
		return mir_now() + PATIENCE;
	}
	return t->began + PATIENCE;
}

static bool is_full(const struct mir_tls_device *d)
{
	return d->turns.n >= (uint64_t)d->config.tls_handshakes;
}

/* Blocks. */
static int wait_for_turn(struct mir_tls_device *d, int64_t until)
{
	int rc = 0;

	while (is_full(d)) {
		int64_t outer = mir_deadline_set(make_room(d));

		rc = mir_wait(&d->turns.free);
		mir_deadline_restore(outer);
		if (rc == MIR_ECANCELED || (rc < 0 && mir_now() >= until))
			return rc;
	}
	return 0;
}

int mir_tls_turn_take(
    struct mir_tls_turn *t, struct mir_tls_device *d, struct mir_flow *below, int64_t until)
{
	int rc = 0;

	if (is_full(d)) {
		if (d->turns.waiting >= WAITING * (uint64_t)d->config.tls_handshakes) {
			d->stats.refused++;
			return MIR_ELIMIT;
		}
		d->turns.waiting++;
		rc = wait_for_turn(d, until);
		d->turns.waiting--;
	}
	if (rc < 0) {
		d->stats.refused++;
		mir_wake_one(&d->turns.free);
		return rc;
	}
	*t = (struct mir_tls_turn){ .prev = d->turns.newest, .below = below, .began = mir_now() };
	if (t->prev)
		t->prev->next = t;
	else
		d->turns.oldest = t;
	d->turns.newest = t;
	d->turns.n++;
	return 0;
}

void mir_tls_turn_give(struct mir_tls_turn *t, struct mir_tls_device *d)
{
	if (t->prev)
		t->prev->next = t->next;
	else
		d->turns.oldest = t->next;
	if (t->next)
		t->next->prev = t->prev;
	else
		d->turns.newest = t->prev;
	d->turns.n--;
	mir_wake_one(&d->turns.free);
}
