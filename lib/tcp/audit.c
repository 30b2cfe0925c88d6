/* audit.c: what must hold of all connections together. */
#include "core.h"

struct sums {
	const char *bad;
	uint64_t held; /* bytes of the budget */
	uint32_t flows, halves, waits;
};

static void audit_flow(struct sums *s, const struct mir_tcp_conn *c)
{
	int64_t next = mir_tcb_next_timeout(&c->tcb);

	s->flows++;
	s->held += sizeof(*c) + mir_tcb_held(&c->tcb);
	if (!s->bad)
		s->bad = mir_tcb_check(&c->tcb);
	if (!s->bad && next != MIR_NEVER &&
	    (!mir_timer_is_set(&c->timer) || c->timer.deadline > next))
		s->bad = "a connection's timer comes too late";
	if (!s->bad && !c->in_table)
		s->bad = "a connection is in the table without knowing it";
}

static void audit_node(void *arg, struct mir_tcp_node *n)
{
	struct sums *s = arg;

	switch (n->kind) {
	case MIR_TCP_NODE_FLOW: audit_flow(s, mir_container(n, struct mir_tcp_conn, node)); break;
	case MIR_TCP_NODE_HALF:
		s->halves++;
		s->held += sizeof(struct mir_tcp_half);
		break;
	case MIR_TCP_NODE_WAIT:
		s->waits++;
		s->held += sizeof(struct mir_tcp_wait);
		break;
	default: s->bad = "an unknown thing is in the table"; break;
	}
}

static const char *audit(struct mir_checker *checker, unsigned *looked)
{
	struct mir_tcp_device *d = mir_container(checker, struct mir_tcp_device, checker);
	struct mir_tcp_core *core = d->core;
	const struct mir_tcp_stats *st = &core->env.stats;
	struct sums s = { .bad = NULL };

	mir_tcp_table_each(&core->table, audit_node, &s);
	*looked += core->table.size / 16 + core->table.n;
	if (s.bad)
		return s.bad;
	if (s.flows + s.halves + s.waits != core->table.n)
		return "the table counts wrong";
	if (s.flows != st->connections || s.halves != st->half_open || s.waits != st->time_wait)
		return "the statistics count connections wrong";
	if (s.held > core->env.budget.used)
		return "connections hold memory that they have not taken";
	return NULL;
}

void mir_tcp_audit(struct mir_tcp_device *d)
{
	d->checker = (struct mir_checker){ .name = "tcp", .check = audit };
	mir_checker_add(&d->checker);
}
