/* ipv4.c: the device: addresses, handlers, start and stop. */
#include "internal.h"
#include <mir/log.h>
#include <mir/net.h>

MIR_LOG_SOURCE(ipv4);

bool mir_ipv4_is_own(const struct mir_ipv4 *ip, uint32_t addr)
{
	for (unsigned i = 0; i < ip->naddresses; i++)
		if (ip->address[i].addr == addr)
			return true;
	return false;
}

bool mir_ipv4_is_broadcast(const struct mir_ipv4 *ip, uint32_t addr)
{
	if (addr == 0xffffffff)
		return true;
	for (unsigned i = 0; i < ip->naddresses; i++) {
		const struct mir_ipv4_address *a = &ip->address[i];

		if (a->len < 31 && addr == (a->addr | ~a->mask))
			return true;
	}
	return false;
}

void mir_ipv4_notify(struct mir_ipv4 *ip, enum mir_ip_event event, struct mir_cidr cidr)
{
	struct mir_ip_watch *next;

	for (struct mir_ip_watch *w = ip->watches; w; w = next) {
		next = w->next;
		w->changed(w, event, cidr);
	}
}

static int ip_listen(
    struct mir_ip *signature, uint8_t number, const struct mir_ip_proto *proto, void *arg)
{
	struct mir_ipv4 *ip = mir_ipv4_of(signature);
	int i = mir_ipv4_proto(ip, number);

	for (int j = 0; i < 0 && j < MIR_IPV4_PROTOS; j++)
		if (!ip->proto[j].proto)
			i = j;
	if (i < 0)
		return proto ? MIR_ELIMIT : 0;
	ip->proto[i].number = number;
	ip->proto[i].proto = proto;
	ip->proto[i].arg = arg;
	return 0;
}

static int ip_source(struct mir_ip *signature, struct mir_ipaddr dst, struct mir_ipaddr *src)
{
	struct mir_ipv4_path path;
	int rc = MIR_ENETUNREACH;

	if (mir_ipaddr_is4(&dst))
		rc = mir_ipv4_path(mir_ipv4_of(signature), mir_ip4_of(&dst), &path);
	if (rc < 0 || path.src == 0)
		return MIR_ENETUNREACH;
	*src = mir_ip4(path.src);
	return 0;
}

static unsigned ip_mtu(struct mir_ip *signature, struct mir_ipaddr dst)
{
	struct mir_ipv4 *ip = mir_ipv4_of(signature);
	struct mir_ipv4_path path;

	if (mir_ipv4_path(ip, mir_ip4_of(&dst), &path) < 0)
		return ip->eth->mtu;
	return path.mtu;
}

static unsigned ip_offloads(struct mir_ip *signature, struct mir_ipaddr dst)
{
	struct mir_ipv4 *ip = mir_ipv4_of(signature);
	uint32_t addr = mir_ip4_of(&dst);

	if (mir_ipv4_is_loopback(addr) || mir_ipv4_is_own(ip, addr))
		return MIR_NET_TX_CSUM | MIR_NET_RX_CSUM;
	return ip->eth->offloads;
}

static bool ip_is_local(struct mir_ip *signature, struct mir_ipaddr addr)
{
	uint32_t a = mir_ip4_of(&addr);

	return mir_ipaddr_is4(&addr) &&
	       (mir_ipv4_is_loopback(a) || mir_ipv4_is_own(mir_ipv4_of(signature), a));
}

/* Can a host have this address in a network of this size? */
static bool is_host(const struct mir_cidr *c)
{
	uint32_t addr = mir_ip4_of(&c->addr), host = addr & ~mir_mask4(c->len);

	if (!mir_ipaddr_is4(&c->addr) || c->len == 0 || c->len > 32 || addr >> 24 == 0 ||
	    mir_ipv4_is_loopback(addr) || addr >> 28 >= 14)
		return false;
	return c->len >= 31 || (host != 0 && host != ~mir_mask4(c->len));
}

