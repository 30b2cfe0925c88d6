/* start_aarch64.S: where the tender enters the image: X0 = struct mir_spt_boot. */
#ifdef __aarch64__

	.text

	.globl	_start
	.type	_start, %function
_start:
	mov	x29, xzr
	mov	x30, xzr
	bl	mir_spt_start
	brk	#1
	.size	_start, . - _start

/* long mir_spt_call(long number, long a, long b, long c, long d, long e, long f) */
	.globl	mir_spt_call
	.type	mir_spt_call, %function
	.p2align 4
mir_spt_call:
	mov	x8, x0
	mov	x0, x1
	mov	x1, x2
	mov	x2, x3
	mov	x3, x4
	mov	x4, x5
	mov	x5, x6
	svc	#0
	ret
	.size	mir_spt_call, . - mir_spt_call

/* void mir_host_set_tls(void *base) */
	.globl	mir_host_set_tls
	.type	mir_host_set_tls, %function
mir_host_set_tls:
	msr	tpidr_el0, x0
	ret
	.size	mir_host_set_tls, . - mir_host_set_tls

#endif
	.section .note.GNU-stack, "", %progbits
