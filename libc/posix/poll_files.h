/* poll_files.h: what waiting for several files shares. */
#ifndef MIR_POSIX_POLL_H
#define MIR_POSIX_POLL_H

#include <poll.h>
#include <time.h>

#include "file.h"

/* Waits until one of the files is ready or the time has come.  Returns how many have revents, or
 * -EINTR, -ENOMEM.  Blocks. */
long mir_poll_files(struct pollfd *, size_t n, int64_t deadline);

/* Monotonic time of a limit: ms < 0, NULL: MIR_NEVER. *out; -EINVAL. */
int64_t mir_poll_deadline_ms(int ms);
int mir_poll_deadline(const struct timespec *, int64_t *out);

/* Signals that are blocked meanwhile: sets them, and sets back what there was; between the two, one
 * that waited already interrupts.  mask NULL: does nothing.  -EINVAL; the end returns `result`. */
long mir_poll_mask(const void *mask, size_t size, uint64_t *old);
long mir_poll_unmask(const void *mask, uint64_t old, long result);

#endif
