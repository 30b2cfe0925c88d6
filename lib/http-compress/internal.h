/* internal.h: what the files of lib/http-compress share. */
#ifndef MIR_HTTP_COMPRESS_INTERNAL_H
#define MIR_HTTP_COMPRESS_INTERNAL_H

#include <mir/http_compress_device.h>

#include "../http/internal.h"

/* A coder's context, and the answer that it works for. */
struct mir_http_compress_context {
	struct mir_http_coding coding;
	struct mir_http_compress_context *next; /* idle */
	struct mir_http_compress_device *device;
	struct mir_http_compress_coder *of;
	void *context;
	size_t bytes; /* that it holds */

	struct mir_http_response *response;
	int64_t announced; /* bytes; -1: not known */
	uint64_t taken;
	bool ended;
	int error;
	struct mir_mem *mem; /* what came out and was not sent */
	uint8_t *text;
	size_t used, cap;
};

/* head.c: as in the ops. */
struct mir_http_coding *mir_http_compress_begin(
    struct mir_http_compress *, struct mir_http_response *, int64_t *length);

/* coding.c: a context for a body; NULL: too many, or no memory. */
struct mir_http_compress_context *mir_http_compress_take(struct mir_http_compress_device *,
    struct mir_http_compress_coder *, struct mir_http_response *, int64_t length);
void mir_http_compress_free(struct mir_http_compress_context *);
extern const struct mir_http_coding_ops mir_http_compress_coding_ops;

#endif
