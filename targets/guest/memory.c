/* memory.c: all memory but the image's, before pages.c makes pages of it; stacks with their guards.
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
	CANARY_BYTE = 0xa5,
	SPREAD = 32,          /* heap and stacks each start within 1/SPREAD of memory */
	SPREAD_MAX = 1 << 16, /* pages */
	NEAR = 4,             /* stacks begin within 1/NEAR of where they are cheap */
};

struct mir_guest_rest mir_guest_rest;

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

/* What is left out at both ends is a matter of chance, and given up. */
MIR_COLD void mir_guest_memory_begin(uint64_t chance)
{
	uint8_t *base = page_up(mir_guest.mem_start), *end = page_down(mir_guest.mem_end);
	size_t n = base < end ? (size_t)(end - base) / MIR_PAGE : 0;
	size_t spread = MIR_MIN(n / SPREAD, (size_t)SPREAD_MAX) + 1;
	size_t near = mir_guest.fine / MIR_PAGE / NEAR;
	size_t below = (uint32_t)chance % spread;
	size_t above = (uint32_t)(chance >> 32) % (near ? MIR_MIN(near, spread) : spread);

	mir_guest_rest = (struct mir_guest_rest){ base, base, NULL };
	if (n > 0) {
		mir_guest_rest.start += below * MIR_PAGE;
		mir_guest_rest.end += (n - above) * MIR_PAGE;
	}
	if (mir_guest.pages)
		mir_guest.pages();
}

void *mir_target_keep(size_t size)
{
	struct mir_guest_rest *r = &mir_guest_rest;

	size += -size & (MIR_PAGE - 1);
	if (r->take)
		return r->take(size);
	return size <= (size_t)(r->end - r->start) ? r->end -= size : NULL;
}

void *mir_guest_stack(uint8_t *p)
{
	if (!p)
		return NULL;
	if (mir_host_protect(p, MIR_GUEST_GUARD, MIR_PROTECT_NONE) == 0)
		return p + MIR_GUEST_GUARD;
	p += MIR_GUEST_GUARD - MIR_PAGE;
	memset(p, CANARY_BYTE, MIR_GUEST_CANARY);
	return p + MIR_GUEST_CANARY;
}

void *mir_target_stack_keep(size_t size)
{
	return mir_guest_stack(mir_target_keep(size + MIR_GUEST_GUARD));
}

static void check_canary(const uint8_t *stack, size_t size)
{
	for (unsigned i = 1; !mir_guest_is_guarded(stack) && i <= MIR_GUEST_CANARY; i++) {
		if (*(stack - i) != CANARY_BYTE)
			mir_panic("stack overflow of a fiber: it has %zu kB", size / 1024);
	}
}

bool mir_guest_stack_idle(uint8_t *stack, size_t size, uint8_t **from, size_t *n)
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

	mir_guest_stack_idle(stack, size, &from, &n);
}
