/* xen_block.h: a disk of Xen: the front end of a vbd. */
#ifndef MIR_XEN_BLOCK_H
#define MIR_XEN_BLOCK_H

#include <mir/block.h>
#include <mir/fiber.h>
#include <mir/loop.h>
#include <mir/xen.h>

#include "../../bus.h"
#include "../../event.h"
#include "../../ring.h"

enum {
	MIR_XEN_BLOCK_REQUESTS = 64, /* under way at once */
	MIR_XEN_BLOCK_PAGES = 64,    /* of one request, where the back end takes indirect ones */
	MIR_XEN_BLOCK_POOL = 256,    /* pages that requests move their bytes through */
	MIR_XEN_BLOCK_ORDER = 1,     /* pages of the ring are 1 << order at most */
};

struct mir_xen_block_config {
	const char *name;
	const char *device; /* which vbd: its number or its name, xvda; "": the next */
};

struct mir_xen_block_page {
	struct mir_xen_block_page *next;
	uint8_t *p;
	uint32_t ref;
};

struct mir_xen_block_io {
	struct mir_waitq done; /* who asked, if it still waits */
	uint64_t sector;       /* in units of 512 bytes, and how many */
	uint32_t units;
	uint64_t discard; /* units */
	int16_t status;
	uint8_t op;
	bool used, sent, finished;
	bool abandoned; /* nobody waits any more */
	uint16_t n;
	struct mir_xen_block_page *indirect, *page[MIR_XEN_BLOCK_PAGES];
};

struct mir_xen_block {
	struct mir_block block;
	struct mir_xen_device device;
	struct mir_xen_event event;
	struct mir_xen_ring ring;
	uint8_t *ring_pages;
	uint32_t ring_ref[1 << MIR_XEN_BLOCK_ORDER];
	unsigned order;
	struct mir_xen_block_io io[MIR_XEN_BLOCK_REQUESTS];
	struct mir_xen_block_page page[MIR_XEN_BLOCK_POOL], *free;
	struct mir_waitq room; /* for requests, pages, places in the ring */
	uint16_t max_pages;    /* of a request */
	bool flush, barrier, discard, persistent;
	uint32_t discard_unit; /* bytes */
	bool gone, connected;
	struct {
		uint64_t requests, errors, retried;
	} stats;
};

int mir_xen_block_start(struct mir_xen_block *, const struct mir_xen_block_config *);
void mir_xen_block_stop(struct mir_xen_block *);

#endif
