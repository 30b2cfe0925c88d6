/* websocket.c: handshakes good and bad, a server and a client on pipes and over two simulated
 * hosts, the close, silence, limits. */
#include "../../http/tests/bench.h"
#include "../../ipv4/tests/host.h"
#include "../internal.h"

#include <mir/mem.h>
#include <mir/tcp_device.h>

static const char *const origins[] = { "https://good.example", "http://also.example:8080", NULL };
static const char *const protocols[] = { "chat.v2", "chat.v1", NULL };

static struct mir_ws_options options;
static struct mir_http_server server;
static struct mir_ws *served;                 /* the server's connection, while the handler runs */
static int last_receive, last_close, refused; /* what the handler saw */
static unsigned last_code;
static bool mute; /* the handler reads nothing */
static char buf[1 << 16];

static int echo(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_ws_message m;
	struct mir_ws *ws;
	int rc = mir_ws_accept(r, w, &options, &ws);

	(void)arg;
	refused += rc == 0;
	if (rc <= 0)
		return rc;
	served = ws;
	if (mute)
		mir_sleep(MIR_SECOND(20));
	while ((rc = mir_ws_receive(ws, &m)) > 0)
		if ((rc = options.pieces ? mir_ws_send_part(ws, m.type, &m.data, 1, m.last)
					 : mir_ws_send(ws, m.type, &m.data, 1)) < 0)
			break;
	served = NULL;
	last_receive = rc;
	last_code = mir_ws_code(ws);
	last_close = mir_ws_close(ws, MIR_WS_GOING, "bye");
	return 0;
}

static void start(void)
{
	struct mir_http_server_config c = { .handler = echo, .name = "test" };

	options = (struct mir_ws_options){ .max_message = 100000 };
	last_receive = last_close = 1;
	refused = 0;
	mute = false;
	ok(mir_http_server_start(&server, &c) == 0, "server starts");
}

static void stop(void)
{
	mir_sleep(MIR_SECOND(30));
	mir_http_server_stop(&server);
}

#define REST "\r\nHost: h\r\n"
#define UP   "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
#define KEY  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define V13  "Sec-WebSocket-Version: 13\r\n"
#define GET  "GET / HTTP/1.1" REST

