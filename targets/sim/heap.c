/* heap.c: a heap that may run out. */
#include "heap.h"

void *__wrap_malloc(size_t size)
{
	return mir_sim_heap_allows(size) ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return mir_sim_heap_allows(size) ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *p, size_t size)
{
	return mir_sim_heap_allows(size) ? __real_realloc(p, size) : NULL;
}
