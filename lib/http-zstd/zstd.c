/* zstd.c: Zstandard frames as bytes come, with tables and windows whose size no level changes. */
#include <mir/cc.h>
#include <mir/zstd_coder.h>
#include <zstd.h>

enum {
	LEVEL = 3,
	WINDOW = 17, /* bits, as those below; RFC 9659 lets a client count on no more than 23 */
	HASH = 16,
	CHAIN = 15,
	BYTES = 1536 * 1024, /* that a context of these comes to, rounded up */
};

static void *create(int level, size_t *bytes)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();

	if (!z)
		return NULL;
	ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, level ? level : LEVEL);
	ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, WINDOW);
	ZSTD_CCtx_setParameter(z, ZSTD_c_hashLog, HASH);
	ZSTD_CCtx_setParameter(z, ZSTD_c_chainLog, CHAIN);
	*bytes = BYTES;
	return z;
}

/* Has zstd take its memory now, so that it is not missed in the middle of an answer. */
static int reset(void *context, int64_t length)
{
	ZSTD_inBuffer in = { NULL, 0, 0 };
	ZSTD_outBuffer out = { NULL, 0, 0 };

	ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
	if (length >= 0)
		ZSTD_CCtx_setPledgedSrcSize(context, (unsigned long long)length);
	return ZSTD_isError(ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue)) ? MIR_ENOMEM
										       : 0;
}

static int work(void *context, struct mir_coder_io *io, enum mir_coder_flush flush)
{
	static const ZSTD_EndDirective how[] = { [MIR_CODER_MORE] = ZSTD_e_continue,
		[MIR_CODER_FLUSH] = ZSTD_e_flush,
		[MIR_CODER_END] = ZSTD_e_end };
	ZSTD_inBuffer in = { io->in, io->in_len, 0 };
	ZSTD_outBuffer out = { io->out, io->out_len, 0 };
	size_t left = ZSTD_compressStream2(context, &out, &in, how[flush]);

	if (ZSTD_isError(left))
		return MIR_EINVAL;
	if (in.pos) {
		io->in += in.pos;
		io->in_len -= in.pos;
	}
	io->out += out.pos;
	io->out_len -= out.pos;
	return !io->in_len && (flush == MIR_CODER_MORE || !left);
}

static void destroy(void *context)
{
	ZSTD_freeCCtx(context);
}

const struct mir_coder mir_zstd_coder = { "zstd", create, reset, work, destroy };
