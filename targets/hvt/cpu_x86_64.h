/* cpu_x86_64.h: what the entry, the code of ring 0 and its builder share: selectors, and the layout
 * of ring 0's two pages (Intel SDM volume 3, chapters 3, 6, 8; chapter 20 for I/O permissions).
 *
 * Page 1, mir_hvt_ring0_code: a copy of stub_x86_64.S.  Page 2, mir_hvt_ring0: tables, variables,
 * and at its end the stack of traps, which ring 3 may read at MIR_HVT_TRAP_VIEW.
 */
#ifndef MIR_HVT_CPU_H
#define MIR_HVT_CPU_H

#include "../ring0/cpu_x86_64.h"

#define RING0_GDT    0x000 /* 9 descriptors, the last of two words */
#define RING0_IDT    0x060
#define RING0_TSS    0x260 /* and I/O permissions */
#define RING0_PD     0x3a0 /* address of the page directories, one after the other */
#define RING0_PT     0x3a8 /* address of the page tables: an entry for each page there is */
#define RING0_RANGES 0x3b0 /* first page that mir_host_protect may change, how many; then zero */
#define RING0_FLAGS  0x3d0 /* of a page: none, read, write */
#define RING0_GATE0  0x3e8 /* of #DE, from the seal on */
#define RING0_END    0x1000

#define TSS_LIMIT 0x10c

#define MIR_HVT_TRAP_VIEW 0x8000 /* below it and up to MIR_HVT_BOOT nothing is mapped */

#define VECTORS     32
#define TABLES_MORE 0

/* What ring 3 asks of ring 0, in EAX. */
#define CALL_PROTECT 0
#define CALL_SET_FS  1

#define STOP_VECTOR 128 /* in struct mir_hvt_stop */
#define STOP_SIZE   184

#ifndef __ASSEMBLER__
#include <mir/cc.h>
#include <mir/hvt.h>

/* What the entry code read while it was cheap to. */
struct mir_hvt_cpu {
	uint32_t leaf1_ecx, leaf7_ebx, leaf7_ecx;
	uint32_t xcr0; /* what it may be */
};
extern struct mir_hvt_cpu mir_hvt_cpu;

/* Of a trap, on a stack of its own; the frame is ring 0's, to read only. */
MIR_NORETURN MIR_COLD void mir_hvt_trap(const struct mir_ring0_frame *);
_Static_assert(sizeof(struct mir_ring0_frame) == STOP_SIZE &&
		   sizeof(struct mir_hvt_stop) == STOP_SIZE &&
		   offsetof(struct mir_hvt_stop, vector) == STOP_VECTOR,
    "mir_hvt_trapped copies one to the other");

/* stub_x86_64.S */
extern const uint8_t mir_hvt_stub_gates[], mir_hvt_stub_call[];
#endif

#endif
