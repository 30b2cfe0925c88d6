/* main.c: what libc/ calls: the event loop with the image's main on its first fiber. */
#include <mir/boot.h>
#include <mir/start.h>
#include <mir/target.h>

/* Weak: a program of its own may have one too (libc/posix/main.c). */
int main(int argc, char **argv) MIR_WEAK;
int main(int argc, char **argv)
{
	mir_boot_phase("libc");
	mir_libc_loop = &mir_libc_in_loop;
	return mir_loop_run(mir_main, argc, argv);
}
