/* ring0_x86_64.h: the layout of ring 0's pages, and what it can be asked.
 *
 * mir_bare_ring0_code: a copy of stub_x86_64.S.  mir_bare_ring0: tables, variables, and at its end
 * the stack, which ring 3 may read at RING0_VIEW.  mir_bare_tss: the TSS and which ports are open.
 */
#ifndef MIR_BARE_RING0_H
#define MIR_BARE_RING0_H

#include "../ring0/cpu_x86_64.h"

#define RING0_GDT       0x000 /* 9 descriptors, the last of two words */
#define RING0_IDT       0x060
#define RING0_SEALED    0x360
#define RING0_PD        0x368 /* address of the page directories, one after the other */
#define RING0_PT        0x370 /* of the page tables: an entry for each page there is */
#define RING0_WINDOW    0x378 /* of the page tables of what is no memory */
#define RING0_FLAGS     0x380 /* of a page: none, read, write */
#define RING0_TIMER     0x398 /* MSR that sets the timer, 0: through RING0_LAPIC */
#define RING0_EOI       0x3a0 /* MSR that ends an interrupt, 0: through RING0_LAPIC */
#define RING0_LAPIC     0x3a8
#define RING0_HYPERCALL 0x3b0 /* which hypercalls there are: a bit for each number */
#define RING0_WALL      0x3b8 /* where KVM writes the time of day, 0: it does not */
#define RING0_RANGES    0x400 /* that CALL_PROTECT may change; first page, how many; 0: the end */
#define RING0_END       0x1000

#define RING0_VIEW 0x8000 /* in the first MiB, of which nothing else is mapped */

#define TSS_PAGES 3
#define TSS_IO    104 /* I/O permissions: a bit a port, then a byte of ones */
#define TSS_LIMIT (TSS_IO + 0x2000)

#define TRAPS_N         32
#define VECTOR_EDGE     0x20 /* the timer, messages, lines that are edges */
#define VECTOR_LEVEL    0x21 /* lines that stay until the device is told */
#define VECTOR_QUIET    0x22 /* of Xen: nobody waits for its end */
#define VECTOR_POWER    0x23 /* somebody presses the button */
#define VECTOR_SPURIOUS 0x2f
#define VECTORS         0x30

/* In EAX; RDI, RSI, RDX.  RAX: 0, or what is said. */
#define CALL_PROTECT   0
#define CALL_WAIT      1 /* what to set the timer to; RAX: WOKEN_* */
#define CALL_SET_FS    2
#define CALL_HYPERCALL 3 /* number; RSI, RDX, RCX, R8, R9: its arguments */
#define CALL_WALL      4 /* KVM writes the time of day again */
#define CALL_RESET     5 /* the machine starts again */
#define CALL_SEALED    6 /* the first that there is until sealed only */
#define CALL_MAP       6 /* number of an entry of RING0_WINDOW, the entry */
#define CALL_READ_MSR  7
#define CALL_WRITE_MSR 8  /* number, value */
#define CALL_TABLES    9  /* CR3, CR4, XCR0 or 0 */
#define CALL_POKE      10 /* offset in mir_bare_ring0, value */
#define CALL_PORTS     11 /* first, how many */
#define CALLS          12

#define WOKEN_EDGE  1
#define WOKEN_LEVEL 2
#define WOKEN_POWER 3

#define HYPERCALLS 64 /* their page has room for more, but there are none */

#endif
