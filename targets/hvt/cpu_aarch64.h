/* cpu_aarch64.h: what the entry, the code of EL1 and its builder share (Arm ARM DDI 0487, chapters
 * D5 for page tables, D13 for registers).
 *
 * Page 1, mir_hvt_ring0_code: a copy of stub_aarch64.S, the vectors.  Page 2, mir_hvt_ring0:
 * variables, and at its end the stack of traps, which EL0 may read at MIR_HVT_TRAP_VIEW.
 */
#ifndef MIR_HVT_CPU_H
#define MIR_HVT_CPU_H

#define RING0_PD    0x00 /* address of the page directories, one after the other */
#define RING0_PT    0x08 /* address of the page tables: an entry for each page there is */
#define RING0_HEAP  0x10 /* first page that mir_host_protect may change, and how many */
#define RING0_FLAGS 0x20 /* of a page: none, read, write */
#define RING0_END   0x1000

#define STUB_SEAL 0x800 /* in the stub, after the vectors */

#define MIR_HVT_TRAP_VIEW 0x8000 /* below it and up to MIR_HVT_BOOT nothing is mapped */

/* Of a descriptor.  The indices of memory types are those that tenders use. */
#define PTE_VALID  0x1
#define PTE_TABLE  0x2 /* or, in the last level, a page */
#define PTE_NORMAL 0x10
#define PTE_DEVICE 0x04
#define PTE_USER   0x40
#define PTE_RO     0x80
#define PTE_SHARED 0x300
#define PTE_SEEN   0x400

#define TABLES_MORE 2 /* for the page of hypercalls */

#ifndef __ASSEMBLER__
#include <mir/cc.h>
#include <mir/hvt.h>

#define PTE_PXN (1ull << 53)
#define PTE_UXN (1ull << 54)

#define PTE_PAGE (PTE_VALID | PTE_TABLE | PTE_NORMAL | PTE_SHARED | PTE_SEEN)

/* As tables.h wants them. */
#define MAP_TEXT       (PTE_PAGE | PTE_USER | PTE_RO | PTE_PXN)
#define MAP_READ       (PTE_PAGE | PTE_USER | PTE_RO | PTE_PXN | PTE_UXN)
#define MAP_WRITE      (PTE_PAGE | PTE_USER | PTE_PXN | PTE_UXN)
#define MAP_RING0      (PTE_PAGE | PTE_PXN | PTE_UXN)
#define MAP_RING0_CODE (PTE_PAGE | PTE_RO | PTE_UXN)
#define MAP_CALLS                                                                                  \
	(PTE_VALID | PTE_TABLE | PTE_DEVICE | PTE_SHARED | PTE_SEEN | PTE_USER | PTE_PXN | PTE_UXN)
#define MAP_TABLE      (PTE_VALID | PTE_TABLE)
#define MAP_LARGE(map) ((map) & ~(uint64_t)PTE_TABLE)

/* Of a trap, on a stack of its own; the frame is EL1's, to read only. */
struct mir_hvt_frame {
	uint64_t regs[31];
	uint64_t sp, pc, flags, syndrome, address;
};
MIR_NORETURN MIR_COLD void mir_hvt_trap(const struct mir_hvt_frame *);

/* start_aarch64.S: SCTLR_EL1 and ID_AA64MMFR1_EL1 as they were at the entry. */
extern uint64_t mir_hvt_control, mir_hvt_features;
#endif

#endif
