/* stub_x86_64.S: what runs in ring 0 for as long as the image does, less than a page.
 *
 * mir_bare_gates copies it to a page that ring 3 cannot reach, so it is independent of where it lies;
 * its data (ring0_x86_64.h) and ring 3's symbols have fixed addresses.  Interrupts are open only
 * between `sti` and `hlt`, and none returns there.
 */
#include "ring0_x86_64.h"

#define VAR(x)  mir_bare_ring0 + RING0_##x
#include "../ring0/stub_x86_64.inc"

#define FS_BASE    0xc0000100
#define KVM_WALL   0x4b564d00
#define LAPIC_EOI  0xb0
#define LAPIC_INIT 0x380
#define FRAME      40			/* what a trap from ring 3 leaves */
#define FLAG_AC    0x40000
#define IN_COPY(x) mir_bare_ring0_code + ((x) - mir_bare_stub)

	.section .rodata.stub, "a", @progbits
	.globl	mir_bare_stub, mir_bare_stub_end, mir_bare_stub_call, mir_bare_stub_traps
	.globl	mir_bare_stub_edge, mir_bare_stub_level, mir_bare_stub_power, mir_bare_stub_quiet
	.p2align 4
mir_bare_stub:
mir_bare_stub_traps:
	TRAPS TRAPS_N, RING0_VIEW, mir_bare_first+6*4096, mir_bare_trapped

mir_bare_stub_call:
	cmpq	$mir_bare_ring0_call_at, (%rsp)
	jne	mir_bare_stub_traps	/* a division like any other */
	addq	$CALL_LENGTH, (%rsp)
	cmpl	$CALLS, %eax
	jae	refuse
	cmpl	$CALL_SEALED, %eax
	jb	1f
	cmpl	$0, VAR(SEALED)
	jne	refuse
1:	leaq	offsets(%rip), %r10
	movslq	(%r10, %rax, 4), %rax
	addq	%r10, %rax
	jmp	*%rax

protect:
	PROTECT

refuse:
	movl	$1, %eax
	iretq

/* RDI: for the timer. */
wait:
	movl	%edi, %eax
	movq	%rdi, %rdx
	shrq	$32, %rdx
	movl	VAR(TIMER), %ecx
	jecxz	1f
	wrmsr
	jmp	2f
1:	movq	VAR(LAPIC), %rcx
	movl	%eax, LAPIC_INIT(%rcx)
2:	sti
	hlt
	cli
done:
	xorl	%eax, %eax
	iretq

/* An interrupt, which can only come while `wait` sleeps: ends it. */
mir_bare_stub_level:
	movl	$WOKEN_LEVEL, %edi
	jmp	irq
mir_bare_stub_power:
	movl	$WOKEN_POWER, %edi
	jmp	irq
mir_bare_stub_edge:
	movl	$WOKEN_EDGE, %edi
irq:	xorl	%eax, %eax
	xorl	%edx, %edx
	movl	VAR(EOI), %ecx
	jecxz	1f
	wrmsr
	jmp	woken
1:	movq	VAR(LAPIC), %rcx
	movl	%eax, LAPIC_EOI(%rcx)
woken:
	movl	$mir_bare_ring0 + RING0_END - FRAME, %esp
	movl	%edi, %eax
	iretq
mir_bare_stub_quiet:
	movl	$WOKEN_EDGE, %edi
	jmp	woken

set_fs:
	movl	%edi, %eax
	movq	%rdi, %rdx
	shrq	$32, %rdx
	movl	$FS_BASE, %ecx
	wrmsr
	jmp	done

/* What the hypervisor reads and writes is ring 3's: it is told so. */
hypercall:
	cmpl	$HYPERCALLS, %edi
	jae	refuse
	movl	%edi, %eax
	btq	%rax, VAR(HYPERCALL)
	jnc	refuse
	shll	$5, %eax
	addl	$mir_bare_hypercalls, %eax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	pushfq
	orl	$FLAG_AC, (%rsp)
	popfq
	call	*%rax
	iretq

wall:
	movl	VAR(WALL), %eax
	testl	%eax, %eax
	jz	refuse
	xorl	%edx, %edx
	movl	$KVM_WALL, %ecx
	wrmsr
	jmp	done

/* No gate, no way out: the machine starts again. */
reset:
	pushq	$0
	pushq	$0
	lidt	(%rsp)
	ud2

map:
	movq	VAR(WINDOW), %rcx
	movq	%rsi, (%rcx, %rdi, 8)
	movq	%cr3, %rax
	movq	%rax, %cr3
	jmp	done

read_msr:
	movl	%edi, %ecx
	rdmsr
	shlq	$32, %rdx
	orq	%rdx, %rax
	iretq

write_msr:
	movl	%edi, %ecx
	movl	%esi, %eax
	movq	%rsi, %rdx
	shrq	$32, %rdx
	wrmsr
	jmp	done

tables:
	movq	%rdi, %cr3
	movq	%rsi, %cr4
	movl	%edx, %eax
	xorl	%edx, %edx
	testl	%eax, %eax
	jz	done
	xorl	%ecx, %ecx
	xsetbv
	jmp	done

poke:
	movq	%rsi, mir_bare_ring0(%rdi)
	jmp	done

ports:
	leal	(%rdi, %rsi), %esi
1:	cmpl	%esi, %edi
	jae	done
	btrl	%edi, mir_bare_tss + TSS_IO
	incl	%edi
	jmp	1b

	.p2align 2
offsets:
	.irp	to, protect, wait, set_fs, hypercall, wall, reset, map, read_msr, write_msr, tables, poke, ports
	.long	\to - offsets
	.endr
mir_bare_stub_end:
	.section .note.GNU-stack, "", %progbits
