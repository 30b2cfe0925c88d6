/* slice.h: counted memory, and runs of bytes in it.
 *
 * Data moves through the system as slices: a pointer, a length, and the owner
 * that keeps the bytes alive.  Whoever holds a slice holds one reference to its
 * owner.  Bytes that live as long as the image (an embedded file, a string in
 * the program) have no owner.  Bytes in a slice are never changed: a slice can
 * be in a retransmission queue and in a reader's hands at once.
 *
 * Ownership: a parameter marked `take` gives the caller's reference away, on
 * failure too.  All others are borrowed for the length of the call.  What comes
 * back through a pointer is the caller's to unref.
 */
#ifndef MIR_SLICE_H
#define MIR_SLICE_H

#include <mir/cc.h>
#include <string.h>

/* Embedded first in whatever owns bytes.  One core, so the count is plain. */
struct mir_mem {
	uint32_t refs;
	uint32_t size; /* bytes of memory that this owner holds: what budgets count */
	void (*free)(struct mir_mem *);
};

struct mir_slice {
	const uint8_t *p;
	size_t len;
	struct mir_mem *owner; /* NULL: static bytes */
};

static inline struct mir_mem *mir_mem_ref(struct mir_mem *m)
{
	if (m)
		m->refs++;
	return m;
}

static inline void mir_mem_unref(struct mir_mem *m)
{
	if (m && --m->refs == 0)
		m->free(m);
}

/* A slice of bytes that outlive every use. */
static inline struct mir_slice mir_slice_static(const void *p, size_t len)
{
	return (struct mir_slice){ p, len, NULL };
}

/* Bytes off..off+len of s, with a reference of its own. */
static inline struct mir_slice mir_slice_sub(const struct mir_slice *s, size_t off, size_t len)
{
	return (struct mir_slice){ s->p + off, len, mir_mem_ref(s->owner) };
}

static inline void mir_slice_unref(struct mir_slice *s)
{
	mir_mem_unref(s->owner);
	*s = (struct mir_slice){ NULL, 0, NULL };
}

static inline void mir_slices_unref(struct mir_slice *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		mir_slice_unref(&s[i]);
}

static inline size_t mir_slices_len(const struct mir_slice *s, unsigned n)
{
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		len += s[i].len;
	return len;
}

/* Implemented in run/mem.c. */

/* Fresh memory of `len` bytes, uninitialised, one reference; *p points to it.
 * NULL when out of memory. */
struct mir_mem *mir_mem_new(size_t len, uint8_t **p);

/* A copy of len bytes as a slice, owner NULL and len 0 when out of memory. */
struct mir_slice mir_slice_copy(const void *p, size_t len);

#endif
