/* arch.h: what differs between CPUs; arch_CPU.c. */
#ifndef TENDER_ARCH_H
#define TENDER_ARCH_H

#include <stdint.h>

/* AUDIT_ARCH_* of system calls. */
extern const uint32_t arch_audit;

/* The name of clock_gettime() in the vDSO. */
extern const char arch_vdso_clock[];

/* A system call by hand, for signal handlers: the thread's pointer may be a guest's, so that errno
 * and all else of libc are out of reach. */
long arch_call(long number, long a, long b, long c);

#endif
