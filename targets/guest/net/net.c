/* net.c: a network of the tender: what it is, and frames that go out.
 *
 * Frames wait for the submission at the beginning of the next turn, and are held until that is
 * done. When the queue is full, it is submitted at once: nothing is dropped here.
 */
#include <mir/guest_net.h>
#include <mir/log.h>

#include "../../vnet/vnet.h"
#include "driver.h"

MIR_LOG_SOURCE(net);

enum { MTU_MIN = 68, BUFFER = 192 + 2048 /* what a frame finds without the big buffer */ };

void mir_guest_net_disconnected(struct mir_guest_net *g)
{
	if (g->gone)
		return;
	g->gone = true;
	mir_error("%s: the host has removed the device", g->net.name);
}

static void count_lost(struct mir_guest_net *g, int64_t err)
{
	g->net.stats.tx_dropped++;
	if (err == MIR_EAGAIN || err == -ENOBUFS)
		g->drops.full++;
	else if (err == MIR_EIO)
		g->drops.down++;
	else if (err == MIR_EMSGSIZE)
		g->drops.oversize++;
	else
		g->drops.error++;
	if (err == MIR_ENODEV)
		mir_guest_net_disconnected(g);
}

/* The first n frames of the queue are done. */
static void finish(struct mir_guest_net *g, const struct mir_op ops[], unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (ops[i].result < 0) {
			count_lost(g, ops[i].result);
		} else {
			g->net.stats.tx_packets++;
			g->net.stats.tx_bytes += g->tx[i]->total;
		}
		mir_packet_unref(g->tx[i]);
	}
	g->port.waiting -= n;
	if (g->port.waiting == 0)
		g->n_tx_iov = 0;
	memmove(g->tx, g->tx + n, g->port.waiting * sizeof(g->tx[0]));
	memmove(g->tx_op, g->tx_op + n, g->port.waiting * sizeof(g->tx_op[0]));
}

static unsigned writes(struct mir_guest_port *port, struct mir_op ops[], unsigned room)
{
	struct mir_guest_net *g = mir_guest_net_of(port);
	unsigned n = MIR_MIN(g->port.waiting, room);

	memcpy(ops, g->tx_op, n * sizeof(ops[0]));
	return n;
}

static void written(struct mir_guest_port *port, const struct mir_op ops[], unsigned n)
{
	finish(mir_guest_net_of(port), ops, n);
}

/* Everything that waits, now. */
static void flush(struct mir_guest_net *g)
{
	if (g->port.waiting == 0)
		return;
	mir_host_submit(g->tx_op, g->port.waiting);
	finish(g, g->tx_op, g->port.waiting);
}

static void add(struct mir_guest_net *g, struct mir_op *op, const void *p, size_t len)
{
	g->tx_iov[g->n_tx_iov++] = (struct mir_op_iov){ mir_guest_address(p), len };
	op->n++;
}

static void queue(struct mir_guest_net *g, struct mir_packet *p /* take */)
{
	struct mir_op *op;

	if (g->port.waiting == MIR_GUEST_NET_TX ||
	    g->n_tx_iov + p->nslices + 2 > (unsigned)MIR_GUEST_NET_TX_IOV)
		flush(g);
	op = &g->tx_op[g->port.waiting];
	*op = (struct mir_op){ .code = MIR_OP_NET_WRITE,
		.handle = g->port.handle,
		.iov = mir_guest_address(g->tx_iov + g->n_tx_iov) };
	if (g->header > 0) {
		uint8_t *header = g->tx_header[g->port.waiting];

		mir_vnet_write(header, p);
		add(g, op, header, g->header);
	}
	add(g, op, p->data, p->len);
	for (unsigned i = 0; i < p->nslices; i++)
		add(g, op, p->slice[i].p, p->slice[i].len);
	g->tx[g->port.waiting++] = p;
}

static bool fits(const struct mir_guest_net *g, const struct mir_packet *p)
{
	if (p->gso != MIR_GSO_NONE)
		return p->total <= MIR_GUEST_FRAME_MAX;
	return p->total <= g->net.mtu + (uint32_t)MIR_GUEST_ETHER + MIR_GUEST_VLAN;
}

