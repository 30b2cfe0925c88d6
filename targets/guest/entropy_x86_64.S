/* entropy_x86_64.S: RDSEED, or RDRAND where that is missing (Intel SDM volume 1, section 7.3.17). */
#ifdef __x86_64__

	.set	TRIES, 1000		/* RDSEED runs dry when others use it much */

	.text

/* bool mir_guest_cpu_random(uint64_t *out) */
	.globl	mir_guest_cpu_random
	.type	mir_guest_cpu_random, @function
mir_guest_cpu_random:
	movl	known(%rip), %r8d
	testl	%r8d, %r8d
	jz	ask
have:
	movl	$TRIES, %ecx
	testl	$2, %r8d
	jz	2f
1:	rdseed	%rax
	jc	3f
	pause
	decl	%ecx
	jnz	1b
	movl	$TRIES, %ecx
2:	testl	$4, %r8d
	jz	5f
4:	rdrand	%rax
	jc	3f
	decl	%ecx
	jnz	4b
5:	xorl	%eax, %eax
	ret
3:	movq	%rax, (%rdi)
	movl	$1, %eax
	ret

ask:					/* 1: asked, 2: RDSEED, 4: RDRAND */
	pushq	%rbx
	movl	$1, %r8d
	xorl	%eax, %eax
	cpuid
	movl	%eax, %r9d
	movl	$1, %eax
	cpuid
	btl	$30, %ecx
	jnc	6f
	orl	$4, %r8d
6:	cmpl	$7, %r9d
	jb	7f
	movl	$7, %eax
	xorl	%ecx, %ecx
	cpuid
	btl	$18, %ebx
	jnc	7f
	orl	$2, %r8d
7:	popq	%rbx
	movl	%r8d, known(%rip)
	jmp	have
	.size	mir_guest_cpu_random, . - mir_guest_cpu_random

	.local	known
	.comm	known, 4, 4

#endif
	.section .note.GNU-stack, "", %progbits
