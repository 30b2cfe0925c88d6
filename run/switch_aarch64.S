/* switch_aarch64.S: AAPCS64's callee-saved registers, x19-x30 and d8-d15.  FPCR belongs to all
 * fibers alike and is not switched. */
#ifdef __aarch64__

	.text

/* void mir_switch(void **save, void *to), in images with threads mir_switch_plain alone */
	.weak	mir_switch
	.globl	mir_switch_plain
	.type	mir_switch, %function
	.p2align 4
mir_switch:
mir_switch_plain:
	sub	sp, sp, #160
	stp	x19, x20, [sp]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	mov	x2, sp
	str	x2, [x0]
	mov	sp, x1
	ldp	x19, x20, [sp]
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	add	sp, sp, #160
	ret
	.size	mir_switch, . - mir_switch

/* void *mir_switch_prepare(void *top, void (*entry)(void)), as above */
	.weak	mir_switch_prepare
	.globl	mir_switch_prepare_plain
	.type	mir_switch_prepare, %function
	.p2align 4
mir_switch_prepare:
mir_switch_prepare_plain:
	sub	x0, x0, #160
	stp	x1, xzr, [x0]			/* x19: entry */
	stp	xzr, xzr, [x0, #16]
	stp	xzr, xzr, [x0, #32]
	stp	xzr, xzr, [x0, #48]
	stp	xzr, xzr, [x0, #64]
	adr	x2, begin
	stp	xzr, x2, [x0, #80]		/* x29 = 0: backtraces end here */
	stp	xzr, xzr, [x0, #96]
	stp	xzr, xzr, [x0, #112]
	stp	xzr, xzr, [x0, #128]
	stp	xzr, xzr, [x0, #144]
	ret
	.size	mir_switch_prepare, . - mir_switch_prepare

	.type	begin, %function
begin:
	.cfi_sections .eh_frame, .debug_frame
	.cfi_startproc
	.cfi_undefined x30
	blr	x19
	brk	#1
	.cfi_endproc
	.size	begin, . - begin

/* const void *mir_switch_frame(const void *saved) */
	.globl	mir_switch_frame
	.type	mir_switch_frame, %function
mir_switch_frame:
	ldr	x0, [x0, #80]
	ret
	.size	mir_switch_frame, . - mir_switch_frame

#endif
	.section .note.GNU-stack, "", %progbits
