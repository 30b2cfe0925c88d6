/* http_proxy.h: a reverse proxy (RFC 9110 section 7.6): requests that come to our server are
 * answered by others, bodies streamed both ways.
 *
 * What is passed on is written anew from what was understood: the path decoded, normalised and
 * encoded again, one Host, one framing, no hop-by-hop fields, no fields whose names have other
 * characters than letters, digits and '-'.  So no upstream can read it as anything else.
 */
#ifndef MIR_HTTP_PROXY_H
#define MIR_HTTP_PROXY_H

#include <mir/http_client.h>
#include <mir/http_server.h>

enum { MIR_HTTP_UPSTREAMS = 16 };

/* A server that answers. */
struct mir_http_upstream {
	struct mir_endpoint at;
	/* How it does. */
	unsigned busy;     /* requests under way */
	unsigned failures; /* in a row */
	int64_t retry_at;  /* not asked before then, unless all are so */
	bool down;
	uint64_t requests, failed;
};

struct mir_http_proxy_config {
	struct mir_http_client *client;     /* its pool and its timeouts are used; no redirects */
	struct mir_tcp *tcp;                /* for connections that are upgraded; NULL: none is */
	const struct mir_endpoint *servers; /* copied */
	unsigned nservers;                  /* 1..MIR_HTTP_UPSTREAMS */
	unsigned max_requests;   /* under way at one server; past it another, then 503; 0: 256 */
	unsigned max_failures;   /* in a row, until a server is taken for down; 0: 3 */
	int64_t retry_ns;        /* how long it is left alone then; 0: 10 s */
	const char *health_path; /* asked for by itself, answer 2xx or 3xx; NULL: not */
	int64_t health_ns;       /* how often; 0: 5 s */
	int64_t idle_ns;         /* of upgraded connections without a byte; 0: 5 min */
	bool trust_forwarded;    /* X-Forwarded-* and Forwarded of clients are believed */
};

struct mir_http_proxy_stats {
	uint64_t requests;  /* answered by a server */
	uint64_t retried;   /* asked of another because one failed */
	uint64_t failed;    /* 502 */
	uint64_t timed_out; /* 504 */
	uint64_t refused;   /* 503: all were busy */
	uint64_t upgraded;
};

struct mir_http_proxy {
	struct mir_http_proxy_config config;
	struct mir_http_upstream server[MIR_HTTP_UPSTREAMS];
	unsigned next; /* where the search begins, so that equals take turns */
	struct mir_http_proxy_stats stats;
	struct mir_fiber *watcher;
};

/* MIR_EINVAL: no server, or too many. */
int mir_http_proxy_start(struct mir_http_proxy *, const struct mir_http_proxy_config *);
/* No request is under way.  Blocks. */
void mir_http_proxy_stop(struct mir_http_proxy *);

/* A handler; arg: the proxy.  Blocks. */
int mir_http_proxy_handle(void *arg, struct mir_http_request *, struct mir_http_response *);

/* "ADDRESS:PORT, ADDRESS:PORT" into at most max; how many; MIR_EINVAL, MIR_ELIMIT. */
int mir_http_proxy_servers(const char *text, struct mir_endpoint *out, unsigned max);

#endif
