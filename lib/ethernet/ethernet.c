/* ethernet.c: frames by type (IEEE 802.3, RFC 894). */
#include <mir/ethernet_device.h>

enum { TYPE_MIN = 0x600, TYPE_VLAN = 0x8100, TYPE_QINQ = 0x88a8, GROUP_BIT = 1 };

static struct mir_ethernet_device *dev_of(struct mir_ethernet *e)
{
	return mir_container(e, struct mir_ethernet_device, ethernet);
}

static int flush(struct mir_ethernet_device *d)
{
	unsigned n = d->queued;
	int rc;

	if (n == 0)
		return 0;
	d->queued = 0;
	d->stats.tx_bursts++;
	rc = mir_net_send(d->net, d->queue, n);
	return rc < 0 ? rc : 0;
}

static void flush_hook(struct mir_hook *h)
{
	flush(mir_container(h, struct mir_ethernet_device, flush));
}

static int ethernet_send(
    struct mir_ethernet *e, const struct mir_mac *dst, uint16_t type, struct mir_packet *p)
{
	struct mir_ethernet_device *d = dev_of(e);
	uint8_t *h;

	if ((p->gso == MIR_GSO_NONE && p->total > e->mtu) || p->nslices > e->max_slices) {
		d->stats.tx_too_long++;
		mir_packet_unref(p);
		return MIR_EMSGSIZE;
	}
	h = mir_packet_push(p, MIR_ETHERNET_HEADER);
	memcpy(h, dst->b, 6);
	memcpy(h + 6, e->mac.b, 6);
	mir_put_be16(h + 12, type);
	d->stats.tx_frames++;
	d->queue[d->queued++] = p;
	if (d->queued == MIR_NET_BURST)
		return flush(d);
	mir_at_turn_end(&d->flush);
	return 0;
}

static int ethernet_listen(
    struct mir_ethernet *e, uint16_t type, mir_ethernet_input *input, void *arg)
{
	struct mir_ethernet_device *d = dev_of(e);
	int place = -1;

	for (int i = MIR_ETHERNET_TYPES - 1; i >= 0; i--) {
		if (!d->listener[i].input) {
			place = i;
		} else if (d->listener[i].type == type) {
			place = i;
			break;
		}
	}
	if (place < 0)
		return input ? MIR_ELIMIT : 0;
	d->listener[place].type = type;
	d->listener[place].input = input;
	d->listener[place].arg = arg;
	return 0;
}

/* How the frame is addressed, or -1 if it is none of our business. */
static int cast_of(struct mir_ethernet_device *d, const uint8_t *dst)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (memcmp(dst, d->ethernet.mac.b, 6) == 0)
		return MIR_UNICAST;
	if (!(dst[0] & GROUP_BIT))
		return -1;
	return memcmp(dst, broadcast, 6) == 0 ? MIR_BROADCAST : MIR_MULTICAST;
}

/* Counts why a frame is dropped; NULL: it is not. */
static uint64_t *refused(struct mir_ethernet_device *d, const struct mir_packet *p, int cast)
{
	uint16_t type = mir_be16(p->data + 12);

	if (cast < 0)
		return &d->stats.rx_not_ours;
	if (p->data[6] & GROUP_BIT)
		return &d->stats.rx_bad_source;
	if (type == TYPE_VLAN || type == TYPE_QINQ)
		return &d->stats.rx_vlan;
	if (type < TYPE_MIN)
		return &d->stats.rx_length;
	return NULL;
}

static void frame_input(struct mir_ethernet_device *d, struct mir_packet *p)
{
	struct mir_mac src;
	uint64_t *why;
	uint16_t type;
	int cast;

	d->stats.rx_frames++;
	if (p->len < MIR_ETHERNET_HEADER && !mir_packet_pull_up(p, MIR_ETHERNET_HEADER)) {
		d->stats.rx_short++;
		goto drop;
	}
	cast = cast_of(d, p->data);
	why = refused(d, p, cast);
	if (why) {
		(*why)++;
		goto drop;
	}
	memcpy(src.b, p->data + 6, 6);
	type = mir_be16(p->data + 12);
	for (unsigned i = 0; i < MIR_ETHERNET_TYPES; i++) {
		if (!d->listener[i].input || d->listener[i].type != type)
			continue;
		mir_packet_pull(p, MIR_ETHERNET_HEADER);
		p->cast = (uint8_t)cast;
		p->l3 = (uint16_t)mir_packet_headroom(p);
		d->listener[i].input(d->listener[i].arg, p, &src);
		return;
	}
	d->stats.rx_unknown_type++;
drop:
	mir_packet_unref(p);
}

static void burst_input(void *arg, struct mir_packet *const frames[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		frame_input(arg, frames[i]);
}

static const struct mir_ethernet_ops ethernet_ops = {
	.name = "ethernet",
	.send = ethernet_send,
	.listen = ethernet_listen,
};

int mir_ethernet_device_start(
    struct mir_ethernet_device *d, const struct mir_ethernet_device_config *c)
{
	memset(d->listener, 0, sizeof(d->listener));
	memset(&d->stats, 0, sizeof(d->stats));
	d->ethernet = (struct mir_ethernet){
		.ops = &ethernet_ops,
		.name = c->name,
		.mac = c->net->mac,
		.mtu = c->net->mtu,
		.offloads = c->net->offloads,
		.max_slices = c->net->max_slices,
	};
	d->net = c->net;
	d->queued = 0;
	d->flush.run = flush_hook;
	d->flush.rank = 20;
	mir_net_listen(d->net, burst_input, d);
	return 0;
}

void mir_ethernet_device_stop(struct mir_ethernet_device *d)
{
	mir_net_listen(d->net, NULL, NULL);
	flush(d);
	memset(d->listener, 0, sizeof(d->listener));
}
