/* limits.c: slow, silent, greedy and very many clients; the end of a server with all of them. */
#include "bench.h"

#include <mir/mem.h>

#include "../internal.h"

static char buf[1 << 16];
static struct mir_http_server server;

/* /slow: sleeps 3 s; /forever: 1 h; else reads the body and says how much. */
static int handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_slice s[4];
	char text[32];
	uint64_t sum = 0;
	int n;

	(void)arg;
	if (r->path.len == 5 && memcmp(r->path.p, "/slow", 5) == 0)
		mir_sleep(MIR_SECOND(3));
	if (r->path.len == 8 && memcmp(r->path.p, "/forever", 8) == 0 &&
	    (n = mir_sleep(MIR_SECOND(3600))) < 0)
		return n;
	if (r->path.len == 4 && memcmp(r->path.p, "/big", 4) == 0) {
		static const uint8_t zero[100000];
		struct mir_slice z[3];

		mir_http_begin(w, 3 * sizeof(zero));
		for (int i = 0; i < 3; i++)
			z[i] = mir_slice_static(zero, sizeof(zero));
		return mir_http_write(w, z, 3);
	}
	while ((n = mir_http_read(r, s, 4)) > 0) {
		sum += mir_slices_len(s, (unsigned)n);
		mir_slices_unref(s, (unsigned)n);
	}
	if (n < 0)
		return n;
	n = snprintf(text, sizeof(text), "%llu", (unsigned long long)sum);
	return mir_http_reply(w, 200, "text/plain", text, (size_t)n);
}

static void start(int64_t max)
{
	struct mir_http_server_config c = {
		.handler = handler,
		.http_max_connections = max,
		.http_min_rate = 1000,
		.http_max_body = 50000,
		.name = "test",
	};

	mir_http_server_start(&server, &c);
}

static unsigned fibers(void)
{
	struct mir_fiber_stats s;

	mir_fiber_stats(&s);
	return s.alive;
}

/* A head that comes at a byte a second, and one that never ends, while others are served. */
static void slow_heads(void)
{
	static const char head[] = "GET /x HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyyyyyyyyyyy";
	struct pipe_end *slow, *c;
	unsigned before;

	start(0);
	slow = bench_connect(&server, 1 << 20);
	before = fibers();
	for (int i = 0; i < 9; i++) {
		bench_send(slow, head + i, 1, 0);
		mir_sleep(MIR_SECOND(1));
		ok(fibers() == before, "no fiber while a head is not whole");
	}
	c = bench_connect(&server, 1 << 20);
	bench_send(c, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 28, 0);
	bench_receive(c, buf, sizeof(buf), MIR_MS(100));
	ok(strncmp(buf, "HTTP/1.1 200", 12) == 0, "others are served meanwhile");
	bench_receive(slow, buf, sizeof(buf), MIR_SECOND(5));
	ok(strncmp(buf, "HTTP/1.1 408", 12) == 0 && server.stats.timeouts == 1, "408 after 10 s");
	mir_flow_close(&slow->flow);
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(70));
	ok(c->ended && server.connections == 0, "an idle connection ends after 60 s");
	mir_flow_close(&c->flow);
	mir_http_server_stop(&server);
}

static int large_head(size_t value, unsigned headers, size_t target)
{
	static char text[100000];
	size_t n = 0;

	n += (size_t)snprintf(text, sizeof(text), "GET /");
	memset(text + n, 'a', target);
	n += target;
	n += (size_t)snprintf(text + n, sizeof(text) - n, " HTTP/1.1\r\nHost: a\r\n");
	for (unsigned i = 0; i < headers; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "X: y\r\n");
	n += (size_t)snprintf(text + n, sizeof(text) - n, "Y: ");
	memset(text + n, 'b', value);
	n += value;
	n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\n\r\n");
	return bench_ask_n(&server, text, n, 1000, buf, sizeof(buf));
}

static void large_heads(void)
{
	start(0);
	ok(large_head(10, 10, 10) == 200, "a small head");
	ok(large_head(16000, 10, 10) == 200, "16000 bytes in one field");
	ok(large_head(17000, 10, 10) == 431, "17000 bytes in one field: 431");
	ok(large_head(60000, 10, 10) == 431, "60000 bytes in one field: 431");
	ok(large_head(10, 98, 10) == 200, "100 fields");
	ok(large_head(10, 99, 10) == 431, "101 fields: 431");
	ok(large_head(10, 10, 16000) == 200, "a target of 16000 bytes");
	ok(large_head(10, 10, 17000) == 414, "a target of 17000 bytes: 414");
	mir_http_server_stop(&server);
}

static void slow_bodies(void)
{
	static const char head[] = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n";
	static const char piece[1000];
	struct pipe_end *c;
	int64_t since;

	start(0);
	c = bench_connect(&server, 1 << 20);
	since = mir_now();
	bench_send(c, head, sizeof(head) - 1, 0);
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(100));
	ok(strncmp(buf, "HTTP/1.1 408", 12) == 0, "408 when no body comes");
	ok(mir_now() - since < MIR_SECOND(34), "after 30 s and the lingering");
	mir_flow_close(&c->flow);
	c = bench_connect(&server, 1 << 20);
	bench_send(c, head, sizeof(head) - 1, 0);
	for (int i = 0; i < 40; i++) {
		bench_send(c, piece, sizeof(piece), 0);
		mir_sleep(MIR_MS(900));
	}
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(5));
	ok(strncmp(buf, "HTTP/1.1 200", 12) == 0, "1100 bytes a second are enough");
	mir_flow_close(&c->flow);
	c = bench_connect(&server, 1 << 20);
	bench_send(c, head, sizeof(head) - 1, 0);
	for (int i = 0; i < 60; i++) {
		bench_send(c, piece, 100, 0);
		mir_sleep(MIR_SECOND(1));
	}
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(5));
	ok(strncmp(buf, "HTTP/1.1 408", 12) == 0, "100 bytes a second are not");
	mir_flow_close(&c->flow);
	bench_ask(&server,
	    "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "fffff\r\n",
	    buf, sizeof(buf));
	ok(buf[0] == 0 || strncmp(buf, "HTTP/1.1 4", 10) == 0, "no body at all");
	mir_sleep(MIR_SECOND(60));
	mir_http_server_stop(&server);
}