static int net_send(struct mir_net *net, struct mir_packet *const frames[], unsigned n)
{
	struct mir_guest_net *g = mir_container(net, struct mir_guest_net, net);
	int sent = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!g->gone && fits(g, frames[i])) {
			queue(g, frames[i]);
			sent++;
			continue;
		}
		count_lost(g, g->gone ? MIR_EDISCONN : MIR_EMSGSIZE);
		mir_packet_unref(frames[i]);
	}
	return g->gone ? MIR_EDISCONN : sent;
}

static void net_listen(struct mir_net *net, mir_net_input *input, void *arg)
{
	struct mir_guest_net *g = mir_container(net, struct mir_guest_net, net);

	g->input = input;
	g->arg = arg;
}

static const struct mir_net_ops ops = { "network of the tender", net_send, net_listen };

static int take_offloads(struct mir_guest_net *g, const struct mir_ext_device *d)
{
	static const struct {
		uint32_t feature;
		uint16_t offload;
	} table[] = { { MIR_EXT_NET_TX_CSUM, MIR_NET_TX_CSUM },
		{ MIR_EXT_NET_TX_TSO4, MIR_NET_TX_TSO4 }, { MIR_EXT_NET_RX_CSUM, MIR_NET_RX_CSUM },
		{ MIR_EXT_NET_RX_GRO4, MIR_NET_RX_GRO4 } };

	if (!(d->features & MIR_EXT_NET_VNET))
		return 0;
	if (d->vnet_header != MIR_VNET_HEADER && d->vnet_header != MIR_VNET_HEADER_MAX) {
		mir_error("%s: the tender speaks of virtio headers of %u bytes: 10 and 12 are "
			  "known",
		    g->net.name, d->vnet_header);
		return MIR_EPROTO;
	}
	g->header = d->vnet_header;
	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		if (d->features & table[i].feature)
			g->net.offloads |= table[i].offload;
	}
	return 0;
}

static int take_entry(struct mir_guest_net *g, const struct mir_mft_entry *e)
{
	memcpy(g->net.mac.b, e->u.net.mac, sizeof(g->net.mac.b));
	g->net.mtu = e->u.net.mtu;
	if (g->net.mtu >= MTU_MIN && !(g->net.mac.b[0] & 1))
		return 0;
	mir_error("%s: the tender gives an mtu of %u and the hardware address of %s", g->net.name,
	    g->net.mtu, g->net.mac.b[0] & 1 ? "a group" : "one interface");
	return MIR_EPROTO;
}

int mir_guest_net_start(struct mir_guest_net *g, const struct mir_guest_net_config *config)
{
	int handle = mir_guest_device(config->name, MIR_MFT_NET), rc;
	char mac[MIR_MAC_TEXT];

	*g = (struct mir_guest_net){
		.net = { .ops = &ops, .name = config->name, .max_slices = MIR_PACKET_SLICES },
		.port = { .writes = writes,
		    .written = written,
		    .reads = mir_guest_net_reads,
		    .taken = mir_guest_net_taken },
		.want = 1,
	};
	if (handle < 0)
		return handle;
	g->port.handle = (uint32_t)handle;
	rc = take_entry(g, &mir_guest.mft->e[handle]);
	if (rc == 0)
		rc = take_offloads(g, mir_guest_device_ext(g->port.handle));
	if (rc < 0)
		return rc;
	g->big = (g->net.offloads & MIR_NET_RX_GRO4) ||
		 g->net.mtu + MIR_GUEST_ETHER + MIR_GUEST_VLAN > BUFFER;
	mir_host_use_net();
	mir_guest_port_add(&g->port);
	mir_info("%s: %s, mtu %u%s", g->net.name, mir_mac_text(&g->net.mac, mac), g->net.mtu,
	    g->net.offloads ? ", offloads" : "");
	return 0;
}

void mir_guest_net_stop(struct mir_guest_net *g)
{
	flush(g);
	mir_guest_port_remove(&g->port);
	mir_guest_net_rooms_release(g);
}
