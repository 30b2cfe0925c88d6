/* memory.c: memory for the C library, from the target's pages.
 *
 * A mapping is pages that are in use; which mapping they belong to is not recorded, so any part of
 * any may be unmapped, as the system calls want it.  What is unmapped goes back to the host when
 * more has come together than KEEP pages and than half of what is in use: giving back and faulting
 * in again takes longer than most that is done with a page.
 */
#include <errno.h>
#include <mir/pages.h>
#include <string.h>
#include <sys/mman.h>

#include "libc.h"

enum { KEEP = 1024 /* pages */, WORD = 64 };

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
enum { MOVE = 1 }; /* MREMAP_MAYMOVE */

/* A bit for each page whose protection is not that of fresh memory; NULL until there is one. */
static uint64_t *odd;

void mir_libc_memory_reset(void)
{
	odd = NULL;
}

/* How many pages hold len bytes; 0: none, or too many. */
static size_t pages_of(size_t len)
{
	return len / MIR_PAGE + (len % MIR_PAGE != 0);
}

static bool aligned(const void *at)
{
	return (uintptr_t)at % MIR_PAGE == 0;
}

static size_t index_of(const void *at)
{
	return (size_t)((const uint8_t *)at - mir_target_pages()->base) / MIR_PAGE;
}

static bool any_odd(const void *at, size_t n)
{
	size_t first = index_of(at);

	for (size_t i = first; odd && i < first + n; i++) {
		if (odd[i / WORD] >> i % WORD & 1)
			return true;
	}
	return false;
}

static void mark_odd(const void *at, size_t n, bool is)
{
	size_t first = index_of(at);

	for (size_t i = first; i < first + n; i++) {
		uint64_t bit = (uint64_t)1 << i % WORD;

		odd[i / WORD] = is ? odd[i / WORD] | bit : odd[i / WORD] & ~bit;
	}
}

static bool odd_begin(void)
{
	struct mir_pages *p = mir_target_pages();
	size_t n = pages_of((p->n / WORD + 1) * sizeof(*odd));

	if (!odd) {
		odd = mir_pages_take(p, n, MIR_PAGE, true);
		if (odd)
			memset(odd, 0, n * MIR_PAGE);
	}
	return odd != NULL;
}

/* -ENOSYS: the tender changes no protection, all memory may be written. */
static int protect(void *at, size_t n, enum mir_access access)
{
	int rc;

	if (access == MIR_ACCESS_WRITE && !any_odd(at, n))
		return 0;
	if (!odd_begin())
		return -ENOMEM;
	rc = mir_target_protect(at, n * MIR_PAGE, access);
	if (rc == 0)
		mark_odd(at, n, access != MIR_ACCESS_WRITE);
	return rc;
}

static enum mir_access access_of(int prot)
{
	return prot & PROT_WRITE  ? MIR_ACCESS_WRITE
	       : prot & PROT_READ ? MIR_ACCESS_READ
				  : MIR_ACCESS_NONE;
}

/* All that is free goes back to the host. */
static void trim(struct mir_pages *p)
{
	static bool kept; /* the tender does not take it */
	uint8_t *at = p->base;
	size_t n;

	while (!kept && mir_pages_idle(p, &at, &n)) {
		kept = !mir_target_release(at, n * MIR_PAGE);
		if (!kept)
			mir_pages_clean(p, at, n);
		at += n * MIR_PAGE;
	}
}

static void give(void *at, size_t n)
{
	struct mir_pages *p = mir_target_pages();

	protect(at, n, MIR_ACCESS_WRITE);
	mir_pages_give(p, at, n);
	if (p->idle > MIR_MAX((size_t)KEEP, p->used / 2))
		trim(p);
}

/* What has been in use becomes zero. */
static void *zeroed(void *memory, size_t n)
{
	uint8_t *at = memory, *end = at + n * MIR_PAGE;
	size_t run = n;

	while (at < end && mir_pages_dirty(mir_target_pages(), &at, &run)) {
		memset(at, 0, run * MIR_PAGE);
		at += run * MIR_PAGE;
		run = (size_t)(end - at) / MIR_PAGE;
	}
	return memory;
}

