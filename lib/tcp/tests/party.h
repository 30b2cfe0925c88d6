/* party.h: fibers that send and receive over a flow, and know what has to arrive. */
#ifndef MIR_TCP_TESTS_PARTY_H
#define MIR_TCP_TESTS_PARTY_H

#include <mir/fiber.h>
#include <mir/tcp.h>
#include <mir/test.h>

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

static void party_write(void *arg)
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

static void party_read(void *arg)
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

static void party_start(struct party *p, struct mir_tcp_flow *flow)
{
	p->flow = flow;
	p->intact = true;
	p->writer = mir_spawn_joinable("writer", party_write, p);
	p->reader = mir_spawn_joinable("reader", party_read, p);
}

static void party_accept(void *arg, struct mir_tcp_flow *flow)
{
	party_start(arg, flow);
}

static void party_finish(struct party *p)
{
	mir_join(p->writer);
	mir_join(p->reader);
	mir_flow_close(&p->flow->flow);
}

/* Both sides send; returns virtual seconds, or a negative number. */
MIR_UNUSED static double transfer(struct mir_tcp *to_tcp, struct mir_ipaddr addr,
    struct mir_tcp *from_tcp, uint64_t bytes, uint64_t chunk)
{
	struct party server = { .send = bytes, .chunk = chunk }, client = server;
	struct mir_endpoint any = { .port = 80 }, to = { addr, 80 };
	struct mir_tcp_listener *l;
	struct mir_tcp_flow *flow;
	int64_t t0 = mir_now();
	int rc;

	rc = mir_tcp_listen(to_tcp, &any, 0, NULL, party_accept, &server, &l);
	ok(rc == 0, "listens");
	rc = mir_tcp_connect(from_tcp, NULL, &to, NULL, &flow);
	if (rc < 0) {
		mir_tcp_unlisten(l);
		ok(false, "connects: %s", mir_strerror(rc));
		return -1;
	}
	party_start(&client, flow);
	while (!server.flow)
		mir_sleep(MIR_MS(10));
	mir_join(client.reader);
	mir_join(client.writer);
	party_finish(&server);
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

#endif
