/* store.h: what keeps the three parts of a database, and bytes on their way there.
 *
 * Each part has a window: a run of bytes of one piece (64 kB) that collects small writes; what it
 * holds goes to the store when another piece is written, when it is read past it, and at sync.
 */
#ifndef SQLITE_STORE_H
#define SQLITE_STORE_H

#include <mir/block.h>
#include <mir/fiber.h>
#include <mir/kv.h>

#include "layout.h"

struct store;

/* Offsets and lengths are multiples of the unit, within one piece; all may block. */
struct store_ops {
	int (*load)(struct store *, enum sqlite_part, uint64_t at, void *to, size_t len);
	int (*save)(struct store *, enum sqlite_part, uint64_t at, const void *from, size_t len);
	/* May the part have so many bytes?  MIR_ENOSPC. */
	int (*room)(struct store *, enum sqlite_part, uint64_t size);
	/* What is beyond is gone; journal and log are empty from now on, durably, if size is 0. */
	int (*cut)(struct store *, enum sqlite_part, uint64_t size);
	/* All sizes and all that was saved are durable. */
	int (*commit)(struct store *);
	void (*free)(struct store *);
};

struct window {
	uint8_t *bytes; /* a piece; NULL: not needed so far */
	uint64_t piece;
	uint32_t from, to;         /* what is there */
	uint32_t dirty, dirty_end; /* of that, what is to be saved; equal: nothing */
};

struct store {
	const struct store_ops *ops;
	uint32_t unit;
	uint64_t size[SQLITE_PARTS];
	struct window windows[SQLITE_PARTS];
	bool busy; /* a fiber is in here */
	struct mir_waitq wait;
};

/* All block; errors are those of the store.  Reading past the end gives zeroes, and 1. */
int mir_sqlite_read(struct store *, enum sqlite_part, uint64_t at, void *to, size_t len);
int mir_sqlite_write(struct store *, enum sqlite_part, uint64_t at, const void *from, size_t len);
int mir_sqlite_cut(struct store *, enum sqlite_part, uint64_t size);
int mir_sqlite_sync(struct store *, enum sqlite_part);
void mir_sqlite_store_free(struct store *);

/* A disk with a database, or a blank one.  MIR_EPROTO: it holds something else. */
int mir_sqlite_disk_open(struct mir_block *, struct store **out);
/* A value of a store, and those with -journal and -wal behind its key. */
int mir_sqlite_keys_open(struct mir_kv *, struct mir_str key, struct store **out);

#endif
