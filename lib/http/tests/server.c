/* server.c: requests through a whole connection: what is answered, and what is refused. */
#include "bench.h"

static char buf[1 << 20];

/* The body in one piece. */
static int collect(struct mir_http_request *r, struct mir_http_response *w)
{
	char text[256];
	struct mir_slice s;
	size_t len = 0;
	int n;

	while ((n = mir_http_read(r, &s, 1)) > 0) {
		if (s.len > sizeof(text) - len)
			return MIR_EFBIG;
		memcpy(text + len, s.p, s.len);
		len += s.len;
		mir_slice_unref(&s);
	}
	return n < 0 ? n : mir_http_reply(w, 200, NULL, text, len);
}

/* /echo: the body; /hello: a text; /fail: an error; /headers: how many; else 404. */
static int handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_slice s[4];
	char text[64];
	int n;

	(void)arg;
	if (r->path.len == 6 && memcmp(r->path.p, "/hello", 6) == 0)
		return mir_http_reply(w, 200, "text/plain", "hello", 5);
	if (r->path.len == 5 && memcmp(r->path.p, "/fail", 5) == 0)
		return MIR_EIO;
	if (r->path.len == 6 && memcmp(r->path.p, "/begun", 6) == 0) {
		mir_http_begin(w, 100);
		mir_http_write_copy(w, "half", 4);
		return MIR_EIO;
	}
	if (r->path.len == 6 && memcmp(r->path.p, "/short", 6) == 0) {
		mir_http_begin(w, 100);
		return mir_http_write_copy(w, "half", 4);
	}
	if (r->path.len == 5 && memcmp(r->path.p, "/long", 5) == 0) {
		mir_http_begin(w, 4);
		mir_http_write_copy(w, "12345", 5);
		return 0;
	}
	if (r->path.len == 8 && memcmp(r->path.p, "/nothing", 8) == 0)
		return 0;
	if (r->path.len == 8 && memcmp(r->path.p, "/chunked", 8) == 0) {
		mir_http_write_copy(w, "one ", 4);
		mir_http_write_copy(w, "two", 3);
		return 0;
	}
	if (r->path.len == 8 && memcmp(r->path.p, "/headers", 8) == 0) {
		n = snprintf(text, sizeof(text), "%u", r->nheaders);
		return mir_http_reply(w, 200, "text/plain", text, (size_t)n);
	}
	if (r->path.len == 5 && memcmp(r->path.p, "/echo", 5) == 0) {
		mir_http_begin(w, r->content_length);
		while ((n = mir_http_read(r, s, 4)) > 0)
			if ((n = mir_http_write(w, s, (unsigned)n)) < 0)
				return n;
		return n;
	}
	if (r->path.len == 8 && memcmp(r->path.p, "/collect", 8) == 0)
		return collect(r, w);
	return mir_http_error(w, 404);
}

static struct mir_http_server server;

static void start(void)
{
	struct mir_http_server_config c = {
		.handler = handler,
		.name = "test",
		.http_server = "mirage",
		.http_max_body = 100000,
		.http_min_rate = 100,
	};

	ok(mir_http_server_start(&server, &c) == 0, "the server starts");
}

