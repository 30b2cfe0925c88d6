/* client.c: the client's side, against the server and against servers that lie. */
#include <stdlib.h>

#include "peer.h"

static struct mir_http_server server;
static struct mir_http2_client *client;

static int handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_slice s[4];
	char text[64];
	int n;

	(void)arg;
	switch (r->path.p[1]) {
	case 'e':
		mir_http_begin(w, r->content_length);
		while ((n = mir_http_read(r, s, 4)) > 0)
			if ((n = mir_http_write(w, s, (unsigned)n)) < 0)
				return n;
		return n;
	case 'n': mir_sleep(MIR_SECOND(1)); break;
	case 'u': return mir_http_reply(w, 403, "text/plain", "no", 2);
	case 's': mir_http_begin(w, 10); return mir_http_write_copy(w, "half", 4);
	}
	n = snprintf(text, sizeof(text), "%.*s x=%.*s", (int)r->host.len, r->host.p,
	    (int)mir_http_header(r, "x-test").len, mir_http_header(r, "x-test").p);
	return mir_http_reply(w, 200, "text/plain", text, (size_t)n);
}

static void start(void)
{
	static const struct mir_tls_flow tls = { .alpn = "h2" };
	struct mir_http_server_config c = {
		.handler = handler, .http2 = &mir_http2_device, .http2_streams = 50, .name = "test"
	};
	struct pipe_end *a, *b;

	ok(mir_http_server_start(&server, &c) == 0, "the server starts");
	pipe_new(100000, &a, &b);
	mir_http_server_connection(&server, &b->flow, &tls, &bench_local, &bench_peer);
	ok(mir_http2_client(&mir_http2_device, &a->flow, 0, &client) == 0, "the client too");
	mir_sleep(MIR_MS(10));
	ok(client->max_streams == 50 && !client->ended, "the server's settings");
}

static void stop(void)
{
	client->ops->close(client);
	mir_sleep(MIR_SECOND(1));
	mir_http_server_stop(&server);
	ok(!server.connections && !server.streams, "nothing is left");
}

static struct mir_http2_fetch get(const char *path)
{
	static const struct mir_http_header headers[] = {
		{ { "X-Test", 6 }, { "yes", 3 } },
		{ { "Connection", 10 }, { "close", 5 } },
		{ { "Host", 4 }, { "other", 5 } },
	};

	return (struct mir_http2_fetch){ .method = mir_str("GET"),
		.scheme = mir_str("https"),
		.authority = mir_str("a.test"),
		.path = mir_str(path),
		.headers = headers,
		.nheaders = 3 };
}

/* The answer's body, at most cap bytes of it in buf; negative: what reading said. */
static int64_t body_of(struct mir_http2_answer *a, char *buf, size_t cap)
{
	struct mir_slice s[3];
	size_t len = 0;
	int n;

	while ((n = client->ops->read(a, s, 3)) > 0)
		for (int i = 0; i < n; i++) {
			size_t part = MIR_MIN(s[i].len, cap - MIR_MIN(len, cap));

			memcpy(buf + MIR_MIN(len, cap), s[i].p, part);
			len += s[i].len;
			mir_slice_unref(&s[i]);
		}
	return n < 0 ? n : (int64_t)len;
}

static void asks(void)
{
	struct mir_http2_fetch f = get("/"), wrong = get("/");
	struct mir_http_header bad = { { "a", 1 }, { "x\r\ny", 4 } };
	struct mir_http2_answer *a;
	char buf[100];

	start();
	ok(mir_http2_fetch(client, &f, &a) == 0 && a->status == 200, "an answer");
	ok(a->content_length == 12 && a->nheaders >= 3, "its head");
	ok(body_of(a, buf, sizeof(buf)) == 12 && memcmp(buf, "a.test x=yes", 12) == 0, "its body");
	ok(client->streams == 1, "it is counted");
	client->ops->close_answer(a);
	ok(client->streams == 0, "until it is closed");
	f = get("/short");
	ok(mir_http2_fetch(client, &f, &a) == 0 && body_of(a, buf, sizeof(buf)) < 0, "half of one");
	client->ops->close_answer(a);
	f = get("/nap");
	ok(mir_http2_fetch(client, &f, &a) == 0, "one that nobody reads");
	client->ops->close_answer(a);
	wrong.headers = &bad;
	wrong.nheaders = 1;
	ok(mir_http2_fetch(client, &wrong, &a) == MIR_EINVAL, "no CR LF in a header");
	wrong = get("/a\nb");
	ok(mir_http2_fetch(client, &wrong, &a) == MIR_EINVAL, "nor in a path");
	stop();
}

