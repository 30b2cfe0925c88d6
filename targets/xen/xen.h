/* xen.h: what the files of this target know of each other.
 *
 * Whatever Xen or another domain wrote is read once, into memory of our own, and checked there.
 */
#ifndef MIR_XEN_TARGET_H
#define MIR_XEN_TARGET_H

#include <mir/cc.h>
#include <mir/xen.h>

/* ---- the machine beneath; tests bring their own ---- */

/* call.c: a hypercall; its result, or a negative errno value. */
int64_t mir_xen_call(enum mir_xen_hypercall, uint64_t a, uint64_t b, uint64_t c);

/* memory.c: n whole pages, zero; NULL. */
void *mir_xen_pages_new(size_t n);
void mir_xen_pages_free(void *, size_t n);

/* memory.c: the number of the page that the address lies in, as Xen counts. */
uint32_t mir_xen_frame(const void *);

/* memory.c: n pages of addresses that are no memory, for Xen to place pages of its own or of
 * another domain in; where they begin is *frame.  NULL: there is no more. */
void *mir_xen_window(size_t n, uint64_t *frame);

/* memory.c: a page of Xen's at that number. */
void *mir_xen_page_at(uint64_t frame);

static inline uint64_t mir_xen_address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* ---- what is shared is read and written whole, in order ---- */

#define mir_xen_get(p)    __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define mir_xen_put(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define mir_xen_barrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* ---- param.c ---- */

/* A parameter of this virtual machine; 0, or MIR_EPROTO: Xen gives none. */
int mir_xen_param(enum mir_xen_param, uint64_t *value);
int mir_xen_param_set(enum mir_xen_param, uint64_t value);

#endif
