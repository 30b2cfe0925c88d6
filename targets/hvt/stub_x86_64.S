/* stub_x86_64.S: what runs in ring 0 for as long as the image does, less than a page.
 *
 * mir_hvt_build copies it to a page that ring 3 cannot reach, so it is independent of where it
 * lies; its data (cpu_x86_64.h) and ring 3's symbols have fixed addresses.  Interrupts are off,
 * nothing here faults.  Where KVM interprets ring 0 an instruction costs 280 ns.
 */
#include "cpu_x86_64.h"

#define FS_BASE 0xc0000100
#define VAR(x)  mir_hvt_ring0 + RING0_##x

	.section .rodata.stub, "a", @progbits
	.globl	mir_hvt_stub, mir_hvt_stub_end, mir_hvt_stub_call, mir_hvt_stub_gates
	.p2align 4
mir_hvt_stub:

/* The first call: RDI: CR3, RSI: CR4, EDX: XCR0 or 0. */
	movq	%rdi, %cr3
	movq	%rsi, %cr4
	movl	%edx, %eax
	xorl	%edx, %edx
	testl	%eax, %eax
	jz	1f
	xorl	%ecx, %ecx
	xsetbv
1:	movq	VAR(GATE0), %rax
	movq	%rax, VAR(IDT)
	movq	$mir_hvt_main, (%rsp)
	movq	$mir_hvt_first + 2 * 4096 - 8, 24(%rsp)
	iretq

/* All gates lead to the same code; their return address tells them apart.  A trap ends the image:
 * ring 3 prints what it was.  It is given the registers by a view of this stack. */
mir_hvt_stub_gates:
	.rept	VECTORS
	call	trap
	.endr
trap:
	pushq	%r15
	pushq	%r14
	pushq	%r13
	pushq	%r12
	pushq	%r11
	pushq	%r10
	pushq	%r9
	pushq	%r8
	pushq	%rbp
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rbx
	pushq	%rax
	movq	%cr2, %rax
	pushq	%rax
	movl	%esp, %edi
	andl	$0xfff, %edi
	orl	$MIR_HVT_TRAP_VIEW, %edi
	pushq	$USER_SS
	pushq	$mir_hvt_first + 3 * 4096 - 8	/* aligned as after a call */
	pushq	$2
	pushq	$USER_CS
	pushq	$mir_hvt_trapped
	iretq

/* The others.  CALL_PROTECT: RDI: number of the first page, RSI: how many, EDX: 0 none, 1 read, 2
 * write.  EAX: 0, or 1: not pages that may be changed.  CALL_SET_FS: EDI: the base.
 * Uses what a C function may use. */
mir_hvt_stub_call:
	cmpq	$mir_hvt_ring0_call_at, (%rsp)
	jne	mir_hvt_stub_gates		/* a division like any other */
	addq	$CALL_LENGTH, (%rsp)
	decl	%eax
	jz	set_fs
	cmpl	$2, %edx
	ja	refuse
	movq	%rdi, %rax
	subq	VAR(HEAP), %rax
	movq	VAR(HEAP) + 8, %r8
	subq	%rax, %r8			/* pages from there on */
	jbe	refuse
	cmpq	%r8, %rsi
	ja	refuse

	movq	VAR(PD), %r8
	movq	VAR(PT), %r9
	movl	%edx, %edx
	movq	VAR(FLAGS)(, %rdx, 8), %rdx
	leaq	(%rdi, %rsi), %rsi
page:	cmpq	%rsi, %rdi
	jae	done
	movq	%rdi, %rax
	shrq	$9, %rax
	testb	$PTE_LARGE, (%r8, %rax, 8)
	jnz	split
set:	movq	%rdi, %rax
	shlq	$12, %rax
	leaq	(%rax, %rdx), %rcx
	movq	%rcx, (%r9, %rdi, 8)
	invlpg	(%rax)
	incq	%rdi
	jmp	page

/* The 2 MiB around the page, entry RAX of the directories, become 4 kB pages. */
split:
	movl	%eax, %r10d
	shll	$12, %r10d
	addq	%r9, %r10			/* the table */
	leaq	PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_SEEN(%r10), %r11
	movq	%rax, %rcx
	shlq	$21, %rcx
	orq	VAR(FLAGS) + 16, %rcx
	pushq	%r10
	addq	$4096, (%rsp)
1:	movq	%rcx, (%r10)
	addq	$4096, %rcx
	movq	%rcx, 8(%r10)
	addq	$4096, %rcx
	movq	%rcx, 16(%r10)
	addq	$4096, %rcx
	movq	%rcx, 24(%r10)
	addq	$4096, %rcx
	addq	$32, %r10
	cmpq	(%rsp), %r10
	jb	1b
	popq	%rcx
	movq	%r11, (%r8, %rax, 8)
	jmp	set

refuse:
	movl	$1, %eax
	iretq

set_fs:
	movl	%edi, %eax
	xorl	%edx, %edx
	movl	$FS_BASE, %ecx
	wrmsr
done:
	xorl	%eax, %eax
	iretq
mir_hvt_stub_end:
	.section .note.GNU-stack, "", %progbits
