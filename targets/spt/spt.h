/* spt.h: what the files of this target know of each other. */
#ifndef MIR_SPT_TARGET_H
#define MIR_SPT_TARGET_H

#include <mir/cc.h>
#include <mir/spt.h>

#include "../guest/tender.h"
#include "calls.h"

/* start_CPU.S: a system call of the host's Linux; its result, < 0: a negative errno. */
long mir_spt_call(long number, long a, long b, long c, long d, long e, long f);

/* start.c: called by start_CPU.S. */
MIR_NORETURN void mir_spt_start(const struct mir_spt_boot *);

/* start.c: what the tender wrote, and what it offers (enum mir_ext_feature). */
extern const struct mir_spt_boot *mir_spt_boot;
extern uint32_t mir_spt_features;

/* fault.c: where the tender enters with a fault (MIR_EXT_FAULT). */
MIR_NORETURN void mir_spt_fault(int number, const void *siginfo, const void *ucontext);

/* wait.c: an operation; what goes into its result. */
int64_t mir_spt_wait(uint64_t timeout_ns);

/* submit.c: the same of networks and disks; NULL until mir_host_use_net, mir_host_use_block. */
extern int64_t (*mir_spt_net)(const struct mir_op *);
extern int64_t (*mir_spt_block)(const struct mir_op *);

/* submit.c: the entry of the manifest of an operation's handle where it is of that type and
 * attached, else NULL. */
const struct mir_mft_entry *mir_spt_entry(const struct mir_op *, enum mir_mft_type);

/* submit.c: what operations without vectors of the host are copied through.  Frames of any MTU
 * fit. */
enum { MIR_SPT_BOUNCE = 65536 };
extern uint8_t mir_spt_bounce[MIR_SPT_BOUNCE];

enum { MIR_SPT_EINTR = -4 };

static inline long mir_spt_long(const void *p)
{
	return (long)(uintptr_t)p;
}

static inline const struct mir_op_iov *mir_spt_iov(const struct mir_op *op)
{
	return (const struct mir_op_iov *)(uintptr_t)op->iov;
}

static inline uint8_t *mir_spt_data(const struct mir_op_iov *iov)
{
	return (uint8_t *)(uintptr_t)iov->data;
}

static inline uint64_t mir_spt_iov_len(const struct mir_op *op)
{
	uint64_t len = 0;

	for (unsigned i = 0; i < op->n; i++)
		len += mir_spt_iov(op)[i].len;
	return len;
}

#endif
