/* attempt.h: ways to break out; each is expected not to return. */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include <mir/cc.h>

/* memory.c */
void write_text(void);
void write_constant(void);
void write_relro(void);
void write_boot(void);
void write_descriptors(void);
void read_descriptors(void);
void execute_data(void);
void execute_heap(void);
void execute_stack(void);
void read_zero(void);
void write_zero(void);
void jump_zero(void);
void read_beyond(void);
void protect_text(void);
void protect_executable(void);

/* stack.c */
void overflow_main(void);
void overflow_fiber(void);
void overflow_slowly(void);
void overflow_large(void);
void smash_canary(void);
void smash_fiber(void);

/* privilege.c */
void halt(void);
void interrupts_off(void);
void read_port(void);
void write_port(void);
void write_string_port(void);
void write_cr3(void);
void read_cr0(void);
void load_idt(void);
void store_gdt(void);
void write_msr(void);
void system_call(void);
void software_interrupt(void);
void breakpoint(void);
void undefined(void);
void far_call(void);
void jump_ring0(void);
void divide_ring0(void);
void divide(void);
void ask_again(void);
void protect_apic(void);
void io_privilege(void);
void wrong_hypercall(void);
void no_hypercall(void);

/* Memory that cannot be had is a bug of the test. */
#define KEEP __attribute__((noinline, noipa))

#endif
