/* map.h: entries of page tables that lie one after the other: the entry of a page is found by its
 * number.  4 kB pages, 512 entries a table, on all CPUs; their headers say what an entry is.
 */
#ifndef MIR_RING0_MAP_H
#define MIR_RING0_MAP_H

#include <mir/cc.h>

#if defined(__x86_64__)
#include "cpu_x86_64.h"
#elif defined(__aarch64__)
#include "../hvt/cpu_aarch64.h"
#endif

enum { PAGE = 4096, LARGE = 0x200000, PER_TABLE = 512 };

struct mir_ring0_tables {
	uint64_t *pd; /* an entry for each 2 MiB */
	uint64_t *pt; /* for each page; not all tables are in use */
};

/* Maps [from, to) where it is, in small pages. */
void mir_ring0_map_small(
    struct mir_ring0_tables *, uint64_t from, uint64_t to, uint64_t flags) MIR_COLD;

/* In large ones where they fit.  What is mapped by a large page is not mapped again. */
void mir_ring0_map(struct mir_ring0_tables *, uint64_t from, uint64_t to, uint64_t flags) MIR_COLD;

#endif
