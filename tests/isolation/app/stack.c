/* stack.c: stacks that are too small, or written over. */
#include "attempt.h"

#include <mir/fiber.h>
#include <mir/loop.h>
#include <mir/time.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Winfinite-recursion"

static KEEP int deeper(volatile char *up)
{
	volatile char here[500];

	here[0] = up[0];
	return deeper(here) + here[0];
}

static KEEP int slowly(volatile char *up)
{
	volatile char here[8];

	here[0] = up[0];
	return slowly(here) + here[0];
}

/* A frame of many pages, of which the lowest byte is touched first: over a guard page of 4 kB. */
static KEEP void large(void)
{
	volatile char here[200000];

	here[0] = 1;
	here[sizeof(here) - 1] = 1;
}

void overflow_main(void)
{
	volatile char c = 'x';

	deeper(&c);
}

void overflow_slowly(void)
{
	volatile char c = 'x';

	slowly(&c);
}

static void digger(void *arg)
{
	(void)arg;
	overflow_main();
}

static void wide(void *arg)
{
	(void)arg;
	large();
}

void overflow_fiber(void)
{
	mir_spawn("digger", digger, NULL);
	mir_sleep(MIR_SECOND(1));
}

void overflow_large(void)
{
	mir_spawn("wide", wide, NULL);
	mir_sleep(MIR_SECOND(1));
}

static KEEP void smash(size_t n)
{
	char small[8];
	volatile char *p = small;
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = 'A';
	__asm__ volatile("" : : "r"(small) : "memory");
}

void smash_canary(void)
{
	smash(24);
}

static void smasher(void *arg)
{
	(void)arg;
	smash(24);
}

void smash_fiber(void)
{
	mir_spawn("smasher", smasher, NULL);
	mir_sleep(MIR_SECOND(1));
}
