/* client_pool.c: connections that are kept, proxies, redirects to other origins, time limits: the
 * client against scripted servers. */
#include "bench.h"

#include <mir/http_client.h>

#include "../client.h"

/* What the servers are told to say: one answer for each request, in order, whatever the
 * connection. */
static struct {
	const char *answer[16];
	unsigned n, at;
	bool close_idle;   /* the connection ends right after its first answer */
	bool close_on_use; /* it ends when the second request comes */
	int64_t delay;
	unsigned connects, open;
	char seen[16][2048]; /* requests */
	struct mir_endpoint peer[16];
} world;

static void script(const char *const *answers, unsigned n)
{
	memset(&world, 0, sizeof(world));
	world.n = n;
	for (unsigned i = 0; i < n; i++)
		world.answer[i] = answers[i];
}

/* Reads a head (and a body that is in the same piece). */
static bool read_request(struct pipe_end *e, char *out, size_t cap)
{
	size_t len = 0;

	while (!strstr(out, "\r\n\r\n")) {
		struct mir_slice s;

		if (mir_flow_read(&e->flow, &s, 1) <= 0)
			return false;
		if (s.len < cap - len) {
			memcpy(out + len, s.p, s.len);
			len += s.len;
			out[len] = 0;
		}
		mir_slice_unref(&s);
	}
	return true;
}

static void serve(void *arg)
{
	struct pipe_end *e = arg;

	world.open++;
	for (unsigned i = 0; world.at < world.n; i++) {
		char head[2048] = "";

		if (!read_request(e, head, sizeof(head)) || (i == 1 && world.close_on_use))
			break;
		memcpy(world.seen[world.at], head, sizeof(head));
		if (world.delay)
			mir_sleep(world.delay);
		if (world.at == world.n)
			break;
		mir_flow_write_copy(
		    &e->flow, world.answer[world.at], strlen(world.answer[world.at]));
		world.at++;
		if (world.close_idle)
			break;
	}
	world.open--;
	mir_flow_close(&e->flow);
}

struct pipe_flow {
	struct mir_tcp_flow tcp;
	struct pipe_end *end;
};

static struct mir_flow *below(struct mir_flow *f)
{
	return &mir_container(f, struct pipe_flow, tcp.flow)->end->flow;
}

static int wrap_read(struct mir_flow *f, struct mir_slice *out, unsigned max)
{
	return mir_flow_read(below(f), out, max);
}

static int wrap_write(struct mir_flow *f, struct mir_slice *data, unsigned n)
{
	return mir_flow_write(below(f), data, n);
}

static void wrap_close(struct mir_flow *f)
{
	mir_flow_close(below(f));
	free(mir_container(f, struct pipe_flow, tcp.flow));
}

static void wrap_abort(struct mir_flow *f)
{
	mir_flow_abort(below(f));
	free(mir_container(f, struct pipe_flow, tcp.flow));
}

static void wrap_when_readable(struct mir_flow *f, mir_flow_ready *ready, void *arg)
{
	mir_flow_when_readable(below(f), ready, arg);
}

static const struct mir_flow_ops wrap_ops = { .name = "pipe",
	.read = wrap_read,
	.write = wrap_write,
	.close = wrap_close,
	.abort = wrap_abort,
	.when_readable = wrap_when_readable };

static int connect_pipe(struct mir_tcp *t, const struct mir_endpoint *local,
    const struct mir_endpoint *peer, const struct mir_tcp_options *o, struct mir_tcp_flow **out)
{
	struct pipe_flow *f;
	struct pipe_end *server_end;

	(void)local;
	(void)o;
	if (mir_ip4_of(&peer->addr) == 0x0a000009)
		return MIR_ECONNREFUSED;
	f = calloc(1, sizeof(*f));
	world.peer[world.connects++ % 16] = *peer;
	f->tcp = (struct mir_tcp_flow){ { &wrap_ops }, t, bench_local, *peer };
	pipe_new(4096, &f->end, &server_end);
	mir_spawn("server", serve, server_end);
	*out = &f->tcp;
	return 0;
}

static const struct mir_tcp_ops tcp_ops = { .name = "pipes", .connect = connect_pipe };
static struct mir_tcp tcp = { &tcp_ops };

/* Every name has two addresses, of which the first is dead. */
static int resolve(struct mir_resolver *r, const char *host, struct mir_ipaddr *out, unsigned max)
{
	(void)r;
	(void)max;
	(void)host;
	out[0] = mir_ip4(0x0a000009);
	out[1] = mir_ip4(0x0a000001);
	return 2;
}

