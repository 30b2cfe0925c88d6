/* coder.h: GZIP and ZSTD, content codings (RFC 9110 section 8.4.1) that are made as bytes come.
 *
 * Implemented by lib/http-gzip and lib/http-zstd, objects without a start.
 */
#ifndef MIR_CODER_H
#define MIR_CODER_H

#include <mir/err.h>
#include <stddef.h>
#include <stdint.h>

enum mir_coder_flush {
	MIR_CODER_MORE,  /* bytes may be kept back */
	MIR_CODER_FLUSH, /* what was given can be read from what came out */
	MIR_CODER_END,   /* it was all */
};

/* A piece of work: what is read moves `in`, what is written moves `out`. */
struct mir_coder_io {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len;
};

/* None blocks. */
struct mir_coder {
	const char *coding; /* its name in Content-Encoding */

	/* A context; level 1 (fast) to 9 (small), 0: the coder's own choice.  *bytes: the memory
	 * that it holds or will hold at most.  NULL: no memory. */
	void *(*create)(int level, size_t *bytes);
	/* Makes a context ready for a new body of `length` bytes (-1: not known), whatever was done
	 * with it.  MIR_ENOMEM. */
	int (*reset)(void *context, int64_t length);
	/* Works until `in` is used up or `out` is full.  1: all of it is done, `flush` included; 0:
	 * more room is needed; negative: the context is of no use before the next reset. */
	int (*work)(void *context, struct mir_coder_io *, enum mir_coder_flush flush);
	void (*destroy)(void *context);
};

#endif