/* A client that does not read its answer; one that reads a byte now and then. */
static void slow_readers(void)
{
	struct pipe_end *c;

	start(0);
	c = bench_connect(&server, 1000);
	bench_send(c, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n", 30, 0);
	mir_sleep(MIR_SECOND(29));
	ok(server.connections == 1, "a client that does not read is waited for");
	mir_sleep(MIR_SECOND(2));
	ok(server.connections == 0 && server.stats.timeouts == 1, "for 30 s");
	mir_flow_close(&c->flow);
	mir_http_server_stop(&server);
}

static void too_large_bodies(void)
{
	static char text[70000];
	int n;

	start(0);
	n = snprintf(text, sizeof(text),
	    "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nea60\r\n");
	memset(text + n, 'x', 60000);
	ok(bench_ask_n(&server, text, (size_t)n + 60000, 0, buf, sizeof(buf)) == 413,
	    "413 when the chunks come to more than the limit");
	mir_http_server_stop(&server);
}

static void many_idle(void)
{
	enum { MANY = 10000 };
	static struct pipe_end *c[MANY];
	struct pipe_end *extra;
	struct mir_mem_stats a, b;
	unsigned before = fibers();
	unsigned good = 0;

	start(MANY);
	mir_mem_stats(&a);
	for (unsigned i = 0; i < MANY; i++)
		c[i] = bench_connect(&server, 1 << 16);
	for (unsigned i = 0; i < MANY; i++) {
		bench_send(c[i], "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 28, 0);
		bench_receive(c[i], buf, sizeof(buf), 1000);
		good += strncmp(buf, "HTTP/1.1 200", 12) == 0;
	}
	mir_mem_stats(&b);
	ok(good == MANY && server.connections == MANY, "%u of %u answered", good, MANY);
	ok(fibers() == before, "10000 idle connections hold no fiber");
	ok(b.bytes == a.bytes, "nor a buffer");
	ok(sizeof(struct mir_http_conn) < 300, "each is %zu bytes", sizeof(struct mir_http_conn));
	extra = bench_connect(&server, 100);
	mir_sleep(MIR_MS(1));
	ok(server.connections == MANY && server.stats.evicted == 1 && c[0]->ended,
	    "one more takes the place of the one idle for longest");
	mir_http_server_stop(&server);
	ok(server.connections == 0, "all are closed at the end");
	mir_flow_close(&extra->flow);
	for (unsigned i = 0; i < MANY; i++)
		mir_flow_close(&c[i]->flow);
}

static void drains(void)
{
	struct pipe_end *idle, *slow, *stuck;
	int64_t since;

	start(0);
	idle = bench_connect(&server, 1 << 16);
	slow = bench_connect(&server, 1 << 16);
	stuck = bench_connect(&server, 1 << 16);
	bench_send(slow, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", 31, 0);
	bench_send(stuck, "GET /forever HTTP/1.1\r\nHost: a\r\n\r\n", 34, 0);
	mir_sleep(MIR_MS(10));
	since = mir_now();
	mir_http_server_stop(&server);
	ok(mir_now() - since < MIR_SECOND(8), "the end comes");
	ok(server.connections == 0, "all connections are gone");
	bench_receive(slow, buf, sizeof(buf), MIR_SECOND(1));
	ok(strncmp(buf, "HTTP/1.1 200", 12) == 0 && strstr(buf, "Connection: close"),
	    "a request under way was answered");
	bench_receive(stuck, buf, sizeof(buf), MIR_SECOND(1));
	ok(strncmp(buf, "HTTP/1.1 200", 12) != 0, "one that would not end was not");
	bench_receive(idle, buf, sizeof(buf), MIR_SECOND(1));
	ok(buf[0] == 0, "an idle one was closed");
	mir_flow_close(&idle->flow);
	mir_flow_close(&slow->flow);
	mir_flow_close(&stuck->flow);
}

/* Each allocation of a request fails once: an error or a closed connection, nothing lost. */
static void no_memory(void)
{
	unsigned answered = 0;

	start(0);
	for (unsigned i = 1; i < 12; i++) {
		struct pipe_end *c = bench_connect(&server, 1 << 16);

		bench_send(c, "GET /x HTTP/1.1\r\nHost: a\r\n", 26, 0);
		mir_sleep(MIR_MS(1));
		mir_mem_fail_at(i);
		bench_send(c, "\r\n", 2, 0);
		bench_receive(c, buf, sizeof(buf), MIR_SECOND(1));
		answered += strncmp(buf, "HTTP/1.1 200", 12) == 0;
		mir_mem_fail_at(0);
		mir_flow_close(&c->flow);
		mir_sleep(MIR_SECOND(3));
	}
	ok(answered > 0 && server.connections == 0, "%u of 11 were answered", answered);
	mir_http_server_stop(&server);
}

int main(void)
{
	RUN(slow_heads);
	RUN(large_heads);
	RUN(slow_bodies);
	RUN(slow_readers);
	RUN(too_large_bodies);
	RUN(many_idle);
	RUN(drains);
	RUN(no_memory);
	return mir_test_end();
}
