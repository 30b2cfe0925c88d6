/* gzip.c: deflate as bytes come; memory is that of zlib's formula (zconf.h), whatever the level. */
#define ZLIB_CONST
#include <mir/cc.h>
#include <mir/gzip_coder.h>
#include <stdlib.h>
#include <zlib.h>

enum {
	LEVEL = 4,
	WINDOW = 15, /* bits; 16 more: gzip's head and tail */
	MEMORY = 8,
	STATE = 8192, /* zlib's own */
};

static void *create(int level, size_t *bytes)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (!z)
		return NULL;
	if (deflateInit2(z, level ? level : LEVEL, Z_DEFLATED, WINDOW + 16, MEMORY,
		Z_DEFAULT_STRATEGY) != Z_OK) {
		free(z);
		return NULL;
	}
	*bytes = (1u << (WINDOW + 2)) + (1u << (MEMORY + 9)) + STATE;
	return z;
}

static int reset(void *context, int64_t length)
{
	(void)length;
	return deflateReset(context) == Z_OK ? 0 : MIR_EINVAL;
}

static int work(void *context, struct mir_coder_io *io, enum mir_coder_flush flush)
{
	static const int how[] = { [MIR_CODER_MORE] = Z_NO_FLUSH,
		[MIR_CODER_FLUSH] = Z_SYNC_FLUSH,
		[MIR_CODER_END] = Z_FINISH };
	z_stream *z = context;
	unsigned in = (unsigned)MIR_MIN(io->in_len, (size_t)1 << 30);
	unsigned out = (unsigned)MIR_MIN(io->out_len, (size_t)1 << 30);
	bool all = in == io->in_len;
	int rc;

	z->next_in = io->in;
	z->avail_in = in;
	z->next_out = io->out;
	z->avail_out = out;
	rc = deflate(z, all ? how[flush] : Z_NO_FLUSH);
	io->in += in - z->avail_in;
	io->in_len -= in - z->avail_in;
	io->out += out - z->avail_out;
	io->out_len -= out - z->avail_out;
	if (rc == Z_STREAM_END)
		return 1;
	if (rc != Z_OK && rc != Z_BUF_ERROR)
		return MIR_EINVAL;
	if (flush == MIR_CODER_END || io->in_len)
		return 0;
	return flush == MIR_CODER_MORE || z->avail_out > 0;
}

static void destroy(void *context)
{
	deflateEnd(context);
	free(context);
}

const struct mir_coder mir_gzip_coder = { "gzip", create, reset, work, destroy };
