/* grant.c: pages that another domain may reach.
 *
 * An entry counts for Xen from its flags on, so these are written last, and taken back by a
 * compare-and-swap that fails while Xen has noted a mapping there.
 */
#include "grant.h"

#include <mir/err.h>
#include <mir/log.h>
#include <mir/panic.h>
#include <mir/slice.h>
#include <mir/timer.h>
#include <string.h>

MIR_LOG_SOURCE(grant);

enum {
	ENTRIES = MIR_XEN_PAGE / sizeof(struct mir_xen_grant_entry), /* of a page */
	MAX = MIR_XEN_GRANT_FRAMES * ENTRIES,
	MAPPED = MIR_XEN_GRANT_READING | MIR_XEN_GRANT_WRITING,
};

static struct {
	struct mir_xen_grant_entry *table;
	uint64_t frame;     /* of the window */
	unsigned n, n_max;  /* pages */
	uint16_t next[MAX]; /* of each free reference, the next one */
	uint16_t free;      /* MIR_XEN_GRANT_NONE: none */
	struct late {
		uint32_t ref;
		void *page;
		struct mir_mem *owner;
	} late[MIR_XEN_GRANT_LATE];
	struct mir_timer retry;
} g;

struct mir_xen_grant_stats mir_xen_grant_stats;

/* One more page of the table. */
static int grow(void)
{
	struct mir_xen_physmap arg = { .dom = MIR_XEN_SELF,
		.space = MIR_XEN_SPACE_GRANTS,
		.index = g.n,
		.frame = g.frame + g.n };
	unsigned first = g.n * ENTRIES;

	if (g.n == g.n_max ||
	    mir_xen_call(MIR_XEN_MEMORY, MIR_XEN_MEMORY_ADD, mir_xen_address(&arg), 0) < 0)
		return MIR_ENOSPC;
	g.n++;
	for (unsigned i = first + ENTRIES; i-- > MIR_MAX(first, MIR_XEN_GRANTS_RESERVED);) {
		g.next[i] = g.free;
		g.free = (uint16_t)i;
	}
	return 0;
}

static void give_back(void *page, struct mir_mem *owner)
{
	if (page)
		mir_xen_pages_free(page, 1);
	mir_mem_unref(owner);
}

static void retry(struct mir_timer *t);

int mir_xen_grants_start(void)
{
	struct mir_xen_grant_size size = { .dom = MIR_XEN_SELF };
	struct mir_xen_grant_version version = { 1 };

	mir_timer_init(&g.retry, retry);
	/* Old Xen knows no other version, and does not know the call. */
	mir_xen_call(MIR_XEN_GRANT, MIR_XEN_GRANT_SET_VERSION, mir_xen_address(&version), 1);
	if (mir_xen_call(MIR_XEN_GRANT, MIR_XEN_GRANT_SIZE, mir_xen_address(&size), 1) < 0 ||
	    size.status != 0 || size.frames_max == 0)
		return MIR_EPROTO;
	g.n_max = MIR_MIN(size.frames_max, (uint32_t)MIR_XEN_GRANT_FRAMES);
	g.table = mir_xen_window(g.n_max, &g.frame);
	return g.table ? mir_xen_grants_again() : MIR_ENOSPC;
}

int mir_xen_grants_again(void)
{
	mir_timer_stop(&g.retry);
	for (unsigned i = 0; i < mir_xen_grant_stats.late; i++)
		give_back(g.late[i].page, g.late[i].owner);
	mir_xen_grant_stats.late = 0;
	mir_xen_grant_stats.used = 0;
	g.free = MIR_XEN_GRANT_NONE;
	g.n = 0;
	return grow();
}

int mir_xen_grant(uint16_t domain, const void *p, bool readonly)
{
	struct mir_xen_grant_entry *e;
	uint32_t ref;

	if (g.free == MIR_XEN_GRANT_NONE && grow() < 0) {
		mir_xen_grant_stats.full++;
		return MIR_ENOSPC;
	}
	ref = g.free;
	g.free = g.next[ref];
	mir_xen_grant_stats.used++;
	e = &g.table[ref];
	e->frame = mir_xen_frame(p);
	e->dom = domain;
	mir_xen_put(
	    &e->flags, (uint16_t)(MIR_XEN_GRANT_ACCESS | (readonly ? MIR_XEN_GRANT_READONLY : 0)));
	return (int)ref;
}

bool mir_xen_grant_end(uint32_t ref)
{
	struct mir_xen_grant_entry *e;
	uint16_t flags;

	mir_check(ref >= MIR_XEN_GRANTS_RESERVED && ref < g.n * ENTRIES);
	e = &g.table[ref];
	flags = mir_xen_get(&e->flags);
	do {
		if (flags & MAPPED)
			return false;
	} while (!__atomic_compare_exchange_n(
	    &e->flags, &flags, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	g.next[ref] = g.free;
	g.free = (uint16_t)ref;
	mir_xen_grant_stats.used--;
	return true;
}

static void retry(struct mir_timer *t)
{
	unsigned kept = 0, n = mir_xen_grant_stats.late;

	for (unsigned i = 0; i < n; i++) {
		struct late l = g.late[i];

		if (mir_xen_grant_end(l.ref))
			give_back(l.page, l.owner);
		else
			g.late[kept++] = l;
	}
	mir_xen_grant_stats.late = kept;
	if (kept > 0)
		mir_timer_set(t, mir_time_add(mir_now(), MIR_MS(100)));
}

void mir_xen_grant_drop(uint32_t ref, void *page, struct mir_mem *owner)
{
	if (mir_xen_grant_end(ref)) {
		give_back(page, owner);
		return;
	}
	if (mir_xen_grant_stats.late == MIR_XEN_GRANT_LATE) {
		if (mir_xen_grant_stats.lost++ == 0)
			mir_error("the other domain keeps pages mapped that it has given back: "
				  "their memory is lost");
		return;
	}
	g.late[mir_xen_grant_stats.late++] = (struct late){ ref, page, owner };
	if (!mir_timer_is_set(&g.retry))
		mir_timer_set(&g.retry, mir_time_add(mir_now(), MIR_MS(100)));
}

int mir_xen_grant_map(struct mir_xen_mapped *m, uint16_t domain, uint32_t ref)
{
	struct mir_xen_grant_map arg = { .address = m->frame * MIR_XEN_PAGE,
		.flags = MIR_XEN_MAP_HOST,
		.ref = ref,
		.dom = domain };

	if (mir_xen_call(MIR_XEN_GRANT, MIR_XEN_GRANT_MAP, mir_xen_address(&arg), 1) < 0 ||
	    arg.status != 0)
		return MIR_EACCES;
	m->handle = arg.handle;
	return 0;
}

void mir_xen_grant_unmap(struct mir_xen_mapped *m)
{
	struct mir_xen_grant_unmap arg = { .address = m->frame * MIR_XEN_PAGE,
		.handle = m->handle };

	mir_xen_call(MIR_XEN_GRANT, MIR_XEN_GRANT_UNMAP, mir_xen_address(&arg), 1);
}
