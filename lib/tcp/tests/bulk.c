/* bulk.c: many bytes both ways over all kinds of wires. */
#include "wire.h"

#include <stdio.h>

/* A stream of bytes that its position tells. */
static uint8_t byte_at(uint64_t pos)
{
	return (uint8_t)(pos * 131 + (pos >> 8) * 7 + (pos >> 16));
}

struct party {
	struct mir_tcp_flow *flow;
	uint64_t send, sent, received, chunk;
	int64_t pause; /* ns between reads */
	bool intact, ended, done;
	int error;
	struct mir_fiber *writer, *reader;
};

static void writer(void *arg)
{
	struct party *p = arg;
	int rc = 0;

	while (p->sent < p->send && rc == 0) {
		size_t n = MIR_MIN(p->chunk, p->send - p->sent);
		struct mir_slice s = { .len = n };
		uint8_t *mem;

		s.owner = mir_mem_new(n, &mem);
		s.p = mem;
		for (size_t i = 0; i < n; i++)
			mem[i] = byte_at(p->sent + i);
		rc = mir_flow_write(&p->flow->flow, &s, 1);
		p->sent += n;
	}
	if (rc == 0)
		rc = mir_flow_shutdown(&p->flow->flow, MIR_FLOW_WRITE);
	if (rc < 0)
		p->error = rc;
}

static void reader(void *arg)
{
	struct party *p = arg;
	struct mir_slice s[8];
	int n;

	while ((n = mir_flow_read(&p->flow->flow, s, 8)) > 0) {
		for (int i = 0; i < n; i++) {
			for (size_t j = 0; j < s[i].len; j++)
				p->intact &= s[i].p[j] == byte_at(p->received + j);
			p->received += s[i].len;
		}
		mir_slices_unref(s, (unsigned)n);
		if (p->pause)
			mir_sleep(p->pause);
	}
	p->ended = n == 0;
	if (n < 0)
		p->error = n;
}

static void start(struct party *p, struct mir_tcp_flow *flow)
{
	p->flow = flow;
	p->intact = true;
	p->writer = mir_spawn_joinable("writer", writer, p);
	p->reader = mir_spawn_joinable("reader", reader, p);
}

static void on_accept(void *arg, struct mir_tcp_flow *flow)
{
	start(arg, flow);
}

static void finish(struct party *p)
{
	mir_join(p->writer);
	mir_join(p->reader);
	mir_flow_close(&p->flow->flow);
}

static struct pair pair;

/* Both sides send; returns virtual seconds, or a negative number. */
static double transfer(uint64_t bytes, uint64_t chunk, const struct mir_tcp_options *o)
{
	struct party server = { .send = bytes, .chunk = chunk }, client = server;
	struct mir_endpoint any = { .port = 80 }, to = { pair.wire.host[0].addr, 80 };
	struct mir_tcp_listener *l;
	struct mir_tcp_flow *flow;
	int64_t t0 = mir_now();
	int rc;

	if (o && o->receive_buffer == 1234567)
		server.pause = MIR_MS(5);
	rc = mir_tcp_listen(&pair.tcp[0].tcp, &any, 0, o, on_accept, &server, &l);
	ok(rc == 0, "listens");
	rc = mir_tcp_connect(&pair.tcp[1].tcp, NULL, &to, o, &flow);
	if (rc < 0) {
		mir_tcp_unlisten(l);
		ok(false, "connects: %s", mir_strerror(rc));
		return -1;
	}
	start(&client, flow);
	while (!server.flow)
		mir_sleep(MIR_MS(10));
	mir_join(client.reader);
	mir_join(client.writer);
	finish(&server);
	mir_flow_close(&client.flow->flow);
	mir_tcp_unlisten(l);
	ok(server.error == 0 && client.error == 0, "no errors: %s, %s", mir_strerror(server.error),
	    mir_strerror(client.error));
	ok(server.received == bytes && client.received == bytes && server.ended && client.ended,
	    "all arrived: %llu and %llu of %llu", (unsigned long long)server.received,
	    (unsigned long long)client.received, (unsigned long long)bytes);
	ok(server.intact && client.intact, "unchanged");
	return (double)(mir_now() - t0) / 1e9;
}

static void say_stats(double seconds)
{
	struct mir_tcp_stats s;

	mir_tcp_device_stats(&pair.tcp[0], &s);
	printf("# %.2f s: %llu out, %llu again, %llu timeouts, %llu recoveries, %llu dup acks\n",
	    seconds, (unsigned long long)s.segments_out, (unsigned long long)s.retransmits,
	    (unsigned long long)s.timeouts, (unsigned long long)s.fast_recoveries,
	    (unsigned long long)s.dup_acks);
	fflush(stdout);
}

static void clean(void)
{
	pair_start(&pair, 0);
	say_stats(transfer(4 << 20, 10000, NULL));
	pair_stop(&pair);
}

static void tso(void)
{
	pair_start(&pair, MIR_NET_TX_TSO4 | MIR_NET_TX_CSUM);
	say_stats(transfer(4 << 20, 50000, NULL));
	pair_stop(&pair);
}

static void losses(void)
{
	static const unsigned rates[] = { 1, 10, 30, 50, 100 };

	for (unsigned i = 0; i < MIR_COUNT(rates); i++) {
		pair_start(&pair, i % 2 ? MIR_NET_TX_TSO4 : 0);
		pair.wire.delay = MIR_MS(10);
		pair.wire.loss = rates[i];
		say_stats(transfer(i < 3 ? 2 << 20 : 300000, 9000, NULL));
		ok(!pair_check(&pair), "loss %u per mille", rates[i]);
		pair_stop(&pair);
	}
}

static void everything_bad(void)
{
	for (unsigned i = 0; i < 20; i++) {
		pair_start(&pair, i % 2 ? MIR_NET_TX_TSO4 : 0);
		pair.wire.delay = MIR_MS(1 + 2 * i);
		pair.wire.jitter = MIR_US(500 * (i % 3));
		pair.wire.loss = 5 * (i % 7);
		pair.wire.reorder = 10 * (i % 6);
		pair.wire.duplicate = 10 * (i % 5);
		pair.wire.corrupt = 5 * (i % 4);
		transfer(300000, 1 + 700 * i, NULL);
		pair_stop(&pair);
	}
}

int main(void)
{
	RUN(clean);
	RUN(tso);
	RUN(losses);
	RUN(everything_bad);
	return mir_test_end();
}
