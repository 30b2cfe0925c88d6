/* stub_aarch64.S: what runs in EL1 for as long as the image does, less than a page; the vectors
 * come first.
 *
 * mir_hvt_build copies it to a page that EL0 cannot reach, so it is independent of where it lies;
 * what it names has fixed addresses.  Interrupts are off, nothing here faults.
 */
#ifdef __aarch64__
#include "cpu_aarch64.h"

#define EC_SVC   0x15
#define FRAME    (36 * 8)
#define EL0_MASKED 0x3c0

	.section .rodata.stub, "a", %progbits
	.globl	mir_hvt_stub, mir_hvt_stub_end
	.p2align 11
mir_hvt_stub:
	.rept	8				/* of EL1 itself */
	b	trap
	.p2align 7
	.endr

	msr	tpidr_el1, x9			/* from EL0: synchronous */
	mrs	x9, esr_el1
	lsr	x9, x9, #26
	cmp	x9, #EC_SVC
	b.eq	protect
	mrs	x9, tpidr_el1
	b	trap
	.p2align 7
	.rept	7
	b	trap
	.p2align 7
	.endr

/* STUB_SEAL, the first time: X20: TTBR0, X21: SCTLR, X5: VBAR; EL0 goes on at X2 with the stack X3,
 * EL1's ends at X4. */
	msr	ttbr0_el1, x20
	isb
	tlbi	vmalle1
	dsb	sy
	isb
	msr	vbar_el1, x5
	msr	sctlr_el1, x21
	isb
	mov	sp, x4
	msr	sp_el0, x3
	msr	elr_el1, x2
	mov	x0, #EL0_MASKED
	msr	spsr_el1, x0
	mov	x29, xzr
	mov	x30, xzr
	eret

/* A trap ends the image: EL0 prints what it was.  It is given the registers by a view of this
 * stack. */
trap:
	sub	sp, sp, #FRAME
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x0, sp_el0
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	mrs	x3, esr_el1
	mrs	x4, far_el1
	stp	x30, x0, [sp, #240]
	stp	x1, x2, [sp, #256]
	stp	x3, x4, [sp, #272]
	mov	x0, sp
	and	x0, x0, #0xfff
	orr	x0, x0, #MIR_HVT_TRAP_VIEW
	ldr	x1, =mir_hvt_first + 3 * 4096
	msr	sp_el0, x1
	ldr	x1, =mir_hvt_trap
	msr	elr_el1, x1
	mov	x1, #EL0_MASKED
	msr	spsr_el1, x1
	ldr	x1, =mir_hvt_ring0 + RING0_END
	mov	sp, x1
	eret

/* X0: number of the first page, X1: how many, X2: 0 none, 1 read, 2 write.  X0: 0, or 1: not pages
 * that may be changed.  Uses what a C function may use. */
protect:
	ldr	x9, =mir_hvt_ring0
	cmp	x2, #2
	b.hi	refuse
	ldp	x10, x11, [x9, #RING0_HEAP]
	subs	x12, x0, x10
	b.lo	refuse
	subs	x11, x11, x12			/* pages from there on */
	b.ls	refuse
	cmp	x1, x11
	b.hi	refuse

	ldp	x10, x11, [x9, #RING0_PD]
	add	x12, x9, #RING0_FLAGS
	ldr	x12, [x12, x2, lsl #3]
	add	x1, x0, x1
page:	cmp	x0, x1
	b.hs	done
	lsr	x13, x0, #9
	ldr	x14, [x10, x13, lsl #3]
	tbz	x14, #1, split			/* PTE_TABLE */
set:	lsl	x14, x0, #12
	orr	x14, x14, x12
	str	x14, [x11, x0, lsl #3]
	dsb	ishst
	tlbi	vaae1is, x0
	dsb	ish
	add	x0, x0, #1
	b	page

/* The 2 MiB around the page, entry X13 of the directories, become 4 kB pages. */
split:
	ldr	x14, [x9, #RING0_FLAGS + 16]
	orr	x14, x14, x13, lsl #21
	add	x15, x11, x13, lsl #12
	add	x16, x15, #4096
1:	str	x14, [x15], #8
	add	x14, x14, #4096
	cmp	x15, x16
	b.lo	1b
	str	xzr, [x10, x13, lsl #3]		/* nothing may be cached of both */
	dsb	ishst
	tlbi	vaae1is, x0
	dsb	ish
	add	x14, x11, x13, lsl #12
	orr	x14, x14, #PTE_VALID | PTE_TABLE
	str	x14, [x10, x13, lsl #3]
	dsb	ishst
	b	set

refuse:
	mov	x0, #1
	eret
done:
	isb
	mov	x0, #0
	eret
	.ltorg
mir_hvt_stub_end:

#endif
	.section .note.GNU-stack, "", %progbits