/* Those pages exactly, free or mapped already; 0 or an error. */
static int take_fixed(void *at, size_t n, bool replace)
{
	struct mir_pages *p = mir_target_pages();

	if (!aligned(at))
		return -EINVAL;
	if (mir_pages_take_at(p, at, n)) {
		zeroed(at, n);
		return 0;
	}
	if (!replace)
		return -EEXIST;
	if (!mir_pages_used(p, at, n))
		return -ENOMEM;
	protect(at, n, MIR_ACCESS_WRITE);
	memset(at, 0, n * MIR_PAGE);
	return 0;
}

#ifndef MIR_MAP_FILE
#define MIR_MAP_FILE(at, len, prot, flags, fd, offset) -ENODEV
#endif

/* PROT_NONE and PROT_READ are kept where the tender allows it; else, the memory is writable. */
long mir_sys_mmap(void *at, size_t len, int prot, int flags, int fd, long offset)
{
	size_t n = pages_of(len);
	int rc = 0;

	(void)fd;
	(void)offset;
	if (n == 0)
		return -EINVAL;
	if (prot & PROT_EXEC)
		return -EACCES;
	if (!(flags & MAP_ANONYMOUS))
		return MIR_MAP_FILE(at, len, prot, flags, fd, offset);
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		rc = take_fixed(at, n, !(flags & MAP_FIXED_NOREPLACE));
	} else {
		at = mir_pages_take(mir_target_pages(), n, MIR_PAGE, false);
		rc = at ? 0 : -ENOMEM;
		if (at)
			zeroed(at, n);
	}
	if (rc < 0)
		return rc;
	if (protect(at, n, access_of(prot)) == -ENOMEM) {
		give(at, n);
		return -ENOMEM;
	}
	return (long)at;
}

long mir_sys_munmap(void *at, size_t len)
{
	size_t n = pages_of(len);

	if (n == 0 || !aligned(at))
		return -EINVAL;
	if (!mir_pages_used(mir_target_pages(), at, n))
		return -EINVAL;
	give(at, n);
	return 0;
}

static long grow(uint8_t *at, size_t old_n, size_t new_n, int flags)
{
	struct mir_pages *p = mir_target_pages();
	uint8_t *moved;

	if (mir_pages_take_at(p, at + old_n * MIR_PAGE, new_n - old_n)) {
		zeroed(at + old_n * MIR_PAGE, new_n - old_n);
		return (long)at;
	}
	moved = flags & MOVE ? mir_pages_take(p, new_n, MIR_PAGE, false) : NULL;
	if (!moved)
		return -ENOMEM;
	memcpy(moved, at, old_n * MIR_PAGE);
	zeroed(moved + old_n * MIR_PAGE, new_n - old_n);
	give(at, old_n);
	return (long)moved;
}

long mir_sys_mremap(void *at, size_t old_len, size_t new_len, int flags, void *new_at)
{
	size_t old_n = pages_of(old_len), new_n = pages_of(new_len);

	(void)new_at;
	if (!aligned(at) || old_n == 0 || new_n == 0 || flags & ~MOVE)
		return -EINVAL;
	if (!mir_pages_used(mir_target_pages(), at, old_n) || any_odd(at, old_n))
		return -EFAULT;
	if (new_n > old_n)
		return grow(at, old_n, new_n, flags);
	if (new_n < old_n)
		give((uint8_t *)at + new_n * MIR_PAGE, old_n - new_n);
	return (long)at;
}

long mir_sys_mprotect(void *at, size_t len, int prot)
{
	size_t n = pages_of(len);

	if (!aligned(at))
		return -EINVAL;
	if (prot & PROT_EXEC)
		return -EACCES;
	if (n == 0)
		return 0;
	if (!mir_pages_used(mir_target_pages(), at, n))
		return -ENOMEM;
	return protect(at, n, access_of(prot));
}

long mir_sys_madvise(void *at, size_t len, int advice)
{
	size_t n = pages_of(len);

	if (!aligned(at))
		return -EINVAL;
	if (n == 0)
		return 0;
	if (!mir_pages_used(mir_target_pages(), at, n))
		return -ENOMEM;
	/* MADV_FREE, which malloc gives for every large piece that it may soon use again, is lazy:
	 * the host would be, too, were it short of memory. */
	if (advice != MADV_DONTNEED)
		return 0;
	if (any_odd(at, n))
		return -EINVAL;
	if (!mir_target_release(at, n * MIR_PAGE))
		memset(at, 0, n * MIR_PAGE);
	return 0;
}

/* There is no such area: its end never moves, and malloc uses mmap. */
long mir_sys_brk(void *end)
{
	(void)end;
	return 0;
}
