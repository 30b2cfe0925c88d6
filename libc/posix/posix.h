/* posix.h: what the files of this folder know of each other. */
#ifndef MIR_POSIX_INTERNAL_H
#define MIR_POSIX_INTERNAL_H

#include <mir/cc.h>

/* exit.c: called when the program ends, by whatever fiber that does; may block. */
void mir_posix_at_end(void (*stop)(void));

/* Another fiber ends the image: this one is to do nothing more. */
bool mir_posix_is_ending(void);

/* The image is being ended: what is closed does not linger. */
bool mir_posix_has_ended(void);

/* arguments.c: a copy that the program may write into.  MIR_ENOMEM. */
int mir_posix_environment(const char *const *from, char ***out);

#endif
