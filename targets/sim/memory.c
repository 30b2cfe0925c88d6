/* memory.c: stacks, each a mapping of its own with a guard page. */
#include <mir/target.h>
#include <sys/mman.h>

enum { GUARD = 4096 };

void *mir_target_stack_new(size_t size)
{
	uint8_t *p = mmap(NULL, GUARD + size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p, GUARD, PROT_NONE) < 0) {
		munmap(p, GUARD + size);
		return NULL;
	}
	return p + GUARD;
}

void mir_target_stack_release(void *stack, size_t size)
{
	munmap((uint8_t *)stack - GUARD, GUARD + size);
}

void mir_target_stack_idle(void *stack, size_t size)
{
	madvise(stack, size, MADV_DONTNEED);
}
