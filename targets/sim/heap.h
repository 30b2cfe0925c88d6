/* heap.h: whether the heap of the host's C library may give something. */
#ifndef MIR_SIM_HEAP_H
#define MIR_SIM_HEAP_H

#include <mir/cc.h>

bool mir_sim_heap_allows(size_t size);

/* heap.c: what the linker puts in place of the C library's (--wrap, target.conf), and what it calls
 * those of the library then. */
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);

#endif
