/* raw.h: images that speak to their tender themselves, without runtime, drivers and page tables of
 * their own: what a guest can do that has been taken over.
 *
 * raw_NAME.c defines raw_main; RAW_HVT or RAW_SPT is defined.  The manifest is a network by the
 * name of "service" (handle 1) and a disk "storage" (handle 2).
 */
#ifndef RAW_H
#define RAW_H

#include <mir/extension.h>
#include <mir/hvt.h>
#include <mir/note.h>
#include <mir/spt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RAW_NET = 1, RAW_DISK = 2 };

/* What the tender has said. */
struct raw_boot {
	uint64_t mem_size;
	const char *cmdline;
	struct mir_mft *mft;
	const struct mir_ext *ext; /* NULL: no extensions */
	int epollfd, timerfd;      /* spt */
	uint64_t ring;             /* hvt: struct mir_hvt_ring, or 0 */
};
extern struct raw_boot raw_boot;

/* Returns the exit status. */
int raw_main(void);

/* Console; numbers in hexadecimal; the end. */
void raw_say(const char *text);
void raw_number(const char *name, uint64_t number);
_Noreturn void raw_exit(int status);

/* The number after NAME= in the command line, decimal or 0x..., or `otherwise`. */
uint64_t raw_option(const char *name, uint64_t otherwise);

/* A sequence of numbers that `seed` decides. */
uint64_t raw_random(uint64_t *seed);

#ifdef RAW_HVT
/* OUT to PORT + call; any address. */
void raw_call(unsigned call, uint64_t argument);
#else
/* A system call of Linux; its result. */
long raw_syscall(long number, long a, long b, long c, long d, long e, long f);
#endif

#endif
