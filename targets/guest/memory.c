/* memory.c: all memory but the image's, as pages; stacks with their guards.
 *
 * A stack lies above pages that cannot be used where the tender allows that; else above a pattern
 * that is looked at when the stack is given back, and the address of the stack, which is no
 * multiple of a page then, tells which of the two it is.
 */
#include <mir/pages.h>
#include <mir/panic.h>
#include <mir/target.h>
#include <string.h>

#include "guest.h"

enum {
	CANARY = 64,
	CANARY_BYTE = 0xa5,
	SPREAD = 32,          /* heap and stacks each start within 1/SPREAD of memory */
	SPREAD_MAX = 1 << 16, /* pages */
	NEAR = 4,             /* stacks begin within 1/NEAR of where they are cheap */
};

static struct mir_pages pages;

struct mir_pages *mir_target_pages(void)
{
	return &pages;
}

int mir_target_protect(void *at, size_t len, enum mir_access access)
{
	static const uint8_t protect[] = { [MIR_ACCESS_NONE] = MIR_PROTECT_NONE,
		[MIR_ACCESS_READ] = MIR_PROTECT_READ,
		[MIR_ACCESS_WRITE] = MIR_PROTECT_WRITE };

	return mir_host_protect(at, len, (enum mir_protect)protect[access]);
}

bool mir_target_release(void *at, size_t len)
{
	return len == 0 || mir_host_release(at, len);
}

static uint8_t *page_up(uint8_t *p)
{
	return p + (-(uintptr_t)p & (MIR_PAGE - 1));
}

static uint8_t *page_down(uint8_t *p)
{
	return p - ((uintptr_t)p & (MIR_PAGE - 1));
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

/* What is left out at both ends is a matter of chance, and given up. */
MIR_COLD void mir_guest_memory_begin(uint64_t chance)
{
	uint8_t *base = page_up(mir_guest.mem_start), *end = page_down(mir_guest.mem_end);
	size_t n = base < end ? (size_t)(end - base) / MIR_PAGE : 0;
	size_t spread = MIR_MIN(n / SPREAD, (size_t)SPREAD_MAX) + 1;
	size_t near = mir_guest.fine / MIR_PAGE / NEAR;
	size_t below = (uint32_t)chance % spread;
	size_t above = (uint32_t)(chance >> 32) % (near ? MIR_MIN(near, spread) : spread);

	if (n > 0)
		mir_pages_init(&pages, base + below * MIR_PAGE, n - below - above);
	if (mir_guest.soiled)
		mir_pages_soil(&pages);
	take_holes(base + below * MIR_PAGE, end - above * MIR_PAGE);
}

static bool is_guarded(const void *stack)
{
	return (uintptr_t)stack % MIR_PAGE == 0;
}

void *mir_target_stack_new(size_t size)
{
	size_t n = (size + MIR_GUEST_GUARD) / MIR_PAGE;
	uint8_t *p = mir_pages_take(&pages, n, MIR_PAGE, true);

	mir_check(size % MIR_PAGE == 0);
	if (!p)
		return NULL;
	if (mir_host_protect(p, MIR_GUEST_GUARD, MIR_PROTECT_NONE) == 0)
		return p + MIR_GUEST_GUARD;
	mir_pages_give(&pages, p, n - size / MIR_PAGE - 1);
	p += MIR_GUEST_GUARD - MIR_PAGE;
	memset(p, CANARY_BYTE, CANARY);
	return p + CANARY;
}

static void check_canary(const uint8_t *stack, size_t size)
{
	for (unsigned i = 1; !is_guarded(stack) && i <= CANARY; i++) {
		if (*(stack - i) != CANARY_BYTE)
			mir_panic("stack overflow of a fiber: it has %zu kB", size / 1024);
	}
}

/* Whole pages of the stack go back to the host; whether they are zero now. */
static bool idle(uint8_t *stack, size_t size, uint8_t **from, size_t *n)
{
	*from = page_up(stack);
	*n = (size_t)(page_down(stack + size) - *from) / MIR_PAGE;
	check_canary(stack, size);
	return mir_target_release(*from, *n * MIR_PAGE);
}

void mir_target_stack_idle(void *stack, size_t size)
{
	uint8_t *from;
	size_t n;

	idle(stack, size, &from, &n);
}

void mir_target_stack_release(void *stack, size_t size)
{
	size_t below = is_guarded(stack) ? (size_t)MIR_GUEST_GUARD : (size_t)CANARY;
	size_t all = is_guarded(stack) ? size + MIR_GUEST_GUARD : size + MIR_PAGE;
	uint8_t *p = (uint8_t *)stack - below, *from;
	size_t n;
	bool zero = idle(stack, size, &from, &n);

	if (is_guarded(stack) && mir_host_protect(p, MIR_GUEST_GUARD, MIR_PROTECT_WRITE) < 0)
		mir_panic("the guard of a stack cannot be taken away");
	mir_pages_give(&pages, p, all / MIR_PAGE);
	if (zero)
		mir_pages_clean(&pages, from, n);
}
