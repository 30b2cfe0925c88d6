/* demux.c: segments from IP to their connections (RFC 9293 section 3.10.7), and ICMP errors (RFC
 * 5927). */
#include "core.h"

#include <mir/checksum.h>
#include <mir/log.h>

MIR_LOG_SOURCE(tcp);

int mir_tcp_send_bare(
    struct mir_tcp_core *core, const struct mir_tcp_tuple *tuple, const struct mir_tcp_segment *s)
{
	struct mir_ip_tx tx = {
		.src = tuple->local,
		.dst = tuple->peer,
		.proto = MIR_IPPROTO_TCP,
		.dont_fragment = true,
	};
	struct mir_packet *p = mir_packet_new();

	if (!p)
		return MIR_ENOMEM;
	mir_tcp_build(s, tuple, p);
	core->env.stats.segments_out++;
	return mir_ip_send(core->ip, &tx, p);
}

void mir_tcp_reply_reset(
    struct mir_tcp_core *core, const struct mir_tcp_tuple *tuple, const struct mir_tcp_segment *s)
{
	struct mir_tcp_segment reset = { .flags = MIR_TCP_RST };

	if (s->flags & MIR_TCP_RST)
		return;
	if (s->flags & MIR_TCP_ACK) {
		reset.seq = s->ack;
	} else {
		reset.flags |= MIR_TCP_ACK;
		reset.ack = s->seq + mir_tcp_span(s);
	}
	core->env.stats.resets_out++;
	mir_tcp_send_bare(core, tuple, &reset);
}

/* Nobody has the tuple: a SYN for a listener, the ACK of a forgotten handshake, or an error.  iss:
 * the number to answer a SYN with; 0: any. */
static void unknown(struct mir_tcp_core *core, const struct mir_tcp_tuple *tuple,
    struct mir_tcp_segment *s, uint32_t iss, int64_t now)
{
	struct mir_tcp_port *port = mir_tcp_port_find(core, &tuple->local, tuple->local_port);

	if (!port) {
		core->env.stats.refused += (s->flags & (MIR_TCP_SYN | MIR_TCP_ACK)) == MIR_TCP_SYN;
		mir_tcp_reply_reset(core, tuple, s);
		return;
	}
	if (s->flags & MIR_TCP_RST)
		return;
	if (s->flags & MIR_TCP_ACK) {
		if (!mir_tcp_half_cookie(port, tuple, s, now))
			mir_tcp_reply_reset(core, tuple, s);
		return;
	}
	/* The land attack: a SYN from itself. */
	if (mir_ipaddr_eq(&tuple->local, &tuple->peer) && tuple->local_port == tuple->peer_port)
		return;
	if ((s->flags & (MIR_TCP_SYN | MIR_TCP_FIN)) == MIR_TCP_SYN)
		mir_tcp_half_syn(port, tuple, s, iss, now);
}

static void dispatch(struct mir_tcp_core *core, const struct mir_tcp_tuple *tuple,
    struct mir_tcp_segment *s, int64_t now)
{
	struct mir_tcp_node *n = mir_tcp_table_find(&core->table, tuple);
	uint32_t iss;

	if (!n) {
		unknown(core, tuple, s, 0, now);
		return;
	}
	switch (n->kind) {
	case MIR_TCP_NODE_FLOW:
		mir_tcp_conn_input(mir_container(n, struct mir_tcp_conn, node), s, now);
		break;
	case MIR_TCP_NODE_HALF:
		mir_tcp_half_input(core, mir_container(n, struct mir_tcp_half, node), s, now);
		break;
	case MIR_TCP_NODE_WAIT:
		if (mir_tcp_wait_input(
			core, mir_container(n, struct mir_tcp_wait, node), s, &iss, now))
			unknown(core, tuple, s, iss, now);
		break;
	}
}

