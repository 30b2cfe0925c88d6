/* pmtu.c: what the paths let through (RFC 1191, against forged reports: RFC 5927 section 7). */
#include "internal.h"

static struct mir_ipv4_pmtu *place_of(struct mir_ipv4 *ip, uint32_t dst)
{
	return &ip->pmtu[mir_siphash(&ip->key, &dst, sizeof(dst)) % MIR_IPV4_PMTUS];
}

unsigned mir_ipv4_pmtu(struct mir_ipv4 *ip, uint32_t dst, unsigned link, bool *locked)
{
	struct mir_ipv4_pmtu *e;

	*locked = false;
	if (mir_likely(ip->npmtus == 0))
		return link;
	e = place_of(ip, dst);
	if (e->dst != dst)
		return link;
	if (e->expires <= mir_now()) {
		e->dst = 0;
		ip->npmtus--;
		return link;
	}
	*locked = e->locked;
	return MIR_MIN(link, (unsigned)e->mtu);
}

void mir_ipv4_pmtu_lower(struct mir_ipv4 *ip, uint32_t dst, unsigned mtu)
{
	struct mir_ipv4_pmtu *e = place_of(ip, dst);
	bool locked;

	if (mtu >= mir_ipv4_pmtu(ip, dst, ip->eth->mtu, &locked))
		return;
	ip->npmtus += e->dst == 0;
	*e = (struct mir_ipv4_pmtu){
		.dst = dst,
		.mtu = (uint16_t)MIR_MAX(mtu, (unsigned)MIR_IPV4_PMTU_MIN),
		.locked = mtu < MIR_IPV4_PMTU_MIN,
		.expires = mir_now() + MIR_IPV4_PMTU_NS,
	};
	ip->stats.pmtu_lowered++;
}

unsigned mir_ipv4_pmtu_plateau(unsigned total)
{
	static const uint16_t plateau[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296 };

	for (unsigned i = 0; i < MIR_COUNT(plateau); i++)
		if (plateau[i] < total)
			return plateau[i];
	return 68;
}
