/* grant.h: pages that another domain may reach (version 1 of the table). */
#ifndef MIR_XEN_GRANT_H
#define MIR_XEN_GRANT_H

#include "xen.h"

struct mir_mem;

enum {
	MIR_XEN_GRANT_FRAMES = 32, /* pages of the table, at most; taken one by one */
	MIR_XEN_GRANT_NONE = 0,    /* no reference has this number */
	MIR_XEN_GRANT_LATE = 64,   /* that the other domain holds on to after their end */
};

/* Takes the first page of the table; 0, or a negative error. */
int mir_xen_grants_start(void);

/* After a suspension: the table is empty, every reference free. */
int mir_xen_grants_again(void);

/* The domain may read, or read and write, the page that `p` lies in.  The reference, or
 * MIR_ENOSPC. */
int mir_xen_grant(uint16_t domain, const void *p, bool readonly);

/* It may no longer; true: it does not, and the reference is free.  False: it has the page mapped,
 * and what is in it is not ours alone yet; ask again. */
bool mir_xen_grant_end(uint32_t ref);

/* The same for who does not want to wait: the page and its owner (either may be NULL) are given
 * back when that is so; beyond MIR_XEN_GRANT_LATE never. */
void mir_xen_grant_drop(uint32_t ref, void *page, struct mir_mem *owner /* take */);

struct mir_xen_grant_stats {
	uint32_t used; /* references */
	uint32_t late; /* dropped, and still mapped */
	uint64_t lost; /* dropped beyond the limit: their memory is gone */
	uint64_t full; /* refused: the table is full */
};
extern struct mir_xen_grant_stats mir_xen_grant_stats;

/* ---- pages of another domain ---- */

struct mir_xen_mapped {
	void *p;
	uint64_t frame; /* of the window */
	uint32_t handle;
};

/* Maps the page that the domain has granted into m->p, a page of mir_xen_window.  0, or
 * MIR_EACCES. */
int mir_xen_grant_map(struct mir_xen_mapped *m, uint16_t domain, uint32_t ref);
void mir_xen_grant_unmap(struct mir_xen_mapped *m);

#endif
