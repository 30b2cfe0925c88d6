/* enter_x86_64.S: leaves the stack of the entry. */
#ifdef __x86_64__

	.text

/* void mir_guest_enter(void *top, void (*fn)(void)) */
	.globl	mir_guest_enter
	.type	mir_guest_enter, @function
mir_guest_enter:
	movq	%rdi, %rsp
	andq	$-16, %rsp
	xorl	%ebp, %ebp		/* backtraces end here */
	pushq	%rbp
	jmp	*%rsi
	.size	mir_guest_enter, . - mir_guest_enter

#endif
	.section .note.GNU-stack, "", %progbits
