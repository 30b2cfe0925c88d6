/* power.h: the end of a machine, and the button that asks for it. */
#ifndef MIR_BARE_POWER_H
#define MIR_BARE_POWER_H

#include "acpi.h"

/* Before the page tables to stay.  The button is looked for when mir_bare_seal is called. */
void mir_bare_power_begin(const struct mir_acpi *) MIR_COLD;

/* Turns the machine off; returns where it does not know how. */
void mir_bare_power_off(void) MIR_COLD;

/* The machine starts again. */
MIR_NORETURN void mir_bare_reset(void) MIR_COLD;

#endif
