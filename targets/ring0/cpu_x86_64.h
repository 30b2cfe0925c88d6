/* cpu_x86_64.h: what all ring 0 parts share: selectors, entries of page tables, what the CPU
 * offers, what a trap leaves (Intel SDM volume 3, chapters 3 to 6).
 */
#ifndef MIR_RING0_CPU_H
#define MIR_RING0_CPU_H

#define KERNEL_CS 0x10
#define USER_SS   0x2b /* as Linux has them: kvm_pvm runs only those natively */
#define USER_CS   0x33
#define TSS_SEL   0x38

/* Of a page table. */
#define PTE_PRESENT  0x01
#define PTE_WRITE    0x02
#define PTE_USER     0x04
#define PTE_UNCACHED 0x18
#define PTE_SEEN     0x60 /* accessed and written: so that the CPU need not say so */
#define PTE_LARGE    0x80
#define PTE_NX_BIT   63

/* Ring 3 asks ring 0 by a division by zero at one address: `syscall` and INT do not lead to ring 0
 * under kvm_pvm, #UD and #BP lead to the host under others. */
#define CALL_LENGTH 3 /* of the instruction */
#define GATE_LENGTH 5 /* of the call in each gate */

#ifndef __ASSEMBLER__
#include <mir/cc.h>

enum {
	CPU1_TSC_DEADLINE = 1 << 24,
	CPU1_X2APIC = 1 << 21,
	CPU1_XSAVE = 1 << 26,
	CPU1_RDRAND = 1 << 30,
	CPU7_FSGSBASE = 1 << 0,
	CPU7_SMEP = 1 << 7,
	CPU7_RDSEED = 1 << 18,
	CPU7_SMAP = 1 << 20,
	CPU7C_UMIP = 1 << 2,
};

/* What the gates' code leaves of a trap; rest: the error code where the vector has one, then rip cs
 * rflags rsp ss. */
struct mir_ring0_frame {
	uint64_t cr2;
	uint64_t regs[15]; /* rax rbx rcx rdx rsi rdi rbp r8 to r15 */
	uint64_t gate;     /* after the gate's call */
	uint64_t rest[6];
};

#define PTE_NX    (1ull << PTE_NX_BIT)
#define PTE_VALID (PTE_PRESENT | PTE_SEEN)
#define PTE_TABLE (PTE_VALID | PTE_WRITE | PTE_USER)

/* As map.h wants them. */
#define MAP_TEXT       (PTE_VALID | PTE_USER)
#define MAP_READ       (PTE_VALID | PTE_USER | PTE_NX)
#define MAP_WRITE      (PTE_VALID | PTE_USER | PTE_WRITE | PTE_NX)
#define MAP_RING0      (PTE_VALID | PTE_WRITE | PTE_NX)
#define MAP_RING0_CODE PTE_VALID
#define MAP_TABLE      PTE_TABLE
#define MAP_LARGE(map) ((map) | PTE_LARGE)
#endif

#endif
