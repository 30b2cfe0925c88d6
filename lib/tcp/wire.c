/* wire.c: parsing and building TCP segments (RFC 9293 section 3.1 and 3.2; options of RFC 7323,
 * RFC 2018 and RFC 5482). */
#include "wire.h"

#include <mir/checksum.h>
#include <mir/err.h>
#include <mir/ip.h>
#include <mir/time.h>

enum {
	OPT_END = 0,
	OPT_NOP = 1,
	OPT_MSS = 2,
	OPT_SCALE = 3,
	OPT_SACK_PERMITTED = 4,
	OPT_SACK = 5,
	OPT_TIMESTAMPS = 8,
	OPT_TIMEOUT = 28,
	OPT_FAST_OPEN = 34,
};

/* Section 4.1.1 of RFC 7413: of 4 to 16 bytes, in steps of two; longer ones than we can send are
 * taken for a request of a new one. */
static void take_cookie(struct mir_tcp_cookie *c, const uint8_t *p, unsigned len)
{
	if (len % 2 || len > 16 || (len > 0 && len < 4))
		return;
	c->present = true;
	c->len = len <= MIR_TCP_COOKIE_MAX ? (uint8_t)len : 0;
	memcpy(c->bytes, p, c->len);
}

/* One option of the right length; a known one of another length is ignored. */
static void take_option(struct mir_tcp_segment *s, uint8_t kind, const uint8_t *p, unsigned len)
{
	bool syn = s->flags & MIR_TCP_SYN;

	if (kind == OPT_MSS && len == 2 && syn) {
		s->mss = mir_be16(p);
	} else if (kind == OPT_SCALE && len == 1 && syn) {
		s->has_scale = true;
		s->scale = MIR_MIN(p[0], MIR_TCP_MAX_SHIFT);
	} else if (kind == OPT_SACK_PERMITTED && len == 0 && syn) {
		s->sack_permitted = true;
	} else if (kind == OPT_TIMESTAMPS && len == 8) {
		s->has_ts = true;
		s->tsval = mir_be32(p);
		s->tsecr = mir_be32(p + 4);
	} else if (kind == OPT_TIMEOUT && len == 2) {
		s->timeout = mir_be16(p);
	} else if (kind == OPT_FAST_OPEN && syn) {
		take_cookie(&s->cookie, p, len);
	} else if (kind == OPT_SACK && len % 8 == 0 && len / 8 <= MIR_TCP_SACKS) {
		s->nsack = (uint8_t)(len / 8);
		for (unsigned i = 0; i < s->nsack; i++)
			s->sack[i] =
			    (struct mir_tcp_range){ mir_be32(p + 8 * i), mir_be32(p + 8 * i + 4) };
	}
}

static void parse_options(struct mir_tcp_segment *s, struct mir_reader r)
{
	while (mir_read_left(&r) > 0) {
		uint8_t kind = mir_read_u8(&r), len;
		const uint8_t *value;

		if (kind == OPT_END)
			return;
		if (kind == OPT_NOP)
			continue;
		len = mir_read_u8(&r);
		if (r.bad || len < 2)
			return;
		value = mir_read_bytes(&r, len - 2u);
		if (!value)
			return;
		take_option(s, kind, value, len - 2u);
	}
}

int mir_tcp_parse(const uint8_t *p, size_t n, struct mir_tcp_segment *out)
{
	struct mir_reader r = mir_reader(p, n);
	const uint8_t *options;
	uint16_t bits;

	*out = (struct mir_tcp_segment){ 0 };
	out->source = mir_read_be16(&r);
	out->dest = mir_read_be16(&r);
	out->seq = mir_read_be32(&r);
	out->ack = mir_read_be32(&r);
	bits = mir_read_be16(&r);
	out->window = mir_read_be16(&r);
	mir_read_be32(&r); /* checksum, urgent pointer */
	out->header = (uint8_t)((bits >> 12) * 4);
	out->flags = bits & 0xff;
	if (r.bad || out->header < MIR_TCP_HEADER)
		return MIR_EPROTO;
	options = mir_read_bytes(&r, out->header - (size_t)MIR_TCP_HEADER);
	if (!options)
		return MIR_EPROTO;
	parse_options(out, mir_reader(options, out->header - (size_t)MIR_TCP_HEADER));
	return 0;
}

