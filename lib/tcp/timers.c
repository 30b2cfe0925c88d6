/* timers.c: round trips and the timers of a connection: retransmission (RFC 6298), persist (RFC
 * 9293 section 3.8.6.1), delayed ACK, keep-alive (3.8.4), user timeout (3.8.3), linger. */
#include "tcb.h"

#define RTO_MIN     MIR_MS(200)
#define RTO_MAX     MIR_SECOND(60)
#define SYN_TIMEOUT MIR_SECOND(180)
#define CLOCK_GRAIN MIR_MS(1)

enum { BACKOFF_MAX = 16 };

void mir_tcb_rtt_sample(struct mir_tcb *t, int64_t rtt)
{
	int64_t error;

	rtt = MIR_MAX(rtt, 1);
	if (t->srtt == 0) {
		t->srtt = rtt;
		t->rttvar = rtt / 2;
	} else {
		error = rtt > t->srtt ? rtt - t->srtt : t->srtt - rtt;
		t->rttvar += (error - t->rttvar) / 4;
		t->srtt += (rtt - t->srtt) / 8;
	}
	t->rto = t->srtt + MIR_MAX(CLOCK_GRAIN, 4 * t->rttvar);
	t->rto = MIR_MIN(MIR_MAX(t->rto, RTO_MIN), RTO_MAX);
}

static int64_t backed_off(const struct mir_tcb *t)
{
	unsigned shift = MIR_MIN(t->backoff, (uint8_t)BACKOFF_MAX);

	return t->rto > RTO_MAX >> shift ? RTO_MAX : t->rto << shift;
}

static int64_t patience(const struct mir_tcb *t)
{
	if (mir_tcb_in_handshake(t))
		return MIR_MIN(MIR_MS(t->user_timeout_ms), SYN_TIMEOUT);
	return MIR_MS(t->user_timeout_ms);
}

static bool unsent(const struct mir_tcb *t)
{
	return mir_seq_lt(t->nxt, mir_tcb_stream_end(t)) || (t->fin_queued && !t->fin_sent);
}

void mir_tcb_arm_rtx(struct mir_tcb *t, int64_t now, bool restart)
{
	int64_t limit = mir_time_add(t->progress_at, patience(t)), probe;

	if (t->state == MIR_TCP_CLOSED || t->state == MIR_TCP_TIME_WAIT) {
		t->rtx_at = MIR_NEVER;
		return;
	}
	if (mir_tcb_flight(t) == 0) {
		if (!t->persist)
			t->rtx_at = MIR_NEVER;
		/* Nothing is under way that an answer could be expected to: probe. */
		if (!t->persist && !mir_tcb_in_handshake(t) && unsent(t)) {
			t->persist = true;
			t->rtx_at = now + backed_off(t);
		}
		return;
	}
	t->persist = false;
	if (t->sent && t->sent->reorder_at != MIR_NEVER) {
		t->rtx_at = t->sent->reorder_at;
		t->rtx_kind = MIR_TCP_RTX_REORDER;
		return;
	}
	if (!restart && t->rtx_at != MIR_NEVER && t->rtx_kind != MIR_TCP_RTX_REORDER)
		return;
	t->rtx_at = MIR_MAX(MIR_MIN(now + backed_off(t), limit), now + CLOCK_GRAIN);
	t->rtx_kind = MIR_TCP_RTX_TIMEOUT;
	probe = mir_tcb_probe_time(t, now);
	if (probe < t->rtx_at) {
		t->rtx_at = probe;
		t->rtx_kind = MIR_TCP_RTX_TAIL;
	}
}

void mir_tcb_patience_changed(struct mir_tcb *t, int64_t now)
{
	if (t->rtx_at != MIR_NEVER)
		t->rtx_at =
		    MIR_MAX(MIR_MIN(t->rtx_at, mir_time_add(t->progress_at, patience(t))), now);
}

void mir_tcb_heard(struct mir_tcb *t, int64_t now)
{
	t->keep_probes = 0;
	if (t->keep_idle_ms && t->state >= MIR_TCP_ESTABLISHED)
		t->keep_at = now + MIR_MS(t->keep_idle_ms);
}