static void server_handshake(void)
{
	static const struct {
		const char *text;
		int status;
		const char *has;
	} rows[] = {
		{ GET UP KEY V13, 101, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" },
		{ GET "upgrade: h2c, WebSocket\r\nconnection: UPGRADE\r\n" KEY V13, 101, "" },
		{ GET UP KEY V13 "Origin: https://good.example\r\n", 101, "" },
		{ GET UP KEY V13 "Origin: https://good.example.evil\r\n", 403, "" },
		{ GET UP KEY V13 "Origin: null\r\n", 403, "" },
		{ GET UP KEY V13 "Origin: https://good.example\r\nOrigin: https://b\r\n", 403, "" },
		{ GET UP KEY V13 "Sec-WebSocket-Protocol: x, chat.v1\r\n", 101,
		    "Sec-WebSocket-Protocol: chat.v1\r\n" },
		{ GET UP KEY V13 "Sec-WebSocket-Protocol: chat.v1\r\n"
				 "Sec-WebSocket-Protocol: chat.v2\r\n",
		    101, "Sec-WebSocket-Protocol: chat.v2\r\n" },
		{ GET UP KEY V13 "Sec-WebSocket-Extensions: permessage-deflate\r\n", 101, "" },
		{ "POST / HTTP/1.1" REST "Content-Length: 0\r\n" UP KEY V13, 405, "allow: GET" },
		{ "GET / HTTP/1.0" REST UP KEY V13, 400, "" },
		{ GET, 426, "upgrade: websocket\r\n" },
		{ GET "Connection: Upgrade\r\n" KEY V13, 426, "connection: upgrade\r\n" },
		{ GET "Upgrade: websocket\r\n" KEY V13, 426, "" },
		{ GET UP KEY, 426, "sec-websocket-version: 13\r\n" },
		{ GET UP KEY "Sec-WebSocket-Version: 8\r\n", 426, "sec-websocket-version: 13\r\n" },
		{ GET UP KEY V13 V13, 426, "" },
		{ GET UP V13, 400, "" },
		{ GET UP KEY KEY V13, 400, "" },
		{ GET UP "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n" V13, 400, "" },
		{ GET UP "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ===\r\n" V13, 400, "" },
		{ GET UP "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ*==\r\n" V13, 400, "" },
		{ GET UP "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n" V13, 400, "" },
		{ GET UP "Sec-WebSocket-Key: \r\n" V13, 400, "" },
		{ GET UP KEY V13 "Content-Length: 3\r\n", 400, "" },
	};
	char text[1024];

	start();
	options.origins = origins;
	options.protocols = protocols;
	for (unsigned i = 0; i < MIR_COUNT(rows); i++) {
		int status;

		snprintf(text, sizeof(text), "%s\r\n%s", rows[i].text,
		    strstr(rows[i].text, "Length: 3") ? "abc" : "");
		status = bench_ask_n(&server, text, strlen(text), i % 3, buf, sizeof(buf));
		ok(status == rows[i].status && strstr(buf, rows[i].has) &&
			!strstr(buf, "xtensions"),
		    "%d %s", rows[i].status, bench_name(rows[i].text + 16));
	}
	stop();
}

/* What a server answers: the client's side of it. */
static const char *canned;

static void canned_server(void *arg)
{
	struct pipe_end *e = arg;
	char accept[MIR_WS_ACCEPT + 1], text[1024];
	struct mir_slice s;
	const char *key;

	if (mir_flow_read(&e->flow, &s, 1) == 1) {
		snprintf(buf, sizeof(buf), "%.*s", (int)s.len, (const char *)s.p);
		mir_slice_unref(&s);
		key = strstr(buf, "Sec-WebSocket-Key: ");
		mir_ws_answer_key((struct mir_str){ key + 19, MIR_WS_KEY }, accept);
		snprintf(text, sizeof(text), canned, accept);
		bench_send(e, text, strlen(text), 5);
	}
	mir_sleep(MIR_SECOND(1));
	mir_flow_close(&e->flow);
}

static int ask(const char *answer, const struct mir_ws_target *target, struct mir_ws **ws)
{
	struct mir_ws_options o = { .protocols = protocols };
	struct pipe_end *a, *b;

	pipe_new(1 << 16, &a, &b);
	canned = answer;
	mir_spawn("canned", canned_server, b);
	return mir_ws_connect(&a->flow, target, &o, ws);
}

#define SWITCH "HTTP/1.1 101 x\r\n"
#define WS     "Upgrade: WebSocket\r\nConnection: upgrade\r\n"
#define ACCEPT "Sec-WebSocket-Accept: %s\r\n"

static void client_handshake(void)
{
	static const struct {
		const char *answer;
		int rc;
	} rows[] = {
		{ SWITCH WS ACCEPT "\r\n", 0 },
		{ SWITCH WS ACCEPT "Sec-WebSocket-Protocol: chat.v1\r\n\r\n", 0 },
		{ SWITCH WS ACCEPT "Sec-WebSocket-Protocol: other\r\n\r\n", MIR_EPROTO },
		{ SWITCH WS ACCEPT "Sec-WebSocket-Extensions: x\r\n\r\n", MIR_EPROTO },
		{ SWITCH WS ACCEPT ACCEPT "\r\n", MIR_EPROTO },
		{ SWITCH WS "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
		    MIR_EPROTO },
		{ SWITCH WS "\r\n", MIR_EPROTO },
		{ SWITCH "Upgrade: websocket\r\n" ACCEPT "\r\n", MIR_EPROTO },
		{ SWITCH "Connection: upgrade\r\n" ACCEPT "\r\n", MIR_EPROTO },
		{ "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", MIR_EACCES },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", MIR_EACCES },
		{ "what?\r\n\r\n", MIR_EPROTO },
		{ SWITCH, MIR_ECONNRESET },
	};
	static const struct mir_ws_target good = { "h:80", "/a?b", "https://o.example" },
					  bad[] = { { "", NULL, NULL }, { "h h", NULL, NULL },
						  { "h", "/a b", NULL }, { "h", "a", NULL },
						  { "h", "/\r\nX: y", NULL } };
	struct mir_ws *ws;

	for (unsigned i = 0; i < MIR_COUNT(rows); i++) {
		int rc = ask(rows[i].answer, &good, &ws);

		ok(rc == rows[i].rc, "%s: %s", bench_name(rows[i].answer), mir_strerror(rc));
		if (rc == 0) {
			const char *p = mir_ws_protocol(ws);

			ok(strncmp(buf, "GET /a?b HTTP/1.1\r\nHost: h:80\r\n", 31) == 0 &&
				strstr(buf, "Origin: https://o.example\r\n") &&
				strstr(buf, "Sec-WebSocket-Protocol: chat.v2, chat.v1\r\n"),
			    "the request");
			ok(i ? p && strcmp(p, "chat.v1") == 0 : !p, "the protocol");
			ok(mir_ws_close(ws, MIR_WS_NORMAL, "") == MIR_ECONNRESET, "no close came");
		}
		mir_sleep(MIR_SECOND(3));
	}
	for (unsigned i = 0; i < MIR_COUNT(bad); i++)
		ok(ask("", &bad[i], &ws) == MIR_EINVAL, "a target that cannot be");
	mir_sleep(MIR_SECOND(3));
}

static struct mir_ws *connect_pipe(size_t limit)
{
	static const struct mir_ws_target target = { "h", NULL, NULL };
	struct mir_ws *ws = NULL;
	int rc = mir_ws_connect(&bench_connect(&server, limit)->flow, &target, NULL, &ws);

	ok(rc == 0, "connects: %s", mir_strerror(rc));
	return ws;
}

/* Sends len letters and gets them back. */
static bool round_trip(struct mir_ws *ws, enum mir_ws_type type, size_t len)
{
	struct mir_ws_message m;
	uint8_t *p = malloc(len + 1);
	bool same;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)('a' + i % 23);
	same = mir_ws_send_copy(ws, type, p, len) == 0 && mir_ws_receive(ws, &m) == 1;
	if (same) {
		same = m.type == type && m.last && m.data.len == len &&
		       (!len || memcmp(m.data.p, p, len) == 0);
		mir_slice_unref(&m.data);
	}
	free(p);
	return same;
}

