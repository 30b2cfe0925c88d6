/* The clock of the board, in each of its ways to count. */
#include "../rtc.c"

#include <mir/test.h>

int mir_bare_ports(uint16_t first, unsigned n)
{
	(void)first;
	(void)n;
	return 0;
}

static void ways(void)
{
	static const uint8_t bcd[REGS] = { 0x59, 0, 0x30, 0, 0x23, 0, 0, 0x29, 0x02, 0x24 };
	static const uint8_t binary[REGS] = { 59, 0, 30, 0, 23, 0, 0, 29, 2, 24 };
	static const uint8_t twelve[REGS] = { 0x59, 0, 0x30, 0, 0x91, 0, 0, 0x29, 0x02, 0x24 };
	static const uint8_t noon[REGS] = { 0, 0, 0, 0, 0x92, 0, 0, 1, 1, 0x26 };
	static const uint8_t none[REGS] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff };

	ok(mir_bare_rtc_seconds(bcd, MODE_24) == 1709249459, "decimal, 24 hours");
	ok(mir_bare_rtc_seconds(binary, MODE_24 | MODE_BINARY) == 1709249459, "binary");
	ok(mir_bare_rtc_seconds(twelve, 0) == 1709249459, "12 hours, afternoon");
	ok(mir_bare_rtc_seconds(noon, 0) == 1767268800, "noon");
	ok(mir_bare_rtc_seconds(none, MODE_24) == MIR_EINVAL, "no clock");
}

int main(void)
{
	RUN_PLAIN(ways);
	return mir_test_end();
}
