/* main.c: chooses the part. */
#include <stdio.h>
#include <string.h>

#include "net.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int, char **);
	} parts[] = { { "local", local }, { "poll", polling }, { "epoll", epolling },
		{ "udp", datagrams }, { "many", many }, { "ask", ask }, { "lookup", lookup } };

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(argv[1], parts[i].name) == 0)
			return parts[i].run(argc - 2, argv + 2);
	fprintf(stderr, "net local|poll|epoll|udp|many|ask|lookup ...\n");
	return 2;
}
