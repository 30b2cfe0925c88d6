/* decode.h: what a client makes of an answer: chunks put together, codings undone. */
#ifndef MIR_HTTP_COMPRESS_TESTS_DECODE_H
#define MIR_HTTP_COMPRESS_TESTS_DECODE_H

#define ZLIB_CONST
#include <mir/cc.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* Chunks, in place: how many bytes; -1: there is no end. */
static inline long decode_chunks(char *p, size_t len)
{
	size_t to = 0, at = 0, n;
	char *end;

	while (at < len) {
		n = strtoul(p + at, &end, 16);
		if (end == p + at || end + 2 > p + len || end[0] != '\r')
			return -1;
		at = (size_t)(end + 2 - p);
		if (!n)
			return len - at == 2 ? (long)to : -1;
		if (n + 2 > len - at)
			return -1;
		memmove(p + to, p + at, n);
		to += n;
		at += n + 2;
	}
	return -1;
}

/* A whole gzip member that ends with the last byte (whole), or what can be read of one. */
static inline long decode_gzip(const char *p, size_t len, char *out, size_t cap, bool whole)
{
	z_stream z;
	int rc;

	memset(&z, 0, sizeof(z));
	inflateInit2(&z, 15 + 16);
	z.next_in = (const Bytef *)p;
	z.avail_in = (unsigned)len;
	z.next_out = (Bytef *)out;
	z.avail_out = (unsigned)cap;
	rc = inflate(&z, Z_SYNC_FLUSH);
	len = cap - z.avail_out;
	inflateEnd(&z);
	return (whole ? rc == Z_STREAM_END && !z.avail_in : rc == Z_OK) ? (long)len : -1;
}

static inline long decode_zstd(const char *p, size_t len, char *out, size_t cap, bool whole)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	ZSTD_inBuffer in = { p, len, 0 };
	ZSTD_outBuffer to = { out, cap, 0 };
	size_t left = ZSTD_decompressStream(z, &to, &in);

	ZSTD_freeDCtx(z);
	if (ZSTD_isError(left) || in.pos != len || (whole && left))
		return -1;
	return (long)to.pos;
}

static inline long decode(
    const char *coding, const char *p, size_t len, char *out, size_t cap, bool whole)
{
	return strcmp(coding, "gzip") == 0 ? decode_gzip(p, len, out, cap, whole)
					   : decode_zstd(p, len, out, cap, whole);
}

#endif
