/* proxy.c: a server in front, the proxy, and servers behind it that are good, absent, silent or
 * wrong. */
#include "../../http/tests/bench.h"
#include "../../http/tests/smuggling.h"

#include <mir/http_proxy.h>

enum { GOOD = 1, ABSENT = 2, CANNED = 3, SILENT = 4, GOOD_TOO = 5 };

static char buf[1 << 20], seen[1 << 20]; /* what a client got, and what servers behind were sent */
static size_t seen_len;
static const char *canned;
static unsigned asked[8];
static struct mir_http_server back;

static void canned_server(void *arg)
{
	struct pipe_end *e = arg;
	struct mir_slice s[8];
	int n = mir_flow_read(&e->flow, s, 8);

	mir_slices_unref(s, n > 0 ? (unsigned)n : 0);
	bench_send(e, canned, strlen(canned), 0);
	while ((n = mir_flow_read(&e->flow, s, 8)) > 0) {
		/* What comes after the handshake comes back. */
		if (mir_flow_write(&e->flow, s, (unsigned)n) < 0)
			break;
	}
	mir_flow_close(&e->flow);
}

static void silent_server(void *arg)
{
	struct pipe_end *e = arg;
	struct mir_slice s[8];
	int n;

	while ((n = mir_flow_read(&e->flow, s, 8)) > 0)
		mir_slices_unref(s, (unsigned)n);
	mir_flow_close(&e->flow);
}

/* TCP whose connections are pipes to the servers, by port; what is written to them is kept. */
struct pipe_flow {
	struct mir_tcp_flow tcp;
	struct pipe_end *end;
};

static struct pipe_end *inner(struct mir_flow *f)
{
	return mir_container(f, struct pipe_flow, tcp.flow)->end;
}

static int wrap_read(struct mir_flow *f, struct mir_slice *out, unsigned max)
{
	return mir_flow_read(&inner(f)->flow, out, max);
}

static int wrap_write(struct mir_flow *f, struct mir_slice *data, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (data[i].len < sizeof(seen) - seen_len) {
			memcpy(seen + seen_len, data[i].p, data[i].len);
			seen_len += data[i].len;
			seen[seen_len] = 0;
		}
	return mir_flow_write(&inner(f)->flow, data, n);
}

static int wrap_shutdown(struct mir_flow *f, enum mir_flow_half half)
{
	return mir_flow_shutdown(&inner(f)->flow, half);
}

static void wrap_ready(struct mir_flow *f, mir_flow_ready *ready, void *arg)
{
	mir_flow_when_readable(&inner(f)->flow, ready, arg);
}

static void wrap_close(struct mir_flow *f)
{
	mir_flow_close(&inner(f)->flow);
	free(mir_container(f, struct pipe_flow, tcp.flow));
}

static void wrap_abort(struct mir_flow *f)
{
	mir_flow_abort(&inner(f)->flow);
	free(mir_container(f, struct pipe_flow, tcp.flow));
}

static const struct mir_flow_ops wrap_ops = { .name = "pipe",
	.read = wrap_read,
	.write = wrap_write,
	.shutdown = wrap_shutdown,
	.when_readable = wrap_ready,
	.close = wrap_close,
	.abort = wrap_abort };

static int connect_pipe(struct mir_tcp *t, const struct mir_endpoint *local,
    const struct mir_endpoint *peer, const struct mir_tcp_options *o, struct mir_tcp_flow **out)
{
	struct pipe_flow *f;
	struct pipe_end *end;

	(void)local;
	(void)o;
	asked[peer->port & 7]++;
	if (peer->port == ABSENT)
		return MIR_ECONNREFUSED;
	f = calloc(1, sizeof(*f));
	f->tcp = (struct mir_tcp_flow){ { &wrap_ops }, t, bench_local, *peer };
	pipe_new(65536, &f->end, &end);
	if (peer->port == CANNED)
		mir_spawn("canned", canned_server, end);
	else if (peer->port == SILENT)
		mir_spawn("silent", silent_server, end);
	else
		mir_http_server_connection(&back, &end->flow, NULL, peer, &bench_local);
	*out = &f->tcp;
	return 0;
}

