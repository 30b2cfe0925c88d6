/* load.c: many connections: short ones, idle ones, half-open ones, and no port left. */
#include "wire.h"

#include <stdio.h>

static struct pair pair;
static struct mir_tcp_listener *listener;
static struct mir_endpoint to;

/* Answers one read with one write, and closes. */
static void serve(void *arg)
{
	struct mir_tcp_flow *f = arg;
	struct mir_slice s;

	if (mir_flow_read(&f->flow, &s, 1) == 1)
		mir_flow_write(&f->flow, &s, 1);
	mir_flow_close(&f->flow);
}

static void accept_serve(void *arg, struct mir_tcp_flow *f)
{
	(void)arg;
	mir_spawn("serve", serve, f);
}

static void begin(mir_tcp_accept *accept, unsigned backlog)
{
	struct mir_endpoint any = { .port = 80 };

	pair_start(&pair, 0);
	pair.wire.after = NULL; /* the tables are large */
	to = (struct mir_endpoint){ pair.wire.host[0].addr, 80 };
	mir_tcp_listen(&pair.tcp[0].tcp, &any, backlog, NULL, accept, NULL, &listener);
}

static bool ask(void)
{
	struct mir_tcp_flow *f;
	struct mir_slice s;
	bool good;

	if (mir_tcp_connect(&pair.tcp[1].tcp, NULL, &to, NULL, &f) < 0)
		return false;
	good = mir_flow_write_copy(&f->flow, "hello", 5) == 0 &&
	       mir_flow_read(&f->flow, &s, 1) == 1 && s.len == 5;
	if (good) {
		mir_slice_unref(&s);
		good = mir_flow_read(&f->flow, &s, 1) == 0;
	}
	mir_flow_close(&f->flow);
	return good;
}

static void many_short(void)
{
	struct mir_tcp_stats s;
	unsigned good = 0;

	begin(accept_serve, 0);
	for (unsigned i = 0; i < 3000; i++)
		good += ask();
	ok(good == 3000, "3000 in a row: %u", good);
	mir_tcp_device_stats(&pair.tcp[0], &s);
	ok(s.passive_opens == 3000 && s.time_wait > 0, "%u in TIME-WAIT", s.time_wait);
	mir_sleep(MIR_SECOND(15));
	mir_tcp_device_stats(&pair.tcp[0], &s);
	ok(s.time_wait == 0 && s.connections == 0 && s.memory_used == 0, "all is forgotten");
	mir_tcp_unlisten(listener);
	pair_stop(&pair);
}

static struct mir_tcp_flow *flows[2][10000];
static unsigned naccepted;

static void accept_keep(void *arg, struct mir_tcp_flow *f)
{
	(void)arg;
	flows[0][naccepted++] = f;
}

static void close_all(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		mir_flow_abort(&flows[1][i]->flow);
		if (i % 500 == 0)
			mir_sleep(MIR_MS(5));
	}
	mir_sleep(MIR_MS(100));
	for (unsigned i = 0; i < naccepted; i++)
		mir_flow_close(&flows[0][i]->flow);
}

static void idle(void)
{
	struct mir_tcp_stats s;
	unsigned good = 0;

	naccepted = 0;
	begin(accept_keep, 0);
	for (unsigned i = 0; i < 10000; i++)
		good += mir_tcp_connect(&pair.tcp[1].tcp, NULL, &to, NULL, &flows[1][i]) == 0;
	mir_sleep(MIR_MS(10));
	mir_tcp_device_stats(&pair.tcp[0], &s);
	ok(good == 10000 && naccepted == 10000 && s.connections == 10000, "10000 connections");
	ok(s.memory_used / 10000 + 2 * sizeof(void *) < 800, "idle, each takes %u bytes",
	    (unsigned)(s.memory_used / 10000 + 2 * sizeof(void *)));
	for (unsigned i = 0; i < 10000; i += 1000) {
		struct mir_slice slice;

		ok(mir_flow_write_copy(&flows[1][i]->flow, "x", 1) == 0 &&
			mir_flow_read(&flows[0][i]->flow, &slice, 1) == 1,
		    "number %u works", i);
		mir_slice_unref(&slice);
	}
	close_all(10000);
	mir_tcp_unlisten(listener);
	pair_stop(&pair);
}

static void flood(void)
{
	struct mir_tcp_segment syn = { .flags = MIR_TCP_SYN, .window = 1000, .mss = 1460 };
	struct mir_tcp_stats s;
	unsigned good = 0;

	begin(accept_serve, 256);
	pair.wire.filter = NULL;
	for (unsigned i = 0; i < 100000; i++) {
		struct mir_tcp_tuple t = { mir_ip4(0xc0000000 + i), to.addr,
			(uint16_t)(1024 + i % 50000), 80 };
		struct mir_ip_rx rx = { .src = t.local, .dst = to.addr, .proto = MIR_IPPROTO_TCP };
		struct mir_packet *p = mir_packet_new();

		syn.seq = mir_random_u32();
		mir_tcp_build(&syn, &t, p);
		p->csum = MIR_CSUM_VALID;
		pair.wire.cut = true; /* answers to forged addresses lead nowhere */
		pair.wire.host[0].proto->input(pair.wire.host[0].arg, p, &rx);
		pair.wire.cut = false;
		if (i % 2000 == 0)
			good += ask();
	}
	mir_tcp_device_stats(&pair.tcp[0], &s);
	ok(good == 50, "service goes on: %u of 50", good);
	ok(s.half_open <= 256 && s.half_open_evicted > 99000, "only the newest are kept: %u, %u",
	    s.half_open, (unsigned)s.half_open_evicted);
	mir_sleep(MIR_SECOND(60));
	mir_tcp_device_stats(&pair.tcp[0], &s);
	ok(s.half_open == 0, "in the end none");
	mir_tcp_unlisten(listener);
	pair_stop(&pair);
}