int64_t mir_tcb_next_timeout(const struct mir_tcb *t)
{
	int64_t at = MIR_MIN(MIR_MIN(t->rtx_at, t->ack_at), MIR_MIN(t->keep_at, t->linger_at));

	return t->sent && t->sent->paced ? MIR_MIN(at, t->sent->pace_at) : at;
}

static void keepalive(struct mir_tcb *t, int64_t now)
{
	if (mir_tcb_flight(t) > 0 || t->persist) { /* the other timers watch */
		t->keep_at = now + MIR_MS(t->keep_idle_ms);
		return;
	}
	if (t->keep_probes >= t->keep_max) {
		mir_tcb_abort(t, MIR_ETIMEDOUT, now);
		return;
	}
	t->keep_probes++;
	t->keep_at = now + MIR_MS(t->keep_interval_ms);
	t->due |= MIR_TCB_DUE_PROBE;
	t->events |= MIR_TCB_OUTPUT;
}

static void persist(struct mir_tcb *t, int64_t now)
{
	t->due |= t->wnd > 0 ? MIR_TCB_DUE_SHORT : MIR_TCB_DUE_PROBE;
	t->env->stats.probes++;
	t->events |= MIR_TCB_OUTPUT;
	if (t->backoff < BACKOFF_MAX)
		t->backoff++;
	t->rtx_at = now + backed_off(t);
}

static void retransmit(struct mir_tcb *t, int64_t now)
{
	if (mir_tcb_flight(t) > 0 && t->sent && t->rtx_kind == MIR_TCP_RTX_REORDER) {
		mir_tcb_recover_reordered(t, now);
		mir_tcb_arm_rtx(t, now, true);
		return;
	}
	if (now - t->progress_at >= patience(t)) {
		mir_tcb_abort(t, MIR_ETIMEDOUT, now);
		return;
	}
	if (t->persist) {
		persist(t, now);
		return;
	}
	if (mir_tcb_flight(t) > 0 && t->sent && t->rtx_kind == MIR_TCP_RTX_TAIL) {
		if (t->recovery != MIR_TCP_OPEN) {
			mir_tcb_arm_rtx(t, now, true);
			return;
		}
		t->sent->probing = true; /* the timer that is armed next is of the timeout */
		t->sent->probe_end = t->nxt;
		t->sent->probe_again = false;
		t->due |= MIR_TCB_DUE_TAIL;
		t->events |= MIR_TCB_OUTPUT;
		mir_tcb_arm_rtx(t, now, true);
		return;
	}
	t->env->stats.timeouts++;
	t->timeout_due = t->tell_timeout;
	t->rto_ts = mir_tcb_ts(t, now);
	if (mir_tcb_in_handshake(t)) {
		t->due |= MIR_TCB_DUE_SYN;
		t->timed_at = 0;
		t->events |= MIR_TCB_OUTPUT;
	} else {
		mir_tcb_mtu_timeout(t, now);
		mir_tcb_recover_timeout(t, now);
	}
	if (t->backoff < BACKOFF_MAX)
		t->backoff++;
	mir_tcb_arm_rtx(t, now, true);
}

void mir_tcb_timeout(struct mir_tcb *t, int64_t now)
{
	if (t->ack_at <= now) {
		t->ack_at = MIR_NEVER;
		mir_tcb_ack_now(t);
	}
	if (t->sent && t->sent->paced && t->sent->pace_at <= now) {
		t->sent->paced = false;
		t->events |= MIR_TCB_OUTPUT;
	}
	if (t->rtx_at <= now) {
		t->rtx_at = MIR_NEVER;
		retransmit(t, now);
	}
	if (t->keep_at <= now) {
		t->keep_at = MIR_NEVER;
		keepalive(t, now);
	}
	if (t->linger_at <= now) { /* FIN-WAIT-2, and the peer never closes */
		t->linger_at = MIR_NEVER;
		mir_tcb_die(t, 0, now);
	}
}