static const struct {
	const char *text;
	int status;
} table[] = {
	{ "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200 },
	{ "GET /hello HTTP/1.0\r\n\r\n", 200 },
	{ "\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200 },
	{ "GET http://a/hello HTTP/1.1\r\nHost: b\r\n\r\n", 200 },
	{ "GET /hello?x HTTP/1.1\r\nHost: a:80\r\n\r\n", 200 },
	{ "GET /hello HTTP/1.1\r\nHost:\r\n\r\n", 200 },
	{ "GET /hello HTTP/1.1\r\nHost: [::1]:80\r\nX:  spaced \t\r\n\r\n", 200 },
	{ "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200 },
	{ "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 204 },
	{ "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", 204 },
	{ "GET /fail HTTP/1.1\r\nHost: a\r\n\r\n", 500 },
	{ "GET /none HTTP/1.1\r\nHost: a\r\n\r\n", 404 },
	{ "PROPFIND /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200 },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 200 },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
	  "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	    200 },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
	  "3;x=y\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
	    200 },
	{ "BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n", 501 },
	{ "get /hello HTTP/1.1\r\nHost: a\r\n\r\n", 501 },
	{ "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501 },
	{ "GET /hello HTTP/1.1\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a@b\r\n\r\n", 400 },
	{ "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET /hello  HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1 \r\nHost: a\r\n\r\n", 400 },
	{ "GET\t/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET /hello\r\nHost: a\r\n\r\n", 400 },
	{ "GET /he llo HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET hello HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET ftp://a/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET http://u@a/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET /hello#x HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET /../hello HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET /%2e%2e/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET /a%2fhello HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
	{ "GET /hello HTTP/0.9\r\nHost: a\r\n\r\n", 505 },
	{ "GET /hello HTTP/11\r\nHost: a\r\n\r\n", 400 },
	{ "GET /hello HTPP/1.1\r\nHost: a\r\n\r\n", 400 },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505 },
	{ "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400 },
	{ "GET /hello HTTP/1.1\nHost: a\n\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a\r\n X: b\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\n Host: a\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n", 400 },
	{ "GET /hello HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417 },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n", 413 },
};

static void requests(void)
{
	start();
	for (size_t i = 0; i < MIR_COUNT(table); i++) {
		int status = bench_ask(&server, table[i].text, buf, sizeof(buf));

		ok(status == table[i].status, "%d, want %d: %.60s", status, table[i].status,
		    bench_name(table[i].text));
	}
	ok(server.stats.cut == 0, "none was cut");
	mir_http_server_stop(&server);
}

static const char many[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
			   "POST /collect HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345"
			   "POST /collect HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "4;q=\"a\"\r\nabcd\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n"
			   "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n"
			   "GET /chunked HTTP/1.1\r\nHost: a\r\n\r\n"
			   "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/* The bodies in order, without framing; Date and such may differ. */
static bool many_answered(const char *text)
{
	static const char *const parts[] = { "hello", "12345", "\r\n\r\nabcd0123456789HTTP/1.1 200",
		"HTTP/1.1 200", "4\r\none \r\n", "3\r\ntwo\r\n0\r\n\r\n", "Connection: close\r\n",
		"hello" };

	for (size_t i = 0; i < MIR_COUNT(parts); i++) {
		if (!(text = strstr(text, parts[i])))
			return false;
		text += strlen(parts[i]);
	}
	return *text == 0;
}

static void pipelined(void)
{
	size_t len = sizeof(many) - 1;
	unsigned bad = 0;

	start();
	bench_ask(&server, many, buf, sizeof(buf));
	ok(many_answered(buf), "six in one piece");
	bench_ask_n(&server, many, len, 1, buf, sizeof(buf));
	ok(many_answered(buf), "six byte by byte");
	for (size_t i = 1; i < len; i++) {
		struct pipe_end *c = bench_connect(&server, 1 << 20);

		bench_send(c, many, i, 0);
		mir_sleep(MIR_MS(1));
		bench_send(c, many + i, len - i, 0);
		bench_receive(c, buf, sizeof(buf), MIR_SECOND(1));
		mir_flow_close(&c->flow);
		bad += !many_answered(buf);
	}
	ok(bad == 0, "six split at every byte (%u bad)", bad);
	for (size_t step = 2; step < 40; step++) {
		bench_ask_n(&server, many, len, step, buf, sizeof(buf));
		bad += !many_answered(buf);
	}
	ok(bad == 0, "six in pieces of 2..39 bytes (%u bad)", bad);
	mir_sleep(MIR_SECOND(3));
	mir_http_server_stop(&server);
}

static void handlers(void)
{
	bool aborted = false;
	struct pipe_end *c;

	start();
	bench_ask(&server, "GET /begun HTTP/1.1\r\nHost: a\r\n\r\n", buf, sizeof(buf));
	ok(strstr(buf, "half") == NULL || server.stats.cut == 1, "an answer begun is cut");
	bench_ask(&server, "GET /short HTTP/1.1\r\nHost: a\r\n\r\n", buf, sizeof(buf));
	ok(server.stats.cut == 2, "a short answer is cut");
	bench_ask(&server, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n", buf, sizeof(buf));
	ok(server.stats.cut == 3 && !strstr(buf, "12345"), "a long answer is cut");
	bench_ask(&server,
	    "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
	    "GET /chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	    buf, sizeof(buf));
	ok(bench_count(buf, "HTTP/1.1 200") == 2 && bench_count(buf, "keep-alive") == 1 &&
		strstr(buf, "one two") && !strstr(buf, "chunked"),
	    "HTTP/1.0 keeps alive, and gets no chunks");
	bench_ask(&server, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", buf, sizeof(buf));
	ok(strstr(buf, "Content-Length: 5\r\n") && !strstr(buf, "hello"), "HEAD has no body");
	c = bench_connect(&server, 1 << 20);
	c->peer->aborted = &aborted;
	c->peer->writes = 0;
	bench_send(c, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 32, 0);
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(1));
	ok(c->peer && c->peer->writes == 1 && strstr(buf, "hello"), "a small answer is one write");
	mir_flow_close(&c->flow);
	mir_sleep(MIR_SECOND(1));
	ok(!aborted && server.connections == 0, "the connection was closed in order");
	mir_http_server_stop(&server);
}

static void continues(void)
{
	static const char head[] = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
				   "Expect: 100-continue\r\n\r\n";
	static const char refused[] = "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
				      "Expect: 100-continue\r\n\r\n";
	struct pipe_end *c;

	start();
	c = bench_connect(&server, 1 << 20);
	bench_send(c, refused, sizeof(refused) - 1, 0);
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(1));
	ok(strncmp(buf, "HTTP/1.1 404", 12) == 0, "404 in place of 100");
	mir_flow_close(&c->flow);
	mir_sleep(MIR_SECOND(3));
	c = bench_connect(&server, 1 << 20);
	bench_send(c, head, sizeof(head) - 1, 0);
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(1));
	ok(strcmp(buf, "HTTP/1.1 100 Continue\r\n\r\n") == 0 || strstr(buf, "200 OK"), "100: %s",
	    bench_name(buf));
	bench_send(c, "abc", 3, 0);
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(1));
	ok(strstr(buf, "abc") != NULL, "then the answer");
	mir_flow_close(&c->flow);
	mir_sleep(MIR_SECOND(3));
	mir_http_server_stop(&server);
}

int main(void)
{
	RUN(requests);
	RUN(pipelined);
	RUN(handlers);
	RUN(continues);
	return mir_test_end();
}
