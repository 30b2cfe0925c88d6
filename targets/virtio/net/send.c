/* send.c: frames that go out.  The device reads them where they lie; they are held until it has. */
#include <mir/log.h>
#include <mir/time.h>

#include "../../vnet/vnet.h"
#include "driver.h"

MIR_LOG_SOURCE(net);

enum { SWEEP = 5000000 /* ns: what was sent is held no longer while nothing else happens */ };

void mir_virtio_net_sent(struct mir_virtio_net *v)
{
	struct mir_packet *p;
	uint32_t len;

	/* At most as many as the queue holds: nothing is added meanwhile. */
	while ((p = mir_vq_take(&v->tx, &len)) != NULL)
		mir_packet_unref(p);
}

void mir_virtio_net_sweep(struct mir_timer *t)
{
	struct mir_virtio_net *v = mir_container(t, struct mir_virtio_net, sweep);

	mir_virtio_net_sent(v);
	if (mir_virtio_net_alive(v) && v->tx.outstanding > 0)
		mir_timer_set(t, mir_time_add(mir_now(), SWEEP));
}

static unsigned add(struct mir_vq_segment *s, const void *p, size_t len)
{
	*s = (struct mir_vq_segment){ mir_bare_address(p), (uint32_t)len };
	return len > 0;
}

/* False: no room. */
static bool queue(struct mir_virtio_net *v, struct mir_packet *p)
{
	struct mir_vq_segment s[MIR_PACKET_SLICES + 2];
	uint8_t header[MIR_VNET_HEADER_MAX];
	unsigned n = 0;
	bool alone = p->mem.refs == 1 && !v->split && mir_packet_headroom(p) >= v->header;

	if (v->tx.n_free == 0)
		return false;
	mir_vnet_write(header, p);
	if (alone) {
		/* Nobody else sees what lies before the packet's data. */
		memcpy(p->data - v->header, header, v->header);
		n += add(&s[n], p->data - v->header, v->header + p->len);
	} else {
		uint8_t *place = v->tx_header[v->tx.free % MIR_VQ_MAX];

		memcpy(place, header, v->header);
		n += add(&s[n], place, v->header);
		n += add(&s[n], p->data, p->len);
	}
	for (unsigned i = 0; i < p->nslices; i++)
		n += add(&s[n], p->slice[i].p, p->slice[i].len);
	return mir_vq_add(&v->tx, s, n, 0, p);
}

static bool fits(const struct mir_virtio_net *v, const struct mir_packet *p)
{
	if (p->gso != MIR_GSO_NONE)
		return p->total <= MIR_VIRTIO_NET_FRAME_MAX;
	return p->total <= v->net.mtu + (uint32_t)MIR_VIRTIO_NET_ETHER + MIR_VIRTIO_NET_VLAN;
}

static bool send_one(struct mir_virtio_net *v, struct mir_packet *p /* take */)
{
	uint64_t *why = &v->drops.oversize;

	if (!v->up || v->device->broke) {
		why = &v->drops.down;
	} else if (fits(v, p)) {
		bool queued = queue(v, p);

		if (!queued) {
			mir_virtio_publish(v->device, MIR_VIRTIO_NET_TX, &v->tx);
			mir_virtio_net_sent(v);
			queued = queue(v, p);
		}
		if (queued) {
			v->net.stats.tx_packets++;
			v->net.stats.tx_bytes += p->total;
			return true;
		}
		why = &v->drops.full;
	}
	++*why;
	v->net.stats.tx_dropped++;
	mir_packet_unref(p);
	return false;
}

int mir_virtio_net_send(struct mir_net *net, struct mir_packet *const frames[], unsigned n)
{
	struct mir_virtio_net *v = mir_container(net, struct mir_virtio_net, net);
	int sent = 0;

	mir_virtio_net_sent(v);
	for (unsigned i = 0; i < n; i++)
		sent += send_one(v, frames[i]);
	if (!mir_virtio_net_alive(v))
		return MIR_EDISCONN;
	mir_virtio_publish(v->device, MIR_VIRTIO_NET_TX, &v->tx);
	if (v->tx.outstanding > 0 && !mir_timer_is_set(&v->sweep))
		mir_timer_set(&v->sweep, mir_time_add(mir_now(), SWEEP));
	return sent;
}
