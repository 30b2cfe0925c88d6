/* interfaces.c: the network interfaces of an image: the loopback and its network. */
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "socket.h"

enum { LOOPBACK = 1, NETWORK, LOOPBACK_MTU = 65535 };

int mir_interface(unsigned i, struct mir_interface *out)
{
	struct mir_ip *ip = mir_socket_stack ? mir_socket_stack->ip : NULL;

	if (i == 0) {
		*out = (struct mir_interface){ LOOPBACK, IFF_UP | IFF_LOOPBACK | IFF_RUNNING,
			LOOPBACK_MTU, "lo" };
		return 0;
	}
	if (i != 1 || !ip)
		return -ENODEV;
	*out =
	    (struct mir_interface){ NETWORK, IFF_UP | IFF_BROADCAST | IFF_RUNNING | IFF_MULTICAST,
		    ip->ops->mtu(ip, mir_ip4(INADDR_BROADCAST)), "eth0" };
	return 0;
}

int mir_interface_own(unsigned n, struct mir_cidr *out)
{
	struct mir_ip *ip = mir_socket_stack ? mir_socket_stack->ip : NULL;

	return ip && ip->ops->address(ip, n, out) == 0 ? 0 : -ENODEV;
}

int mir_interface_address(const struct mir_interface *i, unsigned n, struct mir_cidr *out)
{
	if (i->index == NETWORK)
		return mir_interface_own(n, out);
	*out = (struct mir_cidr){ mir_ip4(INADDR_LOOPBACK), 8 };
	return n == 0 ? 0 : -ENODEV;
}

static int by_name(const char *name, struct mir_interface *out)
{
	for (unsigned i = 0; mir_interface(i, out) == 0; i++)
		if (strncmp(name, out->name, IFNAMSIZ) == 0)
			return 0;
	return -ENODEV;
}

static void put_address(struct sockaddr *to, uint32_t v4)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(v4) };

	memcpy(to, &in, sizeof(in));
}

/* SIOCGIFCONF: one entry for each address. */
static long list(struct ifconf *conf)
{
	struct mir_interface i;
	struct mir_cidr c;
	int room = conf->ifc_len / (int)sizeof(struct ifreq), n = 0;

	for (unsigned at = 0; mir_interface(at, &i) == 0; at++)
		for (unsigned a = 0; mir_interface_address(&i, a, &c) == 0; a++, n++) {
			struct ifreq r = { .ifr_flags = 0 };

			if (conf->ifc_req == NULL)
				continue;
			if (n >= room) {
				conf->ifc_len = room * (int)sizeof(r);
				return 0;
			}
			memcpy(r.ifr_name, i.name, sizeof(i.name));
			put_address(&r.ifr_addr, mir_ip4_of(&c.addr));
			memcpy(&conf->ifc_req[n], &r, sizeof(r));
		}
	conf->ifc_len = n * (int)sizeof(struct ifreq);
	return 0;
}

static long address_of(const struct mir_interface *i, unsigned request, struct ifreq *r)
{
	struct mir_cidr c;
	uint32_t v4, mask;

	if (mir_interface_address(i, 0, &c) < 0)
		return -EADDRNOTAVAIL;
	v4 = mir_ip4_of(&c.addr);
	mask = mir_mask4(c.len);
	if (request == SIOCGIFNETMASK)
		v4 = mask;
	else if (request == SIOCGIFBRDADDR)
		v4 = i->index == LOOPBACK ? 0 : v4 | ~mask;
	put_address(&r->ifr_addr, v4);
	return 0;
}

static long name_of(struct ifreq *r)
{
	struct mir_interface i;

	for (unsigned at = 0; mir_interface(at, &i) == 0; at++) {
		if (i.index != r->ifr_ifindex)
			continue;
		memcpy(r->ifr_name, i.name, sizeof(i.name));
		return 0;
	}
	return -ENODEV;
}

long mir_interface_ioctl(unsigned request, void *arg)
{
	struct mir_interface i;
	struct ifreq *r = arg;

	switch (request) {
	case SIOCGIFCONF: return list(arg);
	case SIOCGIFNAME: return name_of(r);
	case SIOCGIFINDEX:
	case SIOCGIFFLAGS:
	case SIOCGIFMTU:
	case SIOCGIFHWADDR:
	case SIOCGIFADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFBRDADDR: break;
	default: return -ENOTTY;
	}
	if (by_name(r->ifr_name, &i) < 0)
		return -ENODEV;
	switch (request) {
	case SIOCGIFINDEX: r->ifr_ifindex = i.index; return 0;
	case SIOCGIFFLAGS: r->ifr_flags = (short)i.flags; return 0;
	case SIOCGIFMTU: r->ifr_mtu = (int)i.mtu; return 0;
	case SIOCGIFHWADDR:
		memset(&r->ifr_hwaddr, 0, sizeof(r->ifr_hwaddr));
		r->ifr_hwaddr.sa_family = i.index == LOOPBACK ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
		return 0;
	}
	return address_of(&i, request, r);
}
