/* offload.c: what a network card does to TCP segments over IPv4: checksums, cutting (TSO), merging
 * (GRO). */
#include <mir/checksum.h>
#include <mir/frame.h>
#include <stdlib.h>

enum {
	ETHER = MIR_FRAME_ETHER,
	IP4 = 20,
	ETHERTYPE = 12,
	IP_LEN = 2,
	IP_ID = 4,
	IP_FRAGMENT = 6,
	IP_PROTO = 9,
	IP_SUM = 10,
	IP_SRC = 12,
	IP_DST = 16,
	TCP_SEQ = 4,
	TCP_OFFSET = 12,
	TCP_FLAGS = 13,
	TCP_SUM = 16,
	TCP_HEADER = 20,
	UDP_SUM = 6,
	FIN = 0x01,
	PSH = 0x08,
	ACK = 0x10,
	CWR = 0x80,
	FRAGMENT_BITS = 0x3fff,
};

/* The end of an IPv4 packet that is no fragment, and where its payload begins; 0: it is not one. */
static size_t ip4_end(const struct mir_frame *f, size_t *l4)
{
	const uint8_t *ip = f->bytes + ETHER;
	size_t header, total;

	if (f->len < ETHER + IP4 || mir_be16(f->bytes + ETHERTYPE) != 0x0800 || ip[0] >> 4 != 4)
		return 0;
	header = (size_t)(ip[0] & 15) * 4;
	total = mir_be16(ip + IP_LEN);
	if (header < IP4 || total < header || total > f->len - ETHER ||
	    (mir_be16(ip + IP_FRAGMENT) & FRAGMENT_BITS) != 0)
		return 0;
	*l4 = ETHER + header;
	return ETHER + total;
}

static uint64_t pseudo(const uint8_t *ip, size_t l4_len)
{
	struct mir_ipaddr src = mir_ip4(mir_be32(ip + IP_SRC)),
			  dst = mir_ip4(mir_be32(ip + IP_DST));

	return mir_sum_pseudo(&src, &dst, ip[IP_PROTO], l4_len);
}

bool mir_frame_tcp_find(struct mir_frame *f, struct mir_frame_tcp *out)
{
	size_t l4 = 0, end = ip4_end(f, &l4), header;

	if (end == 0 || f->bytes[ETHER + IP_PROTO] != MIR_IPPROTO_TCP || end - l4 < TCP_HEADER)
		return false;
	header = (size_t)(f->bytes[l4 + TCP_OFFSET] >> 4) * 4;
	if (header < TCP_HEADER || header > end - l4)
		return false;
	*out = (struct mir_frame_tcp){ l4, l4 + header, end, f->bytes + ETHER, f->bytes + l4 };
	return true;
}

void mir_frame_complete(struct mir_frame *f)
{
	uint16_t sum;

	if (!f->partial)
		return;
	f->partial = false;
	sum = mir_sum_finish(mir_sum(f->bytes + f->csum_start, f->len - f->csum_start, 0));
	if (sum == 0 && f->csum_offset == UDP_SUM)
		sum = 0xffff; /* RFC 768: 0 says that there is none */
	mir_put_be16(f->bytes + f->csum_start + f->csum_offset, sum);
}

bool mir_frame_verify(struct mir_frame *f)
{
	size_t l4 = 0, end = ip4_end(f, &l4);
	const uint8_t *ip = f->bytes + ETHER;

	if (end == 0 || (ip[IP_PROTO] != MIR_IPPROTO_TCP && ip[IP_PROTO] != MIR_IPPROTO_UDP))
		return false;
	if (ip[IP_PROTO] == MIR_IPPROTO_UDP && end - l4 >= 8 &&
	    mir_be16(f->bytes + l4 + UDP_SUM) == 0)
		return false;
	return mir_sum_finish(mir_sum(f->bytes + l4, end - l4, pseudo(ip, end - l4))) == 0;
}

/* Lengths and checksums of a segment that has become another; the transport's is left partial. */
static void seal(struct mir_frame *f, const struct mir_frame_tcp *t, size_t len)
{
	uint8_t *ip = f->bytes + ETHER, *tcp = f->bytes + t->l4;

	f->len = len;
	mir_put_be16(ip + IP_LEN, (uint16_t)(len - ETHER));
	mir_put_be16(ip + IP_SUM, 0);
	mir_put_be16(ip + IP_SUM, mir_sum_finish(mir_sum(ip, t->l4 - ETHER, 0)));
	mir_put_be16(tcp + TCP_SUM, mir_sum_fold(pseudo(ip, len - t->l4)));
	f->partial = true;
	f->csum_start = (uint16_t)t->l4;
	f->csum_offset = TCP_SUM;
}

