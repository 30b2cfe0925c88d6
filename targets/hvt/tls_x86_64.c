/* tls_x86_64.c */
#include "../guest/host.h"
#include "cpu_x86_64.h"
#include "hvt.h"

void mir_host_set_tls(void *base)
{
	mir_hvt_set_tls(mir_hvt_address(base), !(mir_hvt_cpu.leaf7_ebx & CPU7_FSGSBASE));
}
