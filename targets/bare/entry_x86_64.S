/* entry_x86_64.S: the entry, in 32 bits by PVH or Multiboot 1, and the way to ring 3.
 *
 * It makes the smallest page tables that do, sets what only ring 0 can, and leaves it: the rest is
 * done in ring 3, which runs at full speed also where KVM interprets ring 0.
 */
#include "ring0_x86_64.h"

#define PAGE      0x1000
#define LARGE     0x200000
#define EFER      0xc0000080
#define EFER_SET  0x900			/* LME NXE; no SCE: nothing here serves `syscall` */
#define FS_BASE   0xc0000100
#define CR0_SET   0x80010033		/* PG WP NE ET MP PE */
#define CR4_SET   0x620			/* PAE OSFXSR OSXMMEXCPT */
#define MULTIBOOT 0x1badb002
#define MB_FLAGS  0x10003		/* modules at pages, memory map, where to load is below */
#define NOTE_PVH  18			/* XEN_ELFNOTE_PHYS32_ENTRY */

	.section .note.Xen, "aR", @note
	.p2align 2
	.long	4, 4, NOTE_PVH
	.asciz	"Xen"
	.long	mir_bare_entry

	.section .text.entry, "axR"
	.p2align 2
header:
	.long	MULTIBOOT, MB_FLAGS, -(MULTIBOOT + MB_FLAGS)
	.long	header, mir_image_start, mir_image_load_end, mir_image_end, mir_bare_entry

	.code32
	.globl	mir_bare_entry
	.type	mir_bare_entry, @function
mir_bare_entry:
	cli
	cld
	movl	%eax, %ebp			/* Multiboot: its magic; EBX: what the loader says */
	rdtsc
	movl	%eax, mir_bare_entered
	movl	%edx, mir_bare_entered + 4

	/* The image, as it is. */
	movl	$mir_bare_first + PAGE + 7, mir_bare_first
	movl	$mir_bare_first + 2 * PAGE + 7, mir_bare_first + PAGE
	movl	$mir_bare_first + 2 * PAGE, %edi
	movl	$0xe7, %eax			/* user, writable, large */
1:	movl	%eax, (%edi)
	addl	$LARGE, %eax
	addl	$8, %edi
	cmpl	$mir_image_end + 0xe7, %eax
	jb	1b

	movl	$CR4_SET, %eax
	movl	%eax, %cr4
	movl	$mir_bare_first, %eax
	movl	%eax, %cr3
	movl	$EFER, %ecx
	movl	$EFER_SET, %eax
	xorl	%edx, %edx
	wrmsr
	movl	$CR0_SET, %eax
	movl	%eax, %cr0
	lgdt	gdtr_first
	ljmp	$KERNEL_CS, $1f

	.code64
1:	xorl	%eax, %eax
	movl	%eax, %fs			/* else iretq may clear its base */
	movl	$FS_BASE, %ecx
	movl	$tcb, %eax
	xorl	%edx, %edx
	wrmsr
	movl	$gdt, %esi
	movl	$mir_bare_ring0 + RING0_GDT, %edi
	movl	$9, %ecx
	rep movsq
	lgdt	gdtr
	lidt	idtr				/* filled in by mir_bare_gates */
	movl	$TSS_SEL, %eax
	ltr	%ax
	movl	$mir_bare_ring0 + RING0_END, %esp
	pushq	$USER_SS
	pushq	$mir_bare_stack + 3 * PAGE
	pushq	$2
	pushq	$USER_CS
	pushq	$ring3
	iretq

/* The stack protector's word, then what it protects.  Of the boot only; libc brings its own. */
ring3:
	fninit
	pushq	$0x1f80
	ldmxcsr	(%rsp)
	popq	%rax
	movl	%ebx, %r12d
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, %r13
	movl	$1, %eax
	xorl	%ecx, %ecx
	cpuid
	testl	$1 << 30, %ecx
	jz	1f
	rdrand	%rdx
	xorq	%rdx, %r13
1:	movq	%r13, %rax
	movb	$0, %al				/* no text can contain it */
	movq	%rax, tcb + 0x28
	movl	%r12d, %edi
	movl	%ebp, %esi
	shrq	$32, %r13
	movq	%r13, %rdx			/* `chance` */
	xorl	%ebp, %ebp
	call	mir_bare_begin
	ud2
	.size	mir_bare_entry, . - mir_bare_entry

	.section .rodata
	.p2align 3
gdt:	.quad	0
	.quad	0
	.quad	0x00af9b000000ffff		/* 0x10: ring 0, 64-bit code */
	.quad	0x00cf93000000ffff		/* 0x18: ring 0, data */
	.quad	0x00cffb000000ffff		/* 0x23: ring 3, 32-bit code: what Linux has there */
	.quad	0x00cff3000000ffff		/* 0x2b: ring 3, data */
	.quad	0x00affb000000ffff		/* 0x33: ring 3, 64-bit code */
	.quad	mir_bare_tss_descriptor		/* 0x38, by image.ld; its other half is 0 */
	.quad	0
gdtr_first:
	.word	8 * 8 - 1
	.long	gdt
gdtr:	.word	9 * 8 - 1
	.quad	mir_bare_ring0 + RING0_GDT
idtr:	.word	VECTORS * 16 - 1
	.quad	mir_bare_ring0 + RING0_IDT

	.section .bss.relro, "aw", @nobits
	.p2align 3
	.globl	mir_bare_entered, mir_bare_cpu
mir_bare_entered:
	.zero	8
mir_bare_cpu:
	.zero	24
tcb:	.zero	0x30

/* One after the other (machine.h). */
	.section .bss.ring0, "aw", @nobits
	.p2align 12
	.globl	mir_bare_ring0_code, mir_bare_hypercalls, mir_bare_ring0, mir_bare_tss
	.globl	mir_bare_window, mir_bare_first, mir_bare_stack
mir_bare_ring0_code:
	.zero	PAGE
mir_bare_hypercalls:
	.zero	PAGE
mir_bare_ring0:
	.zero	PAGE
mir_bare_tss:
	.zero	TSS_PAGES * PAGE
mir_bare_window:
	.zero	6 * PAGE
mir_bare_first:
	.zero	6 * PAGE
mir_bare_stack:
	.zero	3 * PAGE

	.section .note.GNU-stack, "", %progbits