static void messages(void)
{
	static const size_t lens[] = { 0, 1, 125, 126, 65535, 65536, 100000 };
	struct mir_slice three[20];
	struct mir_ws_message m;
	struct mir_ws *ws;

	start();
	ws = connect_pipe(1 << 20);
	for (unsigned i = 0; i < MIR_COUNT(lens); i++)
		ok(round_trip(ws, i % 2 ? MIR_WS_TEXT : MIR_WS_BINARY, lens[i]), "%zu bytes",
		    lens[i]);
	for (unsigned i = 0; i < 20; i++)
		three[i] = mir_slice_static(&"abcdefghijklmnopqrst"[i], i % 3);
	ok(mir_ws_send(ws, MIR_WS_TEXT, three, 20) == 0 && mir_ws_receive(ws, &m) == 1 &&
		m.data.len == 19,
	    "many slices");
	mir_slice_unref(&m.data);
	for (unsigned i = 0; i < 3; i++) {
		three[0] = mir_slice_static("part", 4);
		ok(mir_ws_send_part(ws, MIR_WS_TEXT, three, 1, i == 2) == 0, "a part");
		if (i < 2)
			ok(mir_ws_send_copy(ws, MIR_WS_TEXT, "x", 1) == MIR_EBUSY, "in between");
		ok(i == 2 || mir_ws_post(ws, MIR_WS_TEXT, mir_slice_static("later", 5)) == 0,
		    "may be posted");
	}
	ok(mir_ws_receive(ws, &m) == 1 && m.data.len == 12, "parts become a message");
	mir_slice_unref(&m.data);
	for (unsigned i = 0; i < 2; i++) {
		ok(mir_ws_receive(ws, &m) == 1 && m.data.len == 5, "what was posted comes after");
		mir_slice_unref(&m.data);
	}
	ok(mir_ws_close(ws, 3000, "done") == 0, "both agree to close");
	mir_sleep(MIR_SECOND(1));
	ok(last_receive == 0 && last_code == 3000 && last_close == 0, "with that code");
	stop();
}

