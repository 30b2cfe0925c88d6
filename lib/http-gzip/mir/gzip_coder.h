/* gzip_coder.h: the content coding gzip (RFC 1952), by zlib. */
#ifndef MIR_GZIP_CODER_H
#define MIR_GZIP_CODER_H

#include <mir/coder.h>

/* Its own choice is level 4. */
extern const struct mir_coder mir_gzip_coder;

#endif
