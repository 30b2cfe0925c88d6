/* ends.c: resets in every state, simultaneous open and close, ports that are used again. */
#include "party.h"

enum { SMALL = 3000, LOCAL = 5000, AFTER_S = 400 };

/* --- reset: either side gives up at any time -------------------------------------------------- */

/* Sleeps for less than the patience of a moment; says whether to give up now. */
static bool moment(void)
{
	mir_sleep(MIR_US(mir_random_below(120000)));
	return mir_random_below(4) == 0;
}

static int reset_serve(struct mir_flow *flow, const struct app *app)
{
	int64_t n;

	(void)app;
	if (moment())
		return MIR_ECONNRESET; /* the caller aborts */
	if (mir_random_below(2) && mir_flow_shutdown(flow, MIR_FLOW_WRITE) == 0 && moment())
		return MIR_ECONNRESET;
	n = party_receive(flow, 0);
	if (n < 0 || moment())
		return MIR_ECONNRESET;
	return party_send(flow, (uint64_t)n, SMALL);
}

/* SYN_SENT, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, LAST_ACK, CLOSING: the time decides.
 */
static void reset_one(const struct app *app, unsigned i)
{
	int64_t outer = mir_deadline_set(mir_now() + MIR_US(1000 + mir_random_below(500000)));
	struct mir_flow *flow;
	int rc = party_connect(app, NULL, &flow);

	(void)i;
	mir_deadline_restore(outer);
	if (rc < 0)
		return;
	outer = mir_deadline_set(mir_now() + MIR_SECOND(AFTER_S));
	if (!moment() &&
	    party_send(flow, mir_random_below((uint32_t)app->keys.bytes), SMALL) == 0 &&
	    !moment() && mir_flow_shutdown(flow, MIR_FLOW_WRITE) == 0 && !moment())
		party_receive(flow, 0);
	mir_deadline_restore(outer);
	if (mir_random_below(2))
		mir_flow_close(flow);
	else
		mir_flow_abort(flow);
}

static int reset_client(const struct app *app)
{
	party_abreast(app, reset_one);
	return 0;
}

/* A reset that is lost leaves a peer that waits: keep-alive finds out. */
const struct work reset_work = {
	.name = "reset",
	.serve = reset_serve,
	.client = reset_client,
	.failures = true,
	.options = { .keepalive_idle_ns = MIR_SECOND(10),
	    .keepalive_interval_ns = MIR_SECOND(2),
	    .keepalive_probes = 3 },
};

/* --- open: both connect at once, from and to the same ports -------------------------------------
 */

/* Both sides are clients. */
static int open_client(const struct app *app)
{
	for (unsigned i = 0; i < (unsigned)app->keys.count; i++) {
		struct mir_endpoint local = { .port = (uint16_t)(app->keys.port + i) };
		struct mir_endpoint peer = { app->keys.peer, local.port };
		struct mir_tcp_flow *flow;
		int rc;

		/* each round at a time that both know */
		mir_sleep_until(MIR_SECOND(2) + MIR_SECOND(30) * i);
		rc = mir_tcp_connect(app->stack->tcp, &local, &peer, NULL, &flow);
		if (rc < 0) {
			party_fail("round %u: %s", i, mir_strerror(rc));
			return rc;
		}
		rc = party_exchange(&flow->flow, SMALL, SMALL, SMALL, 0);
		mir_flow_close(&flow->flow);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int none(struct mir_flow *flow, const struct app *app)
{
	(void)flow;
	(void)app;
	return 0;
}

const struct work open_work = { .name = "open", .serve = none, .client = open_client };

/* --- reuse: the same four numbers again and again
 * ------------------------------------------------- */

/* Whoever closes first keeps the connection in mind for a while. */
static int reuse_serve(struct mir_flow *flow, const struct app *app)
{
	int64_t n;

	(void)app;
	if (mir_random_below(2))
		return party_exchange(flow, SMALL, SMALL, SMALL, 0);
	n = party_receive(flow, 0);
	return n < 0 ? (int)n : party_send(flow, SMALL, SMALL);
}

static int reuse_client(const struct app *app)
{
	struct mir_endpoint local = { .port = LOCAL }, peer = { app->keys.peer, app->keys.port };

	for (unsigned i = 0; i < (unsigned)app->keys.count;) {
		struct mir_tcp_flow *flow;
		int rc = mir_tcp_connect(app->stack->tcp, &local, &peer, NULL, &flow);

		if (rc == MIR_EADDRINUSE) {
			rc = mir_sleep(MIR_MS(500));
			if (rc < 0)
				return rc;
			continue;
		}
		if (rc == 0)
			rc = party_exchange(&flow->flow, SMALL, SMALL, SMALL, 0);
		if (rc < 0) {
			party_fail("round %u: %s", i, mir_strerror(rc));
			return rc;
		}
		mir_flow_close(&flow->flow);
		i++;
	}
	return 0;
}

const struct work reuse_work = {
	.name = "reuse",
	.serve = reuse_serve,
	.client = reuse_client,
};
