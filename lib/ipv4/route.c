/* route.c: the routing table, longest prefix first (RFC 1122 section 3.3.1). */
#include "internal.h"

enum { LOOP_MTU = MIR_PACKET_MAX };

/* The address that is on the link with `hop`, or else our first one. */
static uint32_t source_for(const struct mir_ipv4 *ip, uint32_t hop)
{
	for (unsigned i = 0; i < ip->naddresses; i++)
		if (((ip->address[i].addr ^ hop) & ip->address[i].mask) == 0)
			return ip->address[i].addr;
	return ip->naddresses ? ip->address[0].addr : 0;
}

int mir_ipv4_path(struct mir_ipv4 *ip, uint32_t dst, struct mir_ipv4_path *path)
{
	*path = (struct mir_ipv4_path){ .mtu = ip->eth->mtu };
	if (mir_ipv4_is_loopback(dst) || mir_ipv4_is_own(ip, dst)) {
		path->way = MIR_IPV4_LOCAL;
		path->src = mir_ipv4_is_loopback(dst) ? 0x7f000001 : dst;
		path->mtu = LOOP_MTU;
		return 0;
	}
	path->src = source_for(ip, dst);
	if (mir_ipv4_is_broadcast(ip, dst)) {
		path->way = MIR_IPV4_TO_ALL;
		return 0;
	}
	if (mir_ipv4_is_multicast(dst)) {
		path->way = MIR_IPV4_TO_GROUP;
		return 0;
	}
	for (unsigned i = 0; i < ip->nroutes; i++) {
		const struct mir_ipv4_route *r = &ip->route[i];

		if (((dst ^ r->net) & r->mask) != 0)
			continue;
		path->way = MIR_IPV4_NEIGHBOUR;
		path->next_hop = r->gateway ? r->gateway : dst;
		if (r->gateway)
			path->src = source_for(ip, r->gateway);
		path->mtu = mir_ipv4_pmtu(ip, dst, path->mtu, &path->locked);
		return path->src ? 0 : MIR_ENETUNREACH;
	}
	return MIR_ENETUNREACH;
}

int mir_ipv4_add_route(struct mir_ipv4 *ip, uint32_t net, uint8_t len, uint32_t gateway)
{
	unsigned at = 0;

	if (len > 32 || mir_ipv4_is_own(ip, gateway) || mir_ipv4_is_multicast(gateway) ||
	    mir_ipv4_is_loopback(gateway))
		return MIR_EINVAL;
	net &= mir_mask4(len);
	if (ip->nroutes == MIR_IPV4_ROUTES)
		return MIR_ELIMIT;
	while (at < ip->nroutes && ip->route[at].len >= len) {
		if (ip->route[at].len == len && ip->route[at].net == net)
			return MIR_EEXIST;
		at++;
	}
	memmove(&ip->route[at + 1], &ip->route[at], (ip->nroutes - at) * sizeof(ip->route[0]));
	ip->nroutes++;
	ip->route[at] = (struct mir_ipv4_route){ net, mir_mask4(len), gateway, len };
	return 0;
}

int mir_ipv4_remove_route(struct mir_ipv4 *ip, uint32_t net, uint8_t len)
{
	net &= mir_mask4(len);
	for (unsigned i = 0; i < ip->nroutes; i++) {
		if (ip->route[i].net != net || ip->route[i].len != len)
			continue;
		ip->nroutes--;
		memmove(&ip->route[i], &ip->route[i + 1], (ip->nroutes - i) * sizeof(ip->route[0]));
		return 0;
	}
	return MIR_ENOENT;
}