/* Does another address still need this network's route? */
static bool network_used(const struct mir_ipv4 *ip, uint32_t net, uint8_t len)
{
	for (unsigned i = 0; i < ip->naddresses; i++)
		if (ip->address[i].len == len && (ip->address[i].addr & ip->address[i].mask) == net)
			return true;
	return false;
}

static int ip_add_address(struct mir_ip *signature, struct mir_cidr cidr)
{
	struct mir_ipv4 *ip = mir_ipv4_of(signature);
	uint32_t addr = mir_ip4_of(&cidr.addr), mask = mir_mask4(cidr.len);
	int rc;

	if (!is_host(&cidr))
		return MIR_EINVAL;
	if (mir_ipv4_is_own(ip, addr))
		return MIR_EEXIST;
	if (ip->naddresses == MIR_IPV4_ADDRESSES)
		return MIR_ELIMIT;
	if (cidr.len < 32) {
		rc = mir_ipv4_add_route(ip, addr & mask, cidr.len, 0);
		if (rc < 0 && rc != MIR_EEXIST)
			return rc;
	}
	rc = ip->arp->ops->add(ip->arp, cidr.addr);
	if (rc < 0) {
		if (cidr.len < 32 && !network_used(ip, addr & mask, cidr.len))
			mir_ipv4_remove_route(ip, addr & mask, cidr.len);
		return rc;
	}
	ip->address[ip->naddresses++] = (struct mir_ipv4_address){ addr, mask, cidr.len };
	mir_ipv4_notify(ip, MIR_IP_ADDED, cidr);
	return 0;
}

static int ip_remove_address(struct mir_ip *signature, struct mir_ipaddr addr)
{
	struct mir_ipv4 *ip = mir_ipv4_of(signature);
	struct mir_ipv4_address gone;
	unsigned i = 0;

	while (i < ip->naddresses && ip->address[i].addr != mir_ip4_of(&addr))
		i++;
	if (i == ip->naddresses || !mir_ipaddr_is4(&addr))
		return MIR_ENOENT;
	gone = ip->address[i];
	ip->naddresses--;
	memmove(
	    &ip->address[i], &ip->address[i + 1], (ip->naddresses - i) * sizeof(ip->address[0]));
	ip->arp->ops->remove(ip->arp, addr);
	if (gone.len < 32 && !network_used(ip, gone.addr & gone.mask, gone.len))
		mir_ipv4_remove_route(ip, gone.addr & gone.mask, gone.len);
	mir_ipv4_notify(ip, MIR_IP_REMOVED, (struct mir_cidr){ addr, gone.len });
	return 0;
}

static int ip_address(struct mir_ip *signature, unsigned i, struct mir_cidr *out)
{
	struct mir_ipv4 *ip = mir_ipv4_of(signature);

	if (i >= ip->naddresses)
		return MIR_ENOENT;
	*out = (struct mir_cidr){ mir_ip4(ip->address[i].addr), ip->address[i].len };
	return 0;
}

static int ip_add_route(struct mir_ip *signature, struct mir_cidr dst, struct mir_ipaddr gateway)
{
	uint32_t hop = mir_ip4_of(&gateway);

	if (!mir_ipaddr_is4(&gateway) || hop == 0)
		return MIR_EINVAL;
	return mir_ipv4_add_route(mir_ipv4_of(signature), mir_ip4_of(&dst.addr), dst.len, hop);
}

static int ip_remove_route(struct mir_ip *signature, struct mir_cidr dst)
{
	return mir_ipv4_remove_route(mir_ipv4_of(signature), mir_ip4_of(&dst.addr), dst.len);
}

static void ip_watch(struct mir_ip *signature, struct mir_ip_watch *w)
{
	struct mir_ipv4 *ip = mir_ipv4_of(signature);

	w->next = ip->watches;
	ip->watches = w;
}

static const struct mir_ip_ops ip_ops = {
	.name = "ipv4",
	.send = mir_ipv4_send,
	.listen = ip_listen,
	.report = mir_ipv4_report,
	.source = ip_source,
	.mtu = ip_mtu,
	.offloads = ip_offloads,
	.is_local = ip_is_local,
	.add_address = ip_add_address,
	.remove_address = ip_remove_address,
	.address = ip_address,
	.add_route = ip_add_route,
	.remove_route = ip_remove_route,
	.watch = ip_watch,
};

