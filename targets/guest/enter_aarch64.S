/* enter_aarch64.S: leaves the stack of the entry. */
#ifdef __aarch64__

	.text

/* void mir_guest_enter(void *top, void (*fn)(void)) */
	.globl	mir_guest_enter
	.type	mir_guest_enter, %function
mir_guest_enter:
	and	x0, x0, #-16
	mov	sp, x0
	mov	x29, xzr		/* backtraces end here */
	mov	x30, xzr
	br	x1
	.size	mir_guest_enter, . - mir_guest_enter

#endif
	.section .note.GNU-stack, "", %progbits