static void pieces(void)
{
	struct mir_ws *ws;

	start();
	options.pieces = true;
	ws = connect_pipe(1 << 20);
	ok(round_trip(ws, MIR_WS_BINARY, 900000), "a message past the limit, in pieces");
	ok(round_trip(ws, MIR_WS_TEXT, 0) && round_trip(ws, MIR_WS_TEXT, 5), "and small ones");
	ok(mir_ws_close(ws, MIR_WS_NORMAL, "") == 0, "closes");
	stop();
}

/* Past the handshake with raw bytes; what comes back, without the head. */
static size_t raw(const void *bytes, size_t len, int64_t quiet)
{
	struct pipe_end *c = bench_connect(&server, 1 << 20);
	const char hello[] = GET UP KEY V13 "\r\n";
	size_t n;
	char *end;

	bench_send(c, hello, sizeof(hello) - 1, 0);
	bench_send(c, bytes, len, 3);
	n = bench_receive(c, buf, sizeof(buf), quiet);
	mir_flow_close(&c->flow);
	end = strstr(buf, "\r\n\r\n");
	if (!end)
		return 0;
	n -= (size_t)(end + 4 - buf);
	memmove(buf, end + 4, n);
	mir_sleep(MIR_SECOND(12));
	return n;
}

#define RAW(s)   raw(s, sizeof(s) - 1, MIR_SECOND(1))
#define IS(n, s) (n == sizeof(s) - 1 && memcmp(buf, s, n) == 0)
#define ZERO     "\0\0\0\0"

static void on_the_wire(void)
{
	size_t n;

	start();
	n = RAW("\x89\x83" ZERO "abc");
	ok(IS(n, "\x8a\x03"
		 "abc"),
	    "a ping is answered with what it held");
	n = RAW("\x01\x81" ZERO "a\x89\x81" ZERO "p\x80\x81" ZERO "b");
	ok(IS(n, "\x8a\x01p\x81\x02"
		 "ab"),
	    "within a message too, before its echo");
	n = RAW("\x88\x82" ZERO "\x03\xe8\x81\x81" ZERO "x");
	ok(IS(n, "\x88\x02\x03\xe8"), "a close is answered with its code, and is the last");
	ok(last_receive == 0 && last_code == 1000, "and told");
	n = RAW("\x88\x80" ZERO);
	ok(IS(n, "\x88\x00"), "a close without a code");
	n = RAW("\x81\x01"
		"a");
	ok(IS(n, "\x88\x02\x03\xea") && last_receive == MIR_EPROTO, "not masked: 1002");
	n = RAW("\x81\x81" ZERO "\xff");
	ok(IS(n, "\x88\x02\x03\xef"), "no UTF-8: 1007");
	n = RAW("\x82\xff\0\0\0\0\0\1\x86\xa1" ZERO);
	ok(IS(n, "\x88\x02\x03\xf1") && last_receive == MIR_EFBIG, "too long: 1009, at its head");
	n = RAW("\x81\x81" ZERO "a\x83");
	ok(IS(n, "\x81\x01"
		 "a\x88\x02\x03\xea"),
	    "what was right before is answered");
	n = RAW("\x81\x85" ZERO "a");
	ok(n == 0 && last_receive == MIR_ECONNRESET, "the end within a message");
	stop();
}

