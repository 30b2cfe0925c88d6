/* pages.h: the pages of a range of memory, for targets that have no operating system beneath.
 *
 * A pure engine: it knows which pages are in use, and touches none of them but those that hold its
 * own map.  Taking and giving back cost O(1) in practice (a bitmap with a summary and hints).
 */
#ifndef MIR_PAGES_H
#define MIR_PAGES_H

#include <mir/cc.h>

enum { MIR_PAGE = 4096, MIR_PAGES_HINTS = 24 };

struct mir_pages {
	uint8_t *base; /* of page 0 */
	size_t n;      /* pages, those of the map included */
	size_t used, peak;
	size_t idle;          /* free pages that have been in use: their memory is for nothing */
	uint64_t *map, *full; /* a bit for each page; a bit for each word of map that is full */
	uint64_t *dirty;      /* a bit for each page: it may hold something */
	/* For each class of how many pages (pages.c): no such row is below, and none beyond. */
	uint32_t low[MIR_PAGES_HINTS], high[MIR_PAGES_HINTS];
};

/* How many pages the map of n pages takes. */
size_t mir_pages_map(size_t n);

/* All of [base, base + n * MIR_PAGE) becomes free but for the map, which takes the first pages.
 * base is a multiple of MIR_PAGE, n < UINT32_MAX.  Returns how many pages the map took. */
size_t mir_pages_init(struct mir_pages *, void *base, size_t n);

/* After mir_pages_init: free pages may hold something though they were never in use. */
void mir_pages_soil(struct mir_pages *);

/* n pages in a row whose address is a multiple of `align` (a power of two, >= MIR_PAGE), the first
 * that fit, or NULL.  `high`: the last that fit; for what lives long (stacks), so that
 * it does not break up the rest. */
void *mir_pages_take(struct mir_pages *, size_t n, size_t align, bool high);

/* Those pages exactly, where all are free: true. */
bool mir_pages_take_at(struct mir_pages *, void *at, size_t n);

/* Gives n pages back, which need not be one mir_pages_take's whole.  A page that is not in use, or
 * not of this range, is a bug: panics. */
void mir_pages_give(struct mir_pages *, void *at, size_t n);

/* Whether those pages are all of this range, and in use. */
bool mir_pages_used(const struct mir_pages *, const void *at, size_t n);

/* Pages are zero until they have been in use.  The first run of those that may hold something among
 * the n at *at, into *at and *n; false: there is none. */
bool mir_pages_dirty(const struct mir_pages *, uint8_t **at, size_t *n);

/* The first run, from page *at on, of free pages that may hold something; false: there is none. */
bool mir_pages_idle(const struct mir_pages *, uint8_t **at, size_t *n);

/* They are zero now. */
void mir_pages_clean(struct mir_pages *, void *at, size_t n);

#endif
