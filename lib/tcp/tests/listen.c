/* listen.c: listeners on one port for several addresses, and several fibers that serve one. */
#include "peer.h"

static struct mir_ipaddr addr[2];
static struct mir_tcp_listener *at[3]; /* the two addresses, any */
static unsigned came[3];

static void count(void *arg, struct mir_tcp_flow *f)
{
	++*(unsigned *)arg;
	mir_flow_abort(&f->flow);
}

static int listen_at(unsigned i, uint16_t port)
{
	struct mir_endpoint local = { .port = port };

	if (i < 2) {
		local.addr = addr[i];
		w.host[0].addr = addr[i]; /* the host has both; one of them at a time here */
	}
	return mir_tcp_listen(&tcp.tcp, &local, 0, NULL, count, &came[i], &at[i]);
}

/* Somebody connects to the address; true: that listener, and no other, has accepted. */
static bool knock(unsigned to, unsigned listener_of)
{
	static uint16_t port = 5000;
	struct mir_tcp_segment s = { .flags = MIR_TCP_SYN, .seq = ISS, .mss = 1460 };
	bool good = true;

	memset(came, 0, sizeof(came));
	w.host[0].addr = addr[to];
	nsent = 0;
	port++;
	wire_inject(&w.host[1], &s, port, PORT, "", 0);
	mir_sleep(MIR_MS(2));
	s = (struct mir_tcp_segment){ .flags = MIR_TCP_ACK, .seq = ISS + 1, .window = 1000 };
	s.ack = nsent ? sent[0].s.seq + 1 : 0;
	wire_inject(&w.host[1], &s, port, PORT, "", 0);
	mir_sleep(MIR_MS(2));
	for (unsigned i = 0; i < 3; i++)
		good &= came[i] == (i == listener_of);
	return good;
}

static void addresses(void)
{
	begin();
	addr[0] = w.host[0].addr;
	addr[1] = mir_ip4(0x0a000063);
	ok(listen_at(0, PORT) == 0 && listen_at(1, PORT) == 0, "one port on two addresses");
	ok(listen_at(1, PORT) == MIR_EADDRINUSE, "but not twice on one");
	ok(knock(0, 0) && knock(1, 1), "each gets its own connections");
	ok(listen_at(2, PORT) == 0, "and on all addresses besides");
	ok(knock(0, 0) && knock(1, 1), "which takes none from the others");
	mir_tcp_unlisten(at[0]);
	ok(knock(0, 2) && knock(1, 1), "but gets those of an address without");
	mir_tcp_unlisten(at[2]);
	ok(knock(0, 3) && knock(1, 1), "then nobody does");
	mir_tcp_unlisten(at[1]);
	w.host[0].addr = addr[0];
	end();
}

/* Flows that wait for a fiber: what an accept callback fills and several fibers empty. */
static struct {
	struct mir_tcp_flow *flow[64];
	unsigned n;
	struct mir_waitq wait;
	bool over;
} queue;

static unsigned served[4];

static void enqueue(void *arg, struct mir_tcp_flow *f)
{
	(void)arg;
	queue.flow[queue.n++] = f;
	mir_wake_one(&queue.wait);
}

/* Serves one connection after the other: a byte comes back. */
static void worker(void *arg)
{
	unsigned *n = arg;

	while (!queue.over) {
		struct mir_tcp_flow *f;
		struct mir_slice s;

		if (queue.n == 0) {
			mir_wait(&queue.wait);
			continue;
		}
		f = queue.flow[--queue.n];
		if (mir_flow_read(&f->flow, &s, 1) == 1) {
			mir_sleep(MIR_MS(20)); /* work */
			mir_flow_write(&f->flow, &s, 1);
			++*n;
		}
		mir_flow_close(&f->flow);
	}
}

static struct pair pair;

static void workers(void)
{
	struct mir_endpoint any = { .port = 80 }, to;
	struct mir_tcp_flow *f[40];
	struct mir_slice s;
	unsigned good = 0;
	int64_t t0;

	pair_start(&pair, 0);
	to = (struct mir_endpoint){ pair.wire.host[0].addr, 80 };
	mir_tcp_listen(&pair.tcp[0].tcp, &any, 0, NULL, enqueue, NULL, &listener);
	for (unsigned i = 0; i < 4; i++)
		mir_spawn("worker", worker, &served[i]);
	t0 = mir_now();
	for (unsigned i = 0; i < 40; i++) {
		mir_tcp_connect(&pair.tcp[1].tcp, NULL, &to, NULL, &f[i]);
		mir_flow_write_copy(&f[i]->flow, "x", 1);
	}
	for (unsigned i = 0; i < 40; i++) {
		if (mir_flow_read(&f[i]->flow, &s, 1) == 1) {
			mir_slice_unref(&s);
			good++;
		}
		mir_flow_close(&f[i]->flow);
	}
	ok(good == 40, "40 connections are served");
	for (unsigned i = 0; i < 4; i++)
		ok(served[i] >= 8, "worker %u took %u of them", i, served[i]);
	ok(mir_now() - t0 < MIR_MS(400), "side by side: %d ms",
	    (int)((mir_now() - t0) / MIR_MS(1)));
	queue.over = true;
	mir_wake_all(&queue.wait);
	mir_tcp_unlisten(listener);
	pair_stop(&pair);
}

int main(void)
{
	RUN(addresses);
	RUN(workers);
	return mir_test_end();
}