static const struct mir_tcp_ops tcp_ops = { .name = "pipes", .connect = connect_pipe };
static struct mir_tcp tcp = { &tcp_ops };
static struct mir_http_client client = { .tcp = &tcp, .timeout_ns = MIR_SECOND(5) };

/* Says what it was asked. */
static int back_handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_slice s[4];
	char text[128];
	size_t sum = 0;
	int n;

	(void)arg;
	while ((n = mir_http_read(r, s, 4)) > 0) {
		sum += mir_slices_len(s, (unsigned)n);
		mir_slices_unref(s, (unsigned)n);
	}
	if (n < 0)
		return n;
	if (r->path.len == 6 && memcmp(r->path.p, "/moved", 6) == 0)
		mir_http_add(w, "Location", "http://10.0.0.1:1/there");
	if (r->path.len == 6 && memcmp(r->path.p, "/named", 6) == 0)
		mir_http_add(w, "Keep-Alive", "timeout=1");
	n = snprintf(text, sizeof(text), "%.*s %.*s?%.*s %zu\n", (int)r->method_text.len,
	    r->method_text.p, (int)r->path.len, r->path.p, (int)r->query.len,
	    r->query.len ? r->query.p : "", sum);
	return mir_http_reply(w, 200, "text/plain", text, (size_t)n);
}

static struct mir_http_server front;
static struct mir_http_proxy proxy;

static void start_with(const uint16_t *ports, unsigned n, struct mir_http_proxy_config c)
{
	static struct mir_endpoint servers[8];
	struct mir_http_server_config s = { .handler = back_handler, .name = "back" };

	for (unsigned i = 0; i < n; i++)
		servers[i] = (struct mir_endpoint){ mir_ip4(0x0a000001), ports[i] };
	mir_http_server_start(&back, &s);
	c.client = &client;
	c.tcp = &tcp;
	c.servers = servers;
	c.nservers = n;
	mir_http_proxy_start(&proxy, &c);
	s = (struct mir_http_server_config){
		.handler = mir_http_proxy_handle, .handler_arg = &proxy, .name = "front"
	};
	mir_http_server_start(&front, &s);
	memset(asked, 0, sizeof(asked));
	seen_len = 0;
	seen[0] = 0;
}

static void start(uint16_t a, uint16_t b)
{
	const uint16_t ports[] = { a, b };

	start_with(ports, b ? 2 : 1, (struct mir_http_proxy_config){ .max_requests = 0 });
}

static void stop(void)
{
	mir_http_server_stop(&front);
	mir_http_proxy_stop(&proxy);
	mir_http_server_stop(&back);
}

static int ask(const char *text)
{
	seen_len = 0;
	seen[0] = 0;
	return bench_ask(&front, text, buf, sizeof(buf));
}