static size_t to_send;

static int source(void *arg, struct mir_slice *out, unsigned max)
{
	static uint8_t block[10000];
	size_t *sent = arg, n = MIR_MIN(sizeof(block), to_send - *sent);

	if (!n)
		return 0;
	(void)max;
	for (size_t i = 0; i < n; i++)
		block[i] = (uint8_t)((*sent + i) * 7 >> 3);
	*out = mir_slice_copy(block, n);
	*sent += n;
	return out->owner ? 1 : MIR_ENOMEM;
}

static void echo(int64_t length, const char *name)
{
	struct mir_http2_fetch f = get("/echo");
	struct mir_http2_answer *a;
	struct mir_slice s;
	size_t sent = 0, at = 0;
	bool same = true;

	f.method = mir_str("POST");
	f.body = source;
	f.body_arg = &sent;
	f.body_length = length;
	ok(mir_http2_fetch(client, &f, &a) == 0 && a->content_length == length, "%s", name);
	while (client->ops->read(a, &s, 1) == 1) {
		for (size_t i = 0; i < s.len; i++)
			same &= s.p[i] == (uint8_t)((at + i) * 7 >> 3);
		at += s.len;
		mir_slice_unref(&s);
	}
	ok(same && at == to_send, "%s: all of it comes back: %zu", name, at);
	client->ops->close_answer(a);
}

static void bodies(void)
{
	struct mir_http2_fetch f = get("/unread");
	struct mir_http2_answer *a;
	size_t sent = 0;
	char buf[8];

	start();
	to_send = 3000000;
	echo(3000000, "a body of known length");
	echo(-1, "of unknown length");
	to_send = 0;
	echo(0, "an empty one");
	to_send = 3000000;
	f.method = mir_str("POST");
	f.body = source;
	f.body_arg = &sent;
	f.body_length = -1;
	ok(mir_http2_fetch(client, &f, &a) == 0 && a->status == 403, "one that is not wanted");
	ok(body_of(a, buf, sizeof(buf)) == 2, "the answer is whole");
	client->ops->close_answer(a);
	ok(!client->ended, "the connection lives");
	stop();
}

struct slow {
	bool stopped;
};

/* A source that waits, and looks at what is its own when it is told to stop. */
static int slow_source(void *arg, struct mir_slice *out, unsigned max)
{
	struct slow *slow = arg;
	int rc = mir_sleep(MIR_SECOND(60));

	(void)out;
	(void)max;
	slow->stopped = true;
	return rc;
}

static void sources_end(void)
{
	struct mir_http2_fetch f = get("/unread");
	struct slow *slow = calloc(1, sizeof(*slow));
	struct mir_http2_answer *a;
	int64_t outer;

	start();
	f.method = mir_str("POST");
	f.body = slow_source;
	f.body_arg = slow;
	f.body_length = 10;
	outer = mir_deadline_set(mir_now() + MIR_SECOND(1));
	ok(mir_http2_fetch(client, &f, &a) == 0, "an answer before the body is sent");
	mir_deadline_restore(outer);
	client->ops->close_answer(a);
	ok(slow->stopped, "the body's source is left alone then");
	free(slow);
	stop();
}

static unsigned answered, again;

static void one_of_many(void *arg)
{
	struct mir_http2_fetch f = get("/nap");
	struct mir_http2_answer *a;
	int rc = mir_http2_fetch(client, &f, &a);

	(void)arg;
	if (rc == 0) {
		answered += a->status == 200;
		client->ops->close_answer(a);
	} else if (rc == MIR_ELIMIT || rc == MIR_EAGAIN) {
		again++;
	}
}

static void many(void)
{
	start();
	answered = again = 0;
	for (unsigned i = 0; i < 60; i++)
		mir_spawn("one", one_of_many, NULL);
	mir_sleep(MIR_SECOND(3));
	ok(answered == 50 && again == 10, "50 at once: %u, %u", answered, again);
	stop();
}

static void stopper(void *arg)
{
	(void)arg;
	mir_http_server_stop(&server);
}

static void server_stops(void)
{
	struct mir_http2_fetch f = get("/");
	struct mir_http2_answer *a;
	struct mir_fiber *stopping;

	start();
	answered = 0;
	mir_spawn("one", one_of_many, NULL);
	mir_sleep(MIR_MS(100));
	stopping = mir_spawn_joinable("stop", stopper, NULL);
	mir_sleep(MIR_MS(100));
	ok(client->ended && client->clean, "GOAWAY");
	ok(mir_http2_fetch(client, &f, &a) == MIR_EAGAIN, "no more requests");
	ok(mir_join(stopping) == 0, "it ends");
	mir_sleep(MIR_MS(10));
	ok(answered == 1, "what was asked is answered");
	client->ops->close(client);
}

