/* http2_device.h: HTTP/2 for lib/http, by nghttp2. */
#ifndef MIR_HTTP2_DEVICE_H
#define MIR_HTTP2_DEVICE_H

#include <mir/http2.h>

extern struct mir_http2 mir_http2_device;

#endif
