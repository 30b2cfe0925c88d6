/* receive.c: frames that come in.
 *
 * A buffer holds the header of virtio and a frame, or, where the device merges, one of the pieces
 * of a longer one.  The first bytes go into the packet's head, and the rest up with the buffer.
 * What is used up is replaced first: without memory for that, the frame is dropped and its buffer
 * goes back, so that the device never runs dry.
 */
#include <mir/mem.h>

#include "../../vnet/vnet.h"
#include "driver.h"

enum {
	LINEAR = 192, /* bytes of a received frame in the packet's head */
	START = 126,  /* where they begin: network headers at a multiple of 4 */
	BUFFERS = 10, /* offset of their number in the header */
	PIECES = MIR_PACKET_SLICES,
};

static bool offer(struct mir_virtio_net *v, struct mir_virtio_net_buffer *b)
{
	struct mir_vq_segment s[2] = { { mir_bare_address(b->p), v->room } };
	unsigned n = 1;

	if (v->split) {
		s[0].len = v->header;
		s[1] = (struct mir_vq_segment){ s[0].at + v->header, v->room - v->header };
		n = 2;
	}
	return mir_vq_add(&v->rx, s, 0, n, b);
}

static bool fresh(const struct mir_virtio_net *v, struct mir_virtio_net_buffer *b)
{
	b->mem = mir_mem_pooled(v->room, &b->p);
	return b->mem != NULL;
}

int mir_virtio_net_fill(struct mir_virtio_net *v)
{
	unsigned n = v->split && v->rx.table < 2 ? v->rx.limit / 2 : v->rx.limit;

	if (v->room == MIR_MEM_BIG)
		n = MIR_MIN(n, 32u);
	for (unsigned i = 0; i < n; i++) {
		if (!fresh(v, &v->buffer[i]))
			return i > 0 ? 0 : MIR_ENOMEM;
		offer(v, &v->buffer[i]);
	}
	return 0;
}

void mir_virtio_net_empty(struct mir_virtio_net *v)
{
	for (unsigned i = 0; i < MIR_VQ_MAX; i++) {
		mir_mem_unref(v->buffer[i].mem);
		v->buffer[i].mem = NULL;
	}
	mir_packet_unref(v->partial);
	v->partial = NULL;
	for (struct mir_packet *p; v->tx.descriptors && (p = mir_vq_reclaim(&v->tx)) != NULL;)
		mir_packet_unref(p);
}

/* The buffer's bytes from p on go up with the frame; whether they could. */
static bool append(
    struct mir_virtio_net *v, struct mir_virtio_net_buffer *b, const uint8_t *p, size_t len)
{
	struct mir_virtio_net_buffer old = *b;

	if (len == 0)
		return true;
	if (!fresh(v, b)) {
		*b = old;
		v->drops.memory++;
		return false;
	}
	if (mir_packet_append(v->partial, &(struct mir_slice){ p, len, old.mem }))
		return true;
	mir_mem_unref(old.mem);
	v->drops.oversize++;
	return false;
}

/* The first buffer of a frame. */
static void begin_frame(struct mir_virtio_net *v, struct mir_virtio_net_buffer *b, uint32_t len)
{
	uint32_t linear;

	v->missing = 0;
	v->bad = true;
	if (len < v->header) {
		v->drops.header++;
		return;
	}
	v->missing = v->merges ? (unsigned)(b->p[BUFFERS] | b->p[BUFFERS + 1] << 8) : 1;
	if (v->missing == 0 || v->missing > PIECES) {
		v->missing = MIR_MAX(v->missing, 1u) - 1;
		v->drops.header++;
		return;
	}
	v->missing--;
	v->partial = mir_packet_new();
	if (!v->partial) {
		v->drops.memory++;
		return;
	}
	memcpy(v->partial_header, b->p, v->header);
	linear = MIR_MIN(len - v->header, (uint32_t)LINEAR);
	v->partial->data = v->partial->head + START;
	memcpy(mir_packet_put(v->partial, linear), b->p + v->header, linear);
	v->bad = !append(v, b, b->p + v->header + linear, len - v->header - linear);
}

/* Whether a frame is one that the stack should see. */
static bool acceptable(struct mir_virtio_net *v, struct mir_packet *p)
{
	uint32_t limit = (uint32_t)v->net.mtu + MIR_VIRTIO_NET_ETHER + MIR_VIRTIO_NET_VLAN;

	if (p->total < MIR_VIRTIO_NET_ETHER || mir_vnet_read(v->partial_header, p) < 0 ||
	    (p->csum == MIR_CSUM_VALID && !(v->net.offloads & MIR_NET_RX_CSUM))) {
		v->drops.header++;
		return false;
	}
	if (p->gso != MIR_GSO_NONE)
		limit = v->net.offloads & MIR_NET_RX_GRO4 ? (uint32_t)MIR_VIRTIO_NET_FRAME_MAX : 0;
	if (p->total > limit) {
		v->drops.oversize++;
		return false;
	}
	return true;
}

/* The frame, if this buffer ends one that is good. */
static struct mir_packet *take_buffer(
    struct mir_virtio_net *v, struct mir_virtio_net_buffer *b, uint32_t len)
{
	struct mir_packet *p;

	if (v->missing == 0) {
		begin_frame(v, b, len);
	} else {
		v->missing--;
		if (!v->bad)
			v->bad = !append(v, b, b->p, len);
	}
	if (v->missing > 0)
		return NULL;
	p = v->partial;
	v->partial = NULL;
	if (!v->bad && acceptable(v, p)) {
		v->net.stats.rx_packets++;
		v->net.stats.rx_bytes += p->total;
		return p;
	}
	v->net.stats.rx_dropped++;
	mir_packet_unref(p);
	return NULL;
}

static void deliver(struct mir_virtio_net *v, struct mir_packet *const burst[], unsigned n)
{
	if (n == 0)
		return;
	if (v->input) {
		v->input(v->arg, burst, n);
		return;
	}
	v->drops.unheard += n;
	v->net.stats.rx_dropped += n;
	for (unsigned i = 0; i < n; i++)
		mir_packet_unref(burst[i]);
}

bool mir_virtio_net_receive(struct mir_virtio_net *v)
{
	struct mir_packet *burst[MIR_NET_BURST];
	unsigned n = 0, taken = 0;

	while (n < MIR_NET_BURST && taken < MIR_VQ_MAX) {
		uint32_t len;
		struct mir_virtio_net_buffer *b = mir_vq_take(&v->rx, &len);
		struct mir_packet *p;

		if (!b)
			break;
		taken++;
		p = take_buffer(v, b, len);
		offer(v, b);
		if (p)
			burst[n++] = p;
	}
	if (taken > 0 && !v->device->broke)
		mir_virtio_publish(v->device, MIR_VIRTIO_NET_RX, &v->rx);
	deliver(v, burst, n);
	return taken > 0;
}
