/* allow.c: the system calls of a guest: those of Solo5's ABI exactly, and, for images with the note
 * of extensions, those of <mir/extension.h>.
 *
 * What a hostile guest can make of each: write to its console, its networks and within its disks
 * (never beyond, so that a file does not grow), wait, read clocks and random numbers, change the
 * protection of its own memory but never to executable, end.  Nothing among it changes a signal's
 * mask, so that SIGTERM does what signals.c says.
 */
#include "spt.h"

#include <linux/falloc.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void allow_net(struct filter *f, const struct net_device *d, bool vector)
{
	filter_allow_fd(f, SYS_read, d->fd);
	filter_allow_fd(f, SYS_write, d->fd);
	if (vector) {
		filter_allow_fd(f, SYS_readv, d->fd);
		filter_allow_fd(f, SYS_writev, d->fd);
	}
}

/* One block each, which ends within the disk. */
static void allow_block(struct filter *f, const struct block_device *d)
{
	static const int calls[] = { SYS_pread64, SYS_pwrite64 };

	for (int i = 0; i < 2; i++) {
		struct rule *r = filter_allow_fd(f, calls[i], d->fd);

		filter_test(r, 2, RULE_EQ, d->block_size, 0);
		filter_test(r, 3, RULE_LE, d->capacity - d->block_size, 0);
	}
}

/* Any length.  The lengths of a vector are in memory, out of a filter's sight: pwritev could make
 * the file grow until the host's disk is full, and RLIMIT_FSIZE, being one for all files, would
 * hold neither the smaller of two disks nor leave a console that is a file alone.  Reading needs no
 * such bound. */
static void allow_block_vector(struct filter *f, const struct block_device *d)
{
	struct rule *r;

	filter_allow_fd(f, SYS_pread64, d->fd);
	filter_allow_fd(f, SYS_preadv, d->fd);
	r = filter_allow_fd(f, SYS_pwrite64, d->fd);
	filter_test(r, 3, RULE_END_LE, d->capacity, 2);
}

static void allow_block_upkeep(struct filter *f, const struct block_device *d)
{
	struct rule *r;

	if (d->features & MIR_EXT_BLOCK_FLUSH)
		filter_allow_fd(f, SYS_fdatasync, d->fd);
	if (d->features & MIR_EXT_BLOCK_DISCARD) {
		r = filter_allow_fd(f, SYS_fallocate, d->fd);
		filter_test(r, 1, RULE_INT_EQ, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0);
	}
}

/* Without a mask of signals. */
static void allow_wait(struct filter *f, int call, const struct descriptors *d)
{
	filter_test(filter_allow_fd(f, call, d->waiter.epoll), 4, RULE_EQ, 0, 0);
}

static void allow_memory(struct filter *f, const struct image *image, const struct options *o)
{
	static const int calls[] = { SYS_mprotect, SYS_madvise };

	for (int i = 0; i < 2; i++) {
		struct rule *r = filter_rule(f, calls[i]);

		filter_test(r, 0, RULE_GE, memory_changeable(image), 0);
		filter_test(r, 0, RULE_END_LE, o->mem, 1);
		if (calls[i] == SYS_mprotect)
			filter_test(r, 2, RULE_MASKED_EQ, 0, ~(uint64_t)(PROT_READ | PROT_WRITE));
		else
			filter_test(r, 2, RULE_INT_EQ, MADV_DONTNEED, 0);
	}
}

static void allow_extensions(struct filter *f, const struct image *image, const struct options *o,
    const struct descriptors *d, uint32_t features)
{
	struct rule *r;

	if (features & MIR_EXT_WAIT) {
		allow_wait(f, CALL_EPOLL_PWAIT2, d);
		r = filter_allow_fd(f, SYS_epoll_ctl, d->waiter.epoll);
		filter_test(r, 1, RULE_INT_EQ, EPOLL_CTL_DEL, 0);
	}
	if (features & MIR_EXT_PROTECT)
		allow_memory(f, image, o);
	if (features & MIR_EXT_ENTROPY) {
		r = filter_rule(f, SYS_getrandom);
		filter_test(r, 2, RULE_INT_EQ, 0, 0);
	}
}

void allow_guest(struct filter *f, const struct image *image, const struct options *o,
    const struct device dev[], const struct descriptors *d, bool extended, uint32_t features)
{
	bool vector = features & MIR_EXT_VECTOR;
	static const int clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME };

	for (unsigned i = 1; i < MIR_MFT_ENTRIES; i++)
		if (dev[i].type == MIR_MFT_NET)
			allow_net(f, &dev[i].net, vector);
	allow_wait(f, SYS_epoll_pwait, d);
	for (int i = 0; i < 2; i++)
		filter_test(
		    filter_rule(f, SYS_clock_gettime), 0, RULE_INT_EQ, (uint64_t)clocks[i], 0);
	for (unsigned i = 1; i < MIR_MFT_ENTRIES; i++)
		if (dev[i].type == MIR_MFT_BLOCK)
			(vector ? allow_block_vector : allow_block)(f, &dev[i].block);
	filter_allow_fd(f, SYS_timerfd_settime, d->timer);
	allow_extensions(f, image, o, d, features);
	for (unsigned i = 1; extended && i < MIR_MFT_ENTRIES; i++)
		if (dev[i].type == MIR_MFT_BLOCK)
			allow_block_upkeep(f, &dev[i].block);
	filter_allow_fd(f, SYS_write, STDOUT_FILENO);
	arch_allow(f);
	filter_allow(f, SYS_exit_group);
}
