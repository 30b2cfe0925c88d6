/* pit.h: the timer of the first PCs (Intel 8254), as something to compare with. */
#ifndef MIR_BARE_PIT_H
#define MIR_BARE_PIT_H

#include "clock.h"

/* Starts its third channel, which makes no interrupts; NULL: there is none. */
const struct mir_bare_reference *mir_bare_pit(void) MIR_COLD;

#endif
