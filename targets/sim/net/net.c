/* net.c: a simulated interface: frames to and from the tool, or a small world of its own. */
#include <mir/frame.h>
#include <mir/log.h>
#include <mir/sim_net.h>
#include <stdlib.h>
#include <string.h>

MIR_LOG_SOURCE(net);

enum { MTU_LEAST = 68, MTU_MOST = MIR_PACKET_MAX, DEFAULT_MTU = 1500 };

static void emit(void *arg, const struct mir_frame *f)
{
	struct mir_sim_net *n = arg;

	if (mir_sim_page())
		mir_sim_record(MIR_SIM_FRAME, n->port.index, f->bytes, (uint32_t)f->len);
	else
		mir_sim_world_send(&n->world, f->bytes, f->len);
}

static int net_send(struct mir_net *net, struct mir_packet *const frames[], unsigned count)
{
	return mir_frames_send(
	    net, frames, count, emit, mir_container(net, struct mir_sim_net, net));
}

static void net_listen(struct mir_net *net, mir_net_input *input, void *arg)
{
	struct mir_sim_net *n = mir_container(net, struct mir_sim_net, net);

	n->input = input;
	n->arg = arg;
}

static void arrived(struct mir_sim_port *port, const uint8_t *frame, size_t len)
{
	struct mir_sim_net *n = mir_container(port, struct mir_sim_net, port);
	struct mir_frame *f =
	    len <= n->net.mtu + (size_t)MIR_FRAME_ETHER ? mir_frame_new(len) : NULL;

	if (!f) {
		n->net.stats.rx_dropped++;
		return;
	}
	memcpy(f->bytes, frame, len);
	*n->end = f;
	n->end = &f->next;
}

static void done(struct mir_sim_port *port)
{
	struct mir_sim_net *n = mir_container(port, struct mir_sim_net, port);
	struct mir_frame *list = n->first;

	n->first = NULL;
	n->end = &n->first;
	mir_frames_deliver(&n->net, list, n->input, n->arg);
}

static int choose_mac(const char *text, const char *name, struct mir_mac *out)
{
	uint64_t number = mir_sim_draw(name, 0);

	if (text && text[0] != '\0') {
		if (mir_mac_parse(text, out) == 0 && !(out->b[0] & 1))
			return 0;
		mir_error("'%s' is not the hardware address of one interface: write it as "
			  "02:00:00:00:00:01",
		    text);
		return MIR_EINVAL;
	}
	memcpy(out->b, &number, sizeof(out->b));
	out->b[0] = (uint8_t)((out->b[0] & 0xfe) | 2); /* one host, locally administered */
	return 0;
}

static uint16_t offloads(const char *text)
{
	if (!text || strcmp(text, "none") == 0)
		return 0;
	if (strcmp(text, "csum") == 0)
		return MIR_NET_TX_CSUM | MIR_NET_RX_CSUM;
	return MIR_NET_TX_CSUM | MIR_NET_TX_TSO4 | MIR_NET_RX_CSUM | MIR_NET_RX_GRO4;
}

static void tell_tool(const struct mir_sim_net *n)
{
	struct mir_sim_interface i = { .mtu = n->net.mtu };

	memcpy(i.name, n->net.name, MIR_MIN(strlen(n->net.name), sizeof(i.name) - 1));
	memcpy(i.mac, n->net.mac.b, sizeof(i.mac));
	mir_sim_record(MIR_SIM_NET, n->port.index, &i, sizeof(i));
}

static int attach(struct mir_sim_net *n, const struct mir_sim_net_config *c)
{
	const char *bad;

	if (mir_sim_page()) {
		tell_tool(n);
		return 0;
	}
	if (mir_sim_world_start(&n->world, &n->port, c->attached ? c->attached : "none", &bad) == 0)
		return 0;
	mir_error("--net:%s: '%s': none, loop or echo was expected, then properties of the link, "
		  "as echo,delay=20ms,loss=1%%",
	    c->name, bad);
	return MIR_EINVAL;
}

int mir_sim_net_start(struct mir_sim_net *n, const struct mir_sim_net_config *c)
{
	int64_t mtu = c->net_mtu ? c->net_mtu : DEFAULT_MTU;
	int rc;

	static const struct mir_net_ops ops = { "simulated", net_send, net_listen };

	*n = (struct mir_sim_net){
		.net = {
			.ops = &ops,
			.name = c->name,
			.mtu = (uint16_t)mtu,
			.offloads = offloads(c->net_offloads),
			.max_slices = MIR_PACKET_SLICES,
		},
		.port = { .name = c->name, .arrived = arrived, .done = done },
	};
	n->end = &n->first;
	if (mtu < MTU_LEAST || mtu > MTU_MOST) {
		mir_error("--net-mtu: %d to %d was expected", MTU_LEAST, MTU_MOST);
		return MIR_EINVAL;
	}
	rc = choose_mac(c->net_mac, c->name, &n->net.mac);
	if (rc < 0)
		return rc;
	mir_sim_port_add(&n->port);
	rc = attach(n, c);
	if (rc < 0)
		mir_sim_port_remove(&n->port);
	return rc;
}

void mir_sim_net_stop(struct mir_sim_net *n)
{
	n->input = NULL;
	done(&n->port);
	mir_sim_port_remove(&n->port);
	if (!mir_sim_page())
		mir_sim_world_stop(&n->world);
}