/* The header off the packet; false: it is not a whole and true segment. */
static bool take_header(struct mir_tcp_core *core, struct mir_packet *p, const struct mir_ip_rx *rx,
    struct mir_tcp_segment *s)
{
	if (!mir_packet_pull_up(p, MIR_TCP_HEADER) ||
	    !mir_packet_pull_up(p, (size_t)(p->data[12] >> 4) * 4) ||
	    mir_tcp_parse(p->data, p->len, s) < 0 || s->source == 0 || s->dest == 0) {
		core->env.stats.header_errors++;
		return false;
	}
	if (p->csum == MIR_CSUM_NONE &&
	    mir_sum_finish(mir_sum_packet(
		p, 0, mir_sum_pseudo(&rx->src, &rx->dst, MIR_IPPROTO_TCP, p->total))) != 0) {
		core->env.stats.checksum_errors++;
		return false;
	}
	mir_packet_pull(p, s->header);
	s->len = p->total;
	s->gso_size = p->gso ? p->gso_size : 0;
	s->ce = (rx->tos & MIR_IP_ECN) == MIR_IP_CE;
	s->packet = p;
	return true;
}

static void input(void *arg, struct mir_packet *p, const struct mir_ip_rx *rx)
{
	struct mir_tcp_core *core = arg;
	struct mir_tcp_segment s;
	struct mir_tcp_tuple tuple = { .local = rx->dst, .peer = rx->src };

	core->env.stats.segments_in++;
	/* RFC 9293 section 3.9.2.3: TCP is between two hosts. */
	if (rx->cast != MIR_UNICAST || !mir_tcp_is_host(&rx->src) ||
	    !take_header(core, p, rx, &s)) {
		mir_packet_unref(p);
		return;
	}
	tuple.local_port = s.dest;
	tuple.peer_port = s.source;
	dispatch(core, &tuple, &s, mir_now());
	mir_packet_unref(s.packet);
}

static int error_of(enum mir_ip_error_kind kind)
{
	switch (kind) {
	case MIR_IP_NET_UNREACHABLE: return MIR_ENETUNREACH;
	case MIR_IP_HOST_UNREACHABLE: return MIR_EHOSTUNREACH;
	case MIR_IP_PROTO_UNREACHABLE:
	case MIR_IP_PORT_UNREACHABLE: return MIR_ECONNREFUSED;
	case MIR_IP_PROHIBITED: return MIR_EACCES;
	case MIR_IP_TOO_BIG:
	case MIR_IP_TIME_EXCEEDED:
	case MIR_IP_PARAMETER: break;
	}
	return 0;
}

/* The connection whose segment is quoted, if that is under way: what a forger who does not see our
 * segments has to guess (RFC 5927 section 4.1). */
static struct mir_tcp_conn *quoted(
    struct mir_tcp_core *core, const struct mir_ip_error *e, const uint8_t *l4, size_t len)
{
	struct mir_tcp_tuple tuple = { .local = e->src, .peer = e->dst };
	struct mir_tcp_node *n;
	struct mir_tcp_conn *c;

	if (len < 8)
		return NULL;
	tuple.local_port = mir_be16(l4);
	tuple.peer_port = mir_be16(l4 + 2);
	n = mir_tcp_table_find(&core->table, &tuple);
	if (!n || n->kind != MIR_TCP_NODE_FLOW)
		return NULL;
	c = mir_container(n, struct mir_tcp_conn, node);
	if (!mir_seq_le(c->tcb.una, mir_be32(l4 + 4)) || !mir_seq_lt(mir_be32(l4 + 4), c->tcb.nxt))
		return NULL;
	return c;
}

static bool plausible(void *arg, const struct mir_ip_error *e, const uint8_t *l4, size_t len)
{
	return quoted(arg, e, l4, len) != NULL;
}

static void error(void *arg, const struct mir_ip_error *e, const uint8_t *l4, size_t len)
{
	struct mir_tcp_conn *c = quoted(arg, e, l4, len);

	if (!c || !mir_tcb_icmp(&c->tcb, mir_be32(l4 + 4), error_of(e->kind), mir_now()))
		return;
	if (e->kind == MIR_IP_TOO_BIG && e->mtu >= 68 && e->mtu < c->tcb.mtu) {
		mir_debug("path MTU is %u", e->mtu);
		mir_tcb_set_mtu(&c->tcb, e->mtu, mir_now());
	}
	mir_tcp_conn_update(c);
}

const struct mir_ip_proto mir_tcp_ip_proto = {
	.input = input,
	.error = error,
	.plausible = plausible,
};
