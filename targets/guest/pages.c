/* pages.c: memory as pages, for what takes and gives back: mmap, and stacks of fibers.  An image
 * that has neither does not hold it.
 */
#include <mir/pages.h>
#include <mir/panic.h>
#include <mir/target.h>

#include "guest.h"

static struct mir_pages pages;

static void *take(size_t size)
{
	return mir_pages_take(&pages, size / MIR_PAGE, MIR_PAGE, true);
}

/* What is no memory counts as in use. */
static void take_holes(uint8_t *from, const uint8_t *to)
{
	for (unsigned i = 0; i < mir_guest.n_holes; i++) {
		const struct mir_guest_hole *h = &mir_guest.holes[i];
		uint8_t *start = MIR_MAX(h->start, from);
		const uint8_t *end = MIR_MIN((const uint8_t *)h->end, to);

		if (start < end)
			mir_pages_take_at(&pages, start, (size_t)(end - start) / MIR_PAGE);
	}
}

/* Chance may have put the start into a hole, or so near to one that the map does not fit before. */
static void leave_holes(struct mir_guest_rest *r)
{
	size_t map = mir_pages_map((size_t)(r->end - r->start) / MIR_PAGE) * MIR_PAGE;

	for (unsigned i = 0; i < mir_guest.n_holes; i++) {
		const struct mir_guest_hole *h = &mir_guest.holes[i];

		if (r->start < h->end &&
		    (r->start >= h->start || (size_t)(h->start - r->start) < map))
			r->start = MIR_MIN(h->end, r->end);
	}
}

/* All that is left at the first call. */
MIR_COLD static void make_pages(struct mir_guest_rest *r)
{
	size_t n;

	leave_holes(r);
	n = (size_t)(r->end - r->start) / MIR_PAGE;
	r->take = take;
	pages = (struct mir_pages){ .base = r->start };
	if (n > 0)
		mir_pages_init(&pages, r->start, n);
	if (mir_guest.soiled)
		mir_pages_soil(&pages);
	take_holes(r->start, r->end);
}

struct mir_pages *mir_target_pages(void)
{
	if (mir_unlikely(!mir_guest_rest.take))
		make_pages(&mir_guest_rest);
	return &pages;
}

void *mir_target_stack_new(size_t size)
{
	struct mir_pages *p = mir_target_pages();
	size_t n = (size + MIR_GUEST_GUARD) / MIR_PAGE;
	uint8_t *memory = mir_pages_take(p, n, MIR_PAGE, true), *stack = mir_guest_stack(memory);

	mir_check(size % MIR_PAGE == 0);
	if (stack && !mir_guest_is_guarded(stack))
		mir_pages_give(p, memory, n - size / MIR_PAGE - 1);
	return stack;
}

void mir_target_stack_release(void *stack, size_t size)
{
	bool guarded = mir_guest_is_guarded(stack);
	size_t below = guarded ? (size_t)MIR_GUEST_GUARD : (size_t)MIR_GUEST_CANARY;
	size_t all = guarded ? size + MIR_GUEST_GUARD : size + MIR_PAGE;
	uint8_t *p = (uint8_t *)stack - below, *from;
	size_t n;
	bool zero = mir_guest_stack_idle(stack, size, &from, &n);

	if (guarded && mir_host_protect(p, MIR_GUEST_GUARD, MIR_PROTECT_WRITE) < 0)
		mir_panic("the guard of a stack cannot be taken away");
	mir_pages_give(&pages, p, all / MIR_PAGE);
	if (zero)
		mir_pages_clean(&pages, from, n);
}
