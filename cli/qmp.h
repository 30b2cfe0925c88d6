/* qmp.h: QEMU's monitor, as far as a run needs it (QMP, docs/interop/qmp-spec.txt of QEMU).
 *
 * Pure: lines of QEMU in, lines for QEMU out.
 */
#ifndef CLI_QMP_H
#define CLI_QMP_H

#include "text.h"

struct qmp {
	bool wait_gdb; /* gdb starts the machine, not we */
	unsigned step; /* 0: the greeting is to come, 1: an answer to ours, 2: all said */
	bool started;  /* the machine runs, or waits for gdb */
	bool reset;    /* it was reset, by the image or by a triple fault */
	bool panicked; /* the image said so to pvpanic */
	bool stuck;    /* the hypervisor could not go on: KVM's internal error */
};

/* Take one line without its end; what is to be said in return is added to `reply`. */
void qmp_take(struct qmp *, const char *line, struct text *reply);
/* The line that presses the power button, or that ends QEMU. */
void qmp_power_down(struct text *);
void qmp_quit(struct text *);

#endif
