/* err.h: the one error space of the system.
 *
 * A function that can fail returns int (or int64_t for counts): a value >= 0 on
 * success, one of these, all negative, on failure.  The first group are the
 * negated errno values, the same on Linux hosts and in musl; the second is our own.
 * End of stream is 0, never an error.
 */
#ifndef MIR_ERR_H
#define MIR_ERR_H

#include <errno.h>

#define MIR_ERR_MAP(X)                                                                             \
	X(EPERM, -EPERM, "not permitted")                                                          \
	X(ENOENT, -ENOENT, "no such key or file")                                                  \
	X(EIO, -EIO, "device error")                                                               \
	X(EAGAIN, -EAGAIN, "not now, try again")                                                   \
	X(ENOMEM, -ENOMEM, "out of memory, or its budget is used up")                              \
	X(EACCES, -EACCES, "permission denied")                                                    \
	X(EBUSY, -EBUSY, "in use")                                                                 \
	X(EEXIST, -EEXIST, "exists already")                                                       \
	X(ENODEV, -ENODEV, "no such device")                                                       \
	X(ENOTDIR, -ENOTDIR, "a value, not a dictionary")                                          \
	X(EISDIR, -EISDIR, "a dictionary, not a value")                                            \
	X(EINVAL, -EINVAL, "invalid argument")                                                     \
	X(EFBIG, -EFBIG, "too large")                                                              \
	X(ENOSPC, -ENOSPC, "no space left")                                                        \
	X(EROFS, -EROFS, "read only")                                                              \
	X(EPIPE, -EPIPE, "this side was shut down for writing")                                    \
	X(ERANGE, -ERANGE, "out of range")                                                         \
	X(ENOSYS, -ENOSYS, "not offered by this implementation")                                   \
	X(ENOTEMPTY, -ENOTEMPTY, "dictionary not empty")                                           \
	X(EMSGSIZE, -EMSGSIZE, "message longer than the path allows")                              \
	X(EADDRINUSE, -EADDRINUSE, "address in use")                                               \
	X(EADDRNOTAVAIL, -EADDRNOTAVAIL, "not an address of this host, or no port left")           \
	X(ENETDOWN, -ENETDOWN, "network is down")                                                  \
	X(ENETUNREACH, -ENETUNREACH, "no route to that network")                                   \
	X(EHOSTUNREACH, -EHOSTUNREACH, "host does not answer")                                     \
	X(ECONNREFUSED, -ECONNREFUSED, "connection refused")                                       \
	X(ECONNRESET, -ECONNRESET, "connection reset by peer")                                     \
	X(ECONNABORTED, -ECONNABORTED, "connection aborted here")                                  \
	X(ENOTCONN, -ENOTCONN, "not connected")                                                    \
	X(ETIMEDOUT, -ETIMEDOUT, "timed out")                                                      \
	X(ECANCELED, -ECANCELED, "cancelled")                                                      \
	X(EDISCONN, -1000, "device is disconnected")                                               \
	X(EPROTO, -1001, "peer broke the protocol")                                                \
	X(ENODIGEST, -1002, "no digest for this key")                                              \
	X(ELIMIT, -1003, "a limit of this image was reached")                                      \
	X(ENOENTROPY, -1004, "no source of entropy")                                               \
	X(ECERT, -1005, "the peer's certificate is not trusted")                                   \
	X(ECERTTIME, -1006, "the peer's certificate has expired, or is not valid yet")             \
	X(ECERTNAME, -1007, "the peer's certificate is for another name")                          \
	X(ECERTUSE, -1008, "the peer's certificate is not for this use")                           \
	X(ECERTREVOKED, -1009, "the peer's certificate was revoked")

enum mir_err {
#define X(name, value, text) MIR_##name = (value),
	MIR_ERR_MAP(X)
#undef X
};

/* The text of an error, "unknown error" for any other number.  Static memory. */
const char *mir_strerror(int err);

#endif