static void passes(void)
{
	start(GOOD, 0);
	ok(ask("GET /a%20b/../c?x=%31 HTTP/1.1\r\nHost: Site.org\r\nX: y\r\n\r\n") == 200,
	    "a request");
	ok(strstr(buf, "GET /c?x=%31 0\n") != NULL, "its path and query: %s", bench_name(seen));
	ok(strncmp(seen, "GET /c?x=%31 HTTP/1.1\r\nHost: 10.0.0.1:1\r\n", 41) == 0, "as sent on");
	ok(strstr(seen, "\r\nX: y\r\n") && strstr(seen, "\r\nX-Forwarded-For: 127.0.0.2\r\n") &&
		strstr(seen, "\r\nX-Forwarded-Proto: http\r\n") &&
		strstr(seen, "\r\nX-Forwarded-Host: Site.org\r\n") &&
		strstr(seen, "\r\nForwarded: for=127.0.0.2;proto=http;host=\"Site.org\"\r\n") &&
		strstr(seen, "\r\nVia: 1.1 mirage\r\n"),
	    "with who asked");
	ask("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\nForwarded: for=x\r\n"
	    "X-Real-IP: 1.1.1.1\r\nX_Forwarded_For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\n\r\n");
	ok(!strstr(seen, "1.1.1.1") && !strstr(seen, "for=x") && !strstr(seen, "https"),
	    "what a client forges does not go on");
	ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Secret, close, Keep-Alive\r\n"
	    "X-Secret: s\r\nKeep-Alive: t\r\nTE: trailers\r\nProxy-Authorization: p\r\n"
	    "Upgrade: h2c\r\nHTTP2-Settings: x\r\nProxy-Connection: c\r\n\r\n");
	ok(!strstr(seen, "Secret") && !strstr(seen, "Keep-Alive: t") && !strstr(seen, "TE:") &&
		!strstr(seen, "Proxy-") && !strstr(seen, "h2c") && !strstr(seen, "Settings"),
	    "hop-by-hop fields neither");
	ok(ask("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc") == 200 &&
		strstr(buf, "POST /p? 3\n") && strstr(seen, "Content-Length: 3\r\n"),
	    "a body of known length");
	ok(ask("POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	       "3;x\r\nabc\r\n0\r\nT: u\r\n\r\n") == 200 &&
		strstr(buf, "POST /p? 3\n") && strstr(seen, "Transfer-Encoding: chunked\r\n") &&
		!strstr(seen, "T: u") && !strstr(seen, ";x"),
	    "one in chunks, without extensions and trailers");
	ok(ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n") == 200 &&
		strstr(buf, "Content-Length: 10\r\n") && !strstr(buf, "HEAD /"),
	    "HEAD: its length, no body");
	ok(ask("GET /moved HTTP/1.1\r\nHost: a\r\n\r\n") == 200 &&
		strstr(buf, "Location: /there\r\n"),
	    "a Location of the server's own is one of ours");
	ask("GET /named HTTP/1.1\r\nHost: a\r\n\r\n");
	ok(!strstr(buf, "Keep-Alive"), "hop-by-hop fields of answers");
	ok(ask("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n") == 405, "TRACE is not for others");
	stop();
}

static void servers(void)
{
	const uint16_t absent[] = { ABSENT, GOOD };
	unsigned i;

	start(GOOD, GOOD_TOO);
	for (i = 0; i < 10; i++)
		ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	ok(asked[GOOD] == 5 && asked[GOOD_TOO] == 5, "two servers take turns");
	stop();
	start_with(absent, 2, (struct mir_http_proxy_config){ .retry_ns = MIR_SECOND(1000) });
	for (i = 0; i < 10; i++)
		if (ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx") != 200)
			break;
	ok(i == 10, "one that is absent is not noticed");
	ok(asked[ABSENT] == 3 && proxy.server[0].down && proxy.stats.retried == 3,
	    "and left alone after three times (%u)", asked[ABSENT]);
	mir_sleep(MIR_SECOND(1000));
	ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	ok(asked[ABSENT] == 4, "it has another chance after a while (%u)", asked[ABSENT]);
	stop();
	start(ABSENT, 0);
	ok(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == 502 && proxy.stats.failed == 1,
	    "502 if none is there");
	stop();
	start(SILENT, 0);
	ok(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == 0, "a silent one is waited for");
	stop();
}

static void silent(void)
{
	struct pipe_end *c;

	start(SILENT, 0);
	c = bench_connect(&front, 1 << 20);
	bench_send(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27, 0);
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(10));
	ok(strncmp(buf, "HTTP/1.1 504", 12) == 0 && proxy.stats.timed_out == 1, "504");
	mir_flow_close(&c->flow);
	stop();
}

