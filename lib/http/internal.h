/* internal.h: what the files of lib/http share. */
#ifndef MIR_HTTP_INTERNAL_H
#define MIR_HTTP_INTERNAL_H

#include <mir/http_server.h>

#include <llhttp.h>

enum {
	MIR_HTTP_HEADERS = 100,    /* headers of a message */
	MIR_HTTP_IN = 8,           /* slices read ahead */
	MIR_HTTP_PATH = 1024,      /* decoded path that needs no memory of its own */
	MIR_HTTP_STATUS_ROOM = 64, /* for the status line, in front of the headers */
	MIR_HTTP_HEAD_MAX = 16384, /* bytes of an answer's head */
	MIR_HTTP_PIECE = 65536,    /* bytes of a body that move under one deadline */
	MIR_HTTP_DRAIN =
	    256 * 1024 /* bytes of an unread body that are read for keep-alive's sake */
};

/* The head of a message as it arrives: scanned line by line, so that no byte is looked at twice. */
struct mir_http_scan {
	uint32_t line; /* offset of the line that is not complete */
	uint32_t lines;
};

/* Looks for the end of a head in p[0..len), which grows from call to call.  The head's length,
 * blank line included; 0: not there yet; negative: minus the status to answer.  What passes has
 * CRLF line ends only, no control characters, no folded lines, no blanks before a colon; empty
 * lines in front belong to it (RFC 9112 section 2.2). */
int64_t mir_http_scan(struct mir_http_scan *, const uint8_t *p, size_t len, size_t max);

/* A parsed head; strings point into the bytes given. */
struct mir_http_head {
	llhttp_t parser; /* goes on with a chunked body */
	enum mir_http_method method;
	struct mir_str method_text, target, status_text;
	unsigned status; /* of an answer */
	uint16_t version;
	bool chunked, keep_alive, expect;
	int64_t content_length; /* -1: not given */
	unsigned nheaders;
	struct mir_http_header headers[MIR_HTTP_HEADERS];

	/* where the pieces of a chunked body go */
	struct mir_slice *out;
	const struct mir_slice *in;
	unsigned nout, max;
	uint64_t wire, body; /* bytes of the chunked body so far, with framing and without */
	uint32_t column;     /* in a trailer */
	bool in_body, trailing, cr, colon, complete;
};

/* Parses a scanned head of a request: 0, or minus the status to answer. */
int mir_http_parse_request(struct mir_http_head *, const uint8_t *p, size_t len);

/* The same for an answer to a request (head: it was HEAD): 0 or MIR_EPROTO. */
int mir_http_parse_answer(struct mir_http_head *, const uint8_t *p, size_t len, bool head);

/* Decodes chunks from *in into at most max slices of their own; *in loses what was used.  How
 * many; head->complete after the last one; MIR_EPROTO. */
int mir_http_chunks(
    struct mir_http_head *, struct mir_slice *in, struct mir_slice *out, unsigned max);

/* Bytes that were read from a flow and are not used yet. */
struct mir_http_input {
	struct mir_flow *flow;
	struct mir_slice s[MIR_HTTP_IN];
	unsigned n;
};

/* Reads more into the input, which has room.  How many slices; 0: end of stream; negative.  Blocks
 * until `deadline`. */
int mir_http_fill(struct mir_http_input *, int64_t deadline);
/* Drops n bytes from the front. */
void mir_http_input_drop(struct mir_http_input *, size_t n);
/* The length of the head at the front, which is then in one piece; 0: more is needed; minus a
 * status (503: no memory). */
int64_t mir_http_input_head(struct mir_http_input *, struct mir_http_scan *, size_t max);
/* Moves at most `left` bytes into at most max slices, and takes them off `left`. */
unsigned mir_http_input_take(
    struct mir_http_input *, struct mir_slice *out, unsigned max, int64_t *left);

/* listen.c: the listeners of a server, in the clear and over TLS. */
int mir_http_listen(struct mir_http_server *);
void mir_http_unlisten(struct mir_http_server *);
void mir_http_pause(struct mir_http_server *, bool paused);
void mir_http_cancel_handshakes(struct mir_http_server *);

/* secure.c: answers a request in the clear with where it should have come; a header (RFC 6797). */
struct mir_http_exchange;
void mir_http_redirect_secure(struct mir_http_exchange *);
void mir_http_insist_on_tls(struct mir_http_exchange *);
/* Answers an ACME server that looks for a challenge; false: it is another request. */
bool mir_http_challenge(struct mir_http_exchange *);

