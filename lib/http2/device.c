/* device.c: HTTP/2 for lib/http. */
#include <mir/http2_device.h>

#include "internal.h"

static const struct mir_http2_ops ops = {
	.name = "nghttp2",
	.serve = mir_h2_serve,
	.client = mir_h2_client,
};

struct mir_http2 mir_http2_device = { &ops };