static const struct mir_resolver_ops resolver_ops = { "test", resolve };
static struct mir_resolver resolver = { &resolver_ops };

/* TLS that adds nothing but its name. */
static unsigned handshakes;
static char handshake_name[64];

static struct mir_tls_flow h2_flow = { .version = "none", .alpn = "h2" };

static int tls_client(struct mir_tls *t, struct mir_flow *flow, const char *name,
    const struct mir_tls_options *o, struct mir_tls_flow **out)
{
	(void)t;
	handshakes++;
	snprintf(handshake_name, sizeof(handshake_name), "%s", name);
	if (strcmp(name, "two.test") == 0 && strcmp(o->alpn, "h2 http/1.1") == 0) {
		mir_flow_abort(flow);
		*out = &h2_flow;
		return 0;
	}
	mir_flow_abort(flow);
	return MIR_ECERTNAME;
}

static const struct mir_tls_ops tls_ops = { .name = "test", .client = tls_client };
static struct mir_tls tls = { &tls_ops, "test" };

/* HTTP/2 that asks nobody. */
static struct {
	struct mir_http2_client client;
	unsigned sessions, open, answers, eagain;
	char path[64];
} two;

static int two_fetch(
    struct mir_http2_client *c, const struct mir_http2_fetch *f, struct mir_http2_answer **out)
{
	ok(!c->ended && c->streams < c->max_streams, "room for a request");
	snprintf(two.path, sizeof(two.path), "%.*s %.*s %.*s %u", (int)f->method.len, f->method.p,
	    (int)f->authority.len, f->authority.p, (int)f->path.len, f->path.p, f->nheaders);
	if (two.eagain) {
		two.eagain--;
		return MIR_EAGAIN;
	}
	c->streams++;
	mir_sleep(MIR_SECOND(1));
	*out = calloc(1, sizeof(**out));
	**out = (struct mir_http2_answer){ .status = 200, .content_length = 1 };
	two.answers++;
	return 0;
}

static int two_read(struct mir_http2_answer *a, struct mir_slice *out, unsigned max)
{
	(void)max;
	if (!a->content_length--)
		return 0;
	out[0] = mir_slice_static("x", 1);
	return 1;
}

static void two_close_answer(struct mir_http2_answer *a)
{
	two.client.streams--;
	two.answers--;
	free(a);
}

static void two_close(struct mir_http2_client *c)
{
	(void)c;
	two.open--;
}

static const struct mir_http2_client_ops two_client_ops = { two_fetch, two_read, two_close_answer,
	two_close };

static int two_client(
    struct mir_http2 *h, struct mir_flow *flow, uint32_t max_header, struct mir_http2_client **out)
{
	(void)h;
	(void)flow;
	(void)max_header;
	two.client = (struct mir_http2_client){ .ops = &two_client_ops, .max_streams = 3 };
	two.sessions++;
	two.open++;
	*out = &two.client;
	return 0;
}

static const struct mir_http2_ops two_ops = { .name = "test", .client = two_client };
static struct mir_http2 http2 = { &two_ops };

static struct mir_http_client client;

static void begin(unsigned max_idle)
{
	client = (struct mir_http_client){
		.tcp = &tcp, .resolver = &resolver, .tls = &tls, .max_idle = max_idle
	};
}