/* Are they the same but for capitals? */
bool mir_http_same(struct mir_str, struct mir_str);
/* Finds a header in a list; p NULL if it is not there. */
struct mir_str mir_http_find(const struct mir_http_header *, unsigned n, const char *name);

/* uri.c */
bool mir_http_host_ok(struct mir_str host);
/* Splits a request target into host (p NULL: origin form), raw path and query; MIR_EINVAL. */
int mir_http_target_split(
    struct mir_str target, struct mir_str *host, struct mir_str *path, struct mir_str *query);
/* Decodes and normalises: the length written (at most in.len), MIR_EINVAL. */
int64_t mir_http_path_decode(struct mir_str in, char *out);
/* The reverse, into cap bytes, zero-ended: length or MIR_ERANGE. */
int64_t mir_http_path_encode(struct mir_str path, char *out, size_t cap);

/* headers.c */
bool mir_http_is_token(struct mir_str);
bool mir_http_is_token_char(uint8_t);
bool mir_http_ieq_all(struct mir_str, const char *text);
/* Equal but for the case of letters.  Most names differ in their first character. */
static inline bool mir_http_ieq(struct mir_str s, const char *text)
{
	return s.len && !((s.p[0] ^ text[0]) & ~0x20) && mir_http_ieq_all(s, text);
}
struct mir_str mir_http_trim(struct mir_str);
/* The next element of a comma-separated list, trimmed, quoted strings kept whole; false at the end.
 */
bool mir_http_next(struct mir_str *rest, struct mir_str *element);
/* Digits only, no overflow; MIR_EINVAL. */
int mir_http_number(struct mir_str, int64_t *out);
/* The digits of n, not ended by a zero; how many. */
size_t mir_http_decimal(uint64_t n, char out[static 20]);
/* q of the element that is `coding`, in thousandths; -1: none is. */
int mir_http_weight(struct mir_str accept, const char *coding);
/* q of `coding` in an Accept-Encoding, in thousandths; 0: not acceptable. */
unsigned mir_http_accepts(struct mir_str accept, const char *coding);

struct mir_http_range {
	uint64_t first, len;
};
/* bytes ranges over a value of `size` bytes: how many (sorted as asked); 0: the header is to be
 * ignored; MIR_ERANGE: none can be satisfied. */
int mir_http_ranges(struct mir_str, uint64_t size, struct mir_http_range *out, unsigned max);

enum mir_http_precondition { MIR_HTTP_GO = 0, MIR_HTTP_NOT_MODIFIED = 304, MIR_HTTP_FAILED = 412 };
/* RFC 9110 section 13.2.2; etag with its quotes, "" if there is none; mtime in seconds, 0: none. */
enum mir_http_precondition mir_http_precondition(
    const struct mir_http_request *, const char *etag, int64_t mtime, int64_t now);
/* Whether If-Range lets a range be sent. */
bool mir_http_if_range(
    const struct mir_http_request *, const char *etag, int64_t mtime, int64_t now);

/* What another protocol than HTTP/1 does with a connection that it has taken over. */
struct mir_http_conn_ops {
	/* Takes no more requests, and frees the connection when those that it has are answered. */
	void (*stop)(struct mir_http_conn *);
	/* The same at once: fibers are cancelled. */
	void (*cancel)(struct mir_http_conn *);
	/* The connection, which is idle, is closed to make room for another. */
	void (*evict)(struct mir_http_conn *);
};

/* A connection.  While it waits for a request this is all there is of it. */
struct mir_http_conn {
	struct mir_http_conn *next, *prev;
	struct mir_http_server *server;
	struct mir_flow *flow;
	const struct mir_tls_flow *tls;
	const struct mir_http_conn_ops *ops; /* NULL: HTTP/1 */
	void *protocol;                      /* the ops' own */
	struct mir_fiber *fiber;             /* of HTTP/1, while busy */
	bool busy;
	struct mir_slice pending; /* the beginning of a head */
	struct mir_timer timer;
	struct mir_endpoint local, peer;
	struct mir_http_scan scan;
	int64_t head_deadline; /* by when the head that has begun must be whole; 0: none has */
	uint32_t requests;
	bool timed_out;
};

/* How another protocol than HTTP/1 ends an answer. */
struct mir_http_exchange_ops {
	int (*flush)(struct mir_http_exchange *); /* sends the head if it waits.  Blocks. */
	int (*end)(struct mir_http_exchange *);   /* all is written.  Blocks. */
};

