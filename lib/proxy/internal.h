/* internal.h: what the files of lib/proxy share. */
#ifndef MIR_PROXY_INTERNAL_H
#define MIR_PROXY_INTERNAL_H

#include <mir/http_proxy.h>

#include "../http/internal.h"

enum {
	MIR_PROXY_OWN = 6,      /* fields that we add */
	MIR_PROXY_TEXT = 2048,  /* bytes of them */
	MIR_PROXY_PATH = 24576, /* bytes of a path and query */
};

/* The fields of a request as they are passed on. */
struct mir_proxy_head {
	struct mir_http_header field[MIR_HTTP_HEADERS + MIR_PROXY_OWN];
	unsigned n;
	size_t used;
	char text[MIR_PROXY_TEXT];
};

/* head.c, pure: which fields go on, and what is added.  MIR_EMSGSIZE. */
int mir_proxy_request_head(
    struct mir_proxy_head *, const struct mir_http_request *, bool trust_forwarded);
/* Is that field of an answer passed on?  connection: the answer's own. */
bool mir_proxy_passes(
    const struct mir_http_header *, const struct mir_http_header *all, unsigned n);
/* Adds the fields of an answer from `at` to ours.  MIR_ELIMIT, MIR_ENOMEM, MIR_EINVAL. */
int mir_proxy_answer_head(struct mir_http_response *, const struct mir_endpoint *at,
    const struct mir_http_header *, unsigned n);
/* Path and query as they are passed on: length, or MIR_ERANGE. */
int64_t mir_proxy_target(const struct mir_http_request *, char *out, size_t cap);
/* Does the client ask for a websocket? */
bool mir_proxy_wants_websocket(const struct mir_http_request *);

/* switch.c: the same as a request, and then as bytes both ways.  Blocks. */
int mir_proxy_switch(struct mir_http_proxy *, struct mir_http_upstream *,
    const struct mir_http_request *, struct mir_http_response *);

#endif
