/* udp_device.h: the UDP device over IP. */
#ifndef MIR_UDP_DEVICE_H
#define MIR_UDP_DEVICE_H

#include <mir/hash.h>
#include <mir/udp.h>

enum {
	MIR_UDP_BUCKETS = 256,
	MIR_UDP_PORTS = 4096, /* bound at once */
	MIR_UDP_MAX = 65507,  /* bytes of a datagram: 65535 without the headers */
	MIR_UDP_EPHEMERAL = 49152
};

struct mir_udp_device_config {
	struct mir_ip *ip;
	const char *name;
};

struct mir_udp_stats {
	uint64_t rx, tx;
	uint64_t rx_malformed; /* no whole header, or a length that does not fit */
	uint64_t rx_checksum;
	uint64_t rx_no_port; /* nobody bound; answered with ICMP unless broadcast */
	uint64_t tx_failed;
	uint64_t errors, errors_unknown; /* ICMP errors to a port's handler, to nobody */
};

struct mir_udp_bound;

struct mir_udp_device {
	struct mir_udp udp; /* the object */
	struct mir_ip *ip;
	struct mir_udp_bound *bucket[MIR_UDP_BUCKETS]; /* by port */
	unsigned bound;
	struct mir_udp_stats stats;
};

/* Does not block.  MIR_ELIMIT. */
int mir_udp_device_start(struct mir_udp_device *, const struct mir_udp_device_config *);

/* Ports that are still bound are dead after. */
void mir_udp_device_stop(struct mir_udp_device *);

#endif
