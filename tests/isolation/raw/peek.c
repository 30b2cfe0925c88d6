/* peek.c: reads (write=0), writes (write=1) or runs (write=2) the memory at at=. */
#include "raw.h"

int raw_main(void)
{
	volatile uint8_t *at = (volatile uint8_t *)(uintptr_t)raw_option("at", 0);

	switch (raw_option("write", 0)) {
	case 1: *at = 0xc3; break;
	case 2: ((void (*)(void))(uintptr_t)at)(); break;
	default: raw_number("read", *at); break;
	}
	raw_say("still here\n");
	return 0;
}