static void wrong(void)
{
	static const struct {
		const char *text;
		int status;
	} table[] = {
		{ "nonsense\r\n\r\n", 502 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 502 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
		    502 },
		{ "HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n", 502 },
		{ "HTTP/1.1 200 OK\nContent-Length: 0\n\n", 502 },
		{ "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 502 },
		{ "HTTP/1.1 204 No Content\r\n\r\n", 204 },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		    200 },
	};

	start(CANNED, 0);
	for (size_t i = 0; i < MIR_COUNT(table); i++) {
		int status;

		canned = table[i].text;
		status = ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		ok(status == table[i].status && bench_count(buf, "HTTP/1.1") == 1, "%d: %s", status,
		    bench_name(canned));
	}
	stop();
}

/* What a client asks for is not held against the servers, nor do parts of an answer that cannot be
 * passed on go to the client. */
static void limits(void)
{
	static char text[40000], answer[40000];
	const uint16_t ports[] = { CANNED };
	unsigned n = 0;

	start_with(ports, 1, (struct mir_http_proxy_config){ .trust_forwarded = true });
	canned = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	snprintf(text, sizeof(text),
	    "GET / HTTP/1.1\r\nHost: %0250d\r\nX-Forwarded-For: %0490d\r\n"
	    "X-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\n\r\n",
	    1, 2);
	ok(ask(text) == 200, "long fields go on");
	ok(bench_count(seen, "X-Forwarded-Proto") == 1 && bench_count(seen, "-Host: b") == 1 &&
		bench_count(seen, "X-Forwarded-Host") == 1,
	    "what is believed goes on once");
	stop();

	start_with(ports, 1, (struct mir_http_proxy_config){ .trust_forwarded = false });
	front.config.http_max_header = 65536;
	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\nX: %035000d\r\n\r\n", 1);
	for (unsigned i = 0; i < 3; i++)
		n += ask(text) == 431;
	ok(n == 3 && !proxy.server[0].down && !proxy.server[0].failed,
	    "a head that is too long for us: %u, %s", n, bench_name(buf));
	snprintf(answer, sizeof(answer),
	    "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nX: %010000d\r\nY: %010000d\r\n\r\n", 1, 2);
	canned = answer;
	ok(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == 502 && !strstr(buf, "Set-Cookie"),
	    "half of an answer's head: %s", bench_name(buf));
	stop();
}

static void check_on(void)
{
	const uint16_t ports[] = { CANNED, GOOD };
	struct mir_http_proxy_config c = { .health_path = "/health", .health_ns = MIR_SECOND(1) };

	canned = "HTTP/1.1 500 Ill\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	start_with(ports, 2, c);
	mir_sleep(MIR_SECOND(5));
	ok(proxy.server[0].down && !proxy.server[1].down, "one that says it is ill is down");
	canned = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	mir_sleep(MIR_SECOND(3));
	ok(!proxy.server[0].down, "and up again when it is well");
	stop();
}

/* Each case through the proxy: the same answers as without it, and what went on is one request for
 * each, which the server behind reads the same way. */
static void smuggling(void)
{
	static char text[4096];
	unsigned bad = 0;

	start(GOOD, 0);
	for (size_t i = 0; i < MIR_COUNT(smuggled); i++) {
		const struct smuggled *m = &smuggled[i];
		uint64_t before = back.stats.requests, refused = back.stats.refused;
		unsigned wanted = bench_count(m->answers, "200"), n = 0;

		/* The proxy makes others of these. */
		if (strstr(m->text, "OPTIONS *"))
			continue;
		memcpy(text, m->text, m->len);
		memcpy(text + m->len, SMUGGLED_AFTER, sizeof(SMUGGLED_AFTER));
		seen_len = 0;
		seen[0] = 0;
		bench_ask_n(&front, text, m->len + sizeof(SMUGGLED_AFTER) - 1, 0, buf, sizeof(buf));
		for (const char *p = buf; (p = strstr(p, "HTTP/1.1 200")); p++)
			n++;
		/* A refusal of a body comes after its head went on: the server behind sees it cut.
		 */
		ok(n == wanted, "%s: %u answers of 200, want %u", m->name, n, wanted);
		bad += back.stats.refused != refused;
		/* One that is cut off may be gone before its head was looked at. */
		bad += bench_count(seen, " HTTP/1.1\r\n") < back.stats.requests - before;
		bad +=
		    bench_count(seen, " HTTP/1.1\r\n") > wanted + (strchr(m->answers, '!') != NULL);
		bad += bench_count(seen, "\r\nHost: ") != bench_count(seen, " HTTP/1.1\r\n");
		bad += strstr(seen, "/x") != NULL;
		bad += strlen(seen) != seen_len;
	}
	ok(bad == 0, "what went on can be read in one way only (%u)", bad);
	stop();
}

