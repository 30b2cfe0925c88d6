/* calls.h: the numbers of the host's system calls and the layout of what they fill in, by CPU. */
#ifndef MIR_SPT_CALLS_H
#define MIR_SPT_CALLS_H

#if defined(__x86_64__)
#include "calls_x86_64.h"
#elif defined(__aarch64__)
#include "calls_aarch64.h"
#else
#error "no system calls are known for this CPU"
#endif

enum { CLOCK_REALTIME_ID = 0, CLOCK_MONOTONIC_ID = 1, TIMER_ABSOLUTE = 1, DONT_NEED = 4 };

#endif
