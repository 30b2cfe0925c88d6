/* fault.c: signals that the guest's own faults raise. */
#include "spt.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

enum { STACK = 1 << 16 };

static const int fault_signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
enum { FAULT_SIGNALS = sizeof(fault_signals) / sizeof(fault_signals[0]) };

void fault_stack(void)
{
	static uint8_t stack[STACK] __attribute__((aligned(64)));
	const stack_t s = { .ss_sp = stack, .ss_size = sizeof(stack) };

	if (sigaltstack(&s, NULL) < 0)
		die("sigaltstack: %s", strerror(errno));
}

static bool is_code(const struct image *image, uint64_t at)
{
	for (const struct segment *s = image->seg; s < image->seg + image->n_seg; s++)
		if (s->exec && at >= s->vaddr && at - s->vaddr < s->memsz)
			return true;
	return false;
}

/* The kernel calls the guest itself: what a handler of the tender's could tell it, it has found
 * out better.  All of them are blocked meanwhile, so that another one ends the process. */
void fault_handlers(const struct image *image, uint32_t at)
{
	struct sigaction a = { .sa_flags = SA_SIGINFO | SA_ONSTACK };

	if (!is_code(image, at))
		die("the image's handler of faults, 0x%x, is not within its code", at);
	a.sa_sigaction = (void (*)(int, siginfo_t *, void *))(uintptr_t)at;
	sigemptyset(&a.sa_mask);
	for (int i = 0; i < FAULT_SIGNALS; i++)
		sigaddset(&a.sa_mask, fault_signals[i]);
	for (int i = 0; i < FAULT_SIGNALS; i++)
		if (sigaction(fault_signals[i], &a, NULL) < 0)
			die("sigaction: %s", strerror(errno));
}
