/* receive.c: frames that come in.
 *
 * A frame is scattered over the head of a packet, a small and a big buffer; those that it does not
 * reach wait for the next frame.  What the tender says of a frame is not trusted.
 */
#include <mir/mem.h>

#include "../../vnet/vnet.h"
#include "driver.h"

enum {
	LINEAR = 192, /* bytes of a received frame in the packet's head */
	START = 126,  /* where they begin: network headers at a multiple of 4 */
};

static bool prepare(const struct mir_guest_net *g, struct mir_guest_net_room *r)
{
	if (!r->packet)
		r->packet = mir_packet_new();
	if (!r->small)
		r->small = mir_mem_pooled(MIR_MEM_SMALL, &r->small_p);
	if (g->big && !r->big)
		r->big = mir_mem_pooled(MIR_MEM_BIG, &r->big_p);
	return r->packet && r->small && (!g->big || r->big);
}

static void add(struct mir_guest_net_room *r, struct mir_op *op, const void *p, size_t len)
{
	if (len > 0)
		r->iov[op->n++] = (struct mir_op_iov){ mir_guest_address(p), len };
}

static void fill_in(const struct mir_guest_net *g, struct mir_guest_net_room *r, struct mir_op *op)
{
	*op = (struct mir_op){
		.code = MIR_OP_NET_READ, .handle = g->port.handle, .iov = mir_guest_address(r->iov)
	};
	add(r, op, r->header, g->header);
	add(r, op, r->packet->head + START, LINEAR);
	add(r, op, r->small_p, MIR_MEM_SMALL);
	add(r, op, r->big_p, g->big ? (size_t)MIR_MEM_BIG : 0);
}

/* No memory: a frame is read to be lost, so that the host does not find the network ready for
 * ever. */
static unsigned read_away(
    const struct mir_guest_net *g, struct mir_guest_net_room *r, struct mir_op *op)
{
	*op = (struct mir_op){
		.code = MIR_OP_NET_READ, .handle = g->port.handle, .iov = mir_guest_address(r->iov)
	};
	add(r, op, r->header, sizeof(r->header));
	return 1;
}

unsigned mir_guest_net_reads(struct mir_guest_port *port, struct mir_op ops[], unsigned room)
{
	struct mir_guest_net *g = mir_guest_net_of(port);
	unsigned want = MIR_MIN(g->want, room);

	if (g->gone)
		return 0;
	for (unsigned i = 0; i < want; i++) {
		if (!prepare(g, &g->rx[i]))
			return i > 0 ? i : read_away(g, &g->rx[0], &ops[0]);
		fill_in(g, &g->rx[i], &ops[i]);
	}
	return want;
}

static void append(struct mir_packet *p, struct mir_mem **m, const uint8_t *bytes, size_t len)
{
	mir_packet_append(p, &(struct mir_slice){ bytes, len, *m });
	*m = NULL;
}

/* The n bytes that were read as a packet. */
static struct mir_packet *take_frame(struct mir_guest_net_room *r, size_t n)
{
	struct mir_packet *p = r->packet;

	r->packet = NULL;
	p->data = p->head + START;
	mir_packet_put(p, MIR_MIN(n, (size_t)LINEAR));
	n -= p->len;
	if (n > 0)
		append(p, &r->small, r->small_p, MIR_MIN(n, (size_t)MIR_MEM_SMALL));
	if (n > MIR_MEM_SMALL)
		append(p, &r->big, r->big_p, n - MIR_MEM_SMALL);
	return p;
}

/* Whether a frame is one that the stack should see. */
static bool acceptable(struct mir_guest_net *g, const uint8_t *header, struct mir_packet *p)
{
	uint32_t limit = (uint32_t)g->net.mtu + MIR_GUEST_ETHER + MIR_GUEST_VLAN;

	if (g->header > 0 && mir_vnet_read(header, p) < 0) {
		g->drops.header++;
		return false;
	}
	if (p->gso != MIR_GSO_NONE)
		limit = g->net.offloads & MIR_NET_RX_GRO4 ? (uint32_t)MIR_GUEST_FRAME_MAX : 0;
	if (p->total > limit) {
		g->drops.oversize++;
		return false;
	}
	return true;
}

static size_t room_of(const struct mir_guest_net *g)
{
	return LINEAR + MIR_MEM_SMALL + (g->big ? (size_t)MIR_MEM_BIG : 0);
}

/* The frame of `got` bytes in the room, or NULL: dropped and counted. */
static struct mir_packet *receive(
    struct mir_guest_net *g, struct mir_guest_net_room *r, int64_t got)
{
	size_t least = g->header + MIR_GUEST_ETHER;
	struct mir_packet *p;

	if (!r->packet || !r->small || (g->big && !r->big)) { /* read away */
		g->drops.memory++;
		return NULL;
	}
	if (got < (int64_t)least || (uint64_t)got > g->header + room_of(g)) {
		g->drops.header++;
		return NULL;
	}
	p = take_frame(r, (size_t)got - g->header);
	if (acceptable(g, r->header, p))
		return p;
	mir_packet_unref(p);
	return NULL;
}

static void deliver(struct mir_guest_net *g, struct mir_packet *const burst[], unsigned n)
{
	if (n == 0)
		return;
	if (g->input) {
		g->input(g->arg, burst, n);
		return;
	}
	g->drops.unheard += n;
	g->net.stats.rx_dropped += n;
	for (unsigned i = 0; i < n; i++)
		mir_packet_unref(burst[i]);
}

unsigned mir_guest_net_taken(struct mir_guest_port *port, const struct mir_op ops[], unsigned n)
{
	struct mir_guest_net *g = mir_guest_net_of(port);
	struct mir_packet *burst[MIR_GUEST_NET_RX];
	unsigned count = 0, i;

	for (i = 0; i < n && i < MIR_GUEST_NET_RX && ops[i].result >= 0; i++) {
		struct mir_packet *p = receive(g, &g->rx[i], ops[i].result);

		if (!p) {
			g->net.stats.rx_dropped++;
			continue;
		}
		g->net.stats.rx_packets++;
		g->net.stats.rx_bytes += p->total;
		burst[count++] = p;
	}
	if (i < n && (ops[i].result == MIR_ENODEV || ops[i].result == MIR_EDISCONN))
		mir_guest_net_disconnected(g);
	g->want = i == n ? MIR_MIN(2 * n, (unsigned)MIR_GUEST_NET_RX) : MIR_MAX(i, 1u);
	deliver(g, burst, count);
	return i;
}

void mir_guest_net_rooms_release(struct mir_guest_net *g)
{
	for (unsigned i = 0; i < MIR_GUEST_NET_RX; i++) {
		struct mir_guest_net_room *r = &g->rx[i];

		mir_packet_unref(r->packet);
		mir_mem_unref(r->small);
		mir_mem_unref(r->big);
		*r = (struct mir_guest_net_room){ .packet = NULL };
	}
}
