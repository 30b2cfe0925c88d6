/* output.c: datagrams on their way out: header, checksums, fragments (RFC 791, 6864). */
#include "internal.h"
#include <mir/net.h>

enum { TTL = 64, TTL_GROUP = 1 /* RFC 1112 section 6.1 */, DHCP_SERVER = 67, DHCP_CLIENT = 68 };

/* The sum that the interface would have completed. */
static void complete_checksum(struct mir_ipv4 *ip, struct mir_packet *p, uint8_t proto)
{
	size_t start = p->csum_start - mir_packet_headroom(p);
	uint16_t sum = mir_sum_finish(mir_sum_packet(p, start, 0));

	if (sum == 0 && proto == MIR_IPPROTO_UDP)
		sum = 0xffff;
	mir_put_be16(p->head + p->csum_start + p->csum_offset, sum);
	p->csum = MIR_CSUM_NONE;
	ip->stats.tx_checksums++;
}

/* Unpredictable to who does not see our packets to that host, and no two in a row the same. */
static uint16_t identification(struct mir_ipv4 *ip, uint32_t src, uint32_t dst, uint8_t proto)
{
	uint32_t flow[3] = { src, dst, proto };
	uint64_t h = mir_siphash(&ip->key, flow, sizeof(flow));

	return (uint16_t)((h >> 16) + ip->id[h % MIR_IPV4_IDS]++);
}

struct header {
	uint32_t src, dst;
	uint16_t length, id, fragment;
	uint8_t tos, ttl, proto;
};

static void push_header(struct mir_packet *p, const struct header *h)
{
	uint8_t *b = mir_packet_push(p, IPV4_HEADER);

	b[0] = 0x45;
	b[IPV4_TOS] = h->tos;
	mir_put_be16(b + IPV4_LENGTH, h->length);
	mir_put_be16(b + IPV4_ID, h->id);
	mir_put_be16(b + IPV4_FRAGMENT, h->fragment);
	b[IPV4_TTL] = h->ttl;
	b[IPV4_PROTO] = h->proto;
	mir_put_be16(b + IPV4_CHECKSUM, 0);
	mir_put_be32(b + IPV4_SRC, h->src);
	mir_put_be32(b + IPV4_DST, h->dst);
	mir_put_be16(b + IPV4_CHECKSUM, mir_sum_finish(mir_sum(b, IPV4_HEADER, 0)));
	p->l3 = (uint16_t)mir_packet_headroom(p);
}

static int transmit(
    struct mir_ipv4 *ip, const struct mir_ipv4_path *path, uint32_t dst, struct mir_packet *p)
{
	static const struct mir_mac all = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	struct mir_mac group = { { 0x01, 0x00, 0x5e } };

	ip->stats.tx++;
	switch (path->way) {
	case MIR_IPV4_LOCAL: mir_ipv4_loop(ip, p); return 0;
	case MIR_IPV4_NEIGHBOUR: return mir_arp_send(ip->arp, mir_ip4(path->next_hop), p);
	case MIR_IPV4_TO_ALL: return mir_ethernet_send(ip->eth, &all, MIR_ETHERTYPE_IPV4, p);
	case MIR_IPV4_TO_GROUP: break;
	}
	group.b[3] = (dst >> 16) & 0x7f; /* RFC 1112 section 6.4 */
	mir_put_be16(group.b + 4, (uint16_t)dst);
	return mir_ethernet_send(ip->eth, &group, MIR_ETHERTYPE_IPV4, p);
}

/* All slices become one, for an interface that takes fewer. */
static bool flatten(struct mir_packet *p)
{
	size_t len = p->total - p->len;
	struct mir_slice one = { NULL, len, NULL };
	uint8_t *bytes;

	one.owner = mir_mem_new(len, &bytes);
	if (!one.owner)
		return false;
	mir_packet_copy(p, p->len, bytes, len);
	mir_slices_unref(p->slice, p->nslices);
	one.p = bytes;
	p->slice[0] = one;
	p->nslices = 1;
	return true;
}

/* Bytes off..off+len of p's payload as a packet of their own: references, no copies. */
static struct mir_packet *part_of(struct mir_packet *p, size_t off, size_t len)
{
	struct mir_packet *f = mir_packet_new();
	struct mir_slice s;

	if (!f)
		return NULL;
	if (off < p->len) {
		size_t n = MIR_MIN(len, p->len - off);

		if (n + IPV4_HEADER <= mir_packet_tailroom(f)) {
			memcpy(mir_packet_put(f, n), p->data + off, n);
		} else {
			mir_packet_ref(p);
			s = (struct mir_slice){ p->data + off, n, &p->mem };
			mir_packet_append(f, &s);
		}
		off += n;
		len -= n;
	}
	off -= p->len;
	for (unsigned i = 0; i < p->nslices && len > 0; i++) {
		const struct mir_slice *from = &p->slice[i];
		size_t n;

		if (off >= from->len) {
			off -= from->len;
			continue;
		}
		n = MIR_MIN(len, from->len - off);
		s = mir_slice_sub(from, off, n);
		mir_packet_append(f, &s);
		off = 0;
		len -= n;
	}
	return f;
}

