/* arp_device.h: the ARP device over an ETHERNET. */
#ifndef MIR_ARP_DEVICE_H
#define MIR_ARP_DEVICE_H

#include <mir/arp.h>
#include <mir/arp_engine.h>
#include <mir/ethernet.h>
#include <mir/fiber.h>
#include <mir/timer.h>

struct mir_arp_device_config {
	struct mir_ethernet *eth;
	const char *name;
};

struct mir_arp_device {
	struct mir_arp arp; /* the object */
	struct mir_ethernet *eth;
	struct mir_arp_engine engine; /* engine.stats: the counters */
	struct mir_timer timer;
	struct mir_waitq settled;
	mir_arp_conflict *conflict;
	mir_arp_unreachable *unreachable;
	void *watcher;
	struct mir_bucket complaints; /* conflicts in the log: one in ten seconds */
	struct mir_packet *failed;    /* to be handed to the watcher once the engine is done */
	uint64_t no_memory;           /* messages not sent */
};

/* Does not block.  MIR_ELIMIT: the Ethernet has no place for another type. */
int mir_arp_device_start(struct mir_arp_device *, const struct mir_arp_device_config *);

/* Drops what waits; fibers in query or probe are woken with MIR_EHOSTUNREACH. */
void mir_arp_device_stop(struct mir_arp_device *);

#endif
