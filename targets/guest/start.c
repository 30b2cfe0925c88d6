/* start.c: from the entry of the image to libc/. */
#include <mir/boot.h>
#include <mir/err.h>
#include <mir/target.h>
#include <string.h>

#include "guest.h"

enum { LOOP_STACK = 128 * 1024, STATUS = 255 };

static uint8_t random_bytes[16];

void mir_target_exit(int status)
{
	mir_host_exit(status, NULL);
}

void mir_target_set_tls(void *base)
{
	mir_host_set_tls(base);
}

MIR_NORETURN static void fail(const char *text)
{
	mir_target_console(text, strlen(text));
	mir_target_exit(STATUS);
}

/* On the stack of the event loop. */
static void begin(void)
{
	char **argv;
	int argc = mir_guest_arguments(&argv);

	mir_boot_phase("memory");
	mir_libc_start(argc, argv, random_bytes);
}

MIR_COLD void mir_guest_start(void)
{
	uint64_t chance;
	uint8_t *stack;

	mir_boot_begin(
	    mir_guest.entered, mir_guest_features() ? (int64_t)mir_guest.ext->start_ns : 0);
	mir_boot_phase("entry");
	if (mir_target_entropy(random_bytes, sizeof(random_bytes)) < 0 ||
	    mir_target_entropy(&chance, sizeof(chance)) < 0)
		fail("no entropy: neither the host nor the processor has a generator of random "
		     "numbers; without secrets this image does not start\n");
	mir_guest_memory_begin(chance);
	stack = mir_target_stack_keep(LOOP_STACK);
	if (!stack)
		fail("not enough memory: give the image more with --mem\n");
	mir_guest_enter(stack + LOOP_STACK, begin);
}