/* Segment number i of a large one, of n payload bytes from off on. */
static struct mir_frame *piece(
    const struct mir_frame *whole, const struct mir_frame_tcp *t, unsigned i, size_t off, size_t n)
{
	struct mir_frame *f = mir_frame_new(t->payload + n);
	uint8_t *ip, *tcp;
	bool last = t->payload + off + n == t->len;

	if (!f)
		return NULL;
	ip = f->bytes + ETHER;
	tcp = f->bytes + t->l4;
	memcpy(f->bytes, whole->bytes, t->payload);
	memcpy(f->bytes + t->payload, whole->bytes + t->payload + off, n);
	mir_put_be16(ip + IP_ID, (uint16_t)(mir_be16(ip + IP_ID) + i));
	mir_put_be32(tcp + TCP_SEQ, mir_be32(tcp + TCP_SEQ) + (uint32_t)off);
	if (!last)
		tcp[TCP_FLAGS] &= (uint8_t) ~(FIN | PSH);
	if (i > 0)
		tcp[TCP_FLAGS] &= (uint8_t)~CWR;
	seal(f, t, t->payload + n);
	return f;
}

struct mir_frame *mir_frame_cut(struct mir_frame *whole)
{
	struct mir_frame *first = NULL, **end = &first;
	struct mir_frame_tcp t;
	size_t size = whole->gso_size;

	if (size == 0 || !mir_frame_tcp_find(whole, &t)) {
		free(whole);
		return NULL;
	}
	for (size_t off = 0; off < t.len - t.payload || off == 0; off += size) {
		*end = piece(
		    whole, &t, (unsigned)(off / size), off, MIR_MIN(size, t.len - t.payload - off));
		if (!*end)
			break;
		end = &(*end)->next;
	}
	free(whole);
	return first;
}

static bool mergeable(struct mir_frame *f, struct mir_frame_tcp *t)
{
	return mir_frame_tcp_find(f, t) && t->l4 == ETHER + IP4 && t->len > t->payload &&
	       (t->tcp[TCP_FLAGS] & ~PSH) == ACK && (f->partial || mir_frame_verify(f));
}

/* Everything in the headers but lengths, identification, sequence number, PSH and checksums. */
static bool same_headers(const struct mir_frame_tcp *a, const struct mir_frame_tcp *b)
{
	return a->payload == b->payload &&
	       memcmp(a->ip - ETHER, b->ip - ETHER, ETHER + IP_LEN) == 0 &&
	       memcmp(a->ip + IP_FRAGMENT, b->ip + IP_FRAGMENT, IP_SUM - IP_FRAGMENT) == 0 &&
	       memcmp(a->ip + IP_SRC, b->ip + IP_SRC, IP4 - IP_SRC + TCP_SEQ) == 0 &&
	       memcmp(a->tcp + 8, b->tcp + 8, TCP_FLAGS - 8) == 0 &&
	       memcmp(a->tcp + 14, b->tcp + 14, 2) == 0 &&
	       memcmp(a->tcp + 18, b->tcp + 18, a->payload - a->l4 - 18) == 0;
}

struct mir_frame *mir_frame_merge(struct mir_frame *a, struct mir_frame *b)
{
	struct mir_frame_tcp ta, tb;
	struct mir_frame *f;
	size_t na, nb, size;

	if (!mergeable(a, &ta) || !mergeable(b, &tb) || !same_headers(&ta, &tb))
		return NULL;
	na = ta.len - ta.payload;
	nb = tb.len - tb.payload;
	size = a->gso_size ? a->gso_size : na;
	if ((ta.tcp[TCP_FLAGS] & PSH) || na % size != 0 || nb > size ||
	    mir_be32(ta.tcp + TCP_SEQ) + (uint32_t)na != mir_be32(tb.tcp + TCP_SEQ) ||
	    ta.len + nb > MIR_FRAME_MAX)
		return NULL;
	f = mir_frame_new(ta.len + nb);
	if (!f)
		return NULL;
	memcpy(f->bytes, a->bytes, ta.len);
	memcpy(f->bytes + ta.len, b->bytes + tb.payload, nb);
	f->bytes[ta.l4 + TCP_FLAGS] |= tb.tcp[TCP_FLAGS] & PSH;
	f->gso_size = (uint16_t)size;
	seal(f, &ta, ta.len + nb);
	free(a);
	free(b);
	return f;
}
