/* cc_cached.h: compile a unit of the share tree, or take the object from the cache. */
#ifndef CLI_CC_CACHED_H
#define CLI_CC_CACHED_H

#include "text.h"

/* Set by `mirage build` for its compile steps, which so need not start the compiler to know it. */
#define COMPILER_ID_VARIABLE "MIRAGE_COMPILER_ID"

/* A digest of which compiler `command` (of a shell) is: its program's path, size and time, its
 * first line of --version; of our own wrapper the content, with the recipe of the C library. */
char *compiler_id(const char *share, const char *command);

/* The first line of `COMMAND --version`. */
char *compiler_version(const char *command);

#endif
