/* server.h: what the files of the server's side share. */
#ifndef MIR_HTTP2_SERVER_H
#define MIR_HTTP2_SERVER_H

#include "../http/internal.h"
#include "internal.h"

/* A connection of lib/http's server. */
struct mir_h2_server {
	struct mir_h2 h;
	struct mir_http_conn *conn;
	int64_t idle_since;
	int64_t stop_deadline; /* for the answer to our ping, after which no stream is new */
	bool stopping, stopped;
};

/* A request.  Its exchange is on the stack of its fiber. */
struct mir_h2_request {
	struct mir_h2_stream stream;
	struct mir_fiber *fiber;
	bool bodyless; /* the head was all of it */
};

struct mir_h2_exchange {
	struct mir_http_exchange x;
	struct mir_h2_request *r;
	struct mir_mem *cookies; /* joined */
};

static inline struct mir_h2_server *mir_h2_server_of(struct mir_h2 *h)
{
	return mir_container(h, struct mir_h2_server, h);
}

static inline struct mir_h2_exchange *mir_h2_exchange_of(struct mir_http_exchange *x)
{
	return mir_container(x, struct mir_h2_exchange, x);
}

/* request.c: the request that the stream's fields are; minus a status. */
int mir_h2_understand(struct mir_h2_exchange *);
extern const struct mir_http_request_ops mir_h2_request_ops;

/* response.c */
extern const struct mir_http_response_ops mir_h2_response_ops;
extern const struct mir_http_exchange_ops mir_h2_exchange_ops;

#endif
