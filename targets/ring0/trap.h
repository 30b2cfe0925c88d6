/* trap.h: what a trap of the CPU was, in the words of targets/guest/fault.h. */
#ifndef MIR_RING0_TRAP_H
#define MIR_RING0_TRAP_H

#include "../guest/fault.h"
#include "cpu_x86_64.h"

enum { MIR_RING0_REGISTERS = 16, MIR_RING0_FAULT = 255 /* the image's status after one */ };

/* `gates`: where the gates' calls begin.  The fault points to `regs`.  Returns where rip and what
 * follows it lie in the frame. */
const uint64_t *mir_ring0_fault(const struct mir_ring0_frame *, uint64_t gates, struct mir_fault *,
    uint64_t regs[MIR_RING0_REGISTERS]) MIR_COLD;

#endif