static void silence(void)
{
	size_t n;

	start();
	options.ping_ns = MIR_SECOND(10);
	n = raw("", 0, MIR_SECOND(100));
	ok(IS(n, "\x89\x00\x88\x05\x03\xe9"
		 "bye") &&
		last_receive == MIR_ECONNABORTED,
	    "a ping after silence; without answer it is given up");
	n = RAW("\x89\x80" ZERO);
	ok(IS(n, "\x8a\x00"), "none while there is talk");
	stop();
}

/* The server wants to close; the client does not answer, or does. */
static void shut(void *arg)
{
	(void)arg;
	mir_sleep(MIR_SECOND(1));
	mir_ws_shut(served, MIR_WS_GOING, "stop");
}

static void closing(void)
{
	struct mir_ws_message m;
	struct mir_ws *ws;
	int64_t since;
	size_t n;

	start();
	mir_spawn("shut", shut, NULL);
	since = mir_now();
	n = raw("", 0, MIR_SECOND(100));
	ok(IS(n, "\x88\x06\x03\xe9stop"), "the server closes");
	ok(last_receive == MIR_ECONNABORTED && mir_now() - since < MIR_SECOND(30),
	    "and waits no longer than it should: %d %lld", last_receive,
	    (long long)(mir_now() - since));
	ws = connect_pipe(1 << 20);
	mir_spawn("shut", shut, NULL);
	ok(mir_ws_receive(ws, &m) == 0 && mir_ws_code(ws) == 1001, "a client hears of it");
	ok(mir_ws_reason(ws).len == 4 && memcmp(mir_ws_reason(ws).p, "stop", 4) == 0, "with why");
	ok(mir_ws_send_copy(ws, MIR_WS_TEXT, "a", 1) == MIR_EPIPE, "nothing is sent after");
	ok(mir_ws_post(ws, MIR_WS_TEXT, mir_slice_static("a", 1)) == MIR_EPIPE, "nor posted");
	ok(mir_ws_close(ws, MIR_WS_NORMAL, "") == 0 && last_close == 0, "both are done");
	ws = connect_pipe(1 << 20);
	ok(mir_ws_shut(ws, 1005, "") == MIR_EINVAL && mir_ws_shut(ws, 1000, "\xff") == MIR_EINVAL,
	    "codes that are never sent, reasons that are no text");
	mute = false;
	ok(mir_ws_close(ws, 1006, "") == 0, "closes nevertheless");
	stop();
}

/* The server stops: its fibers are cancelled. */
static void stopping(void)
{
	struct pipe_end *c;
	struct mir_ws_message m;
	struct mir_ws *ws;
	const char hello[] = GET UP KEY V13 "\r\n";

	start();
	ws = connect_pipe(1 << 20);
	c = bench_connect(&server, 10);
	bench_send(c, hello, sizeof(hello) - 1, 0);
	mir_sleep(MIR_SECOND(1));
	mir_http_server_stop(&server);
	ok(mir_ws_receive(ws, &m) == 0 && mir_ws_code(ws) == MIR_WS_GOING, "a client is told");
	ok(last_receive == MIR_ECANCELED && last_close == MIR_ECANCELED, "the handlers have ended");
	mir_ws_close(ws, MIR_WS_NORMAL, "");
	mir_flow_close(&c->flow);
}

