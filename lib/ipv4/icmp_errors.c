/* icmp_errors.c: ICMP errors, sent and received (RFC 792, RFC 1122 section 3.2.2, RFC 1191). */
#include "internal.h"
#include <mir/log.h>

MIR_LOG_SOURCE(ipv4);

enum {
	QUOTE_MAX = 548, /* of the offending datagram: 576 bytes in all (RFC 1812 4.3.2.3) */
	QUOTE_MIN = 8,   /* of its payload */
	ERROR_BURST = 50,
	PULL = ICMP_HEADER + IPV4_HEADER_MAX + 64
};

#define ERROR_EVERY_NS MIR_MS(5)

/* Type and code of what we send; type 0: not sent by a host. */
static const uint8_t wire_of[][2] = {
	[MIR_IP_NET_UNREACHABLE] = { ICMP_UNREACHABLE, 0 },
	[MIR_IP_HOST_UNREACHABLE] = { ICMP_UNREACHABLE, 1 },
	[MIR_IP_PROTO_UNREACHABLE] = { ICMP_UNREACHABLE, 2 },
	[MIR_IP_PORT_UNREACHABLE] = { ICMP_UNREACHABLE, 3 },
	[MIR_IP_TOO_BIG] = { 0, 0 },
	[MIR_IP_PROHIBITED] = { ICMP_UNREACHABLE, 13 },
	[MIR_IP_TIME_EXCEEDED] = { ICMP_TIME_EXCEEDED, 1 },
	[MIR_IP_PARAMETER] = { ICMP_PARAMETER, 0 },
};

static bool is_icmp_error(uint8_t type)
{
	return type == ICMP_UNREACHABLE || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER;
}

/* RFC 1122 section 3.2.2: never about errors, fragments but the first, broadcasts, multicasts, or
 * to what is not one host. */
static bool may_report(struct mir_ipv4 *ip, const struct mir_packet *p)
{
	uint32_t src, dst;
	unsigned ihl;

	if (p->len < IPV4_HEADER || p->cast != MIR_UNICAST)
		return false;
	ihl = mir_ipv4_header_len(p->data);
	src = mir_be32(p->data + IPV4_SRC);
	dst = mir_be32(p->data + IPV4_DST);
	if (mir_be16(p->data + IPV4_FRAGMENT) & IPV4_OFFSET_MASK)
		return false;
	if (src == 0 || src >> 28 >= 14 || mir_ipv4_is_broadcast(ip, src))
		return false;
	if (!mir_ipv4_is_loopback(dst) && !mir_ipv4_is_own(ip, dst))
		return false;
	if (p->data[IPV4_PROTO] != MIR_IPPROTO_ICMP)
		return true;
	return p->len > ihl && !is_icmp_error(p->data[ihl]);
}

void mir_ipv4_report(
    struct mir_ip *signature, enum mir_ip_error_kind kind, const struct mir_packet *p)
{
	struct mir_ipv4 *ip = mir_ipv4_of(signature);
	struct mir_packet *e;
	size_t len = MIR_MIN(p->total, (unsigned)QUOTE_MAX);
	struct mir_ip_tx tx = { .proto = MIR_IPPROTO_ICMP };
	struct mir_slice quote;
	uint8_t header[ICMP_HEADER] = { wire_of[kind][0], wire_of[kind][1] };
	uint8_t *bytes;

	if (!header[0] || !may_report(ip, p)) {
		ip->stats.icmp_tx_forbidden++;
		return;
	}
	if (!mir_bucket_take(&ip->error_rate, mir_now(), ERROR_EVERY_NS, ERROR_BURST)) {
		ip->stats.icmp_tx_limited++;
		return;
	}
	e = mir_packet_new();
	quote = (struct mir_slice){ NULL, len, mir_mem_new(len, &bytes) };
	if (!e || !quote.owner) {
		mir_packet_unref(e);
		mir_mem_unref(quote.owner);
		ip->stats.tx_no_memory++;
		return;
	}
	mir_packet_copy(p, 0, bytes, len);
	quote.p = bytes;
	mir_put_be16(
	    header + 2, mir_sum_finish(mir_sum(bytes, len, mir_sum(header, ICMP_HEADER, 0))));
	memcpy(mir_packet_put(e, ICMP_HEADER), header, ICMP_HEADER);
	mir_packet_append(e, &quote);
	tx.src = mir_ip4(mir_be32(p->data + IPV4_DST));
	tx.dst = mir_ip4(mir_be32(p->data + IPV4_SRC));
	if (mir_ipv4_send(signature, &tx, e) == 0)
		ip->stats.icmp_tx_errors++;
}

/* What a received type and code mean; false: nothing to us. */
static bool kind_of(uint8_t type, uint8_t code, enum mir_ip_error_kind *kind)
{
	static const uint8_t unreachable[16] = {
		MIR_IP_NET_UNREACHABLE,
		MIR_IP_HOST_UNREACHABLE,
		MIR_IP_PROTO_UNREACHABLE,
		MIR_IP_PORT_UNREACHABLE,
		MIR_IP_TOO_BIG,
		MIR_IP_HOST_UNREACHABLE,
		MIR_IP_NET_UNREACHABLE,
		MIR_IP_HOST_UNREACHABLE,
		MIR_IP_HOST_UNREACHABLE,
		MIR_IP_PROHIBITED,
		MIR_IP_PROHIBITED,
		MIR_IP_NET_UNREACHABLE,
		MIR_IP_HOST_UNREACHABLE,
		MIR_IP_PROHIBITED,
		MIR_IP_PROHIBITED,
		MIR_IP_PROHIBITED,
	};

	if (type == ICMP_UNREACHABLE && code < MIR_COUNT(unreachable))
		*kind = unreachable[code];
	else if (type == ICMP_TIME_EXCEEDED && code <= 1)
		*kind = MIR_IP_TIME_EXCEEDED;
	else if (type == ICMP_PARAMETER)
		*kind = MIR_IP_PARAMETER;
	else
		return false;
	return true;
}