/* ---- servers that lie ---- */

static struct mir_http2_answer *got;
static int fetched;

static void ask_liar(void *arg)
{
	struct mir_http2_fetch f = get("/");
	int64_t outer = mir_deadline_set(mir_now() + MIR_SECOND(20));
	char buf[64];

	(void)arg;
	got = NULL;
	fetched = mir_http2_fetch(client, &f, &got);
	if (fetched == 0) {
		int64_t n = body_of(got, buf, sizeof(buf));

		fetched = n < 0 ? (int)n : 0;
		client->ops->close_answer(got);
	}
	mir_deadline_restore(outer);
}

#define OK200 "HEADERS 1 4 :status=200"

static const struct {
	const char *name, *script;
	int rc; /* 1: any error */
} lies[] = {
	{ "an honest one", OK200 "\nDATA 1 1 abc", 0 },
	{ "100 and 103 come before",
	    "HEADERS 1 4 :status=100\nHEADERS 1 4 :status=103 a=b\n" OK200 "\nDATA 1 1 abc", 0 },
	{ "trailers", OK200 "\nDATA 1 0 abc\nHEADERS 1 5 x=y", 0 },
	{ "no status", "HEADERS 1 4 a=b", 1 },
	{ "a wrong status", "HEADERS 1 4 :status=2000", 1 },
	{ "large letters", "HEADERS 1 5 :status=200 A=b", MIR_EPROTO },
	{ "Connection", "HEADERS 1 5 :status=200 connection=close", MIR_EPROTO },
	{ "LF in a value", "HEADERS 1 5 :status=200 a=b^Jc", MIR_EPROTO },
	{ "a length that the body lacks", OK200 " content-length=4\nDATA 1 1 abc", MIR_EPROTO },
	{ "DATA without a head", "DATA 1 1 abc", 1 },
	{ "the request is refused", "FRAME 3 0 1 00000007", MIR_EAGAIN },
	{ "it is reset", "FRAME 3 0 1 00000002", MIR_ECONNRESET },
	{ "GOAWAY before it", "FRAME 7 0 0 00000000 00000000", MIR_EAGAIN },
	{ "a push", "FRAME 4 1 0\nFRAME 5 4 1 00000002 82 87 84 41 01 61\n" OK200 "\nDATA 1 1 x",
	    1 },
	{ "a stream of its own", "HEADERS 2 4 :status=200", 1 },
	{ "too large a head", OK200 "\nTIMES 0", MIR_ETIMEDOUT },
	{ "settings floods", "TIMES 5000\nFRAME 4 0 0", 1 },
	{ "heads that never end", "FRAME 1 0 1 88\nTIMES 20\nFRAME 9 0 1 88", 1 },
	{ "interim answers without end", "TIMES 0\nINTERIM", 1 },
	{ "silence", "", MIR_ETIMEDOUT },
	{ "nonsense", "FRAME 1 5 1 ff ff ff ff", 1 },
};

static void lie(const char *script)
{
	static struct peer p;
	struct pipe_end *a, *b;
	struct mir_fiber *f;

	pipe_new(1 << 20, &a, &b);
	ok(mir_http2_client(&mir_http2_device, &a->flow, 4096, &client) == 0, "a client");
	memset(&p, 0, offsetof(struct peer, out));
	p.n_out = 0;
	p.end = b;
	peer_frame(&p, 4, 0, 0, NULL, 0);
	f = mir_spawn_joinable("ask", ask_liar, NULL);
	mir_sleep(MIR_MS(10));
	if (strstr(script, "INTERIM"))
		for (unsigned i = 0; i < 20000; i++) {
			peer_line(&p, "HEADERS 1 4 :status=103", 0);
			if (i % 500 == 0)
				peer_flush(&p);
		}
	else
		peer_run(&p, script);
	peer_flush(&p);
	mir_join(f);
	client->ops->close(client);
	mir_flow_close(&b->flow);
	mir_sleep(MIR_SECOND(40));
}

static void liars(void)
{
	for (size_t i = 0; i < MIR_COUNT(lies); i++) {
		lie(lies[i].script);
		ok(lies[i].rc == 1 ? fetched < 0 : fetched == lies[i].rc, "%s: %s", lies[i].name,
		    fetched < 0 ? mir_strerror(fetched) : "an answer");
	}
}

int main(void)
{
	RUN(asks);
	RUN(bodies);
	RUN(sources_end);
	RUN(many);
	RUN(server_stops);
	RUN(liars);
	return mir_test_end();
}
