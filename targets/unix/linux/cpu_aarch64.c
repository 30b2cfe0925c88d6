/* cpu_aarch64.c: the registers that a signal interrupted. */
#define _GNU_SOURCE
#include <ucontext.h>

#include "../unix.h"

enum { FRAME_POINTER = 29, REGISTERS = 31 };

void mir_unix_context(const void *ucontext, struct mir_unix_context *out)
{
	const ucontext_t *u = ucontext;
	const mcontext_t *m = &u->uc_mcontext;

	*out = (struct mir_unix_context){ (const void *)m->pc, (const void *)m->regs[FRAME_POINTER],
		(const void *)m->sp };
}

void mir_unix_registers(const void *ucontext)
{
	const ucontext_t *u = ucontext;
	const mcontext_t *m = &u->uc_mcontext;

	for (unsigned i = 0; i < REGISTERS; i++)
		mir_unix_say(
		    "  x%-2u %016llx%s", i, (unsigned long long)m->regs[i], i % 4 == 3 ? "\n" : "");
	mir_unix_say(
	    "  sp  %016llx\n  pc  %016llx\n", (unsigned long long)m->sp, (unsigned long long)m->pc);
}
