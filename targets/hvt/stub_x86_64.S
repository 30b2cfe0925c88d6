/* stub_x86_64.S: what runs in ring 0 for as long as the image does, less than a page.
 *
 * mir_hvt_build copies it to a page that ring 3 cannot reach, so it is independent of where it
 * lies; its data (cpu_x86_64.h) and ring 3's symbols have fixed addresses.  Interrupts are off,
 * nothing here faults.  Where KVM interprets ring 0 an instruction costs 280 ns.
 */
#include "cpu_x86_64.h"

#define FS_BASE 0xc0000100
#define VAR(x)  mir_hvt_ring0 + RING0_##x
#include "../ring0/stub_x86_64.inc"

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

mir_hvt_stub_gates:
	TRAPS VECTORS, MIR_HVT_TRAP_VIEW, mir_hvt_first+3*4096, mir_hvt_trapped

/* The others.  CALL_PROTECT: RDI: number of the first page, RSI: how many, EDX: 0 none, 1 read, 2
 * write.  EAX: 0, or 1: not pages that may be changed.  CALL_SET_FS: EDI: the base.
 * Uses what a C function may use. */
mir_hvt_stub_call:
	cmpq	$mir_hvt_ring0_call_at, (%rsp)
	jne	mir_hvt_stub_gates		/* a division like any other */
	addq	$CALL_LENGTH, (%rsp)
	decl	%eax
	jz	set_fs
	PROTECT

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
