/* flow.c: what goes in comes out, in every piece size, and the ends of it. */
#include "pair.h"

enum { MUCH = 1 << 20 };

static void agrees(void)
{
	struct pair p;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	ok(pair_start(&p, NULL, NULL) == 0, "both start");
	pair_connect(&p, "a.example", "h2 http/1.1", "http/1.1 spdy");
	ok(p.server.rc == 0 && p.client.rc == 0, "the handshake is done");
	ok(strcmp(p.client.flow->version, "TLSv1.3") == 0, "TLS 1.3");
	ok(strcmp(p.client.flow->alpn, "http/1.1") == 0, "the protocol that both speak");
	ok(strcmp(p.server.flow->alpn, "http/1.1") == 0, "and the server knows it");
	ok(strcmp(p.server.flow->server_name, "a.example") == 0, "the name asked for");
	ok(strcmp(p.client.flow->peer, "a.example") == 0, "the name verified");
	ok(mir_flow_write_copy(&p.client.flow->flow, "hello", 5) == 0, "written");
	ok(reads(&p.server.flow->flow, "hello"), "and read");
	ok(mir_flow_write_copy(&p.server.flow->flow, "world", 5) == 0, "written back");
	ok(reads(&p.client.flow->flow, "world"), "and read");
	pair_close(&p);
	pair_end(&p);
}

/* Numbers its bytes. */
static void write_much(void *arg)
{
	struct mir_flow *f = arg;

	for (size_t at = 0; at < MUCH;) {
		struct mir_slice s[3];
		unsigned n = 0;

		for (; n < 3 && at < MUCH; n++) {
			size_t len = MIR_MIN((at * 7 + n * 1013) % 40000 + 1, (size_t)MUCH - at);
			uint8_t *p;
			struct mir_mem *m = mir_mem_new(len, &p);

			for (size_t i = 0; i < len; i++)
				p[i] = (uint8_t)((at + i) * 31 >> 3);
			s[n] = (struct mir_slice){ p, len, m };
			at += len;
		}
		if (mir_flow_write(f, s, n) < 0)
			return;
	}
	mir_flow_shutdown(f, MIR_FLOW_WRITE);
}

static bool read_much(struct mir_flow *f)
{
	size_t at = 0;
	bool right = true;
	int n;
	struct mir_slice s[4];

	while ((n = mir_flow_read(f, s, 4)) > 0)
		for (int i = 0; i < n; i++) {
			for (size_t j = 0; j < s[i].len; j++)
				right &= s[i].p[j] == (uint8_t)((at + j) * 31 >> 3);
			at += s[i].len;
			mir_slice_unref(&s[i]);
		}
	return n == 0 && right && at == MUCH;
}

static void carries_with(size_t limit, size_t cut)
{
	struct pair p;
	struct mir_fiber *a, *b;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	pair_start(&p, NULL, NULL);
	p.limit = limit;
	p.cut = cut;
	pair_connect(&p, "a.example", NULL, NULL);
	a = mir_spawn_joinable("up", write_much, &p.client.flow->flow);
	b = mir_spawn_joinable("down", write_much, &p.server.flow->flow);
	ok(read_much(&p.server.flow->flow), "up, by %zu in %zu", cut, limit);
	ok(read_much(&p.client.flow->flow), "down, by %zu in %zu", cut, limit);
	mir_join(a);
	mir_join(b);
	pair_close(&p);
	pair_end(&p);
}

static void carries(void)
{
	carries_with(1 << 20, 0);
	carries_with(3000, 701);
	carries_with(100000, 1460);
}

static void ends(void)
{
	struct pair p;
	struct mir_slice s;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	pair_start(&p, NULL, NULL);
	pair_connect(&p, "a.example", NULL, NULL);
	mir_flow_write_copy(&p.client.flow->flow, "x", 1);
	mir_flow_shutdown(&p.client.flow->flow, MIR_FLOW_WRITE);
	ok(mir_flow_write_copy(&p.client.flow->flow, "y", 1) == MIR_EPIPE,
	    "nothing behind the end");
	ok(reads(&p.server.flow->flow, "x"), "what was before it");
	ok(mir_flow_read(&p.server.flow->flow, &s, 1) == 0, "the end");
	mir_flow_write_copy(&p.server.flow->flow, "z", 1);
	ok(reads(&p.client.flow->flow, "z"), "the other half goes on");
	pair_close(&p);

	pair_connect(&p, "a.example", NULL, NULL);
	mir_flow_shutdown(&p.ends[1]->flow, MIR_FLOW_WRITE); /* below TLS */
	ok(mir_flow_read(&p.server.flow->flow, &s, 1) == MIR_ECONNRESET,
	    "a stream that is cut off is not one that ended");
	pair_close(&p);

	pair_connect(&p, "a.example", NULL, NULL);
	mir_flow_abort(&p.client.flow->flow);
	p.client.flow = NULL;
	ok(mir_flow_read(&p.server.flow->flow, &s, 1) == MIR_ECONNRESET, "aborted");
	pair_close(&p);
	pair_end(&p);
}