/* A request and its answer, on the stack of the fiber that serves it. */
struct mir_http_exchange {
	struct mir_http_request request;
	struct mir_http_response response;
	struct mir_http_conn *conn;
	struct mir_http_server *server;
	const struct mir_http_exchange_ops *ops; /* NULL: HTTP/1 */

	struct mir_http_input input;

	/* the request */
	struct mir_slice bytes; /* of its head */
	struct mir_http_head head;
	struct mir_mem *path_mem;
	int64_t body_left; /* -1: chunked */
	bool body_done, expecting;
	int body_error;
	uint64_t received;
	int64_t receive_waited; /* nanoseconds spent waiting for the client */
	int64_t started;

	/* the answer */
	struct mir_mem *mem; /* holds the head that is being written */
	uint8_t *text;
	uint32_t text_len, text_cap;
	int64_t length;     /* announced; -1: not */
	uint64_t body_wire; /* bytes of body that were sent or, for HEAD, would have been */
	int64_t send_waited;
	bool status_set, has_date, has_server, has_type;
	bool head_waits; /* begun, not sent */
	bool chunked, bodyless, close, cut, failed, switched;
	struct mir_http_coding *coding; /* what compresses the body; NULL: nothing does */
	void *upgraded; /* upgrade.c: the flow that was handed out, until it is closed */
	char path[MIR_HTTP_PATH + 1];
};

/* connection.c: what all protocols share. */
/* x->conn, x->server and x->ops are set; the request is still to be understood. */
void mir_http_exchange_init(struct mir_http_exchange *);
void mir_http_exchange_release(struct mir_http_exchange *);
/* Path, query and host from the request's method and target; minus a status. */
int mir_http_set_target(struct mir_http_exchange *);
enum mir_http_method mir_http_method_of(struct mir_str);
/* Has the handler answer, or does it in its place.  Blocks. */
int mir_http_answer(struct mir_http_exchange *);
void mir_http_access_log(struct mir_http_exchange *);

/* body.c */
void mir_http_body_init(struct mir_http_exchange *);
extern const struct mir_http_request_ops mir_http_request_ops;
/* A protocol's way to the next pieces of a body, kept to http-max-body: what
 * mir_http_request_ops.read is made of.  Blocks. */
typedef int mir_http_read_some(struct mir_http_exchange *, struct mir_slice *out, unsigned max);
int mir_http_read_within_limit(
    struct mir_http_request *, mir_http_read_some *some, struct mir_slice *out, unsigned max);

/* Reads what is left of the body.  Whether the connection can be used on.  Blocks. */
bool mir_http_body_drain(struct mir_http_exchange *);

/* response.c */
extern const struct mir_http_response_ops mir_http_response_ops;
void mir_http_response_init(struct mir_http_exchange *);
/* Sends what is missing of the answer.  Blocks. */
void mir_http_response_finish(struct mir_http_exchange *, int handler_rc);
/* Forgets what was said so far, none of which has left. */
void mir_http_start_over(struct mir_http_exchange *);
void mir_http_response_release(struct mir_http_exchange *);
/* Sends 101 and what was added as headers.  Blocks. */
int mir_http_switch(struct mir_http_exchange *, const char *protocol);
/* upgrade.c: the handler of a connection that became another protocol's has returned. */
void mir_http_upgrade_end(struct mir_http_exchange *);
/* Sends slices under the write deadline.  Blocks. */
int mir_http_send(struct mir_http_exchange *, struct mir_slice *data /* take */, unsigned n);
/* An error as the whole answer, before any handler.  Blocks. */
void mir_http_refuse(struct mir_http_exchange *, unsigned status);
const char *mir_http_date_now(struct mir_http_server *);

/* How long to wait for a client that has moved `bytes` in `waited` nanoseconds. */
int64_t mir_http_patience(const struct mir_http_server *, uint64_t bytes, int64_t waited);

/* connection.c: the fiber that serves a connection as long as it has requests. */
void mir_http_conn_serve(void *conn);

/* server.c: the connection waits for its next request with x's input as the beginning of it. */
void mir_http_conn_park(struct mir_http_conn *, struct mir_slice pending /* take */);
/* Moves it between the lists of those that are idle and of those that are not. */
void mir_http_conn_busy(struct mir_http_conn *, bool busy);
/* The end of a connection. */
void mir_http_conn_free(struct mir_http_conn *, bool abort);

static inline struct mir_http_exchange *mir_http_exchange_of(struct mir_http_response *r)
{
	return mir_container(r, struct mir_http_exchange, response);
}

#endif
