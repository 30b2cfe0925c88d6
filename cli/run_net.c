/* run_net.c: choose addresses for the two ends of a tap device. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "run_net.h"

#define FIRST_NET 0x0a000000u /* 10.0.0.0 */

static uint32_t mask(unsigned len)
{
	return len == 0 ? 0 : 0xffffffffu << (32 - len);
}

bool cidr4_parse(const char *text, bool plain, struct cidr4 *out)
{
	const char *slash = strchr(text, '/');
	char *end = NULL;
	struct in_addr raw;
	unsigned long len = 32;

	if (slash && slash[1] >= '0' && slash[1] <= '9')
		len = strtoul(slash + 1, &end, 10);
	if (slash ? !end || *end || len < 1 || len > 32 : !plain)
		return false;
	if (inet_pton(AF_INET, slash ? mem_strn(text, (size_t)(slash - text)) : text, &raw) != 1)
		return false;
	*out = (struct cidr4){ ntohl(raw.s_addr), (unsigned)len };
	return out->address != 0;
}

const char *ip4_text(uint32_t address)
{
	return mem_fmt(
	    "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

const char *cidr4_text(struct cidr4 c)
{
	return mem_fmt("%s/%u", ip4_text(c.address), c.len);
}

static bool contains(struct cidr4 net, uint32_t address)
{
	return ((net.address ^ address) & mask(net.len)) == 0;
}

static bool overlap(struct cidr4 a, struct cidr4 b)
{
	return a.len < b.len ? contains(a, b.address) : contains(b, a.address);
}

/* The host's network that this one would take addresses from. A route to a larger network is none
 * unless `wary`: the more specific route wins. */
static const struct host_net *find_clash(const struct host_nets *nets, struct cidr4 c, bool wary)
{
	for (size_t i = 0; i < nets->n; i++) {
		const struct host_net *n = &nets->v[i];

		if (!overlap(c, (struct cidr4){ n->address, n->len }))
			continue;
		if (wary || !n->route || n->len >= c.len)
			return n;
	}
	return NULL;
}

uint32_t net_neighbour(struct cidr4 taken)
{
	uint32_t first = taken.address & mask(taken.len), last = first | ~mask(taken.len);

	if (taken.len == 32)
		return 0;
	if (taken.len == 31) /* RFC 3021: both are hosts */
		return taken.address ^ 1;
	for (uint32_t a = first + 1; a < last; a++)
		if (a != taken.address)
			return a;
	return 0;
}

static bool choose_free(const struct host_nets *nets, struct net_plan *plan)
{
	for (int wary = 1; wary >= 0; wary--) {
		for (uint32_t n = 0; n < 256; n++) {
			struct cidr4 c = { FIRST_NET | n << 8, 24 };

			if (find_clash(nets, c, wary))
				continue;
			plan->host = (struct cidr4){ c.address + 1, 24 };
			plan->image = (struct cidr4){ c.address + 2, 24 };
			return true;
		}
	}
	return false;
}

static const char *host_for_image(const struct net_wish *w, struct net_plan *plan)
{
	struct cidr4 image = w->image;
	uint32_t address = net_neighbour(image);

	if (w->gateway && w->gateway != image.address && contains(image, w->gateway))
		address = w->gateway;
	if (!address)
		return mem_fmt(
		    "%s leaves no address for the host in its network", cidr4_text(image));
	plan->host = (struct cidr4){ address, image.len };
	return NULL;
}

static const char *use_given_host(const struct net_wish *w, struct net_plan *plan)
{
	plan->host = w->host;
	if (w->image.len == 0) {
		if (w->dhcp)
			return NULL;
		plan->image = (struct cidr4){ net_neighbour(w->host), w->host.len };
		if (!plan->image.address)
			return mem_fmt(
			    "--host-ipv4=%s leaves no address for the image", cidr4_text(w->host));
		return NULL;
	}
	if (w->host.address == w->image.address)
		return mem_fmt("host and image would both have %s", ip4_text(w->host.address));
	if (!contains(w->image, w->host.address))
		return mem_fmt("--host-ipv4=%s is not in the image's network %s",
		    cidr4_text(w->host), cidr4_text(w->image));
	return NULL;
}

const char *net_choose(
    const struct net_wish *w, const struct host_nets *nets, struct net_plan *plan)
{
	const struct host_net *clash;
	const char *wrong = NULL;

	*plan = (struct net_plan){ { 0, 0 }, { 0, 0 } };
	if (w->host.len)
		wrong = use_given_host(w, plan);
	else if (w->image.len)
		wrong = host_for_image(w, plan);
	else if (w->dhcp)
		return NULL;
	else if (choose_free(nets, plan))
		return NULL;
	else
		return "every network 10.0.N.0/24 is in use here; name one with --host-ipv4=CIDR";
	if (wrong)
		return wrong;
	clash = find_clash(nets, plan->host, false);
	if (clash)
		return mem_fmt("%s is in use here: %s%s has %s", cidr4_text(plan->host),
		    clash->route ? "a route through " : "",
		    *clash->device ? clash->device : "another device",
		    cidr4_text((struct cidr4){ clash->address, clash->len }));
	return NULL;
}
