/* guests.c: those whose address DHCP changes, and those who ask for much and take nothing. */
#include "party.h"

MIR_LOG_SOURCE(party);

enum { SMALL = 3000, ADDRESSES = 8, PIECE = 16384 };

/* --- roam: conversations from an address that comes and goes
 * ----------------------------------------- */

static int roam_serve(struct mir_flow *flow, const struct app *app)
{
	return party_exchange(flow, app->keys.bytes, app->keys.bytes, SMALL, 0);
}

struct places {
	struct mir_ipaddr addr[ADDRESSES];
	unsigned n;
};

/* Notes the address that there is now.  MIR_ENOENT: none. */
static int note(struct places *p, struct mir_ip *ip)
{
	struct mir_cidr cidr;
	int rc = ip->ops->address(ip, 0, &cidr);

	for (unsigned i = 0; rc == 0 && i < p->n; i++) {
		if (mir_ipaddr_eq(&p->addr[i], &cidr.addr))
			return 0;
	}
	if (rc == 0 && p->n < ADDRESSES)
		p->addr[p->n++] = cidr.addr;
	return rc;
}

/* What may come of a connection whose address has gone. */
static bool is_absence(int rc)
{
	return rc == MIR_ENETDOWN || rc == MIR_ENETUNREACH || rc == MIR_EADDRNOTAVAIL ||
	       rc == MIR_EHOSTUNREACH || rc == MIR_ETIMEDOUT;
}

static int roam_client(const struct app *app)
{
	struct mir_ip *ip = app->stack->ip;
	struct places places = { .n = 0 };
	unsigned good = 0, cut = 0;

	while (good < (unsigned)app->keys.count) {
		struct mir_flow *flow = NULL;
		int64_t outer = mir_deadline_set(mir_now() + MIR_SECOND(30));
		int rc = note(&places, ip);

		rc = rc < 0 ? MIR_ENETDOWN : party_connect(app, NULL, &flow);
		if (rc == 0)
			rc = roam_serve(flow, app);
		mir_deadline_restore(outer);
		if (flow)
			mir_flow_abort(flow);
		if (rc < 0 && !is_absence(rc)) {
			party_fail("after %u conversations: %s", good, mir_strerror(rc));
			return rc;
		}
		good += rc == 0;
		cut += rc < 0;
		rc = mir_sleep(MIR_MS(mir_random_below(8000)));
		if (rc < 0)
			return rc;
	}
	mir_info("%u conversations, %u were cut", good, cut);
	if (places.n > 1)
		mir_info("the address has changed");
	return 0;
}

const struct work roam_work = {
	.name = "roam",
	.serve = roam_serve,
	.client = roam_client,
	.failures = true,
	.options = { .user_timeout_ns = MIR_SECOND(20),
	    .keepalive_idle_ns = MIR_SECOND(10),
	    .keepalive_interval_ns = MIR_SECOND(2),
	    .keepalive_probes = 3 },
};

/* --- deaf: connections to whom much is sent, and that take nothing
 * ---------------------------------- */

static int deaf_serve(struct mir_flow *flow, const struct app *app)
{
	return party_exchange(flow, app->keys.bytes, app->keys.bytes, PIECE, 0);
}

/* Each of them stays until the server has had enough, or the time is over; then another comes. */
static void deaf_one(const struct app *app, unsigned i)
{
	struct mir_flow *flow;

	(void)i;
	if (party_connect(app, NULL, &flow) < 0)
		return;
	mir_sleep(MIR_MS(5000 + mir_random_below(10000)));
	mir_flow_abort(flow);
}

static int deaf_client(const struct app *app)
{
	party_abreast(app, deaf_one);
	return 0;
}

const struct work deaf_work = {
	.name = "deaf", .serve = deaf_serve, .client = deaf_client, .failures = true
};
