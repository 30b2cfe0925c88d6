/* main.c: the `mirage` tool: from a description of a program to a sealed image. */
#include <stdio.h>

#include "command.h"

int main(int argc, char **argv)
{
	int status = command_line(argc, argv);

	if (fflush(stdout) != 0 && status == EXIT_OK)
		status = EXIT_FAILED;
	mem_release();
	return status;
}
