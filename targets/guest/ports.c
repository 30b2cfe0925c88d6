/* ports.c: a turn with networks: one submission of what all of them have to send, the wait, and
 * what they can receive.
 *
 * While frames keep coming, the wait is left out, except now and then for the request to end.
 */
#include <mir/loop.h>
#include <mir/target.h>

#include "guest.h"
#include "tender.h"

enum {
	PORT_READS = 16, /* of one network in one submission */
	SKIPS = 16,      /* turns without a wait, at most */
};

static void poll_ports(int64_t deadline);

static struct {
	struct mir_guest_port *first;
	struct mir_op ops[MIR_OP_MAX];
	unsigned n;
	unsigned skipped; /* waits in a row */
	bool flowing;     /* in the last turn a network gave all that it was asked for */
} t;

void mir_guest_port_add(struct mir_guest_port *port)
{
	struct mir_guest_port **at = &t.first;

	while (*at)
		at = &(*at)->next;
	port->next = NULL;
	*at = port;
	mir_guest_ports_poll = poll_ports;
}

void mir_guest_port_remove(struct mir_guest_port *port)
{
	struct mir_guest_port **at = &t.first;

	while (*at && *at != port)
		at = &(*at)->next;
	if (*at)
		*at = port->next;
}

static void submit(void)
{
	if (t.n > 0)
		mir_host_submit(t.ops, t.n);
}

static void tell_written(void)
{
	for (struct mir_guest_port *port = t.first; port; port = port->next) {
		if (port->n_writes > 0)
			port->written(port, t.ops + port->first_write, port->n_writes);
		port->n_writes = 0;
	}
}

/* What does not fit goes first, alone. */
static void gather_writes(void)
{
	for (struct mir_guest_port *port = t.first; port; port = port->next) {
		for (;;) {
			port->first_write = t.n;
			port->n_writes = port->writes(port, t.ops + t.n, MIR_OP_MAX / 2 - t.n);
			t.n += port->n_writes;
			if (t.n < MIR_OP_MAX / 2)
				break;
			submit();
			tell_written();
			t.n = 0;
		}
	}
}

static void gather_reads(void)
{
	unsigned left = 0;

	for (struct mir_guest_port *port = t.first; port; port = port->next)
		left++;
	for (struct mir_guest_port *port = t.first; port; port = port->next, left--) {
		unsigned share = (MIR_OP_MAX - t.n) / left;

		port->first_read = t.n;
		port->n_reads =
		    port->reads(port, t.ops + t.n, MIR_MIN(share, (unsigned)PORT_READS));
		t.n += port->n_reads;
	}
}

/* Whether frames came. */
static bool tell_read(void)
{
	bool any = false;

	t.flowing = false;
	for (struct mir_guest_port *port = t.first; port; port = port->next) {
		unsigned asked = port->n_reads;
		unsigned n = asked > 0 ? port->taken(port, t.ops + port->first_read, asked) : 0;

		any |= n > 0;
		t.flowing |= n > 0 && n == asked;
	}
	return any;
}

/* Whether anything was delivered. */
static bool exchange(bool wait, int64_t deadline)
{
	const struct mir_op *waiting = NULL;
	bool asked;

	t.n = 0;
	gather_writes();
	if (wait) {
		t.ops[t.n] =
		    (struct mir_op){ .code = MIR_OP_WAIT, .offset = mir_guest_until(deadline) };
		waiting = &t.ops[t.n++];
	}
	gather_reads();
	submit();
	tell_written();
	mir_loop_woke();
	asked = waiting && mir_guest_waited(waiting);
	return tell_read() || asked;
}

static bool any_waiting(void)
{
	for (const struct mir_guest_port *port = t.first; port; port = port->next) {
		if (port->waiting > 0)
			return true;
	}
	return false;
}

static void poll_ports(int64_t deadline)
{
	if (deadline == 0 && !t.flowing && !any_waiting() && mir_guest_looked_now())
		return;
	if (t.flowing && t.skipped < SKIPS) {
		t.skipped++;
		if (exchange(false, 0) || deadline == 0)
			return;
	}
	t.skipped = 0;
	exchange(true, deadline);
}
