/* ip.h: IP, datagrams between hosts (RFC 791, 1122; IPv6 later behind the same signature).
 *
 * Several addresses, a routing table with longest-prefix match, path MTU known per destination.
 */
#ifndef MIR_IP_H
#define MIR_IP_H

#include <mir/addr.h>
#include <mir/err.h>
#include <mir/packet.h>

enum { MIR_IPPROTO_ICMP = 1, MIR_IPPROTO_TCP = 6, MIR_IPPROTO_UDP = 17 };

/* The low bits of the TOS field (RFC 3168 section 5). */
enum { MIR_IP_ECN = 3, MIR_IP_ECT0 = 2, MIR_IP_ECT1 = 1, MIR_IP_CE = 3 };

/* What IP knows of a received datagram. */
struct mir_ip_rx {
	struct mir_ipaddr src, dst;
	uint8_t proto, ttl, tos;
	uint8_t cast; /* enum mir_cast, the worse of link and network */
};

/* How a datagram is to be sent. */
struct mir_ip_tx {
	struct mir_ipaddr src; /* any: chosen by route */
	struct mir_ipaddr dst;
	uint8_t proto;
	uint8_t ttl; /* 0: 64; 1 to a multicast address */
	uint8_t tos;
	bool dont_fragment; /* MIR_EMSGSIZE instead of fragments */
};

/* What went wrong on the way, from an ICMP error (RFC 792, 1191) or from here. */
enum mir_ip_error_kind {
	MIR_IP_NET_UNREACHABLE,
	MIR_IP_HOST_UNREACHABLE,
	MIR_IP_PROTO_UNREACHABLE,
	MIR_IP_PORT_UNREACHABLE,
	MIR_IP_TOO_BIG, /* mtu says what fits */
	MIR_IP_PROHIBITED,
	MIR_IP_TIME_EXCEEDED,
	MIR_IP_PARAMETER,
};

struct mir_ip_error {
	enum mir_ip_error_kind kind;
	struct mir_ipaddr src, dst; /* of our datagram that caused it */
	struct mir_ipaddr from;     /* who reports; ours if found here */
	uint16_t mtu;               /* TOO_BIG: of the next hop, checked to be 68 or more */
};

struct mir_ip;

/* A protocol above IP.  Neither function blocks. */
struct mir_ip_proto {
	/* A whole datagram, reassembled, header pulled off; at least the first 8 bytes are linear
	 * if there are as many. */
	void (*input)(void *arg, struct mir_packet *p /* take */, const struct mir_ip_rx *);

	/* l4: the first len (>= 8) bytes of our own datagram's payload, as the reporter quotes
	 * them.  May be NULL. */
	void (*error)(void *arg, const struct mir_ip_error *, const uint8_t *l4, size_t len);

	/* Asked before error(), and before IP believes a smaller path MTU: can the quoted datagram
	 * have been ours (a port that is bound, a sequence number in the window; RFC 5927)?  NULL:
	 * yes. */
	bool (*plausible)(void *arg, const struct mir_ip_error *, const uint8_t *l4, size_t len);
};

enum mir_ip_event { MIR_IP_ADDED, MIR_IP_REMOVED, MIR_IP_CONFLICT };

/* Told of each change; embedded in whoever watches. */
struct mir_ip_watch {
	struct mir_ip_watch *next;
	void (*changed)(struct mir_ip_watch *, enum mir_ip_event, struct mir_cidr);
};

struct mir_ip_ops {
	const char *name;

	/* Prepends the header and routes the packet out, fragmenting where it must and may. Never
	 * blocks. A packet to an address of our own comes back as received. GSO packets need
	 * offloads. MIR_ENETUNREACH, MIR_EMSGSIZE, MIR_EADDRNOTAVAIL (src is not ours), MIR_ENOMEM.
	 */
	int (*send)(struct mir_ip *, const struct mir_ip_tx *, struct mir_packet *p /* take */);

	/* Datagrams of proto go to the handler.  A datagram of a protocol nobody listens for is
	 * answered with ICMP protocol unreachable. */
	int (*listen)(struct mir_ip *, uint8_t proto, const struct mir_ip_proto *, void *arg);

	/* Answers a received datagram, of which p starts with the network header, with an ICMP
	 * error; RFC 1122 section 3.2.2 says when not, and that is kept to here; rate limited.  p
	 * is borrowed. */
	void (*report)(struct mir_ip *, enum mir_ip_error_kind, const struct mir_packet *p);

	/* The source address that a datagram to dst would have.  MIR_ENETUNREACH. */
	int (*source)(struct mir_ip *, struct mir_ipaddr dst, struct mir_ipaddr *src);

	/* The path MTU to dst in bytes, network header included; it expires (RFC 1191). */
	unsigned (*mtu)(struct mir_ip *, struct mir_ipaddr dst);

	/* What the interface towards dst can do: MIR_NET_*. */
	unsigned (*offloads)(struct mir_ip *, struct mir_ipaddr dst);

	bool (*is_local)(struct mir_ip *, struct mir_ipaddr addr);

	/* Addresses, each with its on-link route.  MIR_EEXIST, MIR_ELIMIT; MIR_ENOENT. */
	int (*add_address)(struct mir_ip *, struct mir_cidr);
	int (*remove_address)(struct mir_ip *, struct mir_ipaddr);
	/* The i-th address, MIR_ENOENT past the last. */
	int (*address)(struct mir_ip *, unsigned i, struct mir_cidr *out);

	/* A route through a gateway; the prefix 0.0.0.0/0 is the default route. */
	int (*add_route)(struct mir_ip *, struct mir_cidr dst, struct mir_ipaddr gateway);
	int (*remove_route)(struct mir_ip *, struct mir_cidr dst);

	void (*watch)(struct mir_ip *, struct mir_ip_watch *);
};

struct mir_ip {
	const struct mir_ip_ops *ops;
	uint8_t max_slices; /* of a packet to send */
};

static inline int mir_ip_send(struct mir_ip *ip, const struct mir_ip_tx *tx, struct mir_packet *p)
{
	return ip->ops->send(ip, tx, p);
}

#endif
