/* cpu_x86_64.h: what the entry, the code of ring 0 and its builder share: selectors, and the layout
 * of ring 0's two pages (Intel SDM volume 3, chapters 3, 6, 8; chapter 20 for I/O permissions).
 *
 * Page 1, mir_hvt_ring0_code: a copy of stub_x86_64.S.  Page 2, mir_hvt_ring0: tables, variables,
 * and at its end the stack of traps, which ring 3 may read at MIR_HVT_TRAP_VIEW.
 */
#ifndef MIR_HVT_CPU_H
#define MIR_HVT_CPU_H

#define KERNEL_CS 0x10
#define USER_SS   0x2b /* as Linux has them: kvm_pvm runs only those natively */
#define USER_CS   0x33
#define TSS_SEL   0x38

#define RING0_GDT   0x000 /* 9 descriptors, the last of two words */
#define RING0_IDT   0x060
#define RING0_TSS   0x260 /* and I/O permissions */
#define RING0_PD    0x3a0 /* address of the page directories, one after the other */
#define RING0_PT    0x3a8 /* address of the page tables: an entry for each page there is */
#define RING0_HEAP  0x3b0 /* first page that mir_host_protect may change, and how many */
#define RING0_FLAGS 0x3c0 /* of a page: none, read, write */
#define RING0_GATE0 0x3d8 /* of #DE, from the seal on */
#define RING0_END   0x1000

#define TSS_LIMIT 0x10c

#define MIR_HVT_TRAP_VIEW 0x8000 /* below it and up to MIR_HVT_BOOT nothing is mapped */

/* Of a page table. */
#define PTE_PRESENT 0x01
#define PTE_WRITE   0x02
#define PTE_USER    0x04
#define PTE_SEEN    0x60 /* accessed and written: so that the CPU need not say so */
#define PTE_LARGE   0x80
#define PTE_NX_BIT  63

#define VECTORS     32
#define TABLES_MORE 0

/* Ring 3 asks ring 0 by a division by zero at one address: `syscall` and INT do not lead to ring 0
 * under kvm_pvm, #UD and #BP lead to the host under others. The number in EAX: */
#define CALL_PROTECT 0
#define CALL_SET_FS  1
#define CALL_LENGTH  3 /* of the instruction */

#define GATE_LENGTH 5   /* of the call in each gate */
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

enum {
	CPU1_XSAVE = 1 << 26,
	CPU1_RDRAND = 1 << 30,
	CPU7_FSGSBASE = 1 << 0,
	CPU7_SMEP = 1 << 7,
	CPU7_RDSEED = 1 << 18,
	CPU7_SMAP = 1 << 20,
	CPU7C_UMIP = 1 << 2,
};

/* Of a trap, on a stack of its own; the frame is ring 0's, to read only. */
struct mir_hvt_frame {
	uint64_t cr2;
	uint64_t regs[15];
	uint64_t gate;    /* after the gate's call */
	uint64_t rest[6]; /* error code where the vector has one; rip cs rflags rsp ss */
};
MIR_NORETURN MIR_COLD void mir_hvt_trap(const struct mir_hvt_frame *);
_Static_assert(sizeof(struct mir_hvt_frame) == STOP_SIZE &&
		   sizeof(struct mir_hvt_stop) == STOP_SIZE &&
		   offsetof(struct mir_hvt_stop, vector) == STOP_VECTOR,
    "mir_hvt_trapped copies one to the other");

/* stub_x86_64.S */
extern const uint8_t mir_hvt_stub_gates[], mir_hvt_stub_call[];

#define PTE_NX    (1ull << PTE_NX_BIT)
#define PTE_VALID (PTE_PRESENT | PTE_SEEN)
#define PTE_TABLE (PTE_VALID | PTE_WRITE | PTE_USER)

/* As tables.h wants them. */
#define MAP_TEXT       (PTE_VALID | PTE_USER)
#define MAP_READ       (PTE_VALID | PTE_USER | PTE_NX)
#define MAP_WRITE      (PTE_VALID | PTE_USER | PTE_WRITE | PTE_NX)
#define MAP_RING0      (PTE_VALID | PTE_WRITE | PTE_NX)
#define MAP_RING0_CODE PTE_VALID
#define MAP_TABLE      PTE_TABLE
#define MAP_LARGE(map) ((map) | PTE_LARGE)
#endif

#endif
