/* dhcp_engine.h: a DHCP client without a clock and without a network (RFC 2131, 2132).
 *
 * An event and the time go in; a message to send and a change of configuration come out, and the
 * time of the next MIR_DHCP_TIMEOUT lies in `next`.  Addresses are IPv4 in host order.
 */
#ifndef MIR_DHCP_ENGINE_H
#define MIR_DHCP_ENGINE_H

#include <mir/addr.h>
#include <mir/dhcp.h>
#include <mir/time.h>

enum {
	MIR_DHCP_MESSAGE = 1472, /* bytes of the longest message that we say we take */
	MIR_DHCP_OUT = 548,      /* bytes of the longest that we send */
	MIR_DHCP_ROUTERS = 4,    /* kept of each list */
	MIR_DHCP_SERVERS = MIR_DHCP_NAME_SERVERS,
	MIR_DHCP_DOMAIN = 256
};

enum mir_dhcp_state {
	MIR_DHCP_IDLE,       /* not started, or stopped */
	MIR_DHCP_INIT,       /* waits before it starts anew */
	MIR_DHCP_SELECTING,  /* DISCOVER sent */
	MIR_DHCP_REQUESTING, /* an offer was taken, REQUEST sent */
	MIR_DHCP_BOUND,
	MIR_DHCP_RENEWING,  /* T1 is over: the server is asked */
	MIR_DHCP_REBINDING, /* T2 is over: everybody is asked */
};

enum mir_dhcp_event {
	MIR_DHCP_START,
	MIR_DHCP_STOP,
	MIR_DHCP_TIMEOUT, /* at `next` */
	MIR_DHCP_RECEIVED,
	MIR_DHCP_TAKEN /* another host uses the address that we got */
};

struct mir_dhcp_lease {
	uint32_t addr, server;
	uint8_t len;      /* prefix length */
	bool len_guessed; /* the server named no mask: that of the address's old class */
	uint32_t router[MIR_DHCP_ROUTERS], dns[MIR_DHCP_SERVERS];
	uint8_t nrouters, ndns;
	uint16_t mtu; /* 0: not named */
	char domain[MIR_DHCP_DOMAIN];
	int64_t duration_ns, t1_ns, t2_ns; /* from the time of the request; MIR_NEVER: for ever */
};

/* What is to be done, in this order. */
struct mir_dhcp_out {
	bool release; /* the message goes out before the address goes */
	bool drop;    /* the old lease is over */
	bool apply;   /* engine.lease is new; what was before is over */
	size_t len;   /* bytes to send; 0: nothing */
	uint32_t to;  /* 0: broadcast */
	uint8_t message[MIR_DHCP_OUT];
};

struct mir_dhcp_stats {
	uint64_t rx, rx_malformed, rx_foreign; /* to another client, or another exchange */
	uint64_t rx_refused; /* offers that make no sense, and what comes at the wrong time */
	uint64_t tx, offers, acks, naks, declines, expired;
};

struct mir_dhcp_engine {
	enum mir_dhcp_state state;
	struct mir_mac mac;
	const char *host_name; /* may be NULL */
	uint64_t random;       /* state of the generator of xids and jitter */
	uint32_t xid;
	unsigned tries;
	int64_t began; /* this exchange, for its `secs` */
	int64_t sent;  /* the last request: leases count from there */
	int64_t next;  /* MIR_NEVER */
	int64_t t1, t2, expiry;
	struct mir_dhcp_lease offer;
	struct mir_dhcp_lease lease; /* addr 0: none */
	struct mir_dhcp_stats stats;
};

void mir_dhcp_engine_init(
    struct mir_dhcp_engine *, const struct mir_mac *, const char *host_name, uint64_t seed);

/* The one place where the state changes.  msg, len: of MIR_DHCP_RECEIVED. */
void mir_dhcp_engine_step(struct mir_dhcp_engine *, enum mir_dhcp_event, const uint8_t *msg,
    size_t len, int64_t now, struct mir_dhcp_out *out);

#endif