static unsigned cookie_space(const struct mir_tcp_cookie *c)
{
	return (c->len + 5u) & ~3u;
}

unsigned mir_tcp_header_size(const struct mir_tcp_segment *s)
{
	unsigned n = MIR_TCP_HEADER;

	if (s->mss)
		n += 4;
	if (s->has_scale)
		n += 4;
	if (s->sack_permitted)
		n += 4;
	if (s->has_ts)
		n += MIR_TCP_TS_SPACE;
	if (s->timeout)
		n += MIR_TCP_TIMEOUT_SPACE;
	if (s->cookie.present)
		n += cookie_space(&s->cookie);
	if (s->nsack)
		n += 4 + 8u * s->nsack;
	return n;
}

uint16_t mir_tcp_timeout_encode(int64_t ns)
{
	int64_t s = MIR_MAX(ns / MIR_SECOND(1), 1);

	if (s < 0x8000)
		return (uint16_t)s;
	return (uint16_t)(0x8000 | MIR_MIN(s / 60, 0x7fff));
}

int64_t mir_tcp_timeout_decode(uint16_t field)
{
	return MIR_SECOND(field & 0x7fff) * (field & 0x8000 ? 60 : 1);
}

static uint8_t *put_option(uint8_t *p, uint8_t kind, uint8_t len, unsigned nops)
{
	while (nops-- > 0)
		*p++ = OPT_NOP;
	*p++ = kind;
	*p++ = len;
	return p;
}

static void build_options(const struct mir_tcp_segment *s, uint8_t *p)
{
	if (s->mss) {
		p = put_option(p, OPT_MSS, 4, 0);
		mir_put_be16(p, s->mss);
		p += 2;
	}
	if (s->has_scale) {
		p = put_option(p, OPT_SCALE, 3, 1);
		*p++ = s->scale;
	}
	if (s->sack_permitted)
		p = put_option(p, OPT_SACK_PERMITTED, 2, 2);
	if (s->has_ts) {
		p = put_option(p, OPT_TIMESTAMPS, 10, 2);
		mir_put_be32(p, s->tsval);
		mir_put_be32(p + 4, s->tsecr);
		p += 8;
	}
	if (s->timeout) {
		p = put_option(p, OPT_TIMEOUT, 4, 0);
		mir_put_be16(p, s->timeout);
		p += 2;
	}
	if (s->cookie.present) {
		unsigned len = s->cookie.len + 2u;

		p = put_option(p, OPT_FAST_OPEN, (uint8_t)len, cookie_space(&s->cookie) - len);
		memcpy(p, s->cookie.bytes, s->cookie.len);
		p += s->cookie.len;
	}
	if (s->nsack) {
		p = put_option(p, OPT_SACK, (uint8_t)(2 + 8 * s->nsack), 2);
		for (unsigned i = 0; i < s->nsack; i++, p += 8) {
			mir_put_be32(p, s->sack[i].from);
			mir_put_be32(p + 4, s->sack[i].to);
		}
	}
}

void mir_tcp_build(
    const struct mir_tcp_segment *s, const struct mir_tcp_tuple *tuple, struct mir_packet *p)
{
	unsigned size = mir_tcp_header_size(s);
	uint8_t *h = mir_packet_push(p, size);
	uint64_t sum;

	mir_put_be16(h, tuple->local_port);
	mir_put_be16(h + 2, tuple->peer_port);
	mir_put_be32(h + 4, s->seq);
	mir_put_be32(h + 8, s->flags & MIR_TCP_ACK ? s->ack : 0);
	mir_put_be16(h + 12, (uint16_t)(size / 4 << 12 | s->flags));
	mir_put_be16(h + 14, (uint16_t)MIR_MIN(s->window, 65535u));
	mir_put_be16(h + 18, 0);
	build_options(s, h + MIR_TCP_HEADER);
	sum = mir_sum_pseudo(&tuple->local, &tuple->peer, MIR_IPPROTO_TCP, p->total);
	mir_put_be16(h + 16, mir_sum_fold(sum));
	p->csum = MIR_CSUM_PARTIAL;
	p->csum_start = (uint16_t)mir_packet_headroom(p);
	p->csum_offset = 16;
}
