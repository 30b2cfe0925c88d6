/* start_x86_64.S: the entry, in ring 0, and the way down to ring 3.
 *
 * The tender's page tables are a supervisor's: ring 3 needs others at once.  So the entry makes the
 * smallest that do, sets what only ring 0 can, and leaves it; mir_hvt_begin then works at full speed
 * also where KVM interprets ring 0.
 */
#include "cpu_x86_64.h"

#define PAGE     0x1000
#define LARGE    0x200000
#define TABLES   (6 * PAGE)	/* PML4, PDPT, four page directories */
#define EFER     0xc0000080
#define FS_BASE  0xc0000100
#define EFER_SET 0xd00		/* LME LMA NXE; no SCE: nothing here serves `syscall` */
#define PORT_PUTS 0x502
#define PORT_HALT 0x508

	.text
	.globl	mir_hvt_entry
	.type	mir_hvt_entry, @function
mir_hvt_entry:
	movq	%rdi, %rbp			/* struct mir_hvt_boot */
	rdtsc
	movl	%eax, mir_hvt_entered
	movl	%edx, mir_hvt_entered + 4

	/* What is used before the real page tables hold: image and tables. */
	movq	(%rdi), %rsi			/* mem_size */
	movl	$1, %eax
	shlq	$32, %rax
	cmpq	%rax, %rsi
	cmovaq	%rax, %rsi
	leaq	LARGE - 1(%rsi), %rbx
	shrq	$21, %rbx
	shlq	$12, %rbx
	addq	$mir_image_end + TABLES, %rbx
	cmpq	%rsi, %rbx
	ja	too_small

	movl	$mir_hvt_first + PAGE + 7, mir_hvt_first
	movl	$mir_hvt_first + 2 * PAGE + 7, mir_hvt_first + PAGE
	movl	$mir_hvt_first + 2 * PAGE, %edi
	movl	$0xe7, %eax			/* user, writable, large */
1:	movq	%rax, (%rdi)
	addq	$LARGE, %rax
	addq	$8, %rdi
	cmpq	%rbx, %rax
	jb	1b
	movl	$mir_hvt_first, %eax
	movq	%rax, %cr3

	xorl	%eax, %eax
	movl	%eax, %fs			/* else iretq may clear its base */
	cpuid
	movl	%eax, %esi
	movl	$1, %eax
	cpuid
	movl	%ecx, mir_hvt_cpu
	cmpl	$7, %esi
	jb	2f
	movl	$7, %eax
	xorl	%ecx, %ecx
	cpuid
	movl	%ebx, mir_hvt_cpu + 4
	movl	%ecx, mir_hvt_cpu + 8
2:	cmpl	$13, %esi
	jb	3f
	movl	$13, %eax
	xorl	%ecx, %ecx
	cpuid
	movl	%eax, mir_hvt_cpu + 12
3:
	movl	$EFER, %ecx
	movl	$EFER_SET, %eax
	xorl	%edx, %edx
	wrmsr
	movl	$FS_BASE, %ecx
	movl	$tcb, %eax
	wrmsr
	movl	$gdt, %esi
	movl	$mir_hvt_ring0 + RING0_GDT, %edi
	movl	$8, %ecx
	rep movsq
	lgdt	gdtr
	lidt	idtr				/* filled in by mir_hvt_build */
	movl	$TSS_SEL, %eax
	ltr	%ax
	movl	$mir_hvt_ring0 + RING0_END, %esp
	pushq	$USER_SS
	pushq	$mir_hvt_ring0 + RING0_END	/* until sealed, its stack */
	pushq	$2
	pushq	$USER_CS
	pushq	$ring3
	iretq

/* The stack protector's word, then what it protects.  Of the boot only; libc brings its own. */
ring3:
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	testl	$1 << 30, mir_hvt_cpu
	jz	1f
	rdrand	%rdx
	xorq	%rdx, %rax
1:	movq	%rax, %rsi			/* `chance` */
	shrq	$32, %rsi
	movb	$0, %al				/* no text can contain it */
	movq	%rax, tcb + 0x28
	movq	%rbp, %rdi
	xorl	%ebp, %ebp
	call	mir_hvt_begin
	movq	(%rax), %rdi
	movq	8(%rax), %rsi
	movq	16(%rax), %rdx
	jmp	mir_hvt_ring0_call		/* goes on in mir_hvt_main */

too_small:
	movl	$puts, %eax
	movl	$PORT_PUTS, %edx
	outl	%eax, %dx
	movl	$halt, %eax
	movl	$PORT_HALT, %edx
	outl	%eax, %dx
	ud2
	.size	mir_hvt_entry, . - mir_hvt_entry

	.section .rodata
	.p2align 3
gdt:	.quad	0
	.quad	0
	.quad	0x00af9b000000ffff		/* 0x10: ring 0, 64-bit code */
	.quad	0x00cf93000000ffff		/* 0x18: ring 0, data */
	.quad	0x00cffb000000ffff		/* 0x23: ring 3, 32-bit code: what Linux has there */
	.quad	0x00cff3000000ffff		/* 0x2b: ring 3, data */
	.quad	0x00affb000000ffff		/* 0x33: ring 3, 64-bit code */
	.quad	mir_hvt_tss_descriptor		/* 0x38, by image.ld; its other half is 0 */
gdtr:	.word	9 * 8 - 1
	.quad	mir_hvt_ring0 + RING0_GDT
idtr:	.word	VECTORS * 16 - 1
	.quad	mir_hvt_ring0 + RING0_IDT
text:	.ascii	"mirage: not enough memory: give it more (--mem=MIB)\n"
text_end:
	.p2align 3
puts:	.quad	text, text_end - text
halt:	.quad	0, 1

	.section .bss.0relro, "aw", @nobits
	.p2align 3
	.globl	mir_hvt_entered, mir_hvt_cpu
mir_hvt_entered:
	.zero	8
mir_hvt_cpu:
	.zero	16
tcb:	.zero	0x30

/* Pages of tables, but for those that an entry for each page is in (tables.h). */
	.globl	mir_hvt_tables_above
	.equ	mir_hvt_tables_above, TABLES / PAGE

	.section .bss.0ring0, "aw", @nobits
	.p2align 12
	.globl	mir_hvt_ring0_code, mir_hvt_ring0
mir_hvt_ring0_code:
	.zero	PAGE
mir_hvt_ring0:
	.zero	PAGE

	.section .bss.0first, "aw", @nobits
	.p2align 12
	.globl	mir_hvt_first
mir_hvt_first:
	.zero	3 * PAGE

	.section .note.GNU-stack, "", %progbits
