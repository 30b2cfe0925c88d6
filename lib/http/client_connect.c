/* client_connect.c: a connection for a request: the name's addresses one after the other, a proxy
 * in between (RFC 9110 section 9.3.6), TLS over it. */
#include "client.h"

#include <mir/format.h>

#include <mir/log.h>
#include <stdlib.h>

MIR_LOG_SOURCE(http);

enum { CONNECT_HEAD = 1024, PROXY_HEAD = 16384, HOST_MAX = 256 };

bool mir_http_proxy_for(
    const struct mir_http_client *c, const struct mir_http_url *u, struct mir_http_url *proxy)
{
	return c->proxy && c->proxy[0] && !mir_http_no_proxy(c->no_proxy, u->host) &&
	       mir_http_proxy_parse(c->proxy, proxy) == 0;
}

static void base64(struct mir_http_text *t, struct mir_str s)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.len; i += 3) {
		size_t n = MIR_MIN(s.len - i, (size_t)3);
		uint32_t v = 0;
		char out[4];

		for (size_t j = 0; j < 3; j++)
			v = v << 8 | (j < n ? (uint8_t)s.p[i + j] : 0);
		for (size_t j = 0; j < 4; j++)
			out[j] = j <= n ? digits[v >> (18 - 6 * j) & 63] : '=';
		mir_http_text_add(t, out, sizeof(out));
	}
}

void mir_http_proxy_user(struct mir_http_text *t, const struct mir_http_url *proxy)
{
	if (!proxy->user.p)
		return;
	mir_http_text_str(t, "Proxy-Authorization: Basic ");
	base64(t, proxy->user);
	mir_http_text_str(t, "\r\n");
}

static int host_text(struct mir_str host, char out[static HOST_MAX])
{
	if (host.len >= HOST_MAX)
		return MIR_EINVAL;
	memcpy(out, host.p, host.len);
	out[host.len] = 0;
	return 0;
}

static int addresses(struct mir_http_client *c, struct mir_str host, struct mir_ipaddr *out)
{
	char text[HOST_MAX];
	int rc = host_text(host, text);

	if (rc < 0)
		return rc;
	if (mir_ipaddr_parse(text, out) == 0)
		return 1;
	return c->resolver ? mir_resolver_addresses(c->resolver, text, out, MIR_RESOLVER_ADDRESSES)
			   : MIR_ENOENT;
}

/* One after the other, each for its share of what is left of the time. */
static int connect_any(struct mir_http_client *c, struct mir_str host, uint16_t port,
    int64_t deadline, struct mir_tcp_flow **out)
{
	struct mir_tcp_options o = { .nodelay = true };
	struct mir_ipaddr all[MIR_RESOLVER_ADDRESSES];
	int n = addresses(c, host, all), rc = n;

	for (int i = 0; i < n; i++) {
		struct mir_endpoint peer = { all[i], port };
		int64_t share = (deadline - mir_now()) / (n - i);
		int64_t outer = mir_deadline_set(mir_now() + MIR_MAX(share, 0));

		rc = mir_tcp_connect(c->tcp, NULL, &peer, &o, out);
		mir_deadline_restore(outer);
		if (rc == 0 || rc == MIR_ECANCELED)
			break;
	}
	return rc;
}

static int read_proxy_answer(struct mir_http_link *l, int64_t deadline)
{
	struct mir_http_scan scan = { 0, 0 };
	struct mir_http_head *head;
	int64_t len;
	int rc;

	while ((len = mir_http_input_head(&l->input, &scan, PROXY_HEAD)) == 0) {
		rc = mir_http_fill(&l->input, deadline);
		if (rc <= 0)
			return rc ? rc : MIR_ECONNRESET;
	}
	if (len < 0)
		return len == -503 ? MIR_ENOMEM : MIR_EPROTO;
	if (!(head = malloc(sizeof(*head))))
		return MIR_ENOMEM;
	rc = mir_http_parse_answer(head, l->input.s[0].p, (size_t)len, true);
	if (rc == 0 && (head->status < 200 || head->status > 299)) {
		mir_info("the proxy refuses %s: %u", l->key, head->status);
		rc = MIR_EACCES;
	}
	free(head);
	mir_http_input_drop(&l->input, (size_t)len);
	/* Nobody speaks before we do: not over TLS. */
	return rc == 0 && l->input.n ? MIR_EPROTO : rc;
}

