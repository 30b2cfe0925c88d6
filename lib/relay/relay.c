/* relay.c: fibers that move what has come, and go when there is no more. */
#include <mir/relay.h>

enum {
	SLICES = 16,
};

static void arm(struct mir_relay_way *);

/* Ends both directions; the last fiber to leave closes the flows. */
static void finish(struct mir_relay *r, int error)
{
	struct mir_flow *a = r->way[0].from, *b = r->way[1].from;

	if (!r->over) {
		r->over = true;
		r->error = error;
		mir_timer_stop(&r->timer);
		for (int i = 0; i < 2; i++) {
			if (r->way[i].fiber)
				mir_cancel(r->way[i].fiber);
			else
				mir_flow_when_readable(r->way[i].from, NULL, NULL);
		}
	}
	if (r->way[0].fiber || r->way[1].fiber)
		return;
	if (r->error) {
		mir_flow_abort(a);
		mir_flow_abort(b);
	} else {
		mir_flow_close(a);
		mir_flow_close(b);
	}
	r->done(r);
}

static void moved(struct mir_relay *r)
{
	r->moved = mir_now();
}

/* Moves what there is; 1: more may come; 0: the end of this direction. */
static int move(struct mir_relay_way *w)
{
	struct mir_slice s[SLICES];
	size_t len;
	int n = mir_flow_read(w->from, s, SLICES);

	if (n <= 0)
		return n;
	moved(w->relay);
	len = mir_slices_len(s, (unsigned)n);
	if ((n = mir_flow_write(w->to, s, (unsigned)n)) < 0)
		return n;
	w->bytes += len;
	moved(w->relay);
	return 1;
}

static void pump(void *arg)
{
	struct mir_relay_way *w = arg;
	struct mir_relay *r = w->relay;
	int rc = r->over ? MIR_ECANCELED : move(w);

	w->fiber = NULL;
	if (r->over) {
		finish(r, 0);
		return;
	}
	if (rc == 0) {
		w->ended = true;
		mir_flow_shutdown(w->to, MIR_FLOW_WRITE);
	}
	if (rc < 0 || (r->way[0].ended && r->way[1].ended))
		finish(r, rc);
	else if (rc > 0)
		arm(w);
}

static void readable(void *arg)
{
	struct mir_relay_way *w = arg;

	w->fiber = mir_spawn("relay", pump, w);
	if (!w->fiber)
		finish(w->relay, MIR_ENOMEM);
}

static void arm(struct mir_relay_way *w)
{
	mir_flow_when_readable(w->from, readable, w);
}

static void look(struct mir_timer *t)
{
	struct mir_relay *r = mir_container(t, struct mir_relay, timer);
	int64_t until = mir_time_add(r->moved, r->idle_ns);

	if (mir_now() >= until)
		finish(r, MIR_ETIMEDOUT);
	else
		mir_timer_set(t, until);
}

void mir_relay_start(struct mir_relay *r, struct mir_flow *a, struct mir_flow *b, int64_t idle_ns,
    void (*done)(struct mir_relay *), void *arg)
{
	*r = (struct mir_relay){ .idle_ns = idle_ns, .done = done, .arg = arg };
	r->way[0] = (struct mir_relay_way){ .relay = r, .from = a, .to = b };
	r->way[1] = (struct mir_relay_way){ .relay = r, .from = b, .to = a };
	mir_timer_init(&r->timer, look);
	moved(r);
	if (idle_ns)
		mir_timer_set(&r->timer, mir_time_add(mir_now(), idle_ns));
	arm(&r->way[0]);
	arm(&r->way[1]);
}

void mir_relay_stop(struct mir_relay *r)
{
	if (!r->over)
		finish(r, MIR_ECANCELED);
}
