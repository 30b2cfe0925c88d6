/* rtc.h: the clock of the board (Motorola MC146818), as PCs have it. */
#ifndef MIR_BARE_RTC_H
#define MIR_BARE_RTC_H

#include <mir/cc.h>

/* May be read from now on. */
void mir_bare_rtc_begin(void) MIR_COLD;

/* Seconds since 1970, or MIR_ENODEV. */
int64_t mir_bare_rtc(void);

/* What its registers 0 to 9 and B say: pure. Seconds since 1970, or MIR_EINVAL. */
int64_t mir_bare_rtc_seconds(const uint8_t regs[10], uint8_t mode);

#endif
