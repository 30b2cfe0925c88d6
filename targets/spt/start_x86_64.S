/* start_x86_64.S: where the tender enters the image: RDI = struct mir_spt_boot. */
#ifdef __x86_64__

	.text

	.globl	_start
	.type	_start, @function
_start:
	cld
	andq	$-16, %rsp
	xorl	%ebp, %ebp
	call	mir_spt_start
	ud2
	.size	_start, . - _start

/* long mir_spt_call(long number, long a, long b, long c, long d, long e, long f) */
	.globl	mir_spt_call
	.type	mir_spt_call, @function
	.p2align 4
mir_spt_call:
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	movq	8(%rsp), %r9
	syscall
	ret
	.size	mir_spt_call, . - mir_spt_call

/* void mir_host_set_tls(void *base): arch_prctl(ARCH_SET_FS) */
	.globl	mir_host_set_tls
	.type	mir_host_set_tls, @function
mir_host_set_tls:
	movq	%rdi, %rsi
	movl	$0x1002, %edi
	movl	$158, %eax
	syscall
	ret
	.size	mir_host_set_tls, . - mir_host_set_tls

#endif
	.section .note.GNU-stack, "", %progbits
