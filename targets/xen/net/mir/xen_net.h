/* xen_net.h: a network of Xen: the front end of a vif. */
#ifndef MIR_XEN_NET_H
#define MIR_XEN_NET_H

#include <mir/loop.h>
#include <mir/net.h>
#include <mir/xen.h>

#include "../../bus.h"
#include "../../event.h"
#include "../../ring.h"

enum {
	MIR_XEN_NET_RING = 256, /* entries of a ring of one page, each way */
	MIR_XEN_NET_QUEUES = 4,
	MIR_XEN_NET_NONE = 0xffff,
};

struct mir_xen_net_config {
	const char *name;
	const char *device; /* which vif: its number or its address; "": the next */
	int64_t net_copy;   /* frames up to so many bytes are copied, not granted */
	int64_t net_queues; /* how many pairs of rings are used, where the back end has so many */
};

/* A page for frames to come.  It belongs to the queue, then to the slices that lie in it. */
struct mir_xen_net_page {
	struct mir_mem mem; /* first */
	struct mir_xen_net_page *next;
	uint8_t *p;
	uint32_t ref; /* MIR_XEN_GRANT_NONE: nobody else reaches it */
};

struct mir_xen_net_slot {
	uint8_t *page;     /* what is copied lies here; granted once */
	uint32_t page_ref; /* MIR_XEN_GRANT_NONE: there is no page yet */
	uint32_t ref;      /* of what goes out from where it lies */
	struct mir_mem *owner;
	uint16_t next;
	bool out;
};

struct mir_xen_net;

struct mir_xen_net_queue {
	struct mir_xen_net *net;
	struct mir_xen_event event;
	struct mir_task again; /* there is more than one turn's share */
	struct mir_xen_ring tx, rx;
	uint8_t *tx_page, *rx_page;
	uint32_t tx_ref, rx_ref;
	uint16_t tx_free;
	struct mir_xen_net_slot tx_slot[MIR_XEN_NET_RING];
	struct mir_xen_net_page *rx_slot[MIR_XEN_NET_RING]; /* by position in the ring */
	struct mir_xen_net_page *spare;                     /* granted, not in the ring */
	unsigned rx_want;                                   /* pages in the ring */
	struct mir_packet *frame;                           /* that has come in part */
	uint16_t gso_size;
	bool in_frame, in_extra, bad_frame, partial_csum, checked;
	uint8_t first; /* what is left of the frame's first response */
};

struct mir_xen_net {
	struct mir_net net;
	struct mir_xen_device device;
	struct mir_xen_net_queue *queue[MIR_XEN_NET_QUEUES];
	unsigned n_queues, wanted_queues;
	uint32_t copy;
	uint16_t able; /* what the present back end can, of net.offloads */
	mir_net_input *input;
	void *arg;
	bool gone, connected;
	struct {
		uint64_t full;     /* no room in the ring */
		uint64_t memory;   /* no memory, or no grant */
		uint64_t oversize; /* to send or received, longer than can be */
		uint64_t error;    /* the back end says so */
		uint64_t header;   /* the back end says what cannot be */
		uint64_t busy;     /* the back end holds on to the page */
		uint64_t unheard;  /* nobody listens */
		uint64_t down;     /* while not connected */
	} drops;
};

int mir_xen_net_start(struct mir_xen_net *, const struct mir_xen_net_config *);
void mir_xen_net_stop(struct mir_xen_net *);

#endif
