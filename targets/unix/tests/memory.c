/* Stacks with each kind of guard: markers, mappings, a pattern. */
#include <mir/test.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static bool markers, mappings;

/* As on a host whose limit of mappings is reached. */
static int limited_mprotect(void *p, size_t len, int prot)
{
	return mappings ? mprotect(p, len, prot) : -1;
}

#define mprotect limited_mprotect
#include "../memory.c"
#undef mprotect

enum { SIZE = 64 * 1024, MANY = 3000, GUARD_INSTALL = 102 };

static sigjmp_buf after;

bool mir_unix_guard_install(void *p, size_t len)
{
	return markers && madvise(p, len, GUARD_INSTALL) == 0;
}

void mir_unix_no_huge_pages(void *p, size_t len)
{
	(void)p;
	(void)len;
}

static void on_fault(int number)
{
	(void)number;
	siglongjmp(after, 1);
}

/* Whether a write to the address is a fault. */
static bool faults(volatile uint8_t *p)
{
	struct sigaction action = { .sa_handler = on_fault }, old;
	volatile bool hit = true;

	sigaction(SIGSEGV, &action, &old);
	if (sigsetjmp(after, 1) == 0) {
		*p = 1;
		hit = false;
	}
	sigaction(SIGSEGV, &old, NULL);
	return hit;
}

static void guarded(const char *what)
{
	static uint8_t *stack[MANY];
	uint8_t *again = NULL;
	unsigned bad = 0;

	regions = NULL;
	for (unsigned i = 0; i < MANY; i++) {
		stack[i] = mir_target_stack_new(SIZE);
		stack[i][0] = stack[i][SIZE - 1] = (uint8_t)i;
	}
	ok(regions && regions->next, "%s: several regions", what);
	for (unsigned i = 0; i < MANY; i += 100)
		bad +=
		    !faults(stack[i] - 1) || !faults(stack[i] - GUARD) || stack[i][0] != (uint8_t)i;
	ok(bad == 0, "%s: below each stack is a guard", what);
	mir_target_stack_idle(stack[5], SIZE);
	ok(stack[5][0] == 0 && stack[6][0] == 6, "%s: an idle stack holds no memory", what);
	mir_target_stack_release(stack[7], SIZE);
	for (unsigned i = 0; i < MANY && again != stack[7]; i++)
		again = mir_target_stack_new(SIZE);
	ok(again == stack[7] && faults(again - 1), "%s: used again", what);
}

static void marked(void)
{
	void *probe = mmap(NULL, GUARD, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	markers = mappings = true;
	if (madvise(probe, GUARD, GUARD_INSTALL) == 0)
		guarded("markers");
	else
		ok(true, "markers # SKIP this kernel has none");
	munmap(probe, GUARD);
}

static void mapped(void)
{
	markers = false;
	mappings = true;
	guarded("mappings");
}

/* The status of a process that gives back a stack after it has written below it, or not. */
static int ended_with(bool overflow)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		uint8_t *stack = mir_target_stack_new(SIZE);

		close(STDOUT_FILENO);
		stack[overflow ? -1 : 0] = 1;
		mir_target_stack_release(stack, SIZE);
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void patterned(void)
{
	markers = mappings = false;
	regions = NULL;
	ok(ended_with(false) == 0, "a stack that was kept to");
	ok(ended_with(true) == 255, "an overflow is found at the end");
}

static void other_sizes(void)
{
	uint8_t *a, *b, *c;

	markers = false;
	mappings = true;
	regions = NULL;
	a = mir_target_stack_new(SIZE);
	b = mir_target_stack_new(1 << 20);
	c = mir_target_stack_new((size_t)REGION * 2);
	ok(a && b && c, "of any size");
	b[0] = b[(1 << 20) - 1] = c[0] = 1;
	ok(faults(b - 1) && faults(c - 1), "guarded");
	mir_target_stack_release(b, 1 << 20);
	ok(mir_target_stack_new(SIZE) != b && mir_target_stack_new(1 << 20) == b, "sizes apart");
}

/* Regions stay as long as the process: what was made here is no leak. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

int main(void)
{
	RUN_PLAIN(marked);
	RUN_PLAIN(mapped);
	RUN_PLAIN(patterned);
	RUN_PLAIN(other_sizes);
	return mir_test_end();
}
