/* process.h: run another program. */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include "text.h"

/* Run argv[0] (found through PATH) and wait for it.  Blocks.  What it prints goes to ours where
 * `out` or `err` is NULL, else it is added there.  Returns its exit status, 128 + the signal that
 * ended it, or -errno if it could not be started. */
int process_run(char *const argv[], struct text *out, struct text *err);

/* Is there such a program in PATH (or at this path)? */
bool process_found(const char *program);

#endif
