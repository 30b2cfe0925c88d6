/* event.c: event channels. */
#include "event.h"

#include <mir/err.h>
#include <string.h>

enum { WORD = 64, WORDS = MIR_XEN_PORTS / WORD };

static struct mir_xen_shared *shared;
static struct mir_xen_event *table[MIR_XEN_PORTS];

struct mir_xen_event_stats mir_xen_event_stats;

void mir_xen_events_begin(struct mir_xen_shared *page)
{
	shared = page;
	memset(table, 0, sizeof(table));
	for (unsigned i = 0; i < MIR_XEN_EVENT_WORDS; i++)
		mir_xen_put(&shared->mask[i], ~0ull);
	mir_xen_put(&shared->vcpu[0].upcall_mask, 0);
}

struct mir_xen_shared *mir_xen_shared(void)
{
	return shared;
}

static int64_t op(enum mir_xen_event_op what, void *arg)
{
	return mir_xen_call(MIR_XEN_EVENT, (uint64_t)what, mir_xen_address(arg), 0);
}

int mir_xen_event_take(struct mir_xen_event *e, uint64_t port)
{
	struct mir_xen_port arg = { (uint32_t)port };

	if (port == 0 || port >= MIR_XEN_PORTS || table[port])
		return MIR_EPROTO;
	e->port = (uint32_t)port;
	table[port] = e;
	/* Xen, not we: what came while the port was masked is not lost. */
	return (int)op(MIR_XEN_EVENT_UNMASK, &arg);
}

/* A port that was just made; it is closed again where it cannot be had. */
static int made(struct mir_xen_event *e, int64_t rc, uint32_t port)
{
	struct mir_xen_port arg = { port };

	if (rc < 0)
		return (int)rc;
	rc = mir_xen_event_take(e, port);
	if (rc < 0 && e->port != port)
		op(MIR_XEN_EVENT_CLOSE, &arg);
	return (int)rc;
}

int mir_xen_event_alloc(struct mir_xen_event *e, uint16_t domain)
{
	struct mir_xen_alloc arg = { .dom = MIR_XEN_SELF, .remote = domain };
	int64_t rc = op(MIR_XEN_EVENT_ALLOC, &arg);

	return made(e, rc, arg.port);
}

int mir_xen_event_bind(struct mir_xen_event *e, uint16_t domain, uint32_t port)
{
	struct mir_xen_bind_interdomain arg = { .remote = domain, .remote_port = port };
	int64_t rc = op(MIR_XEN_EVENT_BIND_INTERDOMAIN, &arg);

	return made(e, rc, arg.port);
}

int mir_xen_event_virq(struct mir_xen_event *e, unsigned virq)
{
	struct mir_xen_bind_virq arg = { .virq = virq };
	int64_t rc = op(MIR_XEN_EVENT_BIND_VIRQ, &arg);

	return made(e, rc, arg.port);
}

void mir_xen_event_close(struct mir_xen_event *e)
{
	struct mir_xen_port arg = { e->port };

	if (e->port == 0)
		return;
	if (table[e->port] == e) { /* not after a suspension, which has closed them all */
		table[e->port] = NULL;
		op(MIR_XEN_EVENT_CLOSE, &arg);
	}
	e->port = 0;
}

void mir_xen_event_notify(const struct mir_xen_event *e)
{
	struct mir_xen_port arg = { e->port };

	if (e->port != 0)
		op(MIR_XEN_EVENT_SEND, &arg);
}

static void scan_word(unsigned word)
{
	uint64_t bits = mir_xen_get(&shared->pending[word]) & ~mir_xen_get(&shared->mask[word]);

	while (bits != 0) {
		unsigned bit = mir_low_bit(bits);
		struct mir_xen_event *e = table[word * WORD + bit];

		bits &= bits - 1;
		__atomic_fetch_and(&shared->pending[word], ~(1ull << bit), __ATOMIC_SEQ_CST);
		if (e) {
			e->fired++;
			e->fire(e);
			continue;
		}
		mir_xen_event_stats.strays++;
		__atomic_fetch_or(&shared->mask[word], 1ull << bit, __ATOMIC_SEQ_CST);
	}
}

/* Looks at each word once: whatever others write meanwhile is for the next turn. */
bool mir_xen_events_poll(void)
{
	uint64_t words;

	if (!shared || !mir_xen_get(&shared->vcpu[0].upcall_pending))
		return false;
	mir_xen_event_stats.scans++;
	__atomic_exchange_n(&shared->vcpu[0].upcall_pending, 0, __ATOMIC_SEQ_CST);
	words = __atomic_exchange_n(&shared->vcpu[0].pending_sel, 0, __ATOMIC_SEQ_CST);
	for (words &= (1ull << WORDS) - 1; words != 0; words &= words - 1)
		scan_word(mir_low_bit(words));
	return true;
}
