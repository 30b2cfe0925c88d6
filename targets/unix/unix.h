/* unix.h: what the files of this target know of each other. */
#ifndef MIR_UNIX_H
#define MIR_UNIX_H

#include <mir/cc.h>

/* crash.c: reports SIGSEGV and its like, and ends with status 255. */
void mir_unix_crash_install(void);

/* signal.c: SIGINT and SIGTERM ask the main fiber to end; SIGUSR1 asks for an account of what is
 * alive; SIGPIPE is ignored. */
void mir_unix_signals_install(void);

/* memory.c: bytes of the guard below each stack. */
size_t mir_unix_guard(void);

/* symbol.c: the function of this program that the address lies in, and how far; NULL: not known. */
const char *mir_unix_symbol(const void *address, size_t *offset);

/* backtrace.c: from this frame pointer up; pc, where it is not NULL, comes first. */
void mir_unix_backtrace(const void *pc, const void *frame);

/* linux/cpu_CPU.c: of the context that a signal handler is given. */
struct mir_unix_context {
	const void *pc, *frame, *stack;
};
void mir_unix_context(const void *ucontext, struct mir_unix_context *out);
/* Prints all registers. */
void mir_unix_registers(const void *ucontext);

/* A printf to the console, for signal handlers too. */
void mir_unix_say(const char *fmt, ...) MIR_PRINTF(1, 2);

#endif
