/* Memory, stacks, arguments and entropy of a guest, over a tender in memory. */
#include "fake.h"

#include <mir/fiber.h>
#include <mir/pages.h>
#include <mir/test.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest.h"

/* Of the linker script. */
uint8_t mir_image_end[1];

enum { MEMORY = 16 << 20, STACK = 64 << 10 };

#define mir_target_stack_new     stack_new
#define mir_target_stack_idle    stack_idle
#define mir_target_stack_release stack_release
#define mir_target_entropy       entropy_of_guest
static void *stack_new(size_t size);
static void stack_idle(void *stack, size_t size);
static void stack_release(void *stack, size_t size);
static int entropy_of_guest(void *buf, size_t len);

#define mir_target_stack_keep stack_keep
static void *stack_keep(size_t size);

#include "../entropy.c"
#include "../tender.c"
#include "../memory.c"
#include "../pages.c"

static uint8_t *memory;

static void begin(uint64_t chance)
{
	fake_begin(MIR_EXT_PROTECT | MIR_EXT_ENTROPY);
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mir_check(memory != MAP_FAILED);
	mir_guest.mem_start = memory + 100;
	mir_guest.mem_end = memory + MEMORY - 100;
	mir_guest_memory_begin(chance);
}

static void end(void)
{
	munmap(memory, MEMORY);
	fake_end();
}

/* Wherever chance puts the start, the map of pages lies in memory. */
static void holes(void)
{
	struct mir_guest_hole h[2];
	unsigned good = 0;

	for (uint64_t chance = 0; chance < 64; chance++) {
		struct mir_pages *p;

		begin(0);
		pages = (struct mir_pages){ .base = NULL };
		h[0] = (struct mir_guest_hole){ memory + 2 * MIR_PAGE, memory + 20 * MIR_PAGE };
		h[1] = (struct mir_guest_hole){ memory + 21 * MIR_PAGE, memory + 40 * MIR_PAGE };
		mir_guest.holes = h;
		mir_guest.n_holes = 2;
		for (unsigned i = 0; i < 2; i++)
			mprotect(h[i].start, (size_t)(h[i].end - h[i].start), PROT_NONE);
		mir_guest_memory_begin(chance);
		p = mir_target_pages();
		good +=
		    p->base + mir_pages_map(p->n) * MIR_PAGE <= h[0].start || p->base >= h[1].end ||
		    (p->base >= h[0].end && p->base + mir_pages_map(p->n) * MIR_PAGE <= h[1].start);
		mir_guest.n_holes = 0;
		end();
	}
	ok(good == 64, "%u of 64", good);
}

static void stacks(void)
{
	size_t used;
	uint8_t *s, *other;

	begin(0);
	used = mir_target_pages()->used;
	s = mir_target_stack_new(STACK);
	other = mir_target_stack_new(STACK);
	ok(s && other && fake.guards == 2, "guards");
	ok(s >= memory && s + STACK <= memory + MEMORY && (uintptr_t)s % MIR_PAGE == 0, "inside");
	ok(other + STACK <= s - MIR_GUEST_GUARD, "apart");
	memset(s, 1, STACK);
	mir_target_stack_idle(s, STACK);
	ok(fake.released == s && fake.released_len == STACK, "idle: its memory goes back");
	mir_target_stack_release(s, STACK);
	mir_target_stack_release(other, STACK);
	ok(fake.guards == 0 && mir_target_pages()->used == used, "all came back");
	while ((other = mir_target_stack_new(STACK)) != NULL)
		s = other;
	ok(s < memory + (1 << 20), "until there is no memory");
	ok(!mir_target_stack_keep(STACK), "nor for one that is kept");
	end();
}

