/* zstd_coder.h: the content coding zstd (RFC 8878, RFC 9659), by libzstd. */
#ifndef MIR_ZSTD_CODER_H
#define MIR_ZSTD_CODER_H

#include <mir/coder.h>

/* Its own choice is level 3.  Windows are of 128 kB. */
extern const struct mir_coder mir_zstd_coder;

#endif
