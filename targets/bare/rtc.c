/* rtc.c */
#include <mir/err.h>
#include <string.h>

#include "machine.h"
#include "rtc.h"

enum {
	INDEX = 0x70,
	DATA = 0x71,
	NO_NMI = 0x80,
	SECONDS = 0,
	MINUTES = 2,
	HOURS = 4,
	DAY = 7,
	MONTH = 8,
	YEAR = 9,
	REGS = 10,
	STATUS_A = 10,
	STATUS_B = 11,
	UPDATING = 0x80,
	MODE_24 = 2,
	MODE_BINARY = 4,
	PM = 0x80,
	TRIES = 1000, /* an update takes 2 ms, a look some microseconds */
	EPOCH = 1970,
	CENTURY = 2000,
};

void mir_bare_rtc_begin(void)
{
	mir_bare_ports(INDEX, 2);
}

static unsigned number(uint8_t v, uint8_t mode)
{
	return mode & MODE_BINARY ? v : (v >> 4) * 10u + (v & 15);
}

/* Days since 1970 of a day of the Gregorian calendar; years are counted from March. */
static int64_t days(unsigned year, unsigned month, unsigned day)
{
	unsigned y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

	return (int64_t)(365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day) - 1 -
	       719468;
}

int64_t mir_bare_rtc_seconds(const uint8_t regs[REGS], uint8_t mode)
{
	unsigned s = number(regs[SECONDS], mode), m = number(regs[MINUTES], mode);
	unsigned h = number(regs[HOURS] & ~PM, mode), year = number(regs[YEAR], mode);
	unsigned month = number(regs[MONTH], mode), day = number(regs[DAY], mode);

	if (!(mode & MODE_24))
		h = h % 12 + (regs[HOURS] & PM ? 12 : 0);
	if (s > 60 || m > 59 || h > 23 || year > 99 || month - 1 > 11 || day - 1 > 30)
		return MIR_EINVAL;
	return ((days(CENTURY + year, month, day) * 24 + h) * 60 + m) * 60 + s;
}

static uint8_t reg(unsigned n)
{
	mir_bare_out8(INDEX, (uint8_t)(NO_NMI | n));
	return mir_bare_in8(DATA);
}

static void read(uint8_t regs[REGS])
{
	static const uint8_t used[] = { SECONDS, MINUTES, HOURS, DAY, MONTH, YEAR };

	for (unsigned i = 0; i < TRIES && reg(STATUS_A) & UPDATING; i++)
		;
	for (unsigned i = 0; i < sizeof(used); i++)
		regs[used[i]] = reg(used[i]);
}

int64_t mir_bare_rtc(void)
{
	uint8_t regs[REGS] = { 0 }, again[REGS] = { 0 };
	int64_t v;

	read(regs);
	read(again);
	for (unsigned i = 0; i < TRIES && memcmp(regs, again, REGS) != 0; i++) {
		memcpy(regs, again, REGS);
		read(again);
	}
	v = mir_bare_rtc_seconds(regs, reg(STATUS_B));
	return v < 0 ? MIR_ENODEV : v;
}
