/* packet.c: packets, from a pool. */
#include <mir/packet.h>

#include "pool.h"

static struct mir_pool pool = { .size = sizeof(struct mir_packet), .keep = 2048 };

static void packet_free(struct mir_mem *m)
{
	struct mir_packet *p = mir_container(m, struct mir_packet, mem);

	mir_slices_unref(p->slice, p->nslices);
	mir_pool_put(&pool, p, mir_mem_packets());
}

struct mir_packet *mir_packet_new(void)
{
	struct mir_packet *p = mir_pool_get(&pool, mir_mem_packets());

	if (!p)
		return NULL;
	memset(p, 0, offsetof(struct mir_packet, slice));
	p->mem = (struct mir_mem){ .refs = 1, .size = sizeof(*p), .free = packet_free };
	p->data = p->head + MIR_PACKET_HEADROOM;
	return p;
}

/* Takes the first n bytes out of the slices, to dst where that is not NULL. */
static void eat_slices(struct mir_packet *p, uint8_t *dst, size_t n)
{
	unsigned gone = 0;

	while (gone < p->nslices) {
		struct mir_slice *s = &p->slice[gone];
		size_t part = MIR_MIN(n, s->len);

		if (dst && part > 0) {
			memcpy(dst, s->p, part);
			dst += part;
		}
		s->p += part;
		s->len -= part;
		n -= part;
		if (s->len > 0)
			break;
		mir_slice_unref(s);
		gone++;
	}
	p->nslices = (uint16_t)(p->nslices - gone);
	memmove(p->slice, p->slice + gone, p->nslices * sizeof(p->slice[0]));
}

bool mir_packet_pull_up(struct mir_packet *p, size_t n)
{
	size_t room = (size_t)(p->head + MIR_PACKET_HEAD - p->data);
	size_t missing;

	if (n <= p->len)
		return true;
	if (n > p->total || n > MIR_PACKET_HEAD)
		return false;
	if (n > room) {
		uint16_t back = (uint16_t)(n - room);

		if (p->mem.refs > 1)
			return false; /* a slice may show the bytes where they are */
		memmove(p->data - back, p->data, p->len);
		p->data -= back;
		p->csum_start = (uint16_t)(p->csum_start - MIR_MIN(p->csum_start, back));
		p->l3 = (uint16_t)(p->l3 - MIR_MIN(p->l3, back));
	}
	missing = n - p->len;
	eat_slices(p, p->data + p->len, missing);
	p->len = (uint16_t)n;
	return true;
}

void mir_packet_trim(struct mir_packet *p, size_t total)
{
	size_t left;
	unsigned i = 0;

	if (total >= p->total)
		return;
	p->total = (uint32_t)total;
	p->len = (uint16_t)MIR_MIN(p->len, total);
	left = total - p->len;
	while (i < p->nslices && left > 0) {
		p->slice[i].len = MIR_MIN(p->slice[i].len, left);
		left -= p->slice[i].len;
		i++;
	}
	mir_slices_unref(p->slice + i, p->nslices - i);
	p->nslices = (uint16_t)i;
}

void mir_packet_drop(struct mir_packet *p, size_t n)
{
	size_t linear = MIR_MIN(n, p->len);

	mir_packet_pull(p, linear);
	if (n > linear) {
		eat_slices(p, NULL, n - linear);
		p->total -= (uint32_t)(n - linear);
	}
}

void mir_packet_copy(const struct mir_packet *p, size_t off, void *dst, size_t len)
{
	uint8_t *out = dst;

	if (off < p->len) {
		size_t part = MIR_MIN(len, p->len - off);

		memcpy(out, p->data + off, part);
		out += part;
		len -= part;
		off += part;
	}
	off -= p->len;
	for (unsigned i = 0; i < p->nslices && len > 0; i++) {
		const struct mir_slice *s = &p->slice[i];
		size_t part;

		if (off >= s->len) {
			off -= s->len;
			continue;
		}
		part = MIR_MIN(len, s->len - off);
		memcpy(out, s->p + off, part);
		out += part;
		len -= part;
		off = 0;
	}
}

unsigned mir_packet_into_slices(struct mir_packet *p, struct mir_slice *out)
{
	bool ours = p->mem.refs == 1;
	unsigned n = 0;

	if (p->len > 0)
		out[n++] = (struct mir_slice){ p->data, p->len, mir_mem_ref(&p->mem) };
	for (unsigned i = 0; i < p->nslices; i++) {
		struct mir_slice *s = &p->slice[i];

		if (s->len > 0) {
			mir_mem_ref(s->owner);
			out[n++] = *s;
		}
	}
	if (ours) {
		mir_slices_unref(p->slice, p->nslices);
		p->nslices = 0;
	}
	mir_packet_unref(p);
	return n;
}
