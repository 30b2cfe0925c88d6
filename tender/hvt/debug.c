/* debug.c: where debuggers and core files come in. */
#include "hvt.h"

void debug_start(struct vm *vm, const struct options *o)
{
	(void)vm;
	if (o->gdb)
		die("--gdb: this build has no debugger");
	if (o->dumpcore)
		die("--dumpcore: this build writes no core files");
}

void debug_exit(struct vm *vm)
{
	vm_die(vm, "the image stopped for a debugger that is not there");
}

void debug_halt(struct vm *vm)
{
	(void)vm;
}
