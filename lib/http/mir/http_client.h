/* http_client.h: an HTTP client over TCP and TLS (RFC 9110, 9112; HTTP/2 where the server agrees on
 * it): connections that are kept, proxies, redirects, bodies streamed both ways.
 *
 *     struct mir_http_client client = { .tcp = app->stack->tcp };
 *     rc = mir_http_get(&client, "http://10.0.0.1/motd", 4096, &text, &len, &status);
 *
 * `needs: http-client` in a .conf gives one with resolver, TLS and a pool.
 */
#ifndef MIR_HTTP_CLIENT_H
#define MIR_HTTP_CLIENT_H

#include <mir/fiber.h>
#include <mir/http.h>
#include <mir/http2.h>
#include <mir/resolver.h>
#include <mir/stack.h>
#include <mir/tls.h>

struct mir_http_link;

struct mir_http_client_stats {
	uint64_t requests;  /* sent, those after redirects and repetitions included */
	uint64_t connected; /* connections made */
	uint64_t reused;    /* requests that found one */
	uint64_t repeated;  /* because a kept connection turned out to be dead */
	uint64_t waited;    /* for a connection to become free */
};

/* All that is zero or NULL is right for most. */
struct mir_http_client {
	struct mir_tcp *tcp;
	struct mir_tls *tls;           /* NULL: no https */
	struct mir_http2 *http2;       /* NULL: HTTP/1.1 only */
	struct mir_resolver *resolver; /* NULL: hosts are addresses */
	const char *user_agent;        /* NULL or "": none */
	const char *proxy;             /* "http://[USER:PASSWORD@]HOST:PORT"; NULL or "": none */
	const char *no_proxy;          /* asked without it: names, ".domain", networks, "*" */
	int64_t timeout_ns;            /* of those below that are 0; 0: 30 s */
	int64_t connect_timeout_ns;    /* name, connection, proxy and TLS */
	int64_t head_timeout_ns;       /* from the request's end to that of the answer's head */
	int64_t body_timeout_ns;       /* in which nothing moves, either way */
	int64_t total_timeout_ns;      /* for a request with all its redirects; 0: none */
	uint32_t max_header;           /* bytes of an answer's head; 0: 64 kB */
	unsigned max_connections;      /* at once; past it requests wait; 0: no limit */
	unsigned max_per_host;         /* of them to one origin; 0: no limit */
	unsigned max_idle;             /* kept for later requests; 0: none, each has its own */
	int64_t idle_timeout_ns;       /* how long one is kept; 0: 30 s */

	/* The pool's own. */
	struct mir_http_link *links; /* all connections */
	unsigned n_links;
	struct mir_waitq changed;
	struct mir_http_client_stats stats;
};

/* Closes what is kept.  No request is under way. */
void mir_http_client_close(struct mir_http_client *);

/* What to ask for; all zero is a GET. */
struct mir_http_fetch {
	const char *method; /* NULL: GET, or POST if there is a body */
	const struct mir_http_header *headers;
	unsigned nheaders;
	/* The next 1..max pieces of the body; 0: its end; negative: gives up.  May block.  Over
	 * HTTP/2 it is called on a fiber of its own, until the answer is closed.  NULL: no body. */
	int (*body)(void *arg, struct mir_slice *out, unsigned max);
	void *body_arg;
	int64_t body_length; /* -1: not known, sent in chunks */
	/* To follow at most.  Never from https to http; credentials go to the first origin only; a
	 * body is not sent twice (307, 308). */
	unsigned redirects;
};

/* An answer whose body is still to be read. */
struct mir_http_answer {
	unsigned status;
	const struct mir_http_header *headers;
	unsigned nheaders;
	int64_t content_length;  /* -1: not known */
	const char *url;         /* that it came from, after redirects */
	const char *tls_version; /* "TLSv1.3"; NULL: it came in the clear */
	bool http2;              /* over HTTP/2 */
};

/* Asks, and waits for the head of the answer.  url: "http[s]://host[:port]/path?query".  fetch
 * NULL: a GET.  Blocks.  0: *out is the caller's to close.  MIR_EINVAL: the URL, method or a
 * header; MIR_EMSGSIZE: over 32 kB of headers; MIR_ENOSYS: https without TLS; MIR_EPROTO: what came
 * is not HTTP; MIR_ELIMIT: too long a head; MIR_EACCES: the proxy refuses; MIR_ETIMEDOUT; MIR_ECERT
 * and what follows it: the peer is not who it should be; else as mir_resolver_addresses,
 * mir_tcp_connect, mir_tls_client.
 */
int mir_http_fetch(struct mir_http_client *, const char *url, const struct mir_http_fetch *,
    struct mir_http_answer **out);

/* The next 1..max pieces of the body; 0: its end.  Blocks.  MIR_EPROTO, MIR_ECONNRESET (it ended
 * before its end), MIR_ETIMEDOUT. */
int mir_http_answer_read(struct mir_http_answer *, struct mir_slice *out, unsigned max);

/* Frees the answer; its connection is kept if it can be used on, else closed.  NULL: nothing.
 * Blocks while the request's body is being called, whose fiber is cancelled. */
void mir_http_answer_close(struct mir_http_answer *);

/* The first header of that name; p NULL if there is none. */
struct mir_str mir_http_answer_header(const struct mir_http_answer *, const char *name);

/* GET of a whole body, following up to 5 redirects, into fresh memory that the caller frees with
 * free(); a zero byte follows it.  Blocks.  MIR_EFBIG: over limit bytes; else as mir_http_fetch. */
int mir_http_get(struct mir_http_client *, const char *url, size_t limit, char **body, size_t *len,
    unsigned *status);

/* The rest of an answer's body, as mir_http_get; the answer is the caller's to close. */
int mir_http_answer_text(struct mir_http_answer *, size_t limit, char **body, size_t *len);

/* The device. */
struct mir_http_client_device_config {
	struct mir_stack *stack;
	struct mir_resolver *resolver;
	struct mir_tls *tls;     /* NULL: no https */
	struct mir_http2 *http2; /* NULL: HTTP/1.1 only */
	const char *http_proxy;
	const char *http_no_proxy;
	const char *http_client_agent;
	int64_t http_client_connections;
	int64_t http_client_per_host;
	int64_t http_client_keep; /* connections that are kept */
	int64_t http_client_idle; /* nanoseconds, as those that follow */
	int64_t http_client_connect_timeout;
	int64_t http_client_head_timeout;
	int64_t http_client_body_timeout;
	int64_t http_client_timeout;
	const char *name;
};

struct mir_http_client_device {
	struct mir_http_client client;
};

/* MIR_EINVAL: the proxy, which is logged. */
int mir_http_client_device_start(
    struct mir_http_client_device *, const struct mir_http_client_device_config *);
void mir_http_client_device_stop(struct mir_http_client_device *);

#endif
