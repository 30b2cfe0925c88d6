/* space.h: physical memory of a test: SPACE bytes at SPACE_AT, nothing elsewhere. */
#ifndef MIR_BARE_SPACE_H
#define MIR_BARE_SPACE_H

#include "../machine.h"

#include <string.h>

enum { SPACE = 1 << 16, SPACE_AT = 0x9000 };

static uint8_t space[SPACE];

static const uint8_t *space_see(void *of, uint64_t at, size_t len)
{
	(void)of;
	return at >= SPACE_AT && at - SPACE_AT <= SPACE && len <= SPACE - (at - SPACE_AT)
		   ? space + (at - SPACE_AT)
		   : NULL;
}

MIR_UNUSED static void space_put(uint64_t at, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		space[at - SPACE_AT + i] = (uint8_t)(v >> 8 * i);
}

MIR_UNUSED static void space_text(uint64_t at, const char *text)
{
	memcpy(space + (at - SPACE_AT), text, strlen(text) + 1);
}

#endif
