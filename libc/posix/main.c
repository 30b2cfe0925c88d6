/* main.c: where the sources of a project have a main() of their own (main-posix).
 *
 * The linker is told --wrap=main: what libc/start.c calls is __wrap_main, and __real_main is the
 * program's.
 */
#define _GNU_SOURCE
#include <mir/boot.h>
#include <mir/posix.h>
#include <mir/start.h>
#include <mir/target.h>
#include <stdlib.h>
#include <unistd.h>

#include "signals.h"

int __real_main(int argc, char **argv, char **environment) MIR_WEAK;
int __wrap_main(int argc, char **argv);

/* As targets/guest/main.c does, but what exit() does was done, by whichever way the program ended.
 */
int __wrap_main(int argc, char **argv)
{
	mir_boot_phase("libc");
	mir_libc_loop = &mir_libc_in_loop;
	mir_target_exit(mir_loop_run(mir_main, argc, argv) & 0xff);
}

int mir_posix_run(struct mir_posix *p)
{
	mir_signals_of_program();
	exit(__real_main(p->argc, p->argv, environ));
}