/* The n-th allocation fails: the connection may end, and all comes back. */
static void no_memory(void)
{
	static const struct mir_ws_target target = { "h", NULL, NULL };
	unsigned good = 0;

	start();
	for (unsigned n = 1; n <= 60; n++) {
		struct pipe_end *c = bench_connect(&server, 1 << 20);
		struct mir_ws *ws;

		mir_mem_fail_at(n);
		if (mir_ws_connect(&c->flow, &target, NULL, &ws) == 0) {
			bool same = round_trip(ws, MIR_WS_TEXT, 300) &&
				    round_trip(ws, MIR_WS_BINARY, 80000);

			good += mir_ws_close(ws, MIR_WS_NORMAL, "") == 0 && same;
		}
		mir_mem_fail_at(0);
		mir_sleep(MIR_SECOND(8));
	}
	ok(good >= 10 && good < 60, "some fail, some do not: %u", good);
	stop();
}

static void slow(void)
{
	struct mir_slice big = mir_slice_static(buf, 30000);
	struct mir_ws *ws;
	unsigned posted = 0;

	start();
	mute = true;
	memset(buf, 'x', sizeof(buf));
	ws = connect_pipe(1000);
	while (mir_ws_post(ws, MIR_WS_BINARY, big) == 0)
		posted++;
	ok(posted == 8, "a queue takes 256 kB, not more: %u", posted);
	mir_sleep(MIR_SECOND(1));
	ok(mir_ws_close(ws, MIR_WS_NORMAL, "") == MIR_ETIMEDOUT, "a peer that does not read");
	stop();
}

static struct mir_tcp_device atcp, btcp;

static void accepted(void *arg, struct mir_tcp_flow *f)
{
	(void)arg;
	mir_http_server_connection(&server, &f->flow, NULL, &f->peer, &f->local);
}

static void over_the_stack(void)
{
	static const struct mir_link_config bad = {
		.delay_ns = MIR_MS(5), .loss = 20000, .seed = 7
	};
	static const struct mir_ws_target target = { "10.0.0.2", "/", NULL };
	struct mir_tcp_device_config t = { .tcp_memory = 16 << 20,
		.tcp_send = 256 << 10,
		.tcp_receive = 256 << 10,
		.tcp_connections = 100,
		.tcp_time_wait = MIR_SECOND(1),
		.name = "test" };
	struct mir_endpoint at = { MIR_IPADDR_ANY, 80 }, peer = { test_ip("10.0.0.2"), 80 };
	struct mir_tcp_listener *listener;
	struct mir_tcp_flow *flow;
	struct mir_ws *ws = NULL;
	unsigned right = 0;

	start();
	pair_start(&bad);
	t.ip = &alice.ip.ip;
	ok(mir_tcp_device_start(&atcp, &t) == 0, "Alice's TCP");
	t.ip = &bob.ip.ip;
	ok(mir_tcp_device_start(&btcp, &t) == 0, "Bob's TCP");
	ok(mir_tcp_listen(&btcp.tcp, &at, 0, NULL, accepted, NULL, &listener) == 0, "listens");
	ok(mir_tcp_connect(&atcp.tcp, NULL, &peer, NULL, &flow) == 0 &&
		mir_ws_connect(&flow->flow, &target, NULL, &ws) == 0,
	    "connects");
	for (size_t i = 0; i < 40; i++)
		right += round_trip(ws, i % 2 ? MIR_WS_TEXT : MIR_WS_BINARY, i * i * 60);
	ok(right == 40, "messages there and back over a bad link: %u", right);
	ok(mir_ws_close(ws, MIR_WS_NORMAL, "") == 0, "closes");
	mir_sleep(MIR_SECOND(3));
	ok(last_receive == 0 && last_close == 0 && last_code == 1000, "on both sides");
	stop();
	mir_tcp_unlisten(listener);
	mir_tcp_device_stop(&atcp);
	mir_tcp_device_stop(&btcp);
	pair_stop();
}

int main(void)
{
	RUN(server_handshake);
	RUN(client_handshake);
	RUN(messages);
	RUN(pieces);
	RUN(on_the_wire);
	RUN(silence);
	RUN(closing);
	RUN(stopping);
	RUN(no_memory);
	RUN(slow);
	RUN(over_the_stack);
	return mir_test_end();
}
