/* host.h: what each target without an operating system beneath gives to what they share
 * (targets/guest).  Bound at link time.  What only targets with a tender have is in tender.h.
 */
#ifndef MIR_GUEST_HOST_H
#define MIR_GUEST_HOST_H

#include <mir/cc.h>
#include <mir/extension.h>
#include <mir/note.h>

/* What the entry code has found out.  Lives for ever; nothing in it has been checked. */
struct mir_guest {
	uint8_t *mem_start, *mem_end; /* the pages to be given out: behind the image (and what
					 hvt keeps there), below the first stack's guard */
	size_t fine;                  /* so much below mem_end can be protected by pages at once: a
					 good place for stacks; 0: all of it, or nothing */
	const char *cmdline;          /* at most 8191 bytes and a NUL */
	struct mir_mft *mft;          /* the tender's copy */
	const struct mir_ext *ext;    /* NULL: a tender without extensions */
	int64_t entered;              /* the monotonic clock at the entry */

	/* Without a tender: memory is what its firmware left, and not all in one. */
	bool soiled;
	const struct mir_guest_hole {
		uint8_t *start, *end;
	} * holes; /* in [mem_start, mem_end): no memory; ascending, whole pages */
	unsigned n_holes;
	struct mir_pages *(*pages)(void); /* mir_target_pages: all becomes pages at once; or NULL */
};

/* Set by the entry code (start_CPU.S, start.c of hvt and spt), then it calls mir_guest_start on
 * the first stack. */
extern struct mir_guest mir_guest;

/* start.c: sets up memory, canary and entropy, then starts libc/, which calls main. */
MIR_NORETURN void mir_guest_start(void);

/* ---- by each target ---- */

/* clock.c */
int64_t mir_host_monotonic(void);
int64_t mir_host_wall(void);

/* console.c: one call for all of it. */
void mir_host_console(const char *text, size_t len);

/* exit.c: cookie: 512 bytes of what a trap found, or NULL. */
MIR_NORETURN void mir_host_exit(int status, const void *cookie);

/* protect.c: what may be done with pages. */
enum mir_protect { MIR_PROTECT_NONE, MIR_PROTECT_READ, MIR_PROTECT_WRITE };

/* Pages of memory from mem_start to mem_end (or of the read-only-after-start part of the image)
 * get another protection.  0, or MIR_ENOSYS where the tender allows no change. */
int mir_host_protect(void *at, size_t len, enum mir_protect);

/* The memory of whole pages goes back to the host.  True: they are zero now; false: they are as
 * they were. */
bool mir_host_release(void *at, size_t len);

/* Random bytes of the host, as many as asked for; false: it gives none. */
bool mir_host_entropy(void *buf, size_t len);

/* The base of thread-local storage. */
void mir_host_set_tls(void *base);

/* ---- the linker script's (image.ld) ---- */
extern uint8_t mir_image_start[], mir_image_text_end[], mir_image_rodata_end[];
extern uint8_t mir_image_relro_start[], mir_image_relro_end[]; /* read-only after start */
extern uint8_t mir_image_end[];

#endif
