/* switch_x86_64.S: the System V ABI's callee-saved registers, rbx rbp r12-r15.  MXCSR and the x87
 * control word belong to all fibers alike and are not switched. */
#ifdef __x86_64__

	.text

/* void mir_switch(void **save, void *to), in images with threads mir_switch_plain alone */
	.weak	mir_switch
	.globl	mir_switch_plain
	.type	mir_switch, @function
	.p2align 4
mir_switch:
mir_switch_plain:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	mir_switch, . - mir_switch

/* void *mir_switch_prepare(void *top, void (*entry)(void)), as above */
	.weak	mir_switch_prepare
	.globl	mir_switch_prepare_plain
	.type	mir_switch_prepare, @function
	.p2align 4
mir_switch_prepare:
mir_switch_prepare_plain:
	leaq	begin(%rip), %rdx
	xorl	%ecx, %ecx
	movq	%rcx, -8(%rdi)		/* no caller: backtraces end here */
	movq	%rcx, -16(%rdi)
	movq	%rdx, -24(%rdi)		/* where mir_switch returns to */
	movq	%rcx, -32(%rdi)		/* rbp */
	movq	%rsi, -40(%rdi)		/* rbx */
	movq	%rcx, -48(%rdi)
	movq	%rcx, -56(%rdi)
	movq	%rcx, -64(%rdi)
	movq	%rcx, -72(%rdi)
	leaq	-72(%rdi), %rax
	ret
	.size	mir_switch_prepare, . - mir_switch_prepare

	.type	begin, @function
begin:
	.cfi_sections .eh_frame, .debug_frame
	.cfi_startproc
	.cfi_undefined rip
	callq	*%rbx
	ud2
	.cfi_endproc
	.size	begin, . - begin

/* const void *mir_switch_frame(const void *saved) */
	.globl	mir_switch_frame
	.type	mir_switch_frame, @function
mir_switch_frame:
	movq	40(%rdi), %rax
	ret
	.size	mir_switch_frame, . - mir_switch_frame

#endif
	.section .note.GNU-stack, "", %progbits
