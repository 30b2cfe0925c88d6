/* target.h: what a target gives to the runtime, bound at link time.  Each targets/T has these
 * in files of the same names.
 */
#ifndef MIR_TARGET_H
#define MIR_TARGET_H

#include <mir/cc.h>

/* clock.c: nanoseconds, monotonic and since 1970. */
int64_t mir_target_monotonic(void);
int64_t mir_target_wall(void);

/* console.c: writes all or gives up; signal-safe. */
void mir_target_console(const char *text, size_t len);

/* entropy.c: 0, or MIR_ENOENTROPY. */
int mir_target_entropy(void *buf, size_t len);

/* memory.c: a stack of `size` usable bytes with a guard below it (what the target can do); returns
 * its lowest usable byte, or NULL.  release gives it back; idle tells that its content is not
 * needed (memory may go back to the host). */
void *mir_target_stack_new(size_t size);
void mir_target_stack_release(void *stack, size_t size);
void mir_target_stack_idle(void *stack, size_t size);

/* One that is never given back.  Targets need not have it: the runtime's does as
 * mir_target_stack_new. */
void *mir_target_stack_keep(size_t size);

/* poll.c: delivers what devices have, then, if nothing was delivered, sleeps until a device has
 * something or the monotonic clock shows `deadline` (0: do not sleep; MIR_NEVER). */
void mir_target_poll(int64_t deadline);

/* start.c: ends the image. */
MIR_NORETURN void mir_target_exit(int status);
/* Prints a backtrace of the caller (or of the saved frame pointer `from`, where that is not NULL),
 * with names where it can. */
void mir_target_backtrace(const void *from);

/* ---- between libc/ and targets that have no operating system beneath (hvt, spt) ---- */

struct mir_pages;

/* memory.c: all memory that is not the image's: what mmap and the stacks take from.  Pages that
 * were never in use are zero. */
struct mir_pages *mir_target_pages(void);

/* memory.c: at least `size` bytes for ever, from the beginning of a page on, or NULL.  What is in
 * them is not known. */
void *mir_target_keep(size_t size);

enum mir_access { MIR_ACCESS_NONE, MIR_ACCESS_READ, MIR_ACCESS_WRITE };

/* What may be done with whole pages; WRITE: reading too.  0, or MIR_ENOSYS: the tender allows no
 * change, and nothing has changed. */
int mir_target_protect(void *at, size_t len, enum mir_access);

/* The content of whole pages is not needed: their memory goes back to the host where the tender
 * takes it.  True: they are zero now; false: they are as they were. */
bool mir_target_release(void *at, size_t len);

/* The base of thread-local storage (x86_64: FS, aarch64: TPIDR_EL0). */
void mir_target_set_tls(void *base);

/* libc/: from the target's entry to main(argc, argv), on the present stack, and to mir_target_exit
 * with what main returns.  argv: argc pointers and a NULL, which live for ever.  random: what the
 * stack protector and the heap are seeded from. The ELF header is loaded (__ehdr_start). */
MIR_NORETURN void mir_libc_start(int argc, char **argv, const uint8_t random[16]);

/* libc/: what it does where there is an event loop: who starts one sets mir_libc_loop to
 * &mir_libc_in_loop before.  NULL, in programs that have none: no fiber is waited for, and calls
 * that are missing are not told. */
struct mir_libc_loop {
	int (*yield)(void);                /* as mir_yield */
	void (*missing)(const char *name); /* a system call that there is not: a line in the log */
};
extern const struct mir_libc_loop *mir_libc_loop;
extern const struct mir_libc_loop mir_libc_in_loop;

#endif
