/* attempt.c: the names, and what to say when an attempt has come to nothing. */
#include "attempt.h"

#include "mirage/app.h"
#include <string.h>

#define TRY(name)                                                                                  \
	{                                                                                          \
#name, name                                                                        \
	}

static const struct {
	const char *name;
	void (*try)(void);
} attempts[] = {
	TRY(write_text),
	TRY(write_constant),
	TRY(write_relro),
	TRY(write_boot),
	TRY(write_descriptors),
	TRY(read_descriptors),
	TRY(execute_data),
	TRY(execute_heap),
	TRY(execute_stack),
	TRY(read_zero),
	TRY(write_zero),
	TRY(jump_zero),
	TRY(read_beyond),

	TRY(protect_text),
	TRY(protect_executable),
	TRY(overflow_main),
	TRY(overflow_fiber),
	TRY(overflow_slowly),
	TRY(overflow_large),
	TRY(smash_canary),
	TRY(smash_fiber),
	TRY(halt),
	TRY(interrupts_off),
	TRY(read_port),
	TRY(write_port),
	TRY(write_string_port),
	TRY(write_cr3),
	TRY(read_cr0),
	TRY(load_idt),
	TRY(store_gdt),
	TRY(write_msr),
	TRY(system_call),
	TRY(software_interrupt),
	TRY(breakpoint),
	TRY(undefined),
	TRY(far_call),
	TRY(jump_ring0),
	TRY(divide_ring0),
	TRY(divide),
	TRY(ask_again),
	TRY(protect_apic),
	TRY(io_privilege),
	TRY(wrong_hypercall),
	TRY(no_hypercall),
};

int attempt_main(const struct app *app)
{
	for (size_t i = 0; i < MIR_COUNT(attempts); i++) {
		if (strcmp(attempts[i].name, app->keys.how) != 0)
			continue;
		mir_console_printf(app->console, "trying %s\n", attempts[i].name);
		attempts[i].try();
		mir_console_printf(app->console, "nothing has stopped %s\n", attempts[i].name);
		return 3;
	}
	mir_console_printf(app->console, "no attempt %s\n", app->keys.how);
	return 4;
}
