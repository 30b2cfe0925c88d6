/* http.h: HTTP, what a request handler sees (RFC 9110, 9112, 9113).
 *
 * A handler is called on a fiber of its own for each request and may block; bodies stream both
 * ways, so that a large one never sits in memory.  The same handler serves HTTP/1.1 and
 * HTTP/2: the ops below are the connection's.
 */
#ifndef MIR_HTTP_H
#define MIR_HTTP_H

#include <mir/addr.h>
#include <mir/err.h>
#include <mir/flow.h>
#include <mir/kv.h>
#include <mir/slice.h>

struct mir_tls_flow;

enum mir_http_method {
	MIR_HTTP_OTHER, /* see method_text */
	MIR_HTTP_GET,
	MIR_HTTP_HEAD,
	MIR_HTTP_POST,
	MIR_HTTP_PUT,
	MIR_HTTP_DELETE,
	MIR_HTTP_CONNECT,
	MIR_HTTP_OPTIONS,
	MIR_HTTP_TRACE,
	MIR_HTTP_PATCH,
};

struct mir_http_header {
	struct mir_str name;  /* as sent */
	struct mir_str value; /* without blanks around it */
};

struct mir_http_request;
struct mir_http_response;

struct mir_http_request_ops {
	/* The next piece of the body as 1..max slices; 0: its end.  Sends "100 Continue" first if
	 * the client waits for it. Blocks.  MIR_EPROTO, MIR_EFBIG (over the limit), MIR_ECONNRESET,
	 * MIR_ETIMEDOUT. */
	int (*read)(struct mir_http_request *, struct mir_slice *out, unsigned max);
};

/* Everything in it is valid until the handler returns. */
struct mir_http_request {
	const struct mir_http_request_ops *ops;
	enum mir_http_method method;
	struct mir_str method_text;
	struct mir_str target; /* as sent: "/a%20b?x=1" */
	struct mir_str path;   /* decoded and normalised: "/a b"; never has "..", never NUL */
	struct mir_str query;  /* as sent, without "?"; empty if none */
	struct mir_str host;
	struct mir_endpoint peer, local;
	const struct mir_tls_flow *tls; /* what was agreed on, as the client's certificate; NULL:
					   the connection is in the clear */
	uint16_t version;               /* 10, 11 or 20 */
	const struct mir_http_header *headers;
	unsigned nheaders;
	int64_t content_length; /* -1: not known (chunked), 0: no body */
};

struct mir_http_response_ops {
	/* Sends status line and headers; length -1: not known, so chunked or until close. */
	int (*begin)(struct mir_http_response *, int64_t length);
	/* A piece of the body; taken on failure too.  Blocks while the client is slow. */
	int (*write)(struct mir_http_response *, struct mir_slice *data /* take */, unsigned n);
};

struct mir_http_response {
	const struct mir_http_response_ops *ops;
	const struct mir_http_request *request;
	uint16_t status;    /* 200 unless set */
	bool begun;         /* headers are out */
	uint64_t body_sent; /* bytes */
};

/* A request handler.  0: answered (what it did not finish is finished for it; a handler that sent
 * nothing has said 204); negative: 500 with that error in the log, or, if the answer had begun, the
 * connection is cut. */
typedef int mir_http_handler(void *arg, struct mir_http_request *, struct mir_http_response *);

/* The functions below are in lib/http. */

/* The first header of that name (case ignored); p NULL if there is none. */
struct mir_str mir_http_header(const struct mir_http_request *, const char *name);

/* The value of a query parameter, percent-decoded into buf of cap bytes, zero-ended.  Its
 * length; MIR_ENOENT, MIR_EINVAL, MIR_ERANGE (cap too small). */
int mir_http_query(const struct mir_http_request *, const char *name, char *buf, size_t cap);

/* The next piece of the request's body, as in the ops.  Blocks. */
static inline int mir_http_read(struct mir_http_request *r, struct mir_slice *out, unsigned max)
{
	return r->ops->read(r, out, max);
}

/* Before the first byte of the body: */
void mir_http_status(struct mir_http_response *, unsigned status);
/* Adds a header; value with CR, LF or NUL: MIR_EINVAL; too many: MIR_ELIMIT. */
int mir_http_add(struct mir_http_response *, const char *name, const char *value);

/* Begins a body of `length` bytes (-1: not known).  Blocks. */
int mir_http_begin(struct mir_http_response *, int64_t length);

/* A piece of the body; begins one of unknown length if none was begun.  Blocks. */
int mir_http_write(struct mir_http_response *, struct mir_slice *data /* take */, unsigned n);

/* The same from memory that is copied. */
int mir_http_write_copy(struct mir_http_response *, const void *p, size_t len);

/* A whole answer: status, type ("text/html; charset=utf-8"), body, which is copied.  Blocks. */
int mir_http_reply(
    struct mir_http_response *, unsigned status, const char *type, const void *body, size_t len);

/* An answer with the standard's text for the status as its body. */
int mir_http_error(struct mir_http_response *, unsigned status);

/* Becomes another protocol (RFC 9110 section 7.8): sends 101 with the headers that were added and
 * "Upgrade: protocol"; *out is the connection from there on, to be closed before the handler
 * returns, which ends it.  That the client asked for it is for the caller to check.  Blocks.
 * MIR_EINVAL: not over HTTP/1.1, a request with a body, an answer that has begun. */
int mir_http_upgrade(struct mir_http_response *, const char *protocol, struct mir_flow **out);

/* Serves the value at `prefix` + request path from a store: GET and HEAD; type, ETag,
 * Last-Modified, conditional requests, ranges, precompressed variants (x.br, x.gz beside x),
 * index.html for dictionaries, redirect to the form with a slash.  prefix "" is the root of the
 * store.  Answers 404, 405, 416 by itself.  Blocks. */
int mir_http_serve(
    struct mir_kv *, const char *prefix, struct mir_http_request *, struct mir_http_response *);

#endif
