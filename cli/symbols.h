/* symbols.h: a table of function names for an image. */
#ifndef CLI_SYMBOLS_H
#define CLI_SYMBOLS_H

#include "text.h"

/* The text for the assembler, from an ELF64 file in memory. 0; -ENOENT: it has no symbols;
 * -ENOEXEC: it is broken. */
int symbols_write(const void *file, size_t len, struct text *out);

#endif