static void kept(void)
{
	uint8_t *a, *b, *s;
	size_t used;

	begin(0);
	s = mir_target_stack_keep(STACK);
	a = mir_target_keep(5000);
	ok(s && fake.guards == 1 && s + STACK <= memory + MEMORY, "a stack that is kept");
	ok(a && (uintptr_t)a % MIR_PAGE == 0 && a + 2 * MIR_PAGE <= s - MIR_GUEST_GUARD,
	    "whole pages below it");
	ok(!mir_target_keep(MEMORY), "more than there is");
	used = mir_target_pages()->used;
	ok(mir_target_pages()->base + mir_target_pages()->n * MIR_PAGE == a, "the rest is pages");
	b = mir_target_keep(1);
	ok(b + MIR_PAGE == a && mir_target_pages()->used == used + 1, "then it is taken of them");
	end();
}

/* Whether it ends the process. */
static bool ends(void (*fn)(uint8_t *), uint8_t *p)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(1);
		fn(p);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status != 0;
}

static void overflow(uint8_t *stack)
{
	stack[-1] = 0;
	mir_target_stack_release(stack, STACK);
}

static void canaries(void)
{
	uint8_t *s;

	begin(~0ull);
	fake.no_protect = true;
	s = mir_target_stack_new(STACK);
	ok(s && (uintptr_t)s % 16 == 0, "a stack without a guard");
	memset(s, 1, STACK);
	ok(ends(overflow, s), "an overflow is seen when the stack is given back");
	mir_target_stack_idle(s, STACK);
	ok(fake.released > s && fake.released + fake.released_len <= s + STACK,
	    "idle: only what is its own");
	mir_target_stack_release(s, STACK);
	end();
}

static void placement(void)
{
	uint8_t *first, *stack;

	begin(0);
	first = mir_pages_take(&pages, 1, MIR_PAGE, false);
	stack = mir_target_stack_new(STACK);
	end();
	begin((uint64_t)77 << 32 | 55);
	ok(mir_pages_take(&pages, 1, MIR_PAGE, false) != first, "chance places the heap");
	ok(mir_target_stack_new(STACK) != stack, "and stacks");
	end();
	begin(0);
	mir_guest.mem_end = mir_guest.mem_start;
	mir_guest_memory_begin(5);
	ok(true, "no memory at all");
	end();
}

static void entropy(void)
{
	uint8_t a[40], b[40];

	begin(0);
	for (unsigned i = 0; i < MIR_EXT_SEED; i++)
		fake.ext.seed[i] = (uint8_t)(i + 1);
	ok(mir_target_entropy(a, sizeof(a)) == 0 && a[0] == 1 && a[39] == 40, "the tender's seed");
	ok(mir_target_entropy(b, sizeof(b)) == 0 && b[0] == 41 && b[23] == 64 && b[24] == 0x55,
	    "each byte once, then it is asked");
	end();
}

static void arguments(void)
{
	static char one[] = "one", two[] = "two words";
	uint64_t vector[] = { mir_guest_address(one), mir_guest_address(two) };
	char **argv;

	begin(0);
	mir_guest.cmdline = "--solo5:quiet --x='a b' c\\ d";
	ok(mir_guest_arguments(&argv) == 3 && strcmp(argv[1], "--x=a b") == 0 &&
		strcmp(argv[2], "c d") == 0 && !argv[3],
	    "a line");
	mir_guest.cmdline = NULL;
	ok(mir_guest_arguments(&argv) == 1 && argv[0] && !argv[1], "none");
	fake.ext.features |= MIR_EXT_ARGV;
	fake.ext.argv = mir_guest_address(vector);
	fake.ext.argc = 2;
	ok(mir_guest_arguments(&argv) == 2 && strcmp(argv[1], "two words") == 0, "a vector");
	end();
}

int main(void)
{
	RUN_PLAIN(holes);
	RUN_PLAIN(stacks);
	RUN_PLAIN(kept);
	RUN_PLAIN(canaries);
	RUN_PLAIN(placement);
	RUN_PLAIN(entropy);
	RUN_PLAIN(arguments);
	return mir_test_end();
}
