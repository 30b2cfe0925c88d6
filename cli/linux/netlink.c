/* netlink.c: addresses, routes and interfaces by rtnetlink(7). */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../tap.h"

/* A request and room for its attributes. */
struct request {
	struct nlmsghdr header;
	union {
		struct ifaddrmsg address;
		struct ifinfomsg link;
		struct rtmsg route;
		char attributes[64];
	} body;
};

/* Called for each message of an answer. */
typedef void take_fn(struct host_nets *, struct nlmsghdr *);

static int netlink_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? -errno : fd;
}

/* Send the request and go through the answer. 0 or -errno. */
static int exchange(struct request *r, take_fn *take, struct host_nets *out)
{
	union {
		struct nlmsghdr align;
		char bytes[32768];
	} buffer;
	int fd = netlink_open(), rc = 1;

	if (fd < 0)
		return fd;
	r->header.nlmsg_seq = 1;
	if (send(fd, r, r->header.nlmsg_len, 0) < 0)
		rc = -errno;
	while (rc > 0) {
		ssize_t n = recv(fd, &buffer, sizeof buffer, 0);
		size_t left = n > 0 ? (size_t)n : 0;

		if (n <= 0) {
			if (n < 0 && errno == EINTR)
				continue;
			rc = n < 0 ? -errno : -EIO;
		}
		for (struct nlmsghdr *m = &buffer.align; NLMSG_OK(m, left);
		     m = NLMSG_NEXT(m, left)) {
			if (m->nlmsg_type == NLMSG_DONE)
				rc = 0;
			else if (m->nlmsg_type == NLMSG_ERROR)
				rc = ((struct nlmsgerr *)NLMSG_DATA(m))->error;
			else if (take)
				take(out, m);
		}
	}
	close(fd);
	return rc;
}

static struct host_net *add_net(struct host_nets *nets, const void *address, unsigned len)
{
	struct host_net *n;
	uint32_t raw;

	memcpy(&raw, address, sizeof raw);
	nets->v = mem_grow(nets->v, nets->n, &nets->cap, sizeof *nets->v);
	n = &nets->v[nets->n++];
	*n = (struct host_net){ .address = ntohl(raw), .len = len };
	return n;
}

static void name_device(struct host_net *n, unsigned index)
{
	if (!if_indextoname(index, n->device))
		n->device[0] = '\0';
}

static void take_address(struct host_nets *nets, struct nlmsghdr *m)
{
	struct ifaddrmsg *body = NLMSG_DATA(m);
	size_t left = IFA_PAYLOAD(m);
	const void *address = NULL, *local = NULL;

	if (m->nlmsg_type != RTM_NEWADDR || body->ifa_family != AF_INET)
		return;
	for (struct rtattr *a = IFA_RTA(body); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == IFA_LOCAL && RTA_PAYLOAD(a) == 4)
			local = RTA_DATA(a);
		if (a->rta_type == IFA_ADDRESS && RTA_PAYLOAD(a) == 4)
			address = RTA_DATA(a);
	}
	if (local || address)
		name_device(
		    add_net(nets, local ? local : address, body->ifa_prefixlen), body->ifa_index);
}

static void take_route(struct host_nets *nets, struct nlmsghdr *m)
{
	struct rtmsg *body = NLMSG_DATA(m);
	size_t left = RTM_PAYLOAD(m);
	const void *to = NULL;
	int device = 0;
	struct host_net *n;

	if (m->nlmsg_type != RTM_NEWROUTE || body->rtm_family != AF_INET ||
	    body->rtm_table != RT_TABLE_MAIN || body->rtm_dst_len == 0)
		return;
	for (struct rtattr *a = RTM_RTA(body); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == RTA_DST && RTA_PAYLOAD(a) == 4)
			to = RTA_DATA(a);
		if (a->rta_type == RTA_OIF && RTA_PAYLOAD(a) == sizeof device)
			memcpy(&device, RTA_DATA(a), sizeof device);
	}
	if (!to)
		return;
	n = add_net(nets, to, body->rtm_dst_len);
	n->route = true;
	name_device(n, (unsigned)device);
}

int host_nets_read(struct host_nets *out)
{
	struct request addresses = { .header = { .nlmsg_type = RTM_GETADDR } };
	struct request routes = { .header = { .nlmsg_type = RTM_GETROUTE } };
	int rc;

	addresses.header.nlmsg_flags = routes.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	addresses.header.nlmsg_len = NLMSG_LENGTH(sizeof addresses.body.address);
	addresses.body.address.ifa_family = AF_INET;
	routes.header.nlmsg_len = NLMSG_LENGTH(sizeof routes.body.route);
	routes.body.route.rtm_family = AF_INET;
	rc = exchange(&addresses, take_address, out);
	return rc < 0 ? rc : exchange(&routes, take_route, out);
}

static void add_address(struct request *r, unsigned short type, uint32_t address)
{
	struct rtattr a = { .rta_type = type, .rta_len = RTA_LENGTH(4) };
	char *p = (char *)r + NLMSG_ALIGN(r->header.nlmsg_len);
	uint32_t raw = htonl(address);

	memcpy(p, &a, sizeof a);
	memcpy(p + RTA_LENGTH(0), &raw, sizeof raw);
	r->header.nlmsg_len = NLMSG_ALIGN(r->header.nlmsg_len) + RTA_LENGTH(4);
}

int tap_configure(const char *name, uint32_t address, unsigned len)
{
	unsigned index = if_nametoindex(name);
	struct request up = { .header = { .nlmsg_type = RTM_NEWLINK } };
	struct request add = { .header = { .nlmsg_type = RTM_NEWADDR } };
	int rc;

	if (!index)
		return -errno;
	add.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	add.header.nlmsg_len = NLMSG_LENGTH(sizeof add.body.address);
	add.body.address.ifa_family = AF_INET;
	add.body.address.ifa_prefixlen = (unsigned char)len;
	add.body.address.ifa_index = index;
	add_address(&add, IFA_LOCAL, address);
	add_address(&add, IFA_ADDRESS, address);
	up.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	up.header.nlmsg_len = NLMSG_LENGTH(sizeof up.body.link);
	up.body.link.ifi_family = AF_UNSPEC;
	up.body.link.ifi_index = (int)index;
	up.body.link.ifi_flags = up.body.link.ifi_change = IFF_UP;
	rc = len ? exchange(&add, NULL, NULL) : 0;
	return rc < 0 ? rc : exchange(&up, NULL, NULL);
}
