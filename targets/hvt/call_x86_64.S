/* call_x86_64.S: what C has no words for. */
#ifdef __x86_64__
#include "cpu_x86_64.h"

	.text

/* void mir_hvt_call(enum mir_hvt_call, const void *arg) */
	.globl	mir_hvt_call
	.type	mir_hvt_call, @function
mir_hvt_call:
	leal	0x500(%rdi), %edx		/* MIR_HVT_PORT */
	movl	%esi, %eax
	outl	%eax, %dx
	ret
	.size	mir_hvt_call, . - mir_hvt_call

/* uint64_t mir_hvt_counter(void) */
	.globl	mir_hvt_counter
	.type	mir_hvt_counter, @function
mir_hvt_counter:
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	ret
	.size	mir_hvt_counter, . - mir_hvt_counter

/* int mir_hvt_protect(uint64_t first, uint64_t n, unsigned kind) */
	.globl	mir_hvt_protect
	.type	mir_hvt_protect, @function
mir_hvt_protect:
	movl	$CALL_PROTECT, %eax
	.globl	mir_hvt_ring0_call, mir_hvt_ring0_call_at
mir_hvt_ring0_call:
	xorl	%r10d, %r10d
mir_hvt_ring0_call_at:
	divl	%r10d
	ret
	.size	mir_hvt_protect, . - mir_hvt_protect

/* void mir_hvt_set_tls(uint64_t base, bool in_ring0) */
	.globl	mir_hvt_set_tls
	.type	mir_hvt_set_tls, @function
mir_hvt_set_tls:
	testl	%esi, %esi
	jnz	1f
	wrfsbase %rdi
	ret
1:	movl	$CALL_SET_FS, %eax
	jmp	mir_hvt_ring0_call
	.size	mir_hvt_set_tls, . - mir_hvt_set_tls

#endif
	.section .note.GNU-stack, "", %progbits
