/* others.c: ports that run out, datagrams in fragments, addresses that change. */
#include "party.h"

#include <stdlib.h>
#include <string.h>

MIR_LOG_SOURCE(party);

enum { SMALL = 3000, MANY = 40000, DATAGRAM = 20000, NUMBER = 4 };

/* --- exhaust: connections until there is no port, then some end and there are again --------------
 */

static int exhaust_client(const struct app *app)
{
	struct mir_flow **flow = calloc(MANY, sizeof(*flow));
	unsigned n = 0, again = 0;
	int rc = 0;

	while (flow && n < MANY && (rc = party_connect(app, NULL, &flow[n])) == 0)
		n++;
	if (rc != MIR_EADDRNOTAVAIL)
		party_fail("the %u-th connection: %s", n, mir_strerror(rc));
	for (unsigned i = 0; i < 100 && i < n; i++)
		mir_flow_abort(flow[i]);
	while (again < 100 && again < n && party_connect(app, NULL, &flow[again]) == 0)
		again++;
	if (again < 100)
		party_fail("only %u ports can be used again", again);
	for (unsigned i = again; i < 100 && i < n; i++)
		flow[i] = NULL;
	for (unsigned i = 0; i < n; i++) {
		if (flow[i])
			mir_flow_abort(flow[i]);
	}
	free(flow);
	mir_info("%u connections", n);
	return 0;
}

const struct work exhaust_work = { .name = "exhaust", .client = exhaust_client, .idle = true };

/* --- datagrams: large ones, echoed; what comes is whole or nothing
 * --------------------------------- */

static struct mir_udp_port *udp;

static void echo_input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	struct mir_slice s[MIR_PACKET_SLICES + 1];
	unsigned n = mir_packet_into_slices(p, s);

	(void)arg;
	mir_udp_send(udp, &dst->addr, src, s, n);
}

static void datagrams_server(const struct app *app)
{
	static const struct mir_udp_handler handler = { echo_input, NULL };
	struct mir_endpoint local = { .port = app->keys.port };
	int rc = mir_udp_bind(app->stack->udp, &local, &handler, NULL, &udp);

	if (rc < 0)
		party_fail("bind: %s", mir_strerror(rc));
}

static void datagrams_end(void)
{
	if (udp)
		mir_udp_close(udp);
}

static uint64_t answered;

static void client_input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	uint8_t *copy = malloc(p->total);
	uint32_t number;

	(void)arg;
	(void)src;
	(void)dst;
	if (copy && p->total >= NUMBER) {
		mir_packet_copy(p, 0, copy, p->total);
		memcpy(&number, copy, NUMBER);
		for (size_t i = NUMBER; i < p->total; i++) {
			if (copy[i] != party_byte(number + i)) {
				party_fail("datagram %u came back changed at %zu", number, i);
				break;
			}
		}
		answered++;
	}
	free(copy);
	mir_packet_unref(p);
}

static int send_one(const struct mir_endpoint *peer, uint32_t number)
{
	size_t len = NUMBER + mir_random_below(DATAGRAM);
	uint8_t *mem;
	struct mir_slice s = { .len = len, .owner = mir_mem_new(len, &mem) };

	if (!s.owner)
		return MIR_ENOMEM;
	s.p = mem;
	memcpy(mem, &number, NUMBER);
	for (size_t i = NUMBER; i < len; i++)
		mem[i] = party_byte(number + i);
	return mir_udp_send(udp, NULL, peer, &s, 1);
}

static int datagrams_client(const struct app *app)
{
	static const struct mir_udp_handler handler = { client_input, NULL };
	struct mir_endpoint local = { .port = 0 }, peer = { app->keys.peer, app->keys.port };
	int rc = mir_udp_bind(app->stack->udp, &local, &handler, NULL, &udp);

	for (uint32_t i = 0; i < (uint32_t)app->keys.count && rc >= 0; i++) {
		rc = send_one(&peer, i);
		if (rc >= 0)
			rc = mir_sleep(MIR_MS(mir_random_below(100)));
	}
	if (rc >= 0)
		rc = mir_sleep(MIR_SECOND(40));
	if (udp)
		mir_udp_close(udp);
	if (rc >= 0 && answered == 0)
		party_fail("none of the datagrams came back");
	mir_info("%llu datagrams came back", (unsigned long long)answered);
	return rc;
}

static int refuse(struct mir_flow *flow, const struct app *app)
{
	(void)flow;
	(void)app;
	return 0;
}

const struct work datagrams_work = {
	.name = "datagrams",
	.serve = refuse,
	.client = datagrams_client,
	.server = datagrams_server,
	.server_end = datagrams_end,
};

/* --- address: the client's address goes, and another comes
 * ------------------------------------------ */

static int address_serve(struct mir_flow *flow, const struct app *app)
{
	return party_exchange(flow, app->keys.bytes, app->keys.bytes, SMALL, 0);
}

struct mover {
	struct mir_ip *ip;
	int64_t after;
	struct mir_cidr old, other;
};

static void move(void *arg)
{
	struct mover *m = arg;
	int rc = mir_sleep(m->after);

	if (rc == 0)
		rc = m->ip->ops->remove_address(m->ip, m->old.addr);
	if (rc == 0)
		rc = m->ip->ops->add_address(m->ip, m->other);
	if (rc < 0)
		party_fail("move: %s", mir_strerror(rc));
}

static int address_client(const struct app *app)
{
	struct mir_ip *ip = app->stack->ip;

	for (unsigned i = 0; i < (unsigned)app->keys.count; i++) {
		struct mover m = { .ip = ip, .after = MIR_MS(mir_random_below(2000)) };
		struct mir_fiber *f;
		struct mir_flow *flow;
		int rc = ip->ops->address(ip, 0, &m.old);

		m.other = m.old;
		m.other.addr = mir_ip4(0x0a000000 + 100 + i);
		f = rc < 0 ? NULL : mir_spawn_joinable("mover", move, &m);
		if (!f)
			return MIR_ENOMEM;
		rc = party_connect(app, NULL, &flow);
		if (rc == 0) {
			rc = address_serve(flow, app);
			mir_flow_abort(flow);
		}
		if (rc < 0 && rc != MIR_ENETDOWN && rc != MIR_ENETUNREACH &&
		    rc != MIR_EADDRNOTAVAIL)
			party_fail("round %u: %s", i, mir_strerror(rc));
		rc = mir_join(f);
		if (rc < 0)
			return rc;
	}
	return bulk_work.client(app);
}

const struct work address_work = {
	.name = "address",
	.serve = address_serve,
	.client = address_client,
	.failures = true,
	.options = { .user_timeout_ns = MIR_SECOND(20),
	    .keepalive_idle_ns = MIR_SECOND(10),
	    .keepalive_interval_ns = MIR_SECOND(2),
	    .keepalive_probes = 3 },
};
