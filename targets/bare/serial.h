/* serial.h: a 16550 UART at the first serial port of a PC. */
#ifndef MIR_BARE_SERIAL_H
#define MIR_BARE_SERIAL_H

#include <mir/cc.h>

/* Sets it up: 115200 bits a second, 8 bits, no parity.  Without one, text goes nowhere. */
void mir_bare_serial_begin(void) MIR_COLD;

/* Writes all or gives up; "\n" becomes "\r\n". */
void mir_bare_serial_write(const char *text, size_t len);

#endif
