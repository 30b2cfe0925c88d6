/* watch.h: file descriptors that the event loop watches, private to this target.
 *
 *     x->poll = (struct mir_poll_fd){ .fd = fd, .events = MIR_POLL_IN, .ready = on_ready };
 *     rc = mir_poll_add(&x->poll);
 *
 * and on_ready finds x by mir_container.  (Not poll.h: that is the name of a header of the host.)
 */
#ifndef MIR_UNIX_WATCH_H
#define MIR_UNIX_WATCH_H

#include <mir/cc.h>
#include <mir/err.h>

enum {
	MIR_POLL_IN = 1,
	MIR_POLL_OUT = 2,
	MIR_POLL_HUP = 4,   /* the peer closed its half (or both); asked for like IN and OUT */
	MIR_POLL_ERR = 8,   /* an error or a full hang-up: told even if not asked for */
	MIR_POLL_EDGE = 16, /* in events: told once when it becomes so, not in each turn */
};

struct mir_poll_fd {
	int fd;
	unsigned events; /* MIR_POLL_*: asked for; changed by mir_poll_set only */
	/* Something that was asked for is so.  From the event loop: must not block.  May add, set
	 * and remove any, and free this one once it is removed. */
	void (*ready)(struct mir_poll_fd *, unsigned events);
};

/* Watches p->fd for p->events (0: for MIR_POLL_ERR only).  The descriptor stays the caller's, who
 * makes it non-blocking, and removes or forgets it before closing it.  0; MIR_EEXIST, MIR_EPERM (a
 * kind that cannot be watched: a regular file), MIR_ENOMEM, MIR_ENOSPC. */
int mir_poll_add(struct mir_poll_fd *p);

/* Asks for other events from now on; costs nothing if they are the same.  Also arms MIR_POLL_EDGE
 * anew. */
void mir_poll_set(struct mir_poll_fd *p, unsigned events);

/* No call of ready after this one. */
void mir_poll_remove(struct mir_poll_fd *p);

/* The same for a descriptor without duplicates that the caller closes now: the host stops watching
 * it by itself. */
void mir_poll_forget(struct mir_poll_fd *p);

#endif