/* RFC 1191: a path takes less than we send.  The report must be about a datagram that was longer
 * than that and that nobody was allowed to cut. */
static bool learn_mtu(
    struct mir_ipv4 *ip, struct mir_ip_error *e, const uint8_t *quoted, unsigned mtu)
{
	unsigned length = mir_be16(quoted + IPV4_LENGTH), now;
	uint32_t dst = mir_be32(quoted + IPV4_DST);
	bool locked;

	if (mtu == 0)
		mtu = mir_ipv4_pmtu_plateau(length);
	if (mtu < 68 || mtu >= length || !(mir_be16(quoted + IPV4_FRAGMENT) & IPV4_DONT_FRAGMENT))
		return false;
	mir_ipv4_pmtu_lower(ip, dst, mtu);
	now = mir_ipv4_pmtu(ip, dst, ip->eth->mtu, &locked);
	e->mtu = (uint16_t)now;
	return MIR_MAX(mtu, (unsigned)MIR_IPV4_PMTU_MIN) == now;
}

/* The quoted datagram was ours, as far as IP can tell; then its protocol is asked. */
static bool error_input(
    struct mir_ipv4 *ip, const uint8_t *icmp, size_t len, const struct mir_ip_rx *rx)
{
	const uint8_t *q = icmp + ICMP_HEADER;
	struct mir_ip_error e = { .from = rx->src };
	const struct mir_ip_proto *proto;
	unsigned ihl;
	int i;

	if (len < ICMP_HEADER + IPV4_HEADER || !kind_of(icmp[0], icmp[1], &e.kind))
		return false;
	len -= ICMP_HEADER;
	ihl = mir_ipv4_header_len(q);
	if (q[0] >> 4 != 4 || ihl < IPV4_HEADER || len < ihl + QUOTE_MIN ||
	    mir_be16(q + IPV4_LENGTH) < ihl + QUOTE_MIN ||
	    (mir_be16(q + IPV4_FRAGMENT) & IPV4_OFFSET_MASK))
		return false;
	e.src = mir_ip4(mir_be32(q + IPV4_SRC));
	e.dst = mir_ip4(mir_be32(q + IPV4_DST));
	if (!ip->ip.ops->is_local(&ip->ip, e.src) || !mir_ipaddr_eq(&e.src, &rx->dst))
		return false;
	i = mir_ipv4_proto(ip, q[IPV4_PROTO]);
	if (i < 0 || !(proto = ip->proto[i].proto)->error)
		return false;
	len = MIR_MIN(len, (size_t)mir_be16(q + IPV4_LENGTH)) - ihl;
	if (proto->plausible && !proto->plausible(ip->proto[i].arg, &e, q + ihl, len))
		return false;
	if (e.kind == MIR_IP_TOO_BIG && !learn_mtu(ip, &e, q, mir_be16(icmp + 6))) {
		ip->stats.pmtu_refused++;
		return true;
	}
	ip->stats.icmp_rx_errors++;
	proto->error(ip->proto[i].arg, &e, q + ihl, len);
	return true;
}

bool mir_ipv4_icmp(struct mir_ipv4 *ip, struct mir_packet *p, const struct mir_ip_rx *rx)
{
	if (p->total < ICMP_HEADER || !mir_packet_pull_up(p, MIR_MIN(p->total, (unsigned)PULL))) {
		ip->stats.icmp_rx_bad++;
		return true;
	}
	if (p->csum != MIR_CSUM_VALID) {
		if (mir_sum_finish(mir_sum_packet(p, 0, 0)) != 0) {
			ip->stats.icmp_checksum++;
			return true;
		}
		p->csum = MIR_CSUM_VALID;
	}
	if (!is_icmp_error(p->data[0]))
		return false;
	if (p->data[0] == ICMP_SOURCE_QUENCH || p->data[0] == ICMP_REDIRECT)
		ip->stats.icmp_rx_ignored++; /* RFC 6633; we trust no redirects */
	else if (rx->cast != MIR_UNICAST || !error_input(ip, p->data, p->len, rx))
		ip->stats.icmp_rx_bad++;
	return true;
}

void mir_ipv4_unreachable(void *arg, struct mir_packet *p)
{
	struct mir_ipv4 *ip = arg;
	unsigned ihl = p->len >= IPV4_HEADER ? mir_ipv4_header_len(p->data) : IPV4_HEADER;
	struct mir_ip_error e = { .kind = MIR_IP_HOST_UNREACHABLE };
	int i;

	ip->stats.unreachable++;
	if (p->total < ihl + QUOTE_MIN || !mir_packet_pull_up(p, ihl + QUOTE_MIN) ||
	    (mir_be16(p->data + IPV4_FRAGMENT) & IPV4_OFFSET_MASK))
		goto out;
	e.src = e.from = mir_ip4(mir_be32(p->data + IPV4_SRC));
	e.dst = mir_ip4(mir_be32(p->data + IPV4_DST));
	mir_debug("%s: a host on the link does not answer", ip->eth->name);
	i = mir_ipv4_proto(ip, p->data[IPV4_PROTO]);
	if (i >= 0 && ip->proto[i].proto->error)
		ip->proto[i].proto->error(ip->proto[i].arg, &e, p->data + ihl, p->len - ihl);
out:
	mir_packet_unref(p);
}