static int send_fragments(
    struct mir_ipv4 *ip, const struct mir_ipv4_path *path, struct header *h, struct mir_packet *p)
{
	size_t step = (path->mtu - IPV4_HEADER) & ~(size_t)7;
	int rc = 0;

	if (p->nslices + 1 > ip->eth->max_slices && !flatten(p)) {
		mir_packet_unref(p);
		ip->stats.tx_no_memory++;
		return MIR_ENOMEM;
	}
	for (size_t off = 0, total = p->total; off < total && rc == 0; off += step) {
		size_t len = MIR_MIN(step, total - off);
		struct mir_packet *f = part_of(p, off, len);

		if (!f) {
			ip->stats.tx_no_memory++;
			rc = MIR_ENOMEM;
			break;
		}
		h->length = (uint16_t)(IPV4_HEADER + len);
		h->fragment = (uint16_t)(off / 8);
		if (off + len < total)
			h->fragment |= IPV4_MORE;
		push_header(f, h);
		ip->stats.tx_fragments++;
		rc = transmit(ip, path, h->dst, f);
	}
	mir_packet_unref(p);
	return rc;
}

/* Only a DHCP client may speak without an address (RFC 1122 section 3.2.1.3). */
static bool may_be_nameless(const struct mir_ip_tx *tx, uint32_t dst, const struct mir_packet *p)
{
	return tx->proto == MIR_IPPROTO_UDP && dst == 0xffffffff && p->len >= 4 &&
	       mir_be16(p->data) == DHCP_CLIENT && mir_be16(p->data + 2) == DHCP_SERVER;
}

/* The path and the source address of a datagram. */
static int plan(struct mir_ipv4 *ip, const struct mir_ip_tx *tx, const struct mir_packet *p,
    struct mir_ipv4_path *path)
{
	uint32_t dst = mir_ip4_of(&tx->dst), src = mir_ip4_of(&tx->src);
	int rc;

	if (!mir_ipaddr_is4(&tx->dst) || dst == 0)
		return MIR_ENETUNREACH;
	rc = mir_ipv4_path(ip, dst, path);
	if (rc < 0)
		return rc;
	if (!mir_ipaddr_is_any(&tx->src) && src != 0) {
		bool looped = path->way == MIR_IPV4_LOCAL && mir_ipv4_is_loopback(src);

		if (!looped && !mir_ipv4_is_own(ip, src))
			return MIR_EADDRNOTAVAIL;
		path->src = src;
	}
	if (path->src == 0 && !may_be_nameless(tx, dst, p))
		return MIR_ENETUNREACH;
	return 0;
}

static int refuse(struct mir_packet *p, uint64_t *counter, int rc)
{
	(*counter)++;
	mir_packet_unref(p);
	return rc;
}

int mir_ipv4_send(struct mir_ip *signature, const struct mir_ip_tx *tx, struct mir_packet *p)
{
	struct mir_ipv4 *ip = mir_ipv4_of(signature);
	struct mir_ipv4_path path;
	struct header h;
	bool cut, local;
	int rc = plan(ip, tx, p, &path);

	if (rc < 0)
		return refuse(p, &ip->stats.tx_no_route, rc);
	if (p->total > MIR_PACKET_MAX - IPV4_HEADER)
		return refuse(p, &ip->stats.tx_too_big, MIR_EMSGSIZE);
	local = path.way == MIR_IPV4_LOCAL;
	cut = !p->gso && p->total + IPV4_HEADER > path.mtu;
	if (cut && tx->dont_fragment && !path.locked)
		return refuse(p, &ip->stats.tx_too_big, MIR_EMSGSIZE);
	if (p->gso && !local && !(ip->eth->offloads & MIR_NET_TX_TSO4))
		return refuse(p, &ip->stats.tx_too_big, MIR_EMSGSIZE);
	if (p->csum == MIR_CSUM_PARTIAL && !local &&
	    (cut || !(ip->eth->offloads & MIR_NET_TX_CSUM)))
		complete_checksum(ip, p, tx->proto);
	h = (struct header){
		.src = path.src,
		.dst = mir_ip4_of(&tx->dst),
		.length = (uint16_t)(p->total + IPV4_HEADER),
		.tos = tx->tos,
		.ttl = path.way == MIR_IPV4_TO_GROUP ? TTL_GROUP : TTL,
		.proto = tx->proto,
	};
	if (tx->ttl)
		h.ttl = tx->ttl;
	if (tx->dont_fragment && !path.locked)
		h.fragment = IPV4_DONT_FRAGMENT;
	else
		h.id = identification(ip, h.src, h.dst, h.proto);
	if (cut)
		return send_fragments(ip, &path, &h, p);
	if (!local && p->nslices > ip->eth->max_slices && !flatten(p))
		return refuse(p, &ip->stats.tx_no_memory, MIR_ENOMEM);
	push_header(p, &h);
	return transmit(ip, &path, h.dst, p);
}
