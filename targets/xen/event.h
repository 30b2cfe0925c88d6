/* event.h: event channels (the ABI of two levels). */
#ifndef MIR_XEN_EVENT_H
#define MIR_XEN_EVENT_H

#include "xen.h"

enum { MIR_XEN_PORTS = 1024 }; /* Xen gives the lowest that is free */

struct mir_xen_event {
	void (*fire)(struct mir_xen_event *); /* from the loop: must not block */
	uint32_t port;                        /* 0: none */
	uint64_t fired;
};

/* Takes the page and closes all ports to upcalls: at the start, and anew after each suspension. */
void mir_xen_events_begin(struct mir_xen_shared *);
struct mir_xen_shared *mir_xen_shared(void);

/* A port for that domain to bind to; that Xen has made for us; of another domain; of a virtual
 * interrupt.  0, or a negative error. */
int mir_xen_event_alloc(struct mir_xen_event *, uint16_t domain);
int mir_xen_event_take(struct mir_xen_event *, uint64_t port);
int mir_xen_event_bind(struct mir_xen_event *, uint16_t domain, uint32_t port);
int mir_xen_event_virq(struct mir_xen_event *, unsigned virq);

/* Nothing if it has no port. */
void mir_xen_event_close(struct mir_xen_event *);
void mir_xen_event_notify(const struct mir_xen_event *);

/* Fires what is pending, each port once; whether there was any. */
bool mir_xen_events_poll(void);

struct mir_xen_event_stats {
	uint64_t scans, strays; /* strays: of ports that nobody has */
};
extern struct mir_xen_event_stats mir_xen_event_stats;

#endif
