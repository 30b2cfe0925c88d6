/* platform.h: what a PC, or a machine that looks like one, has. */
#ifndef MIR_BARE_PLATFORM_H
#define MIR_BARE_PLATFORM_H

#include "machine.h"

/* The first leaf of the hypervisor that calls itself `name` (12 bytes), or 0. */
uint32_t mir_bare_hypervisor(const char name[12]) MIR_COLD;

/* Before the page tables to stay: interrupt controllers, timers, ways to end (power.h), as KVM and
 * the firmware say.
 */
void mir_bare_platform_begin(void) MIR_COLD;

#endif