static struct {
	uint32_t evicted;
} delayed;

/* Holds back the last ACK of handshakes, and pushes the entry out meanwhile. */
static bool push_out(
    struct wire *w, struct host *from, const struct mir_tcp_segment *s, uint32_t len)
{
	struct mir_tcp_half_list *list;
	struct mir_tcp_port *port = mir_container(listener, struct mir_tcp_port, listener);

	(void)len;
	if (from == &w->host[1] && !(s->flags & MIR_TCP_SYN)) {
		list = &port->tries[1][0];
		if (list->head) {
			mir_tcp_half_remove(list->head);
			port->cookies_until = mir_now() + MIR_SECOND(60);
			delayed.evicted++;
		}
	}
	return false;
}

static void cookies(void)
{
	struct mir_tcp_stats s;
	unsigned good = 0;

	begin(accept_serve, 1);
	pair.wire.filter = push_out;
	for (unsigned i = 0; i < 100; i++) {
		good += ask();
		mir_sleep(MIR_SECOND(i % 7));
	}
	mir_tcp_device_stats(&pair.tcp[0], &s);
	ok(good == 100 && delayed.evicted == 100 && s.cookies_accepted == 100,
	    "forgotten handshakes are completed: %u, %u", good, (unsigned)s.cookies_accepted);
	pair.wire.filter = NULL;
	mir_tcp_unlisten(listener);
	pair_stop(&pair);
}

/* A cookie that is guessed opens nothing. */
static void false_cookies(void)
{
	struct mir_tcp_segment ack = { .flags = MIR_TCP_ACK, .window = 1000 };
	struct mir_tcp_stats s;

	begin(accept_serve, 0);
	mir_container(listener, struct mir_tcp_port, listener)->cookies_until = MIR_NEVER;
	for (unsigned i = 0; i < 10000; i++) {
		struct mir_tcp_tuple t = { pair.wire.host[1].addr, to.addr, 999, 80 };
		struct mir_ip_rx rx = { .src = t.local, .dst = to.addr, .proto = MIR_IPPROTO_TCP };
		struct mir_packet *p = mir_packet_new();

		ack.seq = mir_random_u32();
		ack.ack = mir_random_u32();
		mir_tcp_build(&ack, &t, p);
		p->csum = MIR_CSUM_VALID;
		pair.wire.cut = true;
		pair.wire.host[0].proto->input(pair.wire.host[0].arg, p, &rx);
	}
	pair.wire.cut = false;
	mir_tcp_device_stats(&pair.tcp[0], &s);
	ok(s.cookies_bad == 10000 && s.connections == 0, "guesses are counted");
	mir_tcp_unlisten(listener);
	pair_stop(&pair);
}

static void no_port_left(void)
{
	struct mir_tcp_tuple t = { 0 };
	struct mir_tcp_node *nodes = calloc(32768, sizeof(*nodes));
	unsigned n = 0;
	int rc;

	begin(accept_serve, 0);
	t.local = pair.wire.host[1].addr;
	t.peer = to.addr;
	t.peer_port = 80;
	while ((rc = mir_tcp_port_choose(pair.tcp[1].core, &t)) == 0 && n < 32768) {
		nodes[n].tuple = t;
		nodes[n].kind = MIR_TCP_NODE_WAIT;
		mir_tcp_table_add(&pair.tcp[1].core->table, &nodes[n++]);
	}
	ok(rc == MIR_EADDRNOTAVAIL && n == 32768, "after %u ports", n);
	t.peer_port = 81;
	ok(mir_tcp_port_choose(pair.tcp[1].core, &t) == 0, "to another port there are");
	while (n > 0)
		mir_tcp_table_remove(&pair.tcp[1].core->table, &nodes[--n]);
	free(nodes);
	mir_tcp_unlisten(listener);
	pair_stop(&pair);
}

static void too_many(void)
{
	struct mir_tcp_flow *f;
	struct mir_tcp_stats s;

	naccepted = 0;
	begin(accept_keep, 0);
	pair.tcp[1].core->config.tcp_connections = 5;
	for (unsigned i = 0; i < 5; i++)
		mir_tcp_connect(&pair.tcp[1].tcp, NULL, &to, NULL, &flows[1][i]);
	ok(mir_tcp_connect(&pair.tcp[1].tcp, NULL, &to, NULL, &f) == MIR_ELIMIT, "a limit");
	mir_tcp_pause(listener, true);
	pair.tcp[1].core->config.tcp_connections = 100;
	mir_deadline_set(mir_now() + MIR_MS(500));
	ok(mir_tcp_connect(&pair.tcp[1].tcp, NULL, &to, NULL, &f) == MIR_ETIMEDOUT, "paused");
	mir_deadline_restore(MIR_NEVER);
	mir_tcp_pause(listener, false);
	mir_tcp_device_stats(&pair.tcp[0], &s);
	ok(s.syn_dropped == 1, "counted");
	ok(mir_tcp_connect(&pair.tcp[1].tcp, NULL, &to, NULL, &flows[1][5]) == 0, "resumed");
	mir_sleep(MIR_MS(5));
	close_all(6);
	mir_tcp_unlisten(listener);
	pair_stop(&pair);
}

int main(void)
{
	RUN(many_short);
	RUN(idle);
	RUN(flood);
	RUN(cookies);
	RUN(false_cookies);
	RUN(no_port_left);
	RUN(too_many);
	return mir_test_end();
}
