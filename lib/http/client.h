/* client.h: what the files of the client share. */
#ifndef MIR_HTTP_CLIENT_INTERNAL_H
#define MIR_HTTP_CLIENT_INTERNAL_H

#include "internal.h"

#include <mir/http_client.h>
#include <mir/loop.h>

enum { MIR_HTTP_URL = 8192, MIR_HTTP_ORIGIN = 300, MIR_HTTP_UNTIL_CLOSE = -2 };

/* client_url.c: a URL in its parts, which point into its text. */
struct mir_http_url {
	struct mir_str authority, host, path, query; /* host: without the brackets of an address */
	struct mir_str user;                         /* "user:password" of a proxy; else none */
	uint16_t port;
	bool secure;
};

/* MIR_EINVAL. */
int mir_http_url_parse(const char *text, struct mir_http_url *);
/* The same of a proxy: no path, and a user if need be. */
int mir_http_proxy_parse(const char *text, struct mir_http_url *);
/* Scheme, host and port are the same. */
bool mir_http_url_same_origin(const struct mir_http_url *, const struct mir_http_url *);
/* The URL that a Location means (RFC 3986 section 5.2, without its fragment) in fresh memory; NULL:
 * it is none for us, or leads from https to http. */
char *mir_http_url_follow(struct mir_str location, const struct mir_http_url *from);
/* Is that host in the list of those that no proxy is asked for? */
bool mir_http_no_proxy(const char *list, struct mir_str host);

/* Text that is put together; len past cap: it did not fit. */
struct mir_http_text {
	char *p;
	size_t len, cap;
};
void mir_http_text_add(struct mir_http_text *, const char *p, size_t len);
void mir_http_text_str(struct mir_http_text *, const char *s);

/* client_pool.c: a connection, in use or kept. */
struct mir_http_link {
	struct mir_http_link *next;
	struct mir_http_client *client;
	struct mir_flow *flow; /* NULL: being made */
	struct mir_http_input input;
	struct mir_http2_client *h2; /* NULL: HTTP/1.1 */
	unsigned users;              /* requests on it: of HTTP/1.1 one at most */
	const char *tls_version;
	bool idle, absolute; /* absolute: requests are for a proxy */
	uint64_t used;       /* requests before the present one */
	struct mir_timer timer;
	struct mir_task task;      /* that closes it */
	char key[MIR_HTTP_ORIGIN]; /* who is at its other end */
};

/* A connection for that URL, kept or (fresh: in any case) new.  Blocks. */
int mir_http_link_get(
    struct mir_http_client *, const struct mir_http_url *, bool fresh, struct mir_http_link **out);
/* Done with it: it is kept if it can be, else closed. */
void mir_http_link_put(struct mir_http_link *, bool usable);
void mir_http_link_abort(struct mir_http_link *);

/* Of a session of HTTP/2. */
void mir_http_link_changed(void *link);

/* client_connect.c: makes the connection of a link that has none.  Blocks. */
int mir_http_link_connect(struct mir_http_link *, const struct mir_http_url *);
/* The proxy to be asked for that URL; false: none. */
bool mir_http_proxy_for(
    const struct mir_http_client *, const struct mir_http_url *, struct mir_http_url *proxy);
/* "Proxy-Authorization: ..." with its line end, if the proxy wants a user. */
void mir_http_proxy_user(struct mir_http_text *, const struct mir_http_url *proxy);

/* client_call.c: a request and its answer. */
struct mir_http_call {
	struct mir_http_answer answer;
	struct mir_http_client *client;
	struct mir_http_link *link; /* NULL: given back */
	struct mir_slice bytes;     /* of the head */
	char *url;                  /* of answer.url, which it owns */
	struct mir_http2_answer *h2;
	int64_t left;      /* of the body; -1: chunked; MIR_HTTP_UNTIL_CLOSE */
	int64_t deadline;  /* of all */
	bool done, unsent; /* unsent: the request's body did not go out whole */
	int error;
	struct mir_http_head head;
};

/* What a request is after redirects. */
struct mir_http_ask {
	const struct mir_http_fetch *fetch;
	const char *method;
	bool body;    /* fetch->body is to be sent */
	bool trusted; /* the origin that the caller named: it gets credentials */
};

/* Blocks. */
int mir_http_call(struct mir_http_client *, const struct mir_http_url *,
    const struct mir_http_ask *, int64_t deadline, struct mir_http_call **out);

/* client_request.c: sends head and body.  Blocks.  *started: bytes of the body were taken from its
 * source. */
int mir_http_send_request(struct mir_http_call *, const struct mir_http_url *,
    const struct mir_http_ask *, bool *started);

/* Does a header go along: MIR_EINVAL: it cannot be one; 0: not to this origin; 1. */
int mir_http_goes_along(const struct mir_http_header *, const struct mir_http_ask *);

/* client_h2.c: a request and its answer over HTTP/2.  Block. */
int mir_http_h2_call(
    struct mir_http_call *, const struct mir_http_url *, const struct mir_http_ask *);
int mir_http_h2_read(struct mir_http_call *, struct mir_slice *out, unsigned max);

/* A timeout of the client's. */
static inline int64_t mir_http_timeout(const struct mir_http_client *c, int64_t ns)
{
	return ns ? ns : c->timeout_ns ? c->timeout_ns : MIR_SECOND(30);
}

/* So much from now on, but not past the end. */
static inline int64_t mir_http_by(int64_t ns, int64_t end)
{
	return MIR_MIN(mir_time_add(mir_now(), ns), end);
}

#endif
