/* port.h: where the relay takes and gives Ethernet frames: a tap device, in any
 * network namespace, or an inherited descriptor (a tap's, or a socket's that keeps
 * frames apart: datagram or seqpacket).
 */
#ifndef MIR_TESTS_PORT_H
#define MIR_TESTS_PORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mir_port {
	const char *name; /* as it was given */
	int fd;
	uint64_t write_errors;
};

/* Open "tap:NAME", "tap:NAME@NETNS" (a name in /run/netns, or a path) or "fd:N",
 * non-blocking.  A tap is created if it is not there, without virtio header and
 * without offloads: the kernel segments and checksums what it sends through it.
 * Returns 0, or -1 with a message on stderr.  `name` is borrowed for good. */
int mir_port_open(struct mir_port *, const char *name);

/* One frame: its length, 0: nothing now, -1: the other side is gone. */
ssize_t mir_port_read(struct mir_port *, uint8_t *frame, size_t cap);

/* 1: sent, or refused for good and counted; 0: try again when it is writable. */
int mir_port_write(struct mir_port *, const uint8_t *frame, size_t len);

void mir_port_close(struct mir_port *);

#endif
