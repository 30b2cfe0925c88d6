/* input.c: datagrams that arrive: checks, reassembly, delivery (RFC 1122 section 3.2). */
#include "internal.h"
#include <mir/net.h>

enum {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_LSRR = 131,
	OPTION_SSRR = 137,
	ALL_HOSTS = 0xe0000001u, /* 224.0.0.1 (RFC 1112) */
	DHCP_SERVER = 67,
	DHCP_CLIENT = 68,
	PULL = 80 /* linear bytes of header and what follows, if there are as many */
};

int mir_ipv4_proto(const struct mir_ipv4 *ip, uint8_t number)
{
	for (int i = 0; i < MIR_IPV4_PROTOS; i++)
		if (ip->proto[i].proto && ip->proto[i].number == number)
			return i;
	return -1;
}

static void drop(struct mir_packet *p, uint64_t *why)
{
	(*why)++;
	mir_packet_unref(p);
}

/* Options are understood as far as RFC 1122 section 3.2.1.8 asks a host to; source routes are
 * refused, the others ignored.  Returns the counter of what is wrong. */
static uint64_t *check_options(struct mir_ipv4 *ip, const uint8_t *h)
{
	struct mir_reader r = mir_reader(h + IPV4_HEADER, mir_ipv4_header_len(h) - IPV4_HEADER);

	while (mir_read_left(&r) > 0) {
		uint8_t type = mir_read_u8(&r), len;

		if (type == OPTION_END)
			break;
		if (type == OPTION_NOP)
			continue;
		len = mir_read_u8(&r);
		if (len < 2 || !mir_read_bytes(&r, len - 2u))
			return &ip->stats.rx_options;
		if (type == OPTION_LSRR || type == OPTION_SSRR)
			return &ip->stats.rx_source_route;
	}
	return NULL;
}

/* The header is there, whole and right; trims the link's padding. */
static uint64_t *check_header(struct mir_ipv4 *ip, struct mir_packet *p)
{
	unsigned ihl, length;
	uint8_t *h;

	if (!mir_packet_pull_up(p, IPV4_HEADER))
		return &ip->stats.rx_malformed;
	ihl = mir_ipv4_header_len(p->data);
	length = mir_be16(p->data + IPV4_LENGTH);
	if (p->data[0] >> 4 != 4 || ihl < IPV4_HEADER || length < ihl || length > p->total)
		return &ip->stats.rx_malformed;
	if (length < p->total)
		mir_packet_trim(p, length);
	if (p->len < MIR_MIN(length, (unsigned)PULL) &&
	    !mir_packet_pull_up(p, MIR_MIN(length, (unsigned)PULL)))
		return &ip->stats.rx_malformed;
	h = p->data;
	if (mir_sum_finish(mir_sum(h, ihl, 0)) != 0)
		return &ip->stats.rx_checksum;
	return ihl > IPV4_HEADER ? check_options(ip, h) : NULL;
}

/* A host that has no address yet asks for one. */
static bool asks_dhcp(const struct mir_packet *p, uint32_t src, uint32_t dst)
{
	unsigned ihl = mir_ipv4_header_len(p->data);

	return src == 0 && dst == 0xffffffff && p->data[IPV4_PROTO] == MIR_IPPROTO_UDP &&
	       p->len >= ihl + 4u && mir_be16(p->data + ihl + 2) == DHCP_SERVER;
}

/* RFC 1122 section 3.2.1.3: what cannot be the address of another host. */
static uint64_t *check_source(
    struct mir_ipv4 *ip, const struct mir_packet *p, uint32_t src, uint32_t dst)
{
	if (mir_ipv4_is_own(ip, src))
		return src == dst ? &ip->stats.rx_land : &ip->stats.rx_bad_source;
	if (asks_dhcp(p, src, dst))
		return NULL;
	if (src >> 24 == 0 || mir_ipv4_is_loopback(src) || src >> 28 >= 14 ||
	    mir_ipv4_is_broadcast(ip, src))
		return &ip->stats.rx_bad_source;
	return NULL;
}

/* Before there is an address, DHCP servers may already speak to the one that we will have. */
static bool for_dhcp(const struct mir_ipv4 *ip, const struct mir_packet *p)
{
	unsigned ihl = mir_ipv4_header_len(p->data);

	return ip->naddresses == 0 && p->data[IPV4_PROTO] == MIR_IPPROTO_UDP &&
	       p->len >= ihl + 4u && mir_be16(p->data + ihl + 2) == DHCP_CLIENT &&
	       (mir_be16(p->data + IPV4_FRAGMENT) & ~IPV4_DONT_FRAGMENT) == 0;
}

