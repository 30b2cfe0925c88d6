/* lookup.c: see lookup.h. */
#include "lookup.h"

static void done(struct mir_dns_lookup *l, int result)
{
	l->step = MIR_DNS_DONE;
	l->result = result;
	l->deadline = MIR_NEVER;
}

static void ask(struct mir_dns_lookup *l, enum mir_dns_step how, uint16_t id, int64_t now)
{
	if (l->asked++ == MIR_DNS_ASKED) {
		done(l, MIR_EPROTO);
		return;
	}
	l->step = how;
	l->id = id;
	l->others = 0;
	l->question_len =
	    mir_dns_question(id, l->name, l->type, !l->no_edns[l->server], l->question);
	l->deadline = mir_time_add(now, l->plan.timeout_ns << l->round);
}

/* The next server; after the last the first again, for longer. */
static void next_server(struct mir_dns_lookup *l, uint16_t id, int64_t now)
{
	if (++l->server == l->plan.n) {
		l->server = 0;
		l->round++;
	}
	if (l->round == l->plan.rounds)
		done(l, l->heard ? MIR_EPROTO : MIR_ETIMEDOUT);
	else
		ask(l, MIR_DNS_ASK_UDP, id, now);
}

void mir_dns_lookup_begin(struct mir_dns_lookup *l, const struct mir_dns_plan *plan,
    const char *name, enum mir_dns_type type, uint16_t id, int64_t now)
{
	*l = (struct mir_dns_lookup){ .plan = *plan, .type = type, .ttl = UINT32_MAX };
	memcpy(l->name, name, strnlen(name, sizeof(l->name) - 1) + 1);
	if (plan->n)
		ask(l, MIR_DNS_ASK_UDP, id, now);
	else
		done(l, MIR_ENETUNREACH);
}

void mir_dns_lookup_failed(struct mir_dns_lookup *l, bool heard, uint16_t id, int64_t now)
{
	l->heard |= heard;
	if (l->step != MIR_DNS_DONE)
		next_server(l, id, now);
}

static void answered(struct mir_dns_lookup *l, int result)
{
	l->answer.ttl = MIR_MIN(l->answer.ttl, l->ttl);
	done(l, result);
}

static void alias(struct mir_dns_lookup *l, uint16_t id, int64_t now)
{
	l->ttl = MIR_MIN(l->ttl, l->answer.ttl);
	if (l->aliases++ == MIR_DNS_ALIASES) {
		done(l, MIR_EPROTO);
		return;
	}
	memcpy(l->name, l->answer.alias, sizeof(l->name));
	ask(l, MIR_DNS_ASK_UDP, id, now);
}

/* Somebody guesses: over TCP they would have to be on the path (RFC 5452 section 9.2). */
static void other(struct mir_dns_lookup *l, uint16_t id, int64_t now)
{
	if (l->step == MIR_DNS_ASK_TCP)
		mir_dns_lookup_failed(l, true, id, now);
	else if (++l->others == MIR_DNS_OTHERS)
		ask(l, MIR_DNS_ASK_TCP, id, now);
}

void mir_dns_lookup_reply(
    struct mir_dns_lookup *l, const uint8_t *p, size_t len, uint16_t id, int64_t now)
{
	if (l->step == MIR_DNS_DONE)
		return;
	switch (mir_dns_read(p, len, l->id, l->name, l->type, !l->no_edns[l->server], &l->answer)) {
	case MIR_DNS_OTHER: other(l, id, now); break;
	case MIR_DNS_FOUND: answered(l, (int)l->answer.n); break;
	case MIR_DNS_NOTHING: answered(l, MIR_ENOENT); break;
	case MIR_DNS_ALIAS: alias(l, id, now); break;
	case MIR_DNS_TRUNCATED:
		if (l->step == MIR_DNS_ASK_TCP)
			mir_dns_lookup_failed(l, true, id, now);
		else
			ask(l, MIR_DNS_ASK_TCP, id, now);
		break;
	case MIR_DNS_OLD:
		l->no_edns[l->server] = true;
		ask(l, l->step, id, now);
		break;
	case MIR_DNS_FAILED: mir_dns_lookup_failed(l, true, id, now); break;
	}
}
