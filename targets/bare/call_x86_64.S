/* call_x86_64.S: what C has no words for. */
#ifdef __x86_64__
#include "ring0_x86_64.h"

	.text

/* int64_t mir_bare_hypercall(unsigned number, ...) */
	.globl	mir_bare_hypercall
	.type	mir_bare_hypercall, @function
mir_bare_hypercall:
	movl	$CALL_HYPERCALL, %eax
	jmp	1f
	.size	mir_bare_hypercall, . - mir_bare_hypercall

/* uint64_t mir_bare_ring0_call(uint64_t, uint64_t, uint64_t, unsigned what) */
	.globl	mir_bare_ring0_call, mir_bare_ring0_call_at
	.type	mir_bare_ring0_call, @function
mir_bare_ring0_call:
	movl	%ecx, %eax
1:	xorl	%r10d, %r10d
mir_bare_ring0_call_at:
	divl	%r10d
	ret
	.size	mir_bare_ring0_call, . - mir_bare_ring0_call

/* void mir_host_set_tls(void *base) */
	.globl	mir_host_set_tls
	.type	mir_host_set_tls, @function
mir_host_set_tls:
	testl	$1, mir_bare_cpu + 4		/* CPU7_FSGSBASE */
	jz	1f
	wrfsbase %rdi
	ret
1:	movl	$CALL_SET_FS, %ecx
	jmp	mir_bare_ring0_call
	.size	mir_host_set_tls, . - mir_host_set_tls

/* Ring 3's first code at a trap, RDI: struct mir_ring0_frame. */
	.globl	mir_bare_trapped
	.type	mir_bare_trapped, @function
mir_bare_trapped:
	jmp	mir_bare_trap
	.size	mir_bare_trapped, . - mir_bare_trapped

#endif
	.section .note.GNU-stack, "", %progbits