/* Is it for us?  Sets p->cast to the worse of link and network. */
static uint64_t *check_destination(struct mir_ipv4 *ip, struct mir_packet *p, uint32_t dst)
{
	if (mir_ipv4_is_own(ip, dst))
		return p->cast == MIR_UNICAST ? NULL : &ip->stats.rx_bad_cast;
	if (mir_ipv4_is_broadcast(ip, dst)) {
		p->cast = MIR_BROADCAST;
		return NULL;
	}
	if (dst == ALL_HOSTS) {
		p->cast = MIR_MULTICAST;
		return NULL;
	}
	return for_dhcp(ip, p) ? NULL : &ip->stats.rx_not_ours;
}

/* p is a whole datagram, header at p->data. */
static void deliver(struct mir_ipv4 *ip, struct mir_packet *p)
{
	const uint8_t *h = p->data;
	struct mir_ip_rx rx = {
		.src = mir_ip4(mir_be32(h + IPV4_SRC)),
		.dst = mir_ip4(mir_be32(h + IPV4_DST)),
		.proto = h[IPV4_PROTO],
		.ttl = h[IPV4_TTL],
		.tos = h[IPV4_TOS],
		.cast = p->cast,
	};
	int i = mir_ipv4_proto(ip, rx.proto);

	p->l3 = (uint16_t)mir_packet_headroom(p);
	if (i < 0 && rx.proto != MIR_IPPROTO_ICMP) {
		mir_ipv4_report(&ip->ip, MIR_IP_PROTO_UNREACHABLE, p);
		drop(p, &ip->stats.rx_no_proto);
		return;
	}
	mir_packet_pull(p, mir_ipv4_header_len(h));
	if (rx.proto == MIR_IPPROTO_ICMP && mir_ipv4_icmp(ip, p, &rx)) {
		mir_packet_unref(p);
		return;
	}
	if (i < 0) {
		drop(p, &ip->stats.rx_no_proto);
		return;
	}
	ip->stats.rx_delivered++;
	ip->proto[i].proto->input(ip->proto[i].arg, p, &rx);
}

static void fragment_input(struct mir_ipv4 *ip, struct mir_packet *p)
{
	p = mir_reassembly_input(&ip->reassembly, p, mir_now());
	if (!mir_timer_is_set(&ip->reassembly_timer))
		mir_timer_set(&ip->reassembly_timer, mir_reassembly_next(&ip->reassembly));
	if (p)
		deliver(ip, p);
}

void mir_ipv4_input(void *arg, struct mir_packet *p, const struct mir_mac *src_mac)
{
	struct mir_ipv4 *ip = arg;
	uint64_t *why = check_header(ip, p);
	uint32_t src, dst;

	(void)src_mac;
	ip->stats.rx++;
	if (!why) {
		src = mir_be32(p->data + IPV4_SRC);
		dst = mir_be32(p->data + IPV4_DST);
		why = check_source(ip, p, src, dst);
		if (!why)
			why = check_destination(ip, p, dst);
	}
	if (why)
		drop(p, why);
	else if (mir_be16(p->data + IPV4_FRAGMENT) & (IPV4_MORE | IPV4_OFFSET_MASK))
		fragment_input(ip, p);
	else
		deliver(ip, p);
}

void mir_ipv4_loop(struct mir_ipv4 *ip, struct mir_packet *p)
{
	if (ip->nlooped == MIR_IPV4_LOOPED) {
		drop(p, &ip->stats.tx_loop_dropped);
		return;
	}
	p->cast = MIR_UNICAST;
	p->csum = MIR_CSUM_VALID;
	p->next = NULL;
	*ip->looped_end = p;
	ip->looped_end = &p->next;
	ip->nlooped++;
	ip->stats.tx_looped++;
	mir_post(&ip->loop_task);
}

void mir_ipv4_loop_run(struct mir_task *t)
{
	struct mir_ipv4 *ip = mir_container(t, struct mir_ipv4, loop_task);
	struct mir_packet *p = ip->looped, *next;

	ip->looped = NULL;
	ip->looped_end = &ip->looped;
	ip->nlooped = 0;
	for (; p; p = next) {
		next = p->next;
		p->next = NULL;
		mir_packet_pull_up(p, MIR_MIN(p->total, (unsigned)PULL));
		deliver(ip, p);
	}
}

void mir_ipv4_reassembly_fire(struct mir_timer *t)
{
	struct mir_ipv4 *ip = mir_container(t, struct mir_ipv4, reassembly_timer);
	struct mir_packet *first;

	while (mir_reassembly_expire(&ip->reassembly, mir_now(), &first)) {
		if (first)
			mir_ipv4_report(&ip->ip, MIR_IP_TIME_EXCEEDED, first);
		mir_packet_unref(first);
	}
	mir_timer_set(&ip->reassembly_timer, mir_reassembly_next(&ip->reassembly));
}
