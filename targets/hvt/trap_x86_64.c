/* trap.c: what a fault was, told by ring 3; the end with status 255 and what core files need.
 *
 * Ring 0 has left the registers in its page, which ring 3 may read here.  A fault of this file
 * itself comes back to it, on the same stack.
 */
#include "../guest/host.h"
#include "../ring0/trap.h"
#include "hvt.h"
#include "tables.h"

enum { COOKIE = 512 };

void mir_hvt_trap(const struct mir_ring0_frame *frame)
{
	static union {
		struct mir_hvt_trap trap;
		uint8_t room[COOKIE];
	} cookie;
	uint64_t gates =
	    mir_hvt_address(mir_hvt_ring0_code) + (uint64_t)(mir_hvt_stub_gates - mir_hvt_stub);
	uint64_t regs[MIR_RING0_REGISTERS];
	struct mir_fault fault;
	const uint64_t *rest = mir_ring0_fault(frame, gates, &fault, regs);

	if (cookie.trap.ss == 0) /* else the first one counts */
		cookie.trap = (struct mir_hvt_trap){ frame->cr2, fault.code, rest[0], rest[1],
			rest[2], rest[3], rest[4] };
	mir_fault_report(&fault);
	mir_host_exit(MIR_RING0_FAULT, &cookie);
}
