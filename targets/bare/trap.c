/* trap.c: what a fault was, told by ring 3; the end with status 255.
 *
 * Ring 0 has left the registers in its page, which ring 3 may read here.  A fault of this file
 * itself comes back to it, on the same stack.
 */
#include "../guest/host.h"
#include "../ring0/trap.h"
#include "machine.h"

/* call_x86_64.S */
MIR_NORETURN void mir_bare_trap(const struct mir_ring0_frame *) MIR_COLD;

void mir_bare_trap(const struct mir_ring0_frame *frame)
{
	uint64_t gates =
	    mir_bare_address(mir_bare_ring0_code) + (uint64_t)(mir_bare_stub_traps - mir_bare_stub);
	uint64_t regs[MIR_RING0_REGISTERS];
	struct mir_fault fault;

	mir_ring0_fault(frame, gates, &fault, regs);
	mir_fault_report(&fault);
	mir_host_exit(MIR_RING0_FAULT, NULL);
}
