/* http_compress_device.h: bodies of answers in gzip or zstd, made as handlers write them.
 *
 * Which are: those of types that become smaller (mir/mime.h), of `http_compress_min` bytes or of
 * unknown length, with a status other than 204, 205, 206, 304, that have no Content-Encoding,
 * Content-Range or digest and no "Cache-Control: no-transform".  To others nothing is done.
 */
#ifndef MIR_HTTP_COMPRESS_DEVICE_H
#define MIR_HTTP_COMPRESS_DEVICE_H

#include <mir/coder.h>
#include <mir/http_compress.h>

enum { MIR_HTTP_CODERS = 2 };

struct mir_http_compress_device_config {
	const struct mir_coder *gzip, *zstd; /* NULL: there is none */
	const char *http_compress;           /* "zstd, gzip": which, the best first */
	int64_t http_compress_level;         /* 1..9, 0: the coder's own */
	uint64_t http_compress_min;          /* bytes */
	int64_t http_compress_max;           /* bodies at once; 0: 32 */
	const char *name;
};

struct mir_http_compress_stats {
	uint64_t bodies;    /* that were begun */
	uint64_t in, out;   /* bytes of them, before and after */
	uint64_t full;      /* bodies that went as they are, because of http_compress_max */
	uint64_t no_memory; /* and for want of memory */
	uint64_t bytes;     /* that contexts hold now */
};

struct mir_http_compress_context;

/* A coding that is offered. */
struct mir_http_compress_coder {
	const struct mir_coder *coder;
	struct mir_http_compress_context *idle; /* kept for the next bodies */
	unsigned n_idle;
};

struct mir_http_compress_device {
	struct mir_http_compress compress;
	struct mir_http_compress_device_config config;
	struct mir_http_compress_coder coders[MIR_HTTP_CODERS];
	unsigned n_coders, active;
	struct mir_http_compress_stats stats;
};

/* MIR_EINVAL: a key's value, which is logged. */
int mir_http_compress_device_start(
    struct mir_http_compress_device *, const struct mir_http_compress_device_config *);
/* No body is being compressed any more. */
void mir_http_compress_device_stop(struct mir_http_compress_device *);

#endif
