/* icmp_device.h: the ICMP device over IP: echo.  Errors are the IP device's. */
#ifndef MIR_ICMP_DEVICE_H
#define MIR_ICMP_DEVICE_H

#include <mir/bucket.h>
#include <mir/icmp.h>
#include <mir/ip.h>

struct mir_icmp_device_config {
	struct mir_ip *ip;
	const char *name;
};

struct mir_icmp_stats {
	uint64_t rx, rx_malformed, rx_checksum;
	uint64_t rx_unknown;    /* timestamps, router advertisements, and other old types */
	uint64_t rx_broadcast;  /* echo requests to all: not answered (RFC 1122 3.2.2.6) */
	uint64_t rx_limited;    /* echo requests beyond the rate that is answered */
	uint64_t rx_unexpected; /* echo replies that nobody waits for */
	uint64_t requests_answered, no_memory;
	uint64_t echoes_sent, echoes_answered;
};

struct mir_icmp_echo;

struct mir_icmp_device {
	struct mir_icmp icmp; /* the object */
	struct mir_ip *ip;
	struct mir_icmp_echo *waiting;
	struct mir_bucket reply_rate;
	struct mir_icmp_stats stats;
};

/* Does not block.  MIR_ELIMIT. */
int mir_icmp_device_start(struct mir_icmp_device *, const struct mir_icmp_device_config *);

/* Fibers in echo are woken with MIR_ENETDOWN. */
void mir_icmp_device_stop(struct mir_icmp_device *);

#endif
