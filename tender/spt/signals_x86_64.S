/* signals_x86_64.S: the thread that takes signals: no stack, and no memory but constants. */
#ifdef __x86_64__

#define FLAGS  0x50f00 /* CLONE_VM FS FILES SIGHAND THREAD SYSVSEM */
#define EAGAIN 11
#define STDERR 2
#define KILLED 130 /* SIGNAL_KILLED */

#define SYS_write           1
#define SYS_clone           56
#define SYS_rt_sigtimedwait 128
#define SYS_exit_group      231
#define SYS_ppoll           271

	.text

/* -> eax: a signal, or an error; none is an end of time. */
.macro TAKE timeout
	movl	$SYS_rt_sigtimedwait, %eax
	leaq	signals_set(%rip), %rdi
	xorl	%esi, %esi
	\timeout
	movl	$8, %r10d
	syscall
	testl	%eax, %eax
.endm

/* long signals_thread(int event, struct pollfd *, long looks, long text_len) */
	.globl	signals_thread
	.type	signals_thread, @function
signals_thread:
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	movl	%edi, %r12d
	movq	%rsi, %r13
	movl	%edx, %ebx
	movq	%rcx, %r14
	movl	$SYS_clone, %eax
	movl	$FLAGS, %edi
	xorl	%esi, %esi
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	syscall
	testq	%rax, %rax
	jz	1f
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	ret

1:	TAKE	"xorl %edx, %edx"
	jle	1b
	movl	$SYS_write, %eax
	movl	%r12d, %edi
	leaq	signals_one(%rip), %rsi
	movl	$8, %edx
	syscall

2:	TAKE	"leaq signals_look(%rip), %rdx"
	jg	4f
	cmpl	$-EAGAIN, %eax
	jne	2b
	movl	$SYS_ppoll, %eax
	movq	%r13, %rdi
	movl	$1, %esi
	leaq	signals_zero(%rip), %rdx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	syscall
	testl	%eax, %eax
	jz	3f
	decl	%ebx
	jnz	2b
	movl	$SYS_write, %eax
	movl	$STDERR, %edi
	leaq	signals_text(%rip), %rsi
	movq	%r14, %rdx
	syscall

3:	TAKE	"xorl %edx, %edx"
	jle	3b
4:	movl	$SYS_exit_group, %eax
	movl	$KILLED, %edi
	syscall
	ud2
	.size	signals_thread, . - signals_thread

#endif
	.section .note.GNU-stack, "", @progbits
