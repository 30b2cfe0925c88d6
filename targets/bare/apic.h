/* apic.h: the CPU's own interrupt controller and its timer, and those for lines of devices. */
#ifndef MIR_BARE_APIC_H
#define MIR_BARE_APIC_H

#include "machine.h"

/* Of an I/O APIC: the firmware says where. */
void mir_bare_ioapic_add(uint64_t at, unsigned first_gsi) MIR_COLD;

/* The line of an interrupt of the ISA bus, where that is another one, and whether it is `low` and
 * `level`. */
void mir_bare_isa_line(unsigned irq, unsigned gsi, bool low, bool level) MIR_COLD;

/* The line of the button that turns the machine off: it wakes with WOKEN_POWER.  0, or MIR_ENODEV.
 */
int mir_bare_power_line(unsigned gsi, bool low, bool level) MIR_COLD;

/* An ISA line's number among all, and what it is; else the number itself, level and low. */
void mir_bare_isa_of(unsigned irq, unsigned *gsi, bool *low, bool *level) MIR_COLD;

/* What ended the last sleep: WOKEN_*, or 0. */
unsigned mir_bare_woken(void);

/* The timer's count, which goes down. */
uint32_t mir_bare_apic_count(void);

/* It went down by that much in so many ns. */
void mir_bare_apic_measured(uint32_t counts, uint64_t ns);

/* Measures it by the clock, which is right now. */
void mir_bare_apic_compare(void) MIR_COLD;

/* Ring 3 lets go of all of it. */
void mir_bare_apic_seal(void) MIR_COLD;

#endif
