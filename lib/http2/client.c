/* client.c: stands for the client. */
#include "internal.h"

int mir_h2_client(struct mir_http2 *device, struct mir_flow *flow, uint32_t max_header,
    struct mir_http2_client **out)
{
	(void)device;
	(void)max_header;
	(void)out;
	mir_flow_abort(flow);
	return MIR_ENOMEM;
}
