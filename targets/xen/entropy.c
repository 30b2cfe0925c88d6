/* entropy.c */
#include "../guest/host.h"

/* Xen has none to give: the processor is asked instead. */
bool mir_host_entropy(void *buf, size_t len)
{
	(void)buf;
	(void)len;
	return false;
}
