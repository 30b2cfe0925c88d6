/* http2.h: HTTP2, many requests at once over one flow (RFC 9113).
 *
 * Implemented by lib/http2.  lib/http has the handlers, the client and HTTP/1.1, and hands flows
 * over where the peer agreed on "h2"; an image without this device has no HTTP/2.
 */
#ifndef MIR_HTTP2_H
#define MIR_HTTP2_H

#include <mir/flow.h>
#include <mir/http.h>

struct mir_http2;
struct mir_http_conn;

/* A request of a client. */
struct mir_http2_fetch {
	struct mir_str method, scheme, authority, path; /* "GET", "https", "a.test:8443", "/x?y" */
	const struct mir_http_header *headers; /* names are sent in small letters; those that
						  HTTP/2 does not have are left out */
	unsigned nheaders;
	/* As in struct mir_http_fetch: the next 1..max pieces; 0: the end.  Called on a fiber of
	 * its own, until the answer is closed at the latest.  NULL: no body. */
	int (*body)(void *arg, struct mir_slice *out, unsigned max);
	void *body_arg;
	int64_t body_length; /* -1: not known */
};

/* An answer whose body is still to be read.  It is the caller's until it is closed, and lives
 * longer than its session if need be. */
struct mir_http2_answer {
	unsigned status;
	const struct mir_http_header *headers; /* without pseudo header fields */
	unsigned nheaders;
	int64_t content_length; /* -1: not known */
};

/* A connection to a server. */
struct mir_http2_client {
	const struct mir_http2_client_ops *ops;
	unsigned streams;     /* requests under way */
	unsigned max_streams; /* that the server allows at once */
	bool ended;           /* takes no new requests: GOAWAY, or the flow is dead */
	bool clean;           /* ended by the server's word, not by an error */
	/* Called from the event loop or a fiber when streams, max_streams or ended have changed:
	 * must not block, nor call any of the ops; NULL: nobody. */
	void (*changed)(void *arg);
	void *changed_arg;
};

struct mir_http2_client_ops {
	/* Asks, and waits for the head of the answer.  What fetch points at is used until then;
	 * body and body_arg until the answer is closed.  Blocks, until the fiber's deadline.
	 * MIR_EAGAIN: the server has not looked at the request, which may be sent again on another
	 * connection, if its body can be; MIR_ELIMIT: max_streams are under way, or too large a
	 * head; MIR_EPROTO, MIR_ECONNRESET; MIR_EINVAL: the method or a header. */
	int (*fetch)(struct mir_http2_client *, const struct mir_http2_fetch *,
	    struct mir_http2_answer **out);
	/* The next 1..max pieces of the body; 0: its end.  Blocks, until the fiber's deadline.
	 * MIR_EPROTO, MIR_ECONNRESET (it ended before its end). */
	int (*read)(struct mir_http2_answer *, struct mir_slice *out, unsigned max);
	/* Frees an answer; one that has not come to its end is cancelled.  Blocks while body is
	 * being called, whose fiber is cancelled. */
	void (*close_answer)(struct mir_http2_answer *);
	/* Ends the connection: says GOAWAY and closes the flow.  The session is gone for the
	 * caller; answers that are open fail.  Does not block. */
	void (*close)(struct mir_http2_client *);
};

struct mir_http2_ops {
	const char *name;
	/* Takes a connection of lib/http's server over; begun: what was read of it already.  Does
	 * not block. */
	void (*serve)(struct mir_http2 *, struct mir_http_conn *,
	    struct mir_slice *begun /* take */, unsigned n);
	/* The client's side of a flow.  max_header: bytes of an answer's head; 0: 64 kB.  Does not
	 * block. MIR_ENOMEM. */
	int (*client)(struct mir_http2 *, struct mir_flow * /* take */, uint32_t max_header,
	    struct mir_http2_client **out);
};

struct mir_http2 {
	const struct mir_http2_ops *ops;
};

static inline int mir_http2_client(
    struct mir_http2 *h, struct mir_flow *flow, uint32_t max_header, struct mir_http2_client **out)
{
	return h->ops->client(h, flow, max_header, out);
}

static inline int mir_http2_fetch(
    struct mir_http2_client *c, const struct mir_http2_fetch *f, struct mir_http2_answer **out)
{
	return c->ops->fetch(c, f, out);
}

#endif