static void conflict(void *arg, struct mir_ipaddr addr, const struct mir_mac *claimant)
{
	struct mir_ipv4 *ip = arg;

	(void)claimant;
	for (unsigned i = 0; i < ip->naddresses; i++) {
		if (ip->address[i].addr != mir_ip4_of(&addr))
			continue;
		mir_ipv4_notify(ip, MIR_IP_CONFLICT, (struct mir_cidr){ addr, ip->address[i].len });
		return;
	}
}

/* A gateway outside of our network works where it answers ARP on the link all the same (a /32 with
 * its router, as some hypervisors hand out); mostly it is a slip. */
static void warn_if_far(const struct mir_ipv4_config *c)
{
	uint32_t mask = mir_mask4(c->ipv4.len), own = mir_ip4_of(&c->ipv4.addr);
	char text[MIR_IPADDR_TEXT];

	if (c->ipv4.len == 0 || c->ipv4.len == 32 ||
	    ((own ^ mir_ip4_of(&c->ipv4_gateway)) & mask) == 0)
		return;
	mir_warn(
	    "%s: --ipv4-gateway=%s is not in the network of --ipv4; it is taken for a neighbour "
	    "on the link",
	    c->name, mir_ipaddr_text(&c->ipv4_gateway, text));
}

static int configure(struct mir_ipv4 *ip, const struct mir_ipv4_config *c)
{
	int rc;

	if (!mir_ipaddr_is_any(&c->ipv4.addr)) {
		rc = ip_add_address(&ip->ip, c->ipv4);
		if (rc < 0) {
			mir_error("%s: --ipv4: not an address that a host can have", c->name);
			return rc;
		}
	}
	if (!mir_ipaddr_is_any(&c->ipv4_gateway)) {
		rc = ip_add_route(&ip->ip, (struct mir_cidr){ 0 }, c->ipv4_gateway);
		if (rc < 0) {
			mir_error("%s: --ipv4-gateway: not another host's address", c->name);
			return rc;
		}
		warn_if_far(c);
	}
	return 0;
}

int mir_ipv4_start(struct mir_ipv4 *ip, const struct mir_ipv4_config *c)
{
	int rc;

	memset(ip, 0, sizeof(*ip));
	ip->ip.ops = &ip_ops;
	ip->ip.max_slices = c->eth->max_slices;
	ip->eth = c->eth;
	ip->arp = c->arp;
	ip->looped_end = &ip->looped;
	ip->loop_task.run = mir_ipv4_loop_run;
	mir_random(&ip->key, sizeof(ip->key));
	mir_reassembly_init(&ip->reassembly);
	mir_timer_init(&ip->reassembly_timer, mir_ipv4_reassembly_fire);
	ip->arp->ops->watch(ip->arp, conflict, mir_ipv4_unreachable, ip);
	rc = configure(ip, c);
	if (rc < 0)
		return rc;
	return mir_ethernet_listen(c->eth, MIR_ETHERTYPE_IPV4, mir_ipv4_input, ip);
}

void mir_ipv4_stop(struct mir_ipv4 *ip)
{
	struct mir_packet *p;

	mir_ethernet_listen(ip->eth, MIR_ETHERTYPE_IPV4, NULL, NULL);
	ip->arp->ops->watch(ip->arp, NULL, NULL, NULL);
	ip->watches = NULL; /* who watched has been stopped before */
	while (ip->naddresses)
		ip_remove_address(&ip->ip, mir_ip4(ip->address[0].addr));
	mir_timer_stop(&ip->reassembly_timer);
	mir_reassembly_clear(&ip->reassembly);
	mir_unpost(&ip->loop_task);
	while ((p = ip->looped)) {
		ip->looped = p->next;
		p->next = NULL;
		mir_packet_unref(p);
	}
	ip->looped_end = &ip->looped;
	ip->nlooped = 0;
}
