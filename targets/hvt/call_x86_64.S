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

/* Ring 3's first code at a trap, RDI: struct mir_hvt_frame.  A tender that debugs is told before C
 * uses the registers that ring 0 did not save. */
	.globl	mir_hvt_trapped
	.type	mir_hvt_trapped, @function
mir_hvt_trapped:
	cmpl	$0, mir_hvt_tells_traps
	je	mir_hvt_trap
	pushq	%rdi
	movq	%rdi, %rsi
	movl	$stop, %edi
	movl	$MIR_HVT_TRAP_VIEW + 4096, %ecx	/* where the stack of traps ends, and so the frame */
	subl	%esi, %ecx
	shrl	$3, %ecx
	rep movsq
	movl	stop + STOP_VECTOR, %eax	/* after the gate's call */
	subl	$mir_hvt_ring0_code, %eax
	subl	$mir_hvt_stub_gates, %eax
	addl	$mir_hvt_stub, %eax
	xorl	%edx, %edx
	movl	$GATE_LENGTH, %ecx
	divl	%ecx
	decl	%eax
	movq	%rax, stop + STOP_VECTOR
	movl	$stop, %eax
	movl	$0x500 + 17, %edx		/* MIR_HVT_PORT + MIR_HVT_TRAP */
	outl	%eax, %dx
	popq	%rdi
	jmp	mir_hvt_trap
	.size	mir_hvt_trapped, . - mir_hvt_trapped

	.section .bss.stop, "aw", @nobits
	.p2align 3
stop:	.zero	STOP_SIZE

#endif
	.section .note.GNU-stack, "", %progbits
