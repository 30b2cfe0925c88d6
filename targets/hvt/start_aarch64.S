/* start_aarch64.S: the entry, in EL1, and the way down to EL0.  The tender's page tables are a
 * supervisor's; on them mir_hvt_begin builds others.
 */
#ifdef __aarch64__
#include "cpu_aarch64.h"

#define PAGE      0x1000
#define LARGE     0x200000
#define TABLES    (8 * PAGE)	/* two levels, those of the hypercalls' page, four directories */
#define CALLS     0x100000000
#define CALL_PUTS (8 * 2)
#define CALL_HALT (8 * 8)
#define FPEN      (3 << 20)	/* CPACR: no traps of FP and SIMD */
#define EL0VCTEN  2		/* CNTKCTL: EL0 reads the counter */

	.macro	address reg, symbol
	adrp	\reg, \symbol
	add	\reg, \reg, :lo12:\symbol
	.endm
	.macro	store reg, symbol
	adrp	x9, \symbol
	str	\reg, [x9, :lo12:\symbol]
	.endm

	.text
	.globl	mir_hvt_entry
	.type	mir_hvt_entry, %function
mir_hvt_entry:
	mov	x19, x0				/* struct mir_hvt_boot */
	mrs	x1, cntvct_el0
	ldr	x2, [x0]			/* mem_size; image and tables must fit */
	mov	x3, #CALLS
	cmp	x2, x3
	csel	x2, x2, x3, lo
	add	x3, x2, #(LARGE >> 12) - 1, lsl #12
	lsr	x3, x3, #21
	lsl	x3, x3, #12
	address	x4, mir_image_end
	add	x3, x3, x4
	add	x3, x3, #TABLES
	cmp	x3, x2
	b.hi	too_small

	store	x1, mir_hvt_entered
	mrs	x1, sctlr_el1
	store	x1, mir_hvt_control
	mrs	x1, id_aa64mmfr1_el1
	store	x1, mir_hvt_features
	mov	x1, #FPEN
	msr	cpacr_el1, x1
	mov	x1, #EL0VCTEN
	msr	cntkctl_el1, x1
	isb
	address	x1, mir_hvt_first + 3 * PAGE
	mov	sp, x1
	address	x1, tcb				/* what the stack protector may look at */
	msr	tpidr_el0, x1
	mrs	x1, cntvct_el0			/* `chance`: of large pages only */
	ror	x1, x1, #7
	mov	x29, xzr
	mov	x0, x19
	bl	mir_hvt_begin

	ldp	x20, x21, [x0]			/* TTBR0, SCTLR */
	dsb	sy				/* what was copied is code */
	ic	iallu
	dsb	sy
	isb
	address	x2, mir_hvt_main
	address	x3, mir_hvt_first + 2 * PAGE
	address	x4, mir_hvt_ring0 + RING0_END
	address	x5, mir_hvt_ring0_code
	add	x6, x5, #STUB_SEAL		/* all else will not be executable in EL1 */
	br	x6

too_small:
	mov	x3, #CALLS
	address	x1, puts
	str	x1, [x3, #CALL_PUTS]
	address	x1, halt
	str	x1, [x3, #CALL_HALT]
	brk	#1
	.size	mir_hvt_entry, . - mir_hvt_entry

	.section .rodata
text:	.ascii	"mirage: not enough memory: give it more (--mem=MIB)\n"
text_end:
	.p2align 3
puts:	.quad	text, text_end - text
halt:	.quad	0, 1

	.section .bss.0relro, "aw", @nobits
	.p2align 3
	.globl	mir_hvt_entered, mir_hvt_control, mir_hvt_features
mir_hvt_entered:
	.zero	8
mir_hvt_control:
	.zero	8
mir_hvt_features:
	.zero	8
tcb:	.zero	16

/* Pages of tables, but for those that an entry for each page is in (tables.h). */
	.globl	mir_hvt_tables_above
	.equ	mir_hvt_tables_above, 2 + TABLES_MORE + 4

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

#endif
	.section .note.GNU-stack, "", %progbits
