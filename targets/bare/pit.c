/* pit.c */
#include "machine.h"
#include "pit.h"

enum {
	COUNTER = 0x42,
	CONTROL = 0x43,
	GATE = 0x61,
	GATE_ON = 1,
	GATE_SPEAKER = 2,
	MODE = 0xb0, /* third channel, low byte then high, goes down once */
	LATCH = 0x80,
	HZ = 1193182,
	BITS = 16,
	LOOKS = 64,
};

static uint32_t read(void)
{
	uint32_t low;

	mir_bare_out8(CONTROL, LATCH);
	low = mir_bare_in8(COUNTER);
	return ~(low | (uint32_t)mir_bare_in8(COUNTER) << 8) & 0xffff;
}

const struct mir_bare_reference *mir_bare_pit(void)
{
	static const struct mir_bare_reference pit = { read, HZ, BITS };
	uint32_t from;

	mir_bare_ports(COUNTER, 2);
	mir_bare_ports(GATE, 1);
	mir_bare_out8(GATE, (uint8_t)((mir_bare_in8(GATE) & ~GATE_SPEAKER) | GATE_ON));
	mir_bare_out8(CONTROL, MODE);
	mir_bare_out8(COUNTER, 0xff);
	mir_bare_out8(COUNTER, 0xff);
	from = read();
	for (unsigned i = 0; i < LOOKS; i++)
		if (read() != from)
			return &pit;
	return NULL;
}
