/* http_client.h: an HTTP/1.1 client over TCP (RFC 9110, 9112): one connection for each request,
 * bodies streamed both ways.
 *
 *     struct mir_http_client client = { .tcp = app->stack->tcp };
 *     rc = mir_http_get(&client, "http://10.0.0.1/motd", 4096, &text, &len, &status);
 */
#ifndef MIR_HTTP_CLIENT_H
#define MIR_HTTP_CLIENT_H

#include <mir/http.h>
#include <mir/tcp.h>

struct mir_http_client {
	struct mir_tcp *tcp;
	/* The address of a name; NULL: hosts are addresses.  Blocks.  MIR_ENOENT. */
	int (*resolve)(void *arg, struct mir_str host, struct mir_ipaddr *out);
	void *resolve_arg;
	const char *user_agent; /* NULL: none */
	int64_t timeout_ns;     /* for each step in which nothing moves; 0: 30 s */
	uint32_t max_header;    /* bytes of an answer's head; 0: 64 kB */
};

/* What to ask for; all zero is a GET. */
struct mir_http_fetch {
	const char *method; /* NULL: GET, or POST if there is a body */
	const struct mir_http_header *headers;
	unsigned nheaders;
	/* The next 1..max pieces of the body; 0: its end; negative: gives up.  May block.  NULL: no
	 * body. */
	int (*body)(void *arg, struct mir_slice *out, unsigned max);
	void *body_arg;
	int64_t body_length; /* -1: not known, sent in chunks */
	unsigned redirects;  /* to follow at most; requests with a body follow none */
};

/* An answer whose body is still to be read. */
struct mir_http_answer {
	unsigned status;
	const struct mir_http_header *headers;
	unsigned nheaders;
	int64_t content_length; /* -1: not known */
};

/* Asks, and waits for the head of the answer.  url: "http://host[:port]/path?query".  fetch NULL: a
 * GET.  Blocks.  0: *out is the caller's to close.  MIR_EINVAL: the URL, method or a header;
 * MIR_EPROTO: what came is not HTTP; MIR_ELIMIT: too long a head; MIR_ETIMEDOUT; as
 * mir_tcp_connect.
 */
int mir_http_fetch(struct mir_http_client *, const char *url, const struct mir_http_fetch *,
    struct mir_http_answer **out);

/* The next 1..max pieces of the body; 0: its end.  Blocks.  MIR_EPROTO, MIR_ECONNRESET (it ended
 * before its end), MIR_ETIMEDOUT. */
int mir_http_answer_read(struct mir_http_answer *, struct mir_slice *out, unsigned max);

/* Ends the connection and frees the answer; NULL does nothing. */
void mir_http_answer_close(struct mir_http_answer *);

/* The first header of that name; p NULL if there is none. */
struct mir_str mir_http_answer_header(const struct mir_http_answer *, const char *name);

/* GET of a whole body, following up to 5 redirects, into fresh memory that the caller frees with
 * free(); a zero byte follows it.  Blocks.  MIR_EFBIG: over limit bytes; else as mir_http_fetch. */
int mir_http_get(struct mir_http_client *, const char *url, size_t limit, char **body, size_t *len,
    unsigned *status);

#endif
