/* control.h: what the tool stack asks of the domain: to end, to be suspended, a balloon. */
#ifndef MIR_XEN_CONTROL_H
#define MIR_XEN_CONTROL_H

#include "xen.h"

/* Starts the fiber that listens.  May block.  0, or a negative error. */
int mir_xen_control_start(void);

/* Ends the fiber.  Blocks. */
void mir_xen_control_stop(void);

/* What the domain's end is to be called (MIR_XEN_POWEROFF, or MIR_XEN_REBOOT where that was
 * asked). */
enum mir_xen_reason mir_xen_control_reason(void);

/* machine.c: shared information, events, console, clock and grants, anew after a suspension.  0,
 * or a negative error. */
int mir_xen_machine_again(void);

/* machine.c: before and after: what must not be under way, and the time that has passed. */
void mir_xen_machine_before(void);

/* balloon.c: gives memory back to Xen, or takes it, until the domain has `kib`. */
void mir_xen_balloon(uint64_t kib);

#endif
