/* crash.c: what is said when the processor refuses to go on. */
#include <mir/fiber.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "unix.h"

enum { ALT_STACK = 64 * 1024, STATUS = 255 };

static const struct {
	int number;
	const char *name;
} signals[] = { { SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" }, { SIGILL, "SIGILL" },
	{ SIGFPE, "SIGFPE" }, { SIGABRT, "SIGABRT" } };

static const char *name_of(int number)
{
	for (unsigned i = 0; i < MIR_COUNT(signals); i++) {
		if (signals[i].number == number)
			return signals[i].name;
	}
	return "signal";
}

static void handler(int number, siginfo_t *info, void *ucontext)
{
	struct mir_unix_context at;
	const struct mir_fiber *over = NULL;
	bool has_address = number != SIGABRT;

	mir_unix_context(ucontext, &at);
	mir_unix_say("\ncrash: %s", name_of(number));
	if (has_address)
		mir_unix_say(" at address %p", info->si_addr);
	if (mir_self())
		mir_unix_say(" in fiber %s\n", mir_fiber_name(mir_self()));
	else
		mir_unix_say(" in the event loop\n");
	if (has_address)
		over = mir_fiber_of_guard(info->si_addr, mir_unix_guard());
	if (over)
		mir_unix_say("stack overflow of fiber %s\n", mir_fiber_name(over));
	mir_unix_registers(ucontext);
	mir_unix_backtrace(at.pc, at.frame);
	_exit(STATUS);
}

void mir_unix_crash_install(void)
{
	static uint8_t alt[ALT_STACK];
	stack_t stack = { .ss_sp = alt, .ss_size = sizeof(alt) };
	struct sigaction action = { .sa_sigaction = handler };

	action.sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND);
	if (sigaltstack(&stack, NULL) < 0)
		return;
	for (unsigned i = 0; i < MIR_COUNT(signals); i++)
		sigaction(signals[i].number, &action, NULL);
}
