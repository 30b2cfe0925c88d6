/* message.h: DHCP messages to and from bytes (RFC 2131 section 2, RFC 2132). */
#ifndef MIR_DHCP_MESSAGE_H
#define MIR_DHCP_MESSAGE_H

#include <mir/dhcp_engine.h>

enum dhcp_type {
	DHCP_DISCOVER = 1,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
	DHCP_RELEASE
};

/* What a server says. */
struct dhcp_reply {
	uint32_t xid;
	struct mir_mac mac;
	uint8_t type;
	bool has_mask, has_duration;
	uint32_t t1_s, t2_s; /* 0: not named */
	uint32_t duration_s;
	struct mir_dhcp_lease lease; /* addr, server and lists; times not yet */
};

/* False: malformed. */
bool mir_dhcp_parse(const uint8_t *msg, size_t len, struct dhcp_reply *);

/* What a client says; 0 for what is not to be in it. */
struct dhcp_say {
	uint8_t type;
	bool broadcast; /* the flag: we cannot receive unicast yet */
	uint16_t secs;
	uint32_t ciaddr;    /* our address */
	uint32_t requested; /* option 50 */
	uint32_t server;    /* option 54 */
};

/* Returns the length. */
size_t mir_dhcp_build(
    const struct mir_dhcp_engine *, const struct dhcp_say *, uint8_t out[MIR_DHCP_OUT]);

#endif
