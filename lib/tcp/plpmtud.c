/* plpmtud.c: the path's MTU when no router tells it: black holes, and larger segments tried
 * carefully (RFC 4821, RFC 8899). */
#include "tcb.h"

/* How long a smaller size is kept: after an outage that looked the same, after a probe that was
 * lost (RFC 8899 section 5.1.1), after one that came through. */
#define AFTER_HOLE MIR_SECOND(10)
#define AFTER_LOSS MIR_SECOND(600)
#define AFTER_HIT  MIR_MS(100)

enum { TIMEOUTS = 2 }; /* of the same segment, before its size is suspected */

/* Sizes that links have (RFC 1191 section 7). */
static const uint16_t plateaus[] = { 576, 1006, 1280, 1500, 2002, 4352, 8166, 17914, 32000 };

static uint16_t lower(uint16_t mtu)
{
	for (unsigned i = MIR_COUNT(plateaus); i-- > 0;) {
		if (plateaus[i] < mtu)
			return plateaus[i];
	}
	return mtu;
}

static uint16_t higher(uint16_t mtu, uint16_t most)
{
	for (unsigned i = 0; i < MIR_COUNT(plateaus); i++) {
		if (plateaus[i] > mtu)
			return MIR_MIN(plateaus[i], most);
	}
	return most;
}

/* Limits segments to what passes; 0: to what the path is said to take. */
static void limit(struct mir_tcb *t, uint16_t mtu, int64_t raise_at)
{
	t->mtu_limit = mtu < t->path_mtu ? mtu : 0;
	t->mtu = t->mtu_limit ? t->mtu_limit : t->path_mtu;
	t->mtu_raise = (uint32_t)(raise_at / 1000000);
	mir_tcb_update_mss(t);
}

void mir_tcb_set_mtu(struct mir_tcb *t, uint16_t mtu, int64_t now)
{
	uint16_t before = t->mss;

	if (mtu == t->path_mtu)
		return;
	t->path_mtu = mtu;
	t->mtu_probe = 0;
	limit(t, t->mtu_limit ? t->mtu_limit : mtu, now + AFTER_HOLE);
	if (t->mss >= before || !t->sent || mir_tcb_flight(t) <= t->mss)
		return;
	mir_tcb_recover_resegment(t);
	t->events |= MIR_TCB_OUTPUT;
}

void mir_tcb_mtu_timeout(struct mir_tcb *t, int64_t now)
{
	uint32_t len = mir_tcp_sent_end(t->sent, 0) - mir_tcp_sent_at(t->sent, 0)->from;
	uint32_t options = t->use_ts ? MIR_TCP_TS_SPACE : 0;
	uint16_t mtu = lower(t->mtu);

	t->mtu_probe = 0;
	if (t->backoff < TIMEOUTS || len + 40 + options <= mtu)
		return;
	t->env->stats.mtu_reductions++;
	limit(t, mtu, now + AFTER_HOLE);
}

uint32_t mir_tcb_mtu_probe(struct mir_tcb *t, uint32_t room, int64_t now)
{
	uint32_t payload;
	uint16_t mtu;

	if (t->mtu_limit == 0 || t->mtu_probe || t->recovery != MIR_TCP_OPEN || !t->use_sack ||
	    mir_seq_lt((uint32_t)(now / 1000000), t->mtu_raise))
		return 0;
	mtu = higher(t->mtu, t->path_mtu);
	payload = mtu - 40u - (t->use_ts ? MIR_TCP_TS_SPACE : 0);
	payload = MIR_MIN(payload, (uint32_t)t->peer_mss - (t->use_ts ? MIR_TCP_TS_SPACE : 0));
	if (payload <= t->mss) { /* the peer takes no more */
		limit(t, 0, now);
		return 0;
	}
	if (payload > room)
		return 0;
	t->mtu_probe = mtu;
	t->mtu_probe_from = t->nxt;
	t->env->stats.mtu_probes++;
	return payload;
}

void mir_tcb_mtu_acked(struct mir_tcb *t, int64_t now)
{
	if (t->mtu_probe == 0 || mir_seq_le(t->una, t->mtu_probe_from))
		return;
	limit(t, t->mtu_probe, now + AFTER_HIT);
	t->mtu_probe = 0;
}

bool mir_tcb_mtu_lost(struct mir_tcb *t, int64_t now)
{
	uint32_t i;

	if (t->mtu_probe == 0 || mir_seq_lt(t->mtu_probe_from, t->una))
		return false;
	i = mir_tcp_sent_find(t->sent, t->mtu_probe_from);
	if (!(mir_tcp_sent_at(t->sent, i)->flags & MIR_TCP_LOST))
		return false;
	t->mtu_probe = 0;
	t->mtu_raise = (uint32_t)((now + AFTER_LOSS) / 1000000);
	return t->sent->lost == mir_tcp_sent_end(t->sent, i) - mir_tcp_sent_at(t->sent, i)->from;
}
