/* http_server.h: an HTTP server over the streams of a stack (RFC 9110, 9112, 9113).
 *
 * A connection that waits for a request holds neither a fiber nor a buffer; a pooled fiber is
 * attached when bytes arrive, and runs the handler.  What the handler sees is in mir/http.h.
 */
#ifndef MIR_HTTP_SERVER_H
#define MIR_HTTP_SERVER_H

#include <mir/acme.h>
#include <mir/fiber.h>
#include <mir/http.h>
#include <mir/http2.h>
#include <mir/http_compress.h>
#include <mir/stack.h>
#include <mir/timer.h>
#include <mir/tls.h>

struct mir_http_server_config {
	struct mir_stack *stack;
	struct mir_tls *tls;                /* NULL: no HTTPS */
	struct mir_http2 *http2;            /* NULL: no HTTP/2 */
	struct mir_http_compress *compress; /* NULL: bodies go as they are written */
	struct mir_acme *acme;              /* answers challenges of http-01; NULL: nobody does */
	uint16_t http_port;                 /* 0: a free one, see mir_http_server.local */
	uint16_t https_port; /* with tls; 0: a free one, see mir_http_server.secure_local */
	bool https_redirect; /* what comes in the clear is sent to HTTPS */
	int64_t https_hsts;  /* nanoseconds that clients are to insist on HTTPS; 0: not told */
	struct mir_ipaddr http_address;
	int64_t http_max_connections; /* a number that is 0 takes the default in device.conf */
	int64_t http_header_timeout;  /* nanoseconds */
	int64_t http_idle_timeout;
	int64_t http_body_timeout;
	uint64_t http_min_rate; /* bytes a second */
	uint64_t http_max_header;
	uint64_t http_max_body; /* 0: no limit */
	bool http2_clear;       /* HTTP/2 without TLS, for clients that begin with it */
	int64_t http2_streams;  /* requests at once on a connection */
	bool http_access_log;
	const char *http_access_format; /* "short" (also NULL), "combined", "json" */
	const char *http_server;        /* the Server header; NULL or "": none */
	mir_http_handler *handler;
	void *handler_arg;
	const char *name;
};

/* Of HTTP/2. */
struct mir_http2_stats {
	uint64_t connections;
	uint64_t resets;  /* requests that the client took back */
	uint64_t refused; /* requests past a limit, which the client may send again */
	uint64_t broken;  /* connections ended because the client broke the protocol */
	uint64_t flooded; /* and because it sent too much of what leads to nothing */
};

struct mir_http_stats {
	uint64_t accepted;  /* connections */
	uint64_t evicted;   /* idle ones closed to make room for others */
	uint64_t requests;  /* whose head was whole and right */
	uint64_t refused;   /* answered 4xx or 5xx before a handler saw them */
	uint64_t timeouts;  /* connections given up because the client was slow */
	uint64_t cut;       /* answers that ended before their end */
	uint64_t no_memory; /* connections dropped for want of memory */
	uint64_t insecure;  /* handshakes that failed */
	struct mir_http2_stats http2;
};

struct mir_http_conn;
struct mir_http_handshake;

/* Connections in order; the oldest first. */
struct mir_http_conns {
	struct mir_http_conn *head, *tail;
};

struct mir_http_server {
	struct mir_http_server_config config;
	struct mir_tcp_listener *listener, *secure;
	struct mir_endpoint local, secure_local; /* where they listen */
	struct mir_http_conns idle, busy;
	unsigned connections;                  /* in both */
	struct mir_http_handshake *handshakes; /* that will be connections */
	unsigned streams;                      /* requests over HTTP/2 whose handler runs */
	uint64_t http2_held;                   /* bytes of their bodies that wait for it */
	bool paused, draining;
	struct mir_waitq quit, empty;
	struct mir_http_stats stats;
	int64_t date_second;
	char date[32];
};

/* Listens.  The config is copied.  stack NULL: no listening, connections are handed in with
 * mir_http_server_connection.  MIR_EINVAL: no handler; else as mir_tcp_listen. */
int mir_http_server_start(struct mir_http_server *, const struct mir_http_server_config *);

/* Serves until the fiber is cancelled (the image is asked to end): then stops accepting, closes
 * idle connections, lets active requests finish for up to 5 s, cancels the rest.  Blocks.  0. */
int mir_http_server_run(struct mir_http_server *);

/* The same end without run: drains and releases everything.  Blocks. */
void mir_http_server_stop(struct mir_http_server *);

/* Serves a flow that came some other way.  tls: what lives as long as the flow; NULL: it is in the
 * clear.  Does not block. */
void mir_http_server_connection(struct mir_http_server *, struct mir_flow *flow /* take */,
    const struct mir_tls_flow *tls, const struct mir_endpoint *local,
    const struct mir_endpoint *peer);

/* How mir_http_serve_with serves; all zero is what mir_http_serve does. */
struct mir_http_serve_options {
	const char *cache_control; /* sent with 200, 206 and 304; NULL: no such header */
	const char *index;         /* NULL: "index.html" */
	const char *not_found;     /* key of the body of a 404; NULL: a plain text */
	bool no_variants;          /* .br and .gz are not looked for */
};

/* As mir_http_serve (mir/http.h).  options NULL: all zero.  Blocks. */
int mir_http_serve_with(struct mir_kv *, const char *prefix, const struct mir_http_serve_options *,
    struct mir_http_request *, struct mir_http_response *);

/* What there is to say of a request that was answered. */
struct mir_http_access {
	const struct mir_http_request *request;
	unsigned status;
	uint64_t bytes; /* of the answer's body */
	int64_t wall_ns, took_ns;
};

enum mir_http_access_format {
	MIR_HTTP_ACCESS_COMBINED, /* of Apache and nginx */
	MIR_HTTP_ACCESS_JSON,     /* an object */
};

enum { MIR_HTTP_ACCESS_LINE = 4096 };

/* A line, its end included, in at most cap bytes (1 or more); how many.  What clients say is
 * escaped.  What does not fit is left out, at the end. */
size_t mir_http_access_line(
    const struct mir_http_access *, enum mir_http_access_format, char *buf, size_t cap);

/* The standard's text for a status, "Unknown" for any other number.  Static. */
const char *mir_http_status_text(unsigned status);

enum { MIR_HTTP_DATE = 32 };

/* RFC 9110 section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT", zero-ended; seconds since 1970 in the
 * years 1970..9999. */
const char *mir_http_date_text(int64_t seconds, char buf[MIR_HTTP_DATE]);

/* Any of the three forms of a date.  MIR_EINVAL.  now: for the century of two-digit years. */
int mir_http_date_parse(struct mir_str text, int64_t now, int64_t *seconds);

#endif
