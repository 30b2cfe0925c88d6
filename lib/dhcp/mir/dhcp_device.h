/* dhcp_device.h: the DHCP client of one interface. */
#ifndef MIR_DHCP_DEVICE_H
#define MIR_DHCP_DEVICE_H

#include <mir/arp.h>
#include <mir/dhcp.h>
#include <mir/dhcp_engine.h>
#include <mir/ethernet.h>
#include <mir/fiber.h>
#include <mir/ip.h>
#include <mir/timer.h>
#include <mir/udp.h>

struct mir_dhcp_device_config {
	struct mir_ethernet *eth;
	struct mir_arp *arp;
	struct mir_ip *ip;
	struct mir_udp *udp;
	bool dhcp;
	int64_t dhcp_probe; /* ns */
	const char *name;
};

struct mir_dhcp_device {
	struct mir_dhcp dhcp; /* the object */
	struct mir_dhcp_device_config config;
	struct mir_dhcp_engine engine; /* engine.stats: the counters */
	struct mir_dhcp_out out;
	struct mir_udp_port *port;
	struct mir_timer timer;
	struct mir_waitq changed; /* who waits for a lease */
	struct mir_ip_watch watch;
	uint32_t addr; /* what we added to IP; 0: nothing */
	uint8_t len;
	uint32_t router;
	uint32_t probed;           /* the address that is being probed */
	struct mir_fiber *probing; /* NULL: none */
	struct mir_waitq probe_end;
	uint64_t send_failed;
};

/* Sends the first DISCOVER, if the client is wanted and IP has no address yet; does not wait for
 * the answer.  MIR_EADDRINUSE: UDP port 68. */
int mir_dhcp_device_start(struct mir_dhcp_device *, const struct mir_dhcp_device_config *);

/* Gives the address back to the server.  Blocks shortly, until a probe has been cancelled. */
void mir_dhcp_device_stop(struct mir_dhcp_device *);

#endif
