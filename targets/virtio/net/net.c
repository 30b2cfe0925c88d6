/* net.c: a network on a virtio device: negotiation, turns, the end. */
#include <mir/err.h>
#include <mir/hash.h>
#include <mir/log.h>
#include <mir/mem.h>
#include <mir/time.h>

#include "driver.h"

MIR_LOG_SOURCE(net);

enum {
	CONFIG_MAC = 0,
	CONFIG_MTU = 10,
	MTU = 1500,
	MTU_MIN = 68,
	MTU_ALONE = 65000,                /* what the largest buffer holds, headers besides */
	SEGMENTS = MIR_PACKET_SLICES + 2, /* of a frame to send: header, linear part, slices */
};

bool mir_virtio_net_alive(struct mir_virtio_net *v)
{
	const char *broke = v->rx.broke ? v->rx.broke : v->tx.broke;

	if (broke)
		mir_virtio_broke(v->device, broke);
	return !v->device->broke;
}

static bool turn(struct mir_bare_port *port)
{
	struct mir_virtio_net *v = mir_container(port, struct mir_virtio_net, port);
	bool any;

	if (mir_virtio_turn(v->device, v->armed))
		mir_virtio_net_look(v);
	if (v->armed && !mir_vq_ready(&v->rx))
		return false;
	if (v->armed)
		mir_vq_disarm(&v->rx);
	v->armed = false;
	mir_virtio_net_sent(v);
	any = mir_virtio_net_receive(v);
	if (!mir_virtio_net_alive(v))
		return any;
	/* What came between the last look and the wish to be told is for the next turn. */
	if (!any)
		v->armed = !mir_vq_arm(&v->rx);
	return any || !v->armed;
}

static void net_listen(struct mir_net *net, mir_net_input *input, void *arg)
{
	struct mir_virtio_net *v = mir_container(net, struct mir_virtio_net, net);

	v->input = input;
	v->arg = arg;
}

static const struct mir_net_ops ops = { "network on virtio", mir_virtio_net_send, net_listen };

static void choose_mac(struct mir_virtio_net *v)
{
	if (v->device->features & MIR_VIRTIO_NET_MAC) {
		mir_virtio_config(v->device, CONFIG_MAC, v->net.mac.b, sizeof(v->net.mac.b));
		return;
	}
	mir_random(v->net.mac.b, sizeof(v->net.mac.b));
	v->net.mac.b[0] = (uint8_t)((v->net.mac.b[0] & 0xfe) | 2); /* one host, local */
}

static int choose_mtu(struct mir_virtio_net *v)
{
	v->net.mtu = MTU;
	if (v->device->features & MIR_VIRTIO_NET_MTU)
		mir_virtio_config(v->device, CONFIG_MTU, &v->net.mtu, sizeof(v->net.mtu));
	if (v->net.mtu >= MTU_MIN && !(v->net.mac.b[0] & 1))
		return 0;
	mir_error("%s: the device gives an mtu of %u and the hardware address of %s", v->net.name,
	    v->net.mtu, v->net.mac.b[0] & 1 ? "a group" : "one interface");
	return MIR_EPROTO;
}

static void choose_offloads(struct mir_virtio_net *v)
{
	uint64_t f = v->device->features;

	if (f & MIR_VIRTIO_NET_CSUM)
		v->net.offloads |= MIR_NET_TX_CSUM;
	if ((f & MIR_VIRTIO_NET_CSUM) && (f & MIR_VIRTIO_NET_HOST_TSO4))
		v->net.offloads |= MIR_NET_TX_TSO4;
	if (f & MIR_VIRTIO_NET_GUEST_CSUM)
		v->net.offloads |= MIR_NET_RX_CSUM;
	if ((f & MIR_VIRTIO_NET_GUEST_CSUM) && (f & MIR_VIRTIO_NET_GUEST_TSO4))
		v->net.offloads |= MIR_NET_RX_GRO4;
}

static void choose_buffers(struct mir_virtio_net *v)
{
	uint64_t f = v->device->features;
	uint32_t frame;

	v->merges = (f & MIR_VIRTIO_NET_MERGES) != 0;
	v->header = f & (MIR_VIRTIO_VERSION_1 | MIR_VIRTIO_NET_MERGES) ? 12 : 10;
	if (!v->merges)
		v->net.mtu = MIR_MIN(v->net.mtu, (uint16_t)MTU_ALONE);
	frame = v->net.mtu + MIR_VIRTIO_NET_ETHER + MIR_VIRTIO_NET_VLAN;
	v->split = !(f & (MIR_VIRTIO_VERSION_1 | MIR_VIRTIO_ANY_LAYOUT | MIR_VIRTIO_NET_MERGES));
	if (v->net.offloads & MIR_NET_RX_GRO4)
		frame = MIR_VIRTIO_NET_FRAME_MAX;
	frame += v->header;
	if (frame <= (uint32_t)MIR_MEM_SMALL)
		v->room = (uint32_t)MIR_MEM_SMALL;
	else
		v->room = v->merges ? (uint32_t)MIR_MEM_PAGE : (uint32_t)MIR_MEM_BIG;
}

