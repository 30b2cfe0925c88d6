/* depend.h: packages that a configuration needs and that the host has not. */
#ifndef CLI_DEPEND_H
#define CLI_DEPEND_H

#include "manifest.h"

/* Install what is missing, after saying what and why; nothing is said or done when all is there.
 * dry_run: only say. An exit code. Blocks. */
int depend_install(const struct manifest *, bool dry_run);

/* Is the C library that it needs built, or does it need none? */
bool depend_libc_there(const struct manifest *);
/* The ports that are not built yet. */
void depend_ports_missing(const struct manifest *, struct list *names);
/* Where it is, or NULL: there is none. */
char *depend_libc_folder(const struct manifest *);

#endif