static void websockets(void)
{
	static const char request[] =
	    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
	    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
	struct pipe_end *c;

	start(CANNED, 0);
	canned = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nfirst";
	c = bench_connect(&front, 1 << 20);
	bench_send(c, request, sizeof(request) - 1, 0);
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(1));
	ok(strncmp(buf, "HTTP/1.1 101 ", 13) == 0 && strstr(buf, "Sec-WebSocket-Accept: s3p") &&
		strstr(buf, "Upgrade: websocket\r\n") && strstr(buf, "\r\n\r\nfirst"),
	    "a handshake goes through, and what came with it");
	ok(strstr(seen, "Upgrade: websocket\r\n") && strstr(seen, "Sec-WebSocket-Key: dG") &&
		strstr(seen, "GET /chat HTTP/1.1\r\n"),
	    "as it should");
	bench_send(c, "\x81\x02hi", 4, 0);
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(1));
	ok(strcmp(buf, "\x81\x02hi") == 0, "then bytes");
	ok(proxy.server[0].busy == 1 && proxy.stats.upgraded == 1, "counted");
	mir_flow_shutdown(&c->flow, MIR_FLOW_WRITE);
	mir_sleep(MIR_SECOND(3));
	ok(c->ended && front.connections == 0 && proxy.server[0].busy == 0, "and ended");
	mir_flow_close(&c->flow);
	canned = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
	ok(ask(request) == 403, "a refusal is passed on");
	canned = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	ok(ask(request) == 502, "anything else is none");
	stop();
	start(ABSENT, 0);
	ok(ask(request) == 502, "no server");
	stop();
	start(CANNED, 0);
	canned = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
		 "websocket\r\n\r\n";
	c = bench_connect(&front, 1 << 20);
	bench_send(c, request, sizeof(request) - 1, 0);
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(1));
	mir_http_server_stop(&front);
	ok(front.connections == 0, "the server's end ends it");
	mir_flow_close(&c->flow);
	stop();
}

static void lists(void)
{
	struct mir_endpoint e[4];

	ok(mir_http_proxy_servers("10.0.0.1:80, 10.0.0.2:8080", e, 4) == 2 && e[1].port == 8080,
	    "two servers");
	ok(mir_http_proxy_servers("", e, 4) == 0, "none");
	ok(mir_http_proxy_servers("10.0.0.1", e, 4) == MIR_EINVAL, "no port");
	ok(mir_http_proxy_servers("10.0.0.1:0", e, 4) == MIR_EINVAL, "port 0");
	ok(mir_http_proxy_servers("host:80", e, 4) == MIR_EINVAL, "a name");
	ok(mir_http_proxy_servers("1.1.1.1:1,1.1.1.1:2", e, 1) == MIR_ELIMIT, "too many");
}

int main(void)
{
	RUN(lists);
	RUN(passes);
	RUN(servers);
	RUN(silent);
	RUN(wrong);
	RUN(limits);
	RUN(check_on);
	RUN(smuggling);
	RUN(websockets);
	return mir_test_end();
}
