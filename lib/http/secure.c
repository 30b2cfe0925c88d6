/* secure.c: what a server with HTTPS says besides: come over TLS, and stay there. */
#include "internal.h"

#include <mir/format.h>

enum { HTTPS = 443, LOCATION = 4096, CHALLENGE = 512 };

/* The host that was asked for, without its port. */
static struct mir_str host_only(struct mir_str host)
{
	bool literal = host.len && host.p[0] == '[';

	for (size_t i = host.len; i-- > 0 && (host.p[i] != ']' || !literal);)
		if (host.p[i] == ':')
			return (struct mir_str){ host.p, i };
	return host;
}

void mir_http_redirect_secure(struct mir_http_exchange *x)
{
	struct mir_http_request *r = &x->request;
	bool safe = r->method == MIR_HTTP_GET || r->method == MIR_HTTP_HEAD;
	struct mir_str host = host_only(r->host), query = r->query;
	uint16_t port = x->server->secure_local.port;
	char location[LOCATION], path[LOCATION / 2], at[8] = "";
	int64_t len = mir_http_path_encode(r->path, path, sizeof(path));
	int n;

	if (!host.len || len < 0) {
		mir_http_error(&x->response, host.len ? 414 : 400);
		return;
	}
	if (port != HTTPS)
		mir_format(at, sizeof(at), ":%u", port);
	n = mir_format(location, sizeof(location), "https://%.*s%s%s%s%.*s", (int)host.len, host.p,
	    at, path, query.len ? "?" : "", (int)query.len, query.len ? query.p : "");
	if (n < 0 || (size_t)n >= sizeof(location) ||
	    mir_http_add(&x->response, "Location", location) < 0) {
		mir_http_error(&x->response, 414);
		return;
	}
	mir_http_error(&x->response, safe ? 301 : 308);
}

/* RFC 8555 section 8.3. */
bool mir_http_challenge(struct mir_http_exchange *x)
{
	static const char prefix[] = "/.well-known/acme-challenge/";
	struct mir_str path = x->request.path;
	size_t n = sizeof(prefix) - 1;
	char text[CHALLENGE];
	int len;

	if (path.len <= n || memcmp(path.p, prefix, n) != 0)
		return false;
	path = (struct mir_str){ path.p + n, path.len - n };
	len = mir_acme_http01(x->server->config.acme, path, text, sizeof(text));
	if (len < 0)
		return false;
	mir_http_reply(&x->response, 200, "application/octet-stream", text, (size_t)len);
	return true;
}

/* RFC 6797. */
void mir_http_insist_on_tls(struct mir_http_exchange *x)
{
	char text[48];

	if (!x->request.tls || x->server->config.https_hsts <= 0)
		return;
	mir_format(text, sizeof(text), "max-age=%lld",
	    (long long)(x->server->config.https_hsts / MIR_SECOND(1)));
	mir_http_add(&x->response, "Strict-Transport-Security", text);
}
