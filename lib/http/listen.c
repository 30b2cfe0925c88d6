/* listen.c: where a server listens: in the clear, and over TLS. */
#include "internal.h"

#include <mir/log.h>
#include <stdlib.h>

MIR_LOG_SOURCE(http);

static const struct mir_tcp_options options = {
	.nodelay = true,
	.keepalive_idle_ns = MIR_SECOND(60),
	.keepalive_interval_ns = MIR_SECOND(15),
	.keepalive_probes = 4,
	.user_timeout_ns = MIR_SECOND(60),
};

static void accepted(void *arg, struct mir_tcp_flow *flow)
{
	mir_http_server_connection(arg, &flow->flow, NULL, &flow->local, &flow->peer);
}

/* ---- over TLS ---- */

struct mir_http_handshake {
	struct mir_http_handshake *next, **prev;
	struct mir_http_server *server;
	struct mir_tcp_flow *flow;
	struct mir_fiber *fiber;
};

static void begin(struct mir_http_server *s, struct mir_http_handshake *h)
{
	h->next = s->handshakes;
	h->prev = &s->handshakes;
	if (h->next)
		h->next->prev = &h->next;
	s->handshakes = h;
}

static void end(struct mir_http_handshake *h)
{
	struct mir_http_server *s = h->server;

	*h->prev = h->next;
	if (h->next)
		h->next->prev = h->prev;
	free(h);
	if (!s->handshakes)
		mir_wake_all(&s->empty);
}

static void shake_hands(void *arg)
{
	struct mir_http_handshake *h = arg;
	struct mir_tls_options tls_options = { 0 };
	struct mir_endpoint local = h->flow->local, peer = h->flow->peer;
	struct mir_http_server *s = h->server;
	struct mir_tls_flow *tls;

	tls_options.alpn = s->config.http2 ? "h2 http/1.1" : "http/1.1";
	if (mir_tls_server(s->config.tls, &h->flow->flow, &tls_options, &tls) < 0)
		s->stats.insecure++;
	else
		mir_http_server_connection(s, &tls->flow, tls, &local, &peer);
	end(h);
}

static void accepted_secure(void *arg, struct mir_tcp_flow *flow)
{
	struct mir_http_server *s = arg;
	struct mir_http_handshake *h = malloc(sizeof(*h));

	if (h) {
		*h = (struct mir_http_handshake){ .server = s, .flow = flow };
		begin(s, h);
		if ((h->fiber = mir_spawn("tls handshake", shake_hands, h)))
			return;
		end(h);
	}
	s->stats.no_memory++;
	mir_flow_abort(&flow->flow);
}

void mir_http_cancel_handshakes(struct mir_http_server *s)
{
	for (struct mir_http_handshake *h = s->handshakes; h; h = h->next)
		mir_cancel(h->fiber);
}

/* ---- listening ---- */

static int listen_at(struct mir_http_server *s, uint16_t port, const char *scheme,
    mir_tcp_accept *accept, struct mir_tcp_listener **out, struct mir_endpoint *where)
{
	struct mir_endpoint local = { s->config.http_address, port };
	char text[MIR_ENDPOINT_TEXT];
	int rc;

	rc = mir_tcp_listen(s->config.stack->tcp, &local, 0, &options, accept, s, out);
	if (rc < 0) {
		mir_error("cannot listen on %s: %s%s%s%s", mir_endpoint_text(&local, text),
		    mir_strerror(rc), rc == MIR_EADDRINUSE || rc == MIR_EACCES ? "; --" : "",
		    rc == MIR_EADDRINUSE || rc == MIR_EACCES ? scheme : "",
		    rc == MIR_EADDRINUSE ? "-port=N takes another port"
		    : rc == MIR_EACCES   ? "-port=8080 needs no permission"
					 : "");
		return rc;
	}
	*where = (*out)->local;
	mir_app("listening on %s://%s/", scheme, mir_endpoint_text(where, text));
	return 0;
}

int mir_http_listen(struct mir_http_server *s)
{
	int rc = listen_at(s, s->config.http_port, "http", accepted, &s->listener, &s->local);

	if (rc == 0 && s->config.tls)
		rc = listen_at(s, s->config.https_port, "https", accepted_secure, &s->secure,
		    &s->secure_local);
	if (rc < 0)
		mir_http_unlisten(s);
	return rc;
}

void mir_http_unlisten(struct mir_http_server *s)
{
	if (s->listener)
		mir_tcp_unlisten(s->listener);
	if (s->secure)
		mir_tcp_unlisten(s->secure);
	s->listener = s->secure = NULL;
}

void mir_http_pause(struct mir_http_server *s, bool paused)
{
	if (s->listener)
		mir_tcp_pause(s->listener, paused);
	if (s->secure)
		mir_tcp_pause(s->secure, paused);
}
