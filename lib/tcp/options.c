/* options.c: what the user, or the peer, changes of a connection that there is. */
#include "tcb.h"

#include <string.h>

/* RFC 5482 section 3.1: the peer's advice is taken between these. */
#define TIMEOUT_LEAST MIR_SECOND(100)
#define TIMEOUT_MOST  MIR_SECOND(3600)

static void set_keepalive(struct mir_tcb *t, int64_t idle, int64_t now)
{
	t->keep_idle_ms = mir_tcb_ms(idle);
	t->keep_probes = 0;
	t->keep_at = idle && t->state >= MIR_TCP_ESTABLISHED && t->state != MIR_TCP_TIME_WAIT
			 ? mir_time_add(now, idle)
			 : MIR_NEVER;
}

static void set_timeout(struct mir_tcb *t, int64_t timeout, int64_t now)
{
	t->user_timeout_ms = mir_tcb_ms(timeout ? timeout : MIR_TCB_USER_TIMEOUT);
	t->timeout_fixed = timeout != 0;
	t->timeout_due = t->tell_timeout;
	mir_tcb_patience_changed(t, now);
}

int mir_tcb_set(struct mir_tcb *t, enum mir_tcp_option option, int64_t value, int64_t now)
{
	if (value < 0)
		return MIR_EINVAL;
	switch (option) {
	case MIR_TCP_SET_NODELAY:
		t->nodelay = value != 0;
		t->events |= MIR_TCB_OUTPUT;
		return 0;
	case MIR_TCP_SET_KEEPALIVE_IDLE: set_keepalive(t, value, now); return 0;
	case MIR_TCP_SET_KEEPALIVE_INTERVAL:
		t->keep_interval_ms = mir_tcb_ms(value ? value : MIR_TCB_KEEP_INTERVAL);
		return 0;
	case MIR_TCP_SET_KEEPALIVE_PROBES:
		if (value > UINT8_MAX)
			return MIR_EINVAL;
		t->keep_max = value ? (uint8_t)value : MIR_TCB_KEEP_PROBES;
		return 0;
	case MIR_TCP_SET_USER_TIMEOUT: set_timeout(t, value, now); return 0;
	case MIR_TCP_SET_TELL_TIMEOUT: t->tell_timeout = t->timeout_due = value != 0; return 0;
	case MIR_TCP_SET_CONGESTION: break;
	}
	return MIR_EINVAL;
}

int mir_tcb_set_congestion(struct mir_tcb *t, const char *name)
{
	const struct mir_tcp_cc_ops *ops = name ? mir_tcp_cc_find(name) : t->env->cc;

	if (name && strcmp(ops->name, name) != 0)
		return MIR_EINVAL;
	mir_tcp_cc_change(&t->cc, ops);
	if (t->sent) /* of another algorithm's state */
		t->sent->undo.possible = false;
	return 0;
}

void mir_tcb_hear_timeout(struct mir_tcb *t, uint16_t field)
{
	int64_t wish = mir_tcp_timeout_decode(field);

	if (!t->tell_timeout || t->timeout_fixed || wish == 0)
		return;
	wish = MIR_MAX(wish, MIR_MAX(MIR_TCB_USER_TIMEOUT, TIMEOUT_LEAST));
	t->user_timeout_ms = mir_tcb_ms(MIR_MIN(wish, TIMEOUT_MOST));
}
