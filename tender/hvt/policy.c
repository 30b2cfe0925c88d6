/* policy.c: the system calls that are left once the image runs, each with the descriptors that it
 * may be made on.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hvt.h"

static void allow_ioctl(struct filter *f, int fd, unsigned long request)
{
	struct rule *r = filter_rule(f, SYS_ioctl);

	filter_test(r, 0, RULE_EQ, (uint64_t)fd, 0);
	/* The kernel reads 32 bits of it; C libraries differ about the rest. */
	filter_test(r, 1, RULE_MASKED_EQ, (uint32_t)request, UINT32_MAX);
}

static void allow_cpu(struct filter *f, const struct vm *vm)
{
	allow_ioctl(f, vm->cpu, KVM_RUN);
#if defined(__x86_64__)
	allow_ioctl(f, vm->cpu, KVM_GET_REGS);
#else
	allow_ioctl(f, vm->cpu, KVM_GET_ONE_REG);
#endif
}

static void allow_net(struct filter *f, const struct net_device *net, bool submit)
{
	filter_allow_fd(f, SYS_read, net->fd);
	filter_allow_fd(f, SYS_write, net->fd);
	if (submit) {
		filter_allow_fd(f, SYS_readv, net->fd);
		filter_allow_fd(f, SYS_writev, net->fd);
	}
}

static void allow_block(struct filter *f, const struct block_device *d, bool submit)
{
	filter_allow_fd(f, SYS_pread64, d->fd);
	if (!(d->features & MIR_EXT_BLOCK_READONLY))
		filter_allow_fd(f, SYS_pwrite64, d->fd);
	if (!submit)
		return;
	filter_allow_fd(f, SYS_preadv, d->fd);
	filter_allow_fd(f, SYS_fdatasync, d->fd);
	if (d->features & MIR_EXT_BLOCK_READONLY)
		return;
	filter_allow_fd(f, SYS_pwritev, d->fd);
	if (d->features & MIR_EXT_BLOCK_DISCARD)
		filter_allow_fd(f, SYS_fallocate, d->fd);
}

static void allow_console(struct filter *f)
{
	filter_allow_fd(f, SYS_write, STDOUT_FILENO);
	filter_allow_fd(f, SYS_write, STDERR_FILENO);
#if defined(SYS_poll)
	filter_test(filter_rule(f, SYS_poll), 1, RULE_EQ, 1, 0); /* of one descriptor */
#endif
	filter_test(filter_rule(f, SYS_ppoll), 1, RULE_EQ, 1, 0);
}

/* Of guest memory only, which begins at a multiple of 4 GiB (vm.c). */
static void allow_release(struct filter *f, const struct guest *g)
{
	struct rule *r = filter_rule(f, SYS_madvise);

	filter_test(r, 0, RULE_MASKED_EQ, (uintptr_t)g->mem, ~0xffffffffull);
	filter_test(r, 1, RULE_LE, g->size, 0);
	filter_test(r, 2, RULE_EQ, MADV_DONTNEED, 0);
}

void policy_enter(const struct vm *vm, const struct ring *ring)
{
	const struct guest *g = &vm->guest;
	static struct filter f;
	bool submit = g->features & MIR_EXT_SUBMIT;

	/* What is called most, first: a filter is read from its beginning. */
	allow_cpu(&f, vm);
	for (unsigned i = 1; i < MIR_MFT_ENTRIES; i++) {
		if (g->dev[i].type == MIR_MFT_NET)
			allow_net(&f, &g->dev[i].net, submit);
		else if (g->dev[i].type == MIR_MFT_BLOCK)
			allow_block(&f, &g->dev[i].block, submit);
	}
	waiter_filter(&g->waiter, &f);
	signals_filter(&f);
	debug_filter(vm, &f);
	filter_allow(&f, SYS_clock_gettime); /* where it is not read without a system call */
	filter_allow(&f, SYS_restart_syscall);
	allow_console(&f);
	if (submit) {
		allow_release(&f, g);
		filter_allow(&f, SYS_getrandom);
	}
	if (ring) {
		filter_allow_fd(&f, SYS_read, ring->kick);
		filter_allow(&f, SYS_futex);
	}
	sandbox_filter(&f, true);
}