/* A page starts early, a large file is cheap. */
static void begins_with_small_records(void)
{
	static const uint8_t much[100000];
	struct mir_slice s = mir_slice_static(much, sizeof(much));
	struct pipe_end *client;
	struct pair p;
	int rc;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	pair_start(&p, NULL, NULL);
	p.limit = 1 << 20;
	pair_connect(&p, "a.example", NULL, NULL);
	client = p.ends[1];
	mir_slices_unref(client->queue, client->n); /* tickets */
	client->n = 0;
	client->bytes = 0;
	rc = mir_flow_write(&p.server.flow->flow, &s, 1);
	ok(rc == 0, "written: %s", mir_strerror(rc));
	ok(client->n > 50 && client->queue[0].len < 1400, "the first of %u: %zu", client->n,
	    client->queue[0].len);
	ok(client->queue[client->n - 2].len > 16000, "later ones: %zu",
	    client->queue[client->n - 2].len);
	mir_flow_abort(&p.client.flow->flow);
	p.client.flow = NULL;
	pair_close(&p);
	pair_end(&p);
}

static unsigned calls;

static void count(void *arg)
{
	(void)arg;
	calls++;
}

static void tells_when_readable(void)
{
	struct pair p;
	struct mir_slice s;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	pair_start(&p, NULL, NULL);
	p.cut = 10;
	pair_connect(&p, "a.example", NULL, NULL);
	calls = 0;
	mir_flow_when_readable(&p.client.flow->flow, count, NULL);
	mir_sleep(MIR_SECOND(1));
	ok(calls == 0, "tickets are nothing to read");
	p.ends[0]->peer->limit = 20; /* half a record arrives, until it is read */
	mir_flow_write_copy(&p.server.flow->flow, "hello", 5);
	mir_sleep(MIR_SECOND(1));
	ok(calls == 1, "a record is, once: %u", calls);
	mir_flow_when_readable(&p.client.flow->flow, count, NULL);
	mir_sleep(MIR_SECOND(1));
	ok(calls == 2, "at once, as long as it was not read");
	ok(reads(&p.client.flow->flow, "hello"), "read");
	mir_flow_when_readable(&p.client.flow->flow, count, NULL);
	mir_sleep(MIR_SECOND(1));
	ok(calls == 2, "nothing more");
	mir_flow_close(&p.server.flow->flow);
	p.server.flow = NULL;
	mir_sleep(MIR_SECOND(1));
	ok(calls == 3, "the end");
	ok(mir_flow_read(&p.client.flow->flow, &s, 1) == 0, "is one");
	pair_close(&p);
	pair_end(&p);
}

/* The client reads nothing: the server's close does not wait for ever, and loses nothing. */
static void closes_under_load(void)
{
	struct pair p;
	int64_t outer;
	bool aborted = false;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	pair_start(&p, NULL, NULL);
	p.limit = 4096;
	pair_connect(&p, "a.example", NULL, NULL);
	outer = mir_deadline_set(mir_now() + MIR_SECOND(1));
	for (int rc = 0; rc == 0;)
		rc = mir_flow_write_copy(&p.server.flow->flow, "0123456789", 10);
	mir_deadline_restore(outer);
	p.ends[0]->aborted = &aborted;
	mir_flow_close(&p.server.flow->flow);
	p.server.flow = NULL;
	mir_sleep(MIR_SECOND(10));
	ok(aborted, "a peer that takes nothing is given up");
	pair_close(&p);
	pair_end(&p);
}

int main(void)
{
	RUN(agrees);
	RUN(carries);
	RUN(ends);
	RUN(begins_with_small_records);
	RUN(tells_when_readable);
	RUN(closes_under_load);
	return mir_test_end();
}
