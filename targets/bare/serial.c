/* serial.c: bursts of what its queue holds, so that a machine that leaves the guest for each access
 * does so twice in 16 bytes. */
#include <string.h>

#include "machine.h"
#include "serial.h"

enum {
	COM1 = 0x3f8,
	PORTS = 8,
	/* Registers. */
	DATA = 0,
	INTERRUPTS = 1,
	QUEUE = 2,
	LINE = 3,
	MODEM = 4,
	STATUS = 5,
	SCRATCH = 7,

	QUEUE_ON = 0x07, /* and empty both */
	LINE_8N1 = 0x03,
	LINE_DIVISOR = 0x80, /* the first two registers are the divisor */
	MODEM_READY = 0x0b,  /* DTR RTS OUT2 */
	STATUS_EMPTY = 0x20, /* so is the queue of what is to be sent */
	BURST = 16,
	/* Looks at a full queue; at 115200 bits a second 16 bytes take 1.4 ms, a look on an ISA bus
	 * a microsecond. */
	PATIENCE = 20000,
	MARK = 0x5a,
};

static bool there;

void mir_bare_serial_begin(void)
{
	mir_bare_ports(COM1, PORTS);
	mir_bare_out8(COM1 + SCRATCH, MARK);
	there = mir_bare_in8(COM1 + SCRATCH) == MARK;
	if (!there)
		return;
	mir_bare_out8(COM1 + INTERRUPTS, 0);
	mir_bare_out8(COM1 + LINE, LINE_DIVISOR | LINE_8N1);
	mir_bare_out8(COM1 + DATA, 1);
	mir_bare_out8(COM1 + INTERRUPTS, 0);
	mir_bare_out8(COM1 + LINE, LINE_8N1);
	mir_bare_out8(COM1 + QUEUE, QUEUE_ON);
	mir_bare_out8(COM1 + MODEM, MODEM_READY);
}

static void burst(const char *text, size_t len)
{
	for (unsigned i = 0; !(mir_bare_in8(COM1 + STATUS) & STATUS_EMPTY); i++) {
		if (i == PATIENCE) {
			there = false;
			return;
		}
	}
	__asm__ volatile("rep outsb" : "+S"(text), "+c"(len) : "d"(COM1 + DATA) : "memory");
}

void mir_bare_serial_write(const char *text, size_t len)
{
	char queue[BURST];
	size_t n = 0;

	for (size_t i = 0; i < len && there; i++) {
		if (n + 2 > BURST) {
			burst(queue, n);
			n = 0;
		}
		if (text[i] == '\n')
			queue[n++] = '\r';
		queue[n++] = text[i];
	}
	if (n > 0 && there)
		burst(queue, n);
}
