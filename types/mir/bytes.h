/* bytes.h: numbers in network order and the other, and a reader that cannot leave its buffer. */
#ifndef MIR_BYTES_H
#define MIR_BYTES_H

#include <mir/cc.h>
#include <string.h>

static inline uint16_t mir_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t mir_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t mir_be64(const uint8_t *p)
{
	return (uint64_t)mir_be32(p) << 32 | mir_be32(p + 4);
}

static inline void mir_put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void mir_put_be32(uint8_t *p, uint32_t v)
{
	mir_put_be16(p, (uint16_t)(v >> 16));
	mir_put_be16(p + 2, (uint16_t)v);
}

/* In the order of most CPUs. */
static inline uint16_t mir_le16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t mir_le32(const uint8_t *p)
{
	return (uint32_t)mir_le16(p + 2) << 16 | mir_le16(p);
}

static inline uint64_t mir_le64(const uint8_t *p)
{
	return (uint64_t)mir_le32(p + 4) << 32 | mir_le32(p);
}

/* Reads from p up to end.  A read past the end returns 0 (or NULL) and sets `bad`, which
 * stays: parse all of a message, then look at `bad` once. */
struct mir_reader {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct mir_reader mir_reader(const void *p, size_t len)
{
	return (struct mir_reader){ p, (const uint8_t *)p + len, false };
}

static inline size_t mir_read_left(const struct mir_reader *r)
{
	return (size_t)(r->end - r->p);
}

/* The next n bytes in place, or NULL. */
static inline const uint8_t *mir_read_bytes(struct mir_reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || n > mir_read_left(r)) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return p;
}

static inline uint8_t mir_read_u8(struct mir_reader *r)
{
	const uint8_t *p = mir_read_bytes(r, 1);

	return p ? *p : 0;
}

static inline uint16_t mir_read_be16(struct mir_reader *r)
{
	const uint8_t *p = mir_read_bytes(r, 2);

	return p ? mir_be16(p) : 0;
}

static inline uint32_t mir_read_be32(struct mir_reader *r)
{
	const uint8_t *p = mir_read_bytes(r, 4);

	return p ? mir_be32(p) : 0;
}

#endif
