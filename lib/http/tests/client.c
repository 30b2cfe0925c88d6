/* client.c: the client against the server, and against servers that err. */
#include "bench.h"

#include <mir/http_client.h>

static struct mir_http_server server;
static const char *canned; /* what a server says that is none; NULL: the real one */
static size_t canned_step; /* bytes in each of its pieces */
static unsigned connects;

static void canned_server(void *arg)
{
	struct pipe_end *e = arg;
	struct mir_slice s[8];
	int n = mir_flow_read(&e->flow, s, 8);

	mir_slices_unref(s, n > 0 ? (unsigned)n : 0);
	bench_send(e, canned, strlen(canned), canned_step);
	mir_flow_shutdown(&e->flow, MIR_FLOW_WRITE);
	while ((n = mir_flow_read(&e->flow, s, 8)) > 0)
		mir_slices_unref(s, (unsigned)n);
	mir_flow_close(&e->flow);
}

/* TCP whose connections are pipes to the server. */
struct pipe_flow {
	struct mir_tcp_flow tcp;
	struct pipe_end *end;
};

static struct pipe_flow *wrapped(struct mir_flow *f)
{
	return mir_container(f, struct pipe_flow, tcp.flow);
}

static int wrap_read(struct mir_flow *f, struct mir_slice *out, unsigned max)
{
	return mir_flow_read(&wrapped(f)->end->flow, out, max);
}

static int wrap_write(struct mir_flow *f, struct mir_slice *data, unsigned n)
{
	return mir_flow_write(&wrapped(f)->end->flow, data, n);
}

static void wrap_close(struct mir_flow *f)
{
	mir_flow_close(&wrapped(f)->end->flow);
	free(wrapped(f));
}

static void wrap_abort(struct mir_flow *f)
{
	mir_flow_abort(&wrapped(f)->end->flow);
	free(wrapped(f));
}

static const struct mir_flow_ops wrap_ops = { .name = "pipe",
	.read = wrap_read,
	.write = wrap_write,
	.close = wrap_close,
	.abort = wrap_abort };

static int connect_pipe(struct mir_tcp *t, const struct mir_endpoint *local,
    const struct mir_endpoint *peer, const struct mir_tcp_options *o, struct mir_tcp_flow **out)
{
	struct pipe_flow *f = calloc(1, sizeof(*f));
	struct pipe_end *server_end;

	(void)local;
	(void)o;
	connects++;
	f->tcp = (struct mir_tcp_flow){ { &wrap_ops }, t, bench_local, *peer };
	pipe_new(4096, &f->end, &server_end);
	if (canned)
		mir_spawn("server", canned_server, server_end);
	else
		mir_http_server_connection(&server, &server_end->flow, NULL, peer, &bench_local);
	*out = &f->tcp;
	return 0;
}

static const struct mir_tcp_ops tcp_ops = { .name = "pipes", .connect = connect_pipe };
static struct mir_tcp tcp = { &tcp_ops };

static int resolve(struct mir_resolver *r, const char *host, struct mir_ipaddr *out, unsigned max)
{
	(void)r;
	(void)max;
	*out = mir_ip4(0x0a000001);
	return strcmp(host, "example") == 0 ? 1 : MIR_ENOENT;
}

static const struct mir_resolver_ops resolver_ops = { "test", resolve };
static struct mir_resolver resolver = { &resolver_ops };
static struct mir_http_client client = { .tcp = &tcp, .resolver = &resolver, .user_agent = "test" };

static int handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_slice s[4];
	char text[128];
	uint64_t sum = 0;
	int n;

	(void)arg;
	if (r->path.len == 6 && memcmp(r->path.p, "/hello", 6) == 0) {
		n = snprintf(text, sizeof(text), "hello %.*s %.*s", (int)r->host.len, r->host.p,
		    (int)r->query.len, r->query.len ? r->query.p : "");
		return mir_http_reply(w, 200, "text/plain", text, (size_t)n);
	}
	if (r->path.len == 5 && memcmp(r->path.p, "/move", 5) == 0) {
		mir_http_add(w, "Location", "hello?moved#x");
		return mir_http_error(w, 302);
	}
	if (r->path.len == 5 && memcmp(r->path.p, "/loop", 5) == 0) {
		mir_http_add(w, "Location", "/loop");
		return mir_http_error(w, 302);
	}
	if (r->path.len == 8 && memcmp(r->path.p, "/chunked", 8) == 0) {
		for (int i = 0; i < 100; i++)
			mir_http_write_copy(w, "0123456789", 10);
		return 0;
	}
	while ((n = mir_http_read(r, s, 4)) > 0) {
		sum += mir_slices_len(s, (unsigned)n);
		mir_slices_unref(s, (unsigned)n);
	}
	n = snprintf(text, sizeof(text), "%.*s %llu", (int)r->method_text.len, r->method_text.p,
	    (unsigned long long)sum);
	return mir_http_reply(w, 200, "text/plain", text, (size_t)n);
}

static int get(const char *url, char **body, size_t *len)
{
	unsigned status = 0;
	int rc = mir_http_get(&client, url, 100000, body, len, &status);

	return rc < 0 ? rc : (int)status;
}

struct source {
	size_t left;
};

static int body(void *arg, struct mir_slice *out, unsigned max)
{
	static const uint8_t zero[1000];
	struct source *s = arg;
	size_t len = MIR_MIN(s->left, sizeof(zero));

	(void)max;
	if (!len)
		return 0;
	out[0] = mir_slice_static(zero, len);
	s->left -= len;
	return 1;
}

