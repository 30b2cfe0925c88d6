/* store.h: a client of xenstore, the tree of settings that all domains share.
 *
 * Paths that do not begin with '/' are below the domain's own.  Calls that wait end with
 * MIR_ETIMEDOUT at the fiber's deadline and with MIR_ECANCELED when it is cancelled.
 */
#ifndef MIR_XEN_STORE_H
#define MIR_XEN_STORE_H

#include <mir/fiber.h>

#include "xen.h"

enum { MIR_XEN_PATH = 256, MIR_XEN_VALUE = 512, MIR_XEN_ALONE = 0 /* no transaction */ };

/* Takes the ring's page and its event channel; 0, or a negative error. */
int mir_xen_store_start(void);

/* After a suspension: the ring anew.  Watches are made again by mir_xen_store_rewatch.  Blocks. */
int mir_xen_store_again(void);
int mir_xen_store_rewatch(void);

/* Waits until no request is under way; none is sent until mir_xen_store_again or _resume.
 * Blocks. */
int mir_xen_store_quiesce(void);
void mir_xen_store_resume(void);

/* The value, with a NUL behind it; its length.  Blocks.  MIR_ENOENT.  MIR_EFBIG: it does not fit.
 * MIR_EDISCONN: the server has broken the protocol, and is not listened to any more. */
int mir_xen_store_read(uint32_t tx, const char *path, char *buf, size_t cap);

/* A value that is a number in decimal.  Blocks.  MIR_EPROTO: it is none. */
int mir_xen_store_number(uint32_t tx, const char *path, uint64_t *value);

/* The names below, one behind the other with a NUL behind each; bytes of all.  Blocks. */
int mir_xen_store_list(uint32_t tx, const char *path, char *buf, size_t cap);

/* Blocks. */
int mir_xen_store_write(uint32_t tx, const char *path, const char *value);
int mir_xen_store_printf(uint32_t tx, const char *path, const char *fmt, ...) MIR_PRINTF(3, 4);
int mir_xen_store_remove(uint32_t tx, const char *path);

/* Lets another domain read (and only that) what is at the path.  Blocks. */
int mir_xen_store_share(uint32_t tx, const char *path, uint16_t owner, uint16_t reader);

/* All between _begin and _end happens, or nothing.  _end: MIR_EAGAIN: nothing has, another was
 * faster; do it all again.  Blocks. */
int mir_xen_store_begin(uint32_t *tx);
int mir_xen_store_end(uint32_t tx, bool commit);

/* _begin, body(tx, arg), _end, again while that is MIR_EAGAIN, a few times.  Blocks. */
int mir_xen_store_transaction(int (*body)(uint32_t tx, void *arg), void *arg);

/* Tells of changes at a path and below it, and once at once. */
struct mir_xen_watch {
	struct mir_xen_watch *next;
	char path[MIR_XEN_PATH];
	uint32_t token;
	uint64_t fired;                             /* how often */
	struct mir_waitq changed;                   /* woken each time */
	void (*changed_at)(struct mir_xen_watch *); /* or NULL; from the loop: must not block */
};

/* Blocks. */
int mir_xen_watch_start(struct mir_xen_watch *, const char *path);
void mir_xen_watch_stop(struct mir_xen_watch *);

struct mir_xen_store_stats {
	uint64_t requests, events;
	uint64_t strays; /* answers and events that nobody waits for */
	bool broken;
};
extern struct mir_xen_store_stats mir_xen_store_stats;

#endif
