/* console.c: standard output of the tender. */
#include "spt.h"

enum { STDOUT = 1 };

void mir_host_console(const char *text, size_t len)
{
	while (len > 0) {
		long n = mir_spt_call(CALL_WRITE, STDOUT, mir_spt_long(text), (long)len, 0, 0, 0);

		if (n == MIR_SPT_EINTR)
			continue;
		if (n <= 0)
			return; /* nobody reads it */
		text += n;
		len -= (size_t)n;
	}
}
