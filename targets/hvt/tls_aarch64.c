/* tls_aarch64.c */
#include "../guest/host.h"
#include "hvt.h"

void mir_host_set_tls(void *base)
{
	mir_hvt_set_tls(mir_hvt_address(base), false);
}