/* Those that make sense only with another that was not offered are left. */
static int agree(struct mir_virtio_net *v)
{
	uint64_t offered = v->device->ops->features(v->device);
	uint64_t want = MIR_VIRTIO_NET_MTU | MIR_VIRTIO_NET_MAC | MIR_VIRTIO_NET_MERGES |
			MIR_VIRTIO_NET_STATUS | MIR_VIRTIO_NET_CSUM | MIR_VIRTIO_NET_GUEST_CSUM;

	if (offered & MIR_VIRTIO_NET_CSUM)
		want |= MIR_VIRTIO_NET_HOST_TSO4;
	/* Without merging, each buffer would have to hold the longest segment. */
	if ((offered & MIR_VIRTIO_NET_MERGES) && (offered & MIR_VIRTIO_NET_GUEST_CSUM))
		want |= MIR_VIRTIO_NET_GUEST_TSO4;
	if (offered & MIR_VIRTIO_NET_CTRL)
		want |= MIR_VIRTIO_NET_CTRL | MIR_VIRTIO_NET_CTRL_RX | MIR_VIRTIO_NET_ANNOUNCE |
			MIR_VIRTIO_NET_CTRL_MAC;
	return mir_virtio_begin(v->device, v->net.name, want, 0);
}

static int set_up_queues(struct mir_virtio_net *v)
{
	int rc = v->device->ops->connect(v->device);

	if (rc == 0)
		rc = mir_virtio_queue(v->device, MIR_VIRTIO_NET_RX, &v->rx, v->split ? 2 : 0, true);
	if (rc == 0)
		rc = mir_virtio_queue(v->device, MIR_VIRTIO_NET_TX, &v->tx, SEGMENTS, false);
	if (rc == 0 && (v->device->features & MIR_VIRTIO_NET_CTRL))
		rc = mir_virtio_queue(v->device, MIR_VIRTIO_NET_CONTROL, &v->control, 4, false);
	return rc;
}

static void release(struct mir_virtio_net *v)
{
	mir_virtio_end(v->device);
	mir_virtio_net_empty(v);
	mir_virtio_queue_free(&v->rx);
	mir_virtio_queue_free(&v->tx);
	mir_virtio_queue_free(&v->control);
}

static int begin(struct mir_virtio_net *v)
{
	int rc = agree(v);

	if (rc == 0) {
		choose_mac(v);
		choose_offloads(v);
		rc = choose_mtu(v);
	}
	if (rc == 0) {
		choose_buffers(v);
		rc = set_up_queues(v);
	}
	if (rc == 0)
		rc = mir_virtio_net_fill(v);
	if (rc < 0)
		return rc;
	mir_virtio_ready(v->device);
	mir_virtio_publish(v->device, MIR_VIRTIO_NET_RX, &v->rx);
	mir_virtio_net_set_up(v);
	return mir_virtio_net_alive(v) ? 0 : MIR_EPROTO;
}

static bool is(struct mir_virtio *d, const char *spec)
{
	struct mir_mac wanted, mac;

	if (strncmp(spec, "mac:", 4) != 0 || mir_mac_parse(spec + 4, &wanted) < 0 ||
	    !(d->ops->features(d) & MIR_VIRTIO_NET_MAC))
		return false;
	return mir_virtio_config(d, CONFIG_MAC, mac.b, sizeof(mac.b)) == 0 &&
	       memcmp(mac.b, wanted.b, sizeof(mac.b)) == 0;
}

void mir_virtio_net_announce(const struct mir_virtio_net_config *config)
{
	mir_virtio_announce(MIR_VIRTIO_NET, config->name, config->device, is);
}

int mir_virtio_net_start(struct mir_virtio_net *v, const struct mir_virtio_net_config *config)
{
	char mac[MIR_MAC_TEXT];
	int rc;

	*v = (struct mir_virtio_net){
		.net = { .ops = &ops, .name = config->name, .max_slices = MIR_PACKET_SLICES },
		.port = { .poll = turn },
		.up = true,
	};
	rc = mir_virtio_claim(MIR_VIRTIO_NET, config->name, &v->device);
	if (rc < 0)
		return rc;
	rc = begin(v);
	if (rc < 0) {
		release(v);
		return rc;
	}
	mir_timer_init(&v->sweep, mir_virtio_net_sweep);
	mir_virtio_net_look(v);
	mir_bare_port_add(&v->port);
	mir_info("%s: %s, %s, mtu %u%s", v->net.name, v->device->address,
	    mir_mac_text(&v->net.mac, mac), v->net.mtu, v->net.offloads ? ", offloads" : "");
	return 0;
}

void mir_virtio_net_stop(struct mir_virtio_net *v)
{
	mir_bare_port_remove(&v->port);
	mir_timer_stop(&v->sweep);
	release(v);
}
