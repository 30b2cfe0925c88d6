/* http_compress.h: COMPRESS, bodies of answers in a content coding that the client accepts (RFC
 * 9110 section 12.5.3).
 *
 * Implemented by lib/http-compress; an image without this device has no compression.
 */
#ifndef MIR_HTTP_COMPRESS_H
#define MIR_HTTP_COMPRESS_H

#include <mir/http.h>

struct mir_http_compress;
struct mir_http_coding;

struct mir_http_compress_ops {
	const char *name;
	/* The head of an answer whose headers were added is about to be made, for a body of *length
	 * bytes (-1: not known).  Adds and changes headers, and sets *length to -1, if the client
	 * is to get another coding.  What compresses it; NULL: the body goes as it is written, or
	 * there is none.  Does not block. */
	struct mir_http_coding *(*begin)(
	    struct mir_http_compress *, struct mir_http_response *, int64_t *length);
};

struct mir_http_compress {
	const struct mir_http_compress_ops *ops;
};

struct mir_http_coding_ops {
	/* In place of the response's own write, which it calls.  Blocks.  MIR_EFBIG: more than was
	 * announced. */
	int (*write)(struct mir_http_coding *, struct mir_slice *data /* take */, unsigned n);
	/* All was written.  Blocks.  MIR_EPROTO: less than was announced. */
	int (*end)(struct mir_http_coding *);
	/* Does not block. */
	void (*release)(struct mir_http_coding *);
};

/* An answer that is compressed. */
struct mir_http_coding {
	const struct mir_http_coding_ops *ops;
};

#endif
