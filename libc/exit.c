/* exit.c: the end of the program. */
#include "libc.h"

long mir_sys_exit(int status)
{
	mir_target_exit(status & 0xff);
}

long mir_sys_exit_group(int status)
{
	mir_target_exit(status & 0xff);
}
