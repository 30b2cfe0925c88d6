/* cpu_x86_64.c: the registers that a signal interrupted. */
#define _GNU_SOURCE
#include <ucontext.h>

#include "../unix.h"

void mir_unix_context(const void *ucontext, struct mir_unix_context *out)
{
	const ucontext_t *u = ucontext;
	const greg_t *r = u->uc_mcontext.gregs;

	*out = (struct mir_unix_context){ (const void *)r[REG_RIP], (const void *)r[REG_RBP],
		(const void *)r[REG_RSP] };
}

void mir_unix_registers(const void *ucontext)
{
	static const struct {
		const char *name;
		int index;
	} registers[] = { { "rax", REG_RAX }, { "rbx", REG_RBX }, { "rcx", REG_RCX },
		{ "rdx", REG_RDX }, { "rsi", REG_RSI }, { "rdi", REG_RDI }, { "rbp", REG_RBP },
		{ "rsp", REG_RSP }, { "r8 ", REG_R8 }, { "r9 ", REG_R9 }, { "r10", REG_R10 },
		{ "r11", REG_R11 }, { "r12", REG_R12 }, { "r13", REG_R13 }, { "r14", REG_R14 },
		{ "r15", REG_R15 }, { "rip", REG_RIP }, { "efl", REG_EFL } };
	const ucontext_t *u = ucontext;

	for (unsigned i = 0; i < MIR_COUNT(registers); i++)
		mir_unix_say("  %s %016llx%s", registers[i].name,
		    (unsigned long long)u->uc_mcontext.gregs[registers[i].index],
		    i % 4 == 3 || i + 1 == MIR_COUNT(registers) ? "\n" : "");
}