static int get(const char *url, const char *want)
{
	char *text = NULL;
	size_t len;
	unsigned status = 0;
	int rc = mir_http_get(&client, url, 1000, &text, &len, &status);

	rc = rc < 0 ? rc : text && strcmp(text, want) == 0 ? (int)status : 0;
	free(text);
	return rc;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"

static void keeps(void)
{
	static const char *const all[] = { OK, OK,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", OK,
		"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", OK,
		"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", OK };

	begin(4);
	script(all, 8);
	ok(get("http://a.test/1", "x") == 200 && get("http://A.test/2", "x") == 200 &&
		get("http://a.test/3", "x") == 200 && world.connects == 1,
	    "one connection for three requests");
	ok(get("http://b.test/", "x") == 200 && world.connects == 2, "another for another host");
	ok(get("http://a.test/", "x") == 200 && get("http://a.test/", "x") == 200 &&
		world.connects == 3,
	    "closed by the server: a new one");
	ok(get("http://a.test/", "x") == 200 && get("http://a.test/", "x") == 200 &&
		world.connects == 4,
	    "closed by its version");
	ok(client.stats.reused == 4 && client.stats.requests == 8, "counted");
	mir_sleep(MIR_SECOND(31));
	ok(client.n_links == 0, "none is kept for longer than half a minute");
	mir_http_client_close(&client);
}

static void dead(void)
{
	static const char *const all[] = { OK, OK, OK, OK };
	struct mir_http_fetch post = { .method = "POST" };
	struct mir_http_answer *a = NULL;

	begin(4);
	script(all, 4);
	world.close_on_use = true;
	ok(get("http://a.test/", "x") == 200 && get("http://a.test/", "x") == 200 &&
		world.connects == 2 && client.stats.repeated == 1,
	    "a request is repeated when its connection was dead");
	ok(mir_http_fetch(&client, "http://a.test/", &post, &a) == MIR_ECONNRESET &&
		client.stats.repeated == 1,
	    "but not one that may have had an effect");
	mir_http_client_close(&client);
	begin(4);
	script(all, 2);
	world.close_idle = true;
	ok(get("http://a.test/", "x") == 200, "once");
	mir_sleep(MIR_MS(10));
	ok(client.n_links == 0, "the server closes: so do we");
	mir_http_client_close(&client);
	begin(4);
	script((const char *const[]){ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 "
				      "OK\r\nContent-Length: 1\r\n\r\ny",
		   OK },
	    2);
	ok(get("http://a.test/", "x") == 200 && client.n_links == 0,
	    "an answer to no question is not taken for the next one's");
	mir_http_client_close(&client);
}

static unsigned done;

static void one(void *arg)
{
	done += get(arg, "x") == 200;
}

static void limits(void)
{
	static const char *const all[] = { OK, OK, OK, OK, OK, OK };
	struct mir_fiber *f[6];

	begin(8);
	client.max_per_host = 2;
	script(all, 6);
	world.delay = MIR_SECOND(1);
	done = 0;
	for (unsigned i = 0; i < 6; i++)
		f[i] = mir_spawn_joinable("one", one, (void *)(uintptr_t) "http://a.test/");
	for (unsigned i = 0; i < 6; i++)
		mir_join(f[i]);
	ok(done == 6 && world.connects == 2 && client.stats.waited == 4,
	    "two connections for six at once: %u, %u", done, world.connects);
	mir_http_client_close(&client);
	begin(8);
	client.max_connections = 1;
	script(all, 3);
	ok(get("http://a.test/", "x") == 200 && get("http://b.test/", "x") == 200 &&
		client.n_links == 1 && world.connects == 2,
	    "one that is kept makes room");
	client.timeout_ns = MIR_SECOND(2);
	client.head_timeout_ns = MIR_SECOND(5);
	world.delay = MIR_SECOND(9);
	f[0] = mir_spawn_joinable("one", one, (void *)(uintptr_t) "http://b.test/");
	mir_yield();
	ok(get("http://b.test/", "x") == MIR_ETIMEDOUT, "nobody waits for ever");
	mir_join(f[0]);
	mir_http_client_close(&client);
	mir_sleep(MIR_SECOND(10));
}

static void proxies(void)
{
	static const char *const all[] = { OK, OK, OK };
	static const char *const refused[] = { "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n" };
	static const char *const agreed[] = { "HTTP/1.1 200 Yes\r\n\r\n" };
	static const char *const talks[] = { "HTTP/1.1 200 Yes\r\n\r\nhello" };

	begin(4);
	client.proxy = "http://me:secret@10.0.0.5:3128";
	client.no_proxy = "plain.test, .lan, 10.1.0.0/16, 192.0.2.1";
	script(all, 3);
	ok(get("http://a.test/x?y", "x") == 200 && get("http://b.test:81/", "x") == 200 &&
		world.connects == 1 && world.peer[0].port == 3128,
	    "one connection to the proxy for two hosts");
	ok(begins(world.seen[0], "GET http://a.test/x?y HTTP/1.1\r\nHost: a.test\r\n") &&
		strstr(world.seen[0], "\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"),
	    "the whole URL, and who asks");
	ok(get("http://plain.test/", "x") == 200 && world.connects == 2 &&
		begins(world.seen[2], "GET / HTTP/1.1") && !strstr(world.seen[2], "Proxy-"),
	    "a host that needs none");
	script(refused, 1);
	ok(get("https://a.test/", "x") == MIR_EACCES &&
		begins(world.seen[0], "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n"),
	    "a proxy that refuses");
	script(agreed, 1);
	handshakes = 0;
	ok(get("https://[2001:db8::1]:8443/", "x") == MIR_ECERTNAME && handshakes == 1 &&
		strcmp(handshake_name, "2001:db8::1") == 0 &&
		begins(world.seen[0], "CONNECT [2001:db8::1]:8443 HTTP"),
	    "TLS through it");
	script(talks, 1);
	handshakes = 0;
	ok(get("https://a.test/", "x") == MIR_EPROTO && handshakes == 0,
	    "one that talks before TLS does");
	mir_http_client_close(&client);
	ok(mir_http_no_proxy(client.no_proxy, mir_str("x.LAN")) &&
		mir_http_no_proxy(client.no_proxy, mir_str("lan")) &&
		!mir_http_no_proxy(client.no_proxy, mir_str("xlan")) &&
		mir_http_no_proxy(client.no_proxy, mir_str("10.1.2.3")) &&
		!mir_http_no_proxy(client.no_proxy, mir_str("10.2.2.3")) &&
		mir_http_no_proxy("*", mir_str("a")) && !mir_http_no_proxy("", mir_str("a")),
	    "the list of those that need none");
}

static int no_body(void *arg, struct mir_slice *out, unsigned max)
{
	(void)arg;
	(void)out;
	(void)max;
	return 0;
}

static void moves(void)
{
	static const char *const away[] = {
		"HTTP/1.1 302 F\r\nLocation: http://b.test/y\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 F\r\nLocation: http://a.test/z\r\nContent-Length: 0\r\n\r\n", OK
	};
	static const char *const see[] = {
		"HTTP/1.1 303 S\r\nLocation: ?q\r\nContent-Length: 0\r\n\r\n", OK
	};
	static const char *const again[] = {
		"HTTP/1.1 307 T\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"
	};
	struct mir_http_header headers[] = { { mir_str("Authorization"), mir_str("Basic x") },
		{ mir_str("Cookie"), mir_str("a=b") },
		{ mir_str("Content-Type"), mir_str("t/t") } };
	struct mir_http_fetch f = { .headers = headers, .nheaders = 3, .redirects = 5 };
	struct mir_http_answer *a = NULL;

	begin(4);
	script(away, 3);
	ok(mir_http_fetch(&client, "http://a.test/x", &f, &a) == 0 && a->status == 200 &&
		strcmp(a->url, "http://a.test/z") == 0,
	    "two redirects");
	mir_http_answer_close(a);
	ok(strstr(world.seen[0], "Authorization") && strstr(world.seen[0], "Cookie") &&
		!strstr(world.seen[1], "Authorization") && !strstr(world.seen[1], "Cookie") &&
		!strstr(world.seen[2], "Authorization") && strstr(world.seen[1], "Content-Type"),
	    "credentials stay with the first origin");
	script(see, 2);
	f.method = "POST";
	f.body = no_body;
	ok(mir_http_fetch(&client, "http://a.test/x/y", &f, &a) == 0 && a->status == 200 &&
		begins(world.seen[1], "GET /x/y?q HTTP/1.1\r\n") &&
		!strstr(world.seen[1], "Content-") && strstr(world.seen[1], "Cookie"),
	    "303 is a GET, without the body");
	mir_http_answer_close(a);
	script(again, 1);
	ok(mir_http_fetch(&client, "http://a.test/x", &f, &a) == 0 && a->status == 307,
	    "a body is not sent twice");
	mir_http_answer_close(a);
	mir_http_client_close(&client);
}

static void times(void)
{
	static const char *const slow[] = {
		"HTTP/1.1 302 F\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 F\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 F\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
	};
	static const char *const stops[] = { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab" };
	int64_t began;

	begin(0);
	client.head_timeout_ns = MIR_SECOND(3);
	script(slow, 3);
	world.delay = MIR_SECOND(5);
	began = mir_now();
	ok(get("http://a.test/", "x") == MIR_ETIMEDOUT && mir_now() - began < MIR_SECOND(4),
	    "for the head");
	mir_sleep(MIR_SECOND(10));
	client.head_timeout_ns = 0;
	client.total_timeout_ns = MIR_SECOND(12);
	script(slow, 3);
	world.delay = MIR_SECOND(5);
	began = mir_now();
	ok(get("http://a.test/", "x") == MIR_ETIMEDOUT && mir_now() - began < MIR_SECOND(13) &&
		mir_now() - began > MIR_SECOND(11),
	    "for all");
	mir_sleep(MIR_SECOND(10));
	client.body_timeout_ns = MIR_SECOND(2);
	script(stops, 1);
	world.n = 2;
	world.answer[1] = OK;
	began = mir_now();
	ok(get("http://a.test/", "x") == MIR_ETIMEDOUT && mir_now() - began < MIR_SECOND(3),
	    "for the body");
	ok(get("https://a.test/", "x") == MIR_ECERTNAME, "certificates are looked at");
	client.tls = NULL;
	ok(get("https://a.test/", "x") == MIR_ENOSYS, "no TLS");
	mir_http_client_close(&client);
	mir_sleep(MIR_SECOND(10));
}

static void over_http2(void)
{
	struct mir_fiber *f[6];

	begin(4);
	script(NULL, 0);
	client.http2 = &http2;
	client.user_agent = "me";
	client.max_per_host = 1;
	memset(&two, 0, sizeof(two));
	ok(get("https://two.test/a?b", "x") == 200 && strcmp(two.path, "GET two.test /a?b 1") == 0,
	    "an answer: %s", two.path);
	done = 0;
	for (unsigned i = 0; i < 6; i++)
		f[i] = mir_spawn_joinable("one", one, (void *)(uintptr_t) "https://two.test/");
	for (unsigned i = 0; i < 6; i++)
		mir_join(f[i]);
	ok(done == 6 && two.sessions == 1 && client.stats.reused == 6 && two.answers == 0,
	    "six on one connection, three at once");
	two.eagain = 1;
	ok(get("https://two.test/", "x") == 200 && client.stats.repeated == 1,
	    "what the server has not looked at is repeated");
	mir_sleep(MIR_MS(10));
	two.client.ended = true;
	two.client.changed(two.client.changed_arg);
	mir_sleep(MIR_MS(10));
	ok(two.open == 0 && client.n_links == 0, "one that has ended is closed");
	ok(get("https://two.test/", "x") == 200 && two.open == 1, "and another made");
	mir_sleep(MIR_SECOND(31));
	ok(two.open == 0 && client.n_links == 0, "which is kept for half a minute");
	mir_http_client_close(&client);
	client.user_agent = NULL;
}

static void urls(void)
{
	static const struct {
		const char *base, *to, *want;
	} all[] = { { "http://a/b/c?d", "e", "http://a/b/e" },
		{ "http://a/b/c?d", "/e", "http://a/e" },
		{ "http://a/b/c?d", "?e", "http://a/b/c?e" },
		{ "http://a:81/b", "//c/d", "http://c/d" },
		{ "http://a/b", "https://c/", "https://c/" },
		{ "https://a/b", "c#d", "https://a/c" }, { "https://a/b", "http://a/", NULL },
		{ "http://a/", "ftp://b/", NULL }, { "http://a/", "javascript:x", NULL },
		{ "http://a/", "http://u@b/", NULL }, { "http://a/", "#x", NULL },
		{ "http://a/", "x y", NULL }, { "https://a/", "//b", "https://b" } };
	static const char *const bad[] = { "", "http://", "http:///x", "http://a:b/",
		"http://a:70000/", "http://u:p@a/", "http://[::1", "http://[::1]x/", "http://a\\b/",
		"http://a/\x7f" };
	static const char *const proxy[] = { "socks://a:1", "http://a:1/x", "", "http://u@",
		"a b" };
	struct mir_http_url u;

	for (size_t i = 0; i < MIR_COUNT(all); i++) {
		char *got = NULL;

		if (mir_http_url_parse(all[i].base, &u) == 0)
			got = mir_http_url_follow(mir_str(all[i].to), &u);
		ok(all[i].want ? got && strcmp(got, all[i].want) == 0 : !got, "%s + %s: %s",
		    all[i].base, all[i].to, got ? got : "none");
		free(got);
	}
	for (size_t i = 0; i < MIR_COUNT(bad); i++)
		ok(mir_http_url_parse(bad[i], &u) == MIR_EINVAL, "not '%s'", bench_name(bad[i]));
	for (size_t i = 0; i < MIR_COUNT(proxy); i++)
		ok(mir_http_proxy_parse(proxy[i], &u) == MIR_EINVAL, "no proxy: '%s'", proxy[i]);
	ok(mir_http_url_parse("HTTPS://[::1]:8/x", &u) == 0 && u.secure && u.port == 8 &&
		u.host.len == 3,
	    "an address of IPv6");
	ok(mir_http_proxy_parse("http://u:p@proxy:3128/", &u) == 0 && u.user.len == 3 &&
		u.port == 3128 && u.host.len == 5,
	    "a proxy");
}

int main(void)
{
	RUN(keeps);
	RUN(dead);
	RUN(limits);
	RUN(proxies);
	RUN(moves);
	RUN(times);
	RUN(over_http2);
	RUN_PLAIN(urls);
	return mir_test_end();
}