/* The answer's text to a request with a body, or NULL. */
static const char *post(const struct mir_http_fetch *f)
{
	static char text[128];
	struct mir_http_answer *a;
	struct mir_slice s;

	text[0] = 0;
	if (mir_http_fetch(&client, "http://10.0.0.1/up", f, &a) < 0)
		return "";
	if (mir_http_answer_read(a, &s, 1) > 0) {
		memcpy(text, s.p, MIR_MIN(s.len, sizeof(text) - 1));
		text[MIR_MIN(s.len, sizeof(text) - 1)] = 0;
		mir_slice_unref(&s);
	}
	mir_http_answer_close(a);
	return text;
}

static void asks(void)
{
	struct mir_http_server_config c = { .handler = handler };
	struct mir_http_header bad = { mir_str("X"), mir_str("a\r\nY: b") };
	struct mir_http_fetch f = { .headers = &bad, .nheaders = 1 };
	struct mir_http_answer *a = NULL;
	struct source s = { 12345 };
	char *text = NULL;
	size_t len;

	canned = NULL;
	mir_http_server_start(&server, &c);
	ok(get("http://10.0.0.1:8080/hello?a", &text, &len) == 200 &&
		strcmp(text, "hello 10.0.0.1:8080 a") == 0,
	    "a GET");
	free(text);
	ok(get("http://example/hello", &text, &len) == 200 && strcmp(text, "hello example ") == 0,
	    "by name");
	free(text);
	ok(get("http://nowhere/", &text, &len) == MIR_ENOENT, "a name that is none");
	ok(get("http://10.0.0.1/move", &text, &len) == 200 &&
		strcmp(text, "hello 10.0.0.1 moved") == 0,
	    "a redirect is followed");
	free(text);
	connects = 0;
	ok(get("http://10.0.0.1/loop", &text, &len) == 302 && connects == 6, "but not for ever");
	free(text);
	ok(get("http://10.0.0.1/chunked", &text, &len) == 200 && len == 1000, "chunks");
	free(text);
	ok(mir_http_get(&client, "http://10.0.0.1/chunked", 999, &text, &len, &(unsigned){ 0 }) ==
		MIR_EFBIG,
	    "no more than the limit");
	ok(mir_http_fetch(&client, "http://10.0.0.1/", &f, &a) == MIR_EINVAL, "no forged header");
	ok(get("ftp://10.0.0.1/", &text, &len) == MIR_EINVAL, "not http");
	ok(get("http://10.0.0.1:0/", &text, &len) == MIR_EINVAL, "a bad port");
	ok(get("http://10.0.0.1/ x", &text, &len) == MIR_EINVAL, "a blank");
	f = (struct mir_http_fetch){ .body = body, .body_arg = &s, .body_length = 12345 };
	ok(strcmp(post(&f), "POST 12345") == 0, "a body of known length");
	s.left = 12345;
	f.body_length = -1;
	f.method = "PUT";
	ok(strcmp(post(&f), "PUT 12345") == 0, "and of unknown");
	s.left = 10;
	f.body_length = 20;
	ok(!*post(&f), "a body that falls short is an error");
	mir_sleep(MIR_SECOND(40));
	mir_http_server_stop(&server);
}

static const struct {
	const char *answer;
	int result; /* status, or an error */
	const char *body;
} answers[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, "abc" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", 200, "abc" },
	{ "HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, "until the end" },
	{ "HTTP/1.0 200 OK\r\n\r\nold", 200, "old" },
	{ "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "" },
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x" },
	{ "HTTP/1.1 204 No Content\r\n\r\nxxx", 204, "" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x\r\nbc\r\n0\r\nT: "
	  "u\r\n\r\n",
	    200, "abc" },
	{ "HTTP/1.1 301 M\r\nLocation: https://x/\r\nContent-Length: 1\r\n\r\nx", 301, "x" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", MIR_ECONNRESET, NULL },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabc", MIR_ECONNRESET, NULL },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc", MIR_EPROTO, NULL },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", MIR_EPROTO, NULL },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
	    MIR_EPROTO, NULL },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", MIR_EPROTO,
	    NULL },
	{ "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc", MIR_EPROTO, NULL },
	{ "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", MIR_EPROTO, NULL },
	{ "HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\nabc", MIR_EPROTO, NULL },
	{ "HTTP/2.0 200 OK\r\n\r\n", MIR_EPROTO, NULL },
	{ "HTTP/1.1 99 X\r\n\r\n", MIR_EPROTO, NULL },
	{ "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
	    MIR_EPROTO, NULL },
	{ "SSH-2.0-x\r\n", MIR_ECONNRESET, NULL },
	{ "220 mail\r\n\r\n", MIR_EPROTO, NULL },
	{ "", MIR_ECONNRESET, NULL },
};

static void answered(void)
{
	for (size_t step = 0; step < 4; step++) {
		for (size_t i = 0; i < MIR_COUNT(answers); i++) {
			char *text = NULL;
			size_t len = 0;
			int rc;

			canned = answers[i].answer;
			canned_step = step;
			rc = get("http://10.0.0.1/", &text, &len);
			ok(rc == answers[i].result &&
				(!answers[i].body || (text && strcmp(text, answers[i].body) == 0)),
			    "%d: %s", rc, bench_name(answers[i].answer));
			free(text);
			mir_sleep(MIR_MS(100));
		}
	}
}

int main(void)
{
	RUN(asks);
	RUN(answered);
	return mir_test_end();
}