/* Asks the proxy for a tunnel. */
static int tunnel(struct mir_http_link *l, const struct mir_http_url *u,
    const struct mir_http_url *proxy, int64_t deadline)
{
	char buf[CONNECT_HEAD], port[8];
	struct mir_http_text t = { buf, 0, sizeof(buf) };
	struct mir_str host = u->authority;
	int64_t outer;
	int rc;

	mir_format(port, sizeof(port), ":%u", u->port);
	if (host.len > u->host.len) /* a port, or an address in brackets, or both */
		host.len = (size_t)(u->host.p + u->host.len - host.p) + (host.p[0] == '[');
	mir_http_text_str(&t, "CONNECT ");
	for (unsigned i = 0; i < 2; i++) {
		mir_http_text_add(&t, host.p, host.len);
		mir_http_text_str(&t, port);
		mir_http_text_str(&t, i ? "\r\n" : " HTTP/1.1\r\nHost: ");
	}
	mir_http_proxy_user(&t, proxy);
	mir_http_text_str(&t, "\r\n");
	if (t.len > t.cap)
		return MIR_ELIMIT;
	outer = mir_deadline_set(deadline);
	rc = mir_flow_write_copy(l->flow, buf, t.len);
	mir_deadline_restore(outer);
	return rc < 0 ? rc : read_proxy_answer(l, deadline);
}

static int secure(struct mir_http_link *l, const struct mir_http_url *u, int64_t deadline)
{
	struct mir_tls_options o = { .alpn = l->client->http2 ? "h2 http/1.1" : "http/1.1" };
	struct mir_flow *below = l->flow;
	struct mir_tls_flow *flow;
	char host[HOST_MAX];
	int64_t outer;
	int rc = host_text(u->host, host);

	if (rc < 0)
		return rc;
	outer = mir_deadline_set(deadline);
	l->flow = NULL;
	rc = mir_tls_client(l->client->tls, below, host, &o, &flow);
	mir_deadline_restore(outer);
	if (rc < 0)
		return rc;
	l->tls_version = flow->version;
	/* A server may say what it was not offered. */
	if (strcmp(flow->alpn, "h2") == 0 && !l->client->http2) {
		mir_flow_abort(&flow->flow);
		return MIR_EPROTO;
	}
	if (strcmp(flow->alpn, "h2") == 0) {
		rc = mir_http2_client(l->client->http2, &flow->flow, l->client->max_header, &l->h2);
		if (rc < 0)
			return rc;
		l->h2->changed = mir_http_link_changed;
		l->h2->changed_arg = l;
		return 0;
	}
	l->flow = l->input.flow = &flow->flow;
	return 0;
}

int mir_http_link_connect(struct mir_http_link *l, const struct mir_http_url *u)
{
	struct mir_http_client *c = l->client;
	int64_t deadline = mir_time_add(mir_now(), mir_http_timeout(c, c->connect_timeout_ns));
	struct mir_http_url proxy;
	struct mir_tcp_flow *flow;
	bool by_proxy = mir_http_proxy_for(c, u, &proxy);
	int64_t outer = mir_deadline_set(deadline);
	int rc;

	if (by_proxy)
		rc = connect_any(c, proxy.host, proxy.port, deadline, &flow);
	else
		rc = connect_any(c, u->host, u->port, deadline, &flow);
	mir_deadline_restore(outer);
	if (rc < 0)
		return rc;
	l->flow = l->input.flow = &flow->flow;
	c->stats.connected++;
	l->absolute = by_proxy && !u->secure;
	if (by_proxy && u->secure)
		rc = tunnel(l, u, &proxy, deadline);
	return rc == 0 && u->secure ? secure(l, u, deadline) : rc;
}
