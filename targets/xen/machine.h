/* machine.h: what machine.c, console.c and start.c know of each other. */
#ifndef MIR_XEN_MACHINE_H
#define MIR_XEN_MACHINE_H

#include "xen.h"

/* console.c: takes the console's ring, at the start and after a suspension.  0, or a negative
 * error: text goes to port 0xe9 then, which Xen itself may tell. */
int mir_xen_console_begin(void);

/* console.c: text goes to the serial port, too: where hosts of HVM guests look. */
void mir_xen_console_serial(void);

/* console.c: waits, not for long, until what was written was read. */
void mir_xen_console_drain(void);

/* start.c: what wakes the image is looked at in each turn. */
void mir_xen_port_begin(void);

#endif
