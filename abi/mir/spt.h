/* spt.h: what a guest in a seccomp sandbox and its tender agree on: the ABI of Solo5 0.12, spt
 * version 2.
 *
 * The guest is a part of the tender's process, its memory mapped at MIR_SPT_MEM..mem_size; it makes
 * system calls itself.  Without extensions: write(1), exit_group, epoll_pwait(epollfd),
 * timerfd_settime(timerfd), clock_gettime(MONOTONIC, REALTIME), arch_prctl(ARCH_SET_FS) on x86_64,
 * read and write of a network's hostfd, pread64 and pwrite64 of one block of a disk's hostfd.  All
 * others end the process.  At the entry the stack ends at mem_size and the first argument is
 * MIR_SPT_BOOT.
 */
#ifndef MIR_SPT_H
#define MIR_SPT_H

#include <stddef.h>
#include <stdint.h>

enum {
	MIR_SPT_MEM = 0x10000,
	MIR_SPT_EXT = 0x10000,  /* struct mir_ext where our tender writes one, else zeroes */
	MIR_SPT_BOOT = 0x11000, /* struct mir_spt_boot, the manifest, the command line */
	MIR_SPT_CMDLINE_MAX = 8192,
};
#define MIR_SPT_TIMER 0xfffffffeu /* epoll data of timerfd; that of a network is its handle */

struct mir_spt_boot {
	uint64_t mem_size; /* the end of memory */
	uint64_t kernel_end;
	uint64_t cmdline;
	uint64_t mft;
	int32_t epollfd;
	int32_t timerfd;
};
_Static_assert(sizeof(struct mir_spt_boot) == 40, "spt_boot");

#endif
