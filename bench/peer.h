/* peer.h: the parts of peer. */
#ifndef MIR_BENCH_PEER_H
#define MIR_BENCH_PEER_H

#include <stdbool.h>
#include <stdint.h>

/* server.c: serve until killed, with the kernel's congestion control of that name (NULL:
 * its default); only returns with 1, a message on stderr. */
int mir_peer_serve(const char *address, const char *port, const char *congestion);

/* client.c: one GET /down or POST /up; prints one line
 * "bytes N seconds S digest D", D the SHA-256 of all bytes (down), or what the
 * server says it is (up); 0 = none was taken.  0, or 1 with a message on stderr. */
int mir_peer_down(const char *address, const char *port, uint64_t bytes, bool digest);
int mir_peer_up(const char *address, const char *port, uint64_t bytes, bool digest);

/* peer.c: a socket for the numeric address, listening or connected; -1 with a
 * message on stderr. */
int mir_peer_socket(const char *address, const char *port, int listening);

#endif
