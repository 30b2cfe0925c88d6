/* console.c: standard output of the process that simulates. */
#include <mir/target.h>
#include <unistd.h>

void mir_target_console(const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}
