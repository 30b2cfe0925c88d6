/* party.h: what the works have in common. */
#ifndef PARTY_H
#define PARTY_H

#include "mirage/app.h"

#include <mir/fiber.h>
#include <mir/hash.h>
#include <mir/log.h>
#include <mir/loop.h>
#include <mir/mem.h>

/* A conversation over one connection, from one side.  Blocks.  0, or why it failed. */
typedef int talk(struct mir_flow *, const struct app *);

struct work {
	const char *name;
	talk *serve;                        /* each accepted connection; it is closed after */
	int (*client)(const struct app *);  /* all that the client does; Blocks. */
	void (*server)(const struct app *); /* once, when the server begins; NULL: nothing */
	void (*server_end)(void);           /* and when it ends */
	bool failures;                      /* of a conversation at the server are no failures */
	bool idle; /* connections are only held, until the client ends them */
	struct mir_tcp_options options;
};

extern const struct work bulk_work, short_work, half_work, reset_work, window_work, open_work,
    reuse_work, exhaust_work, datagrams_work, address_work, roam_work, deaf_work;

/* Something is not as it must be: the image will end with status 1. */
void party_fail(const char *fmt, ...) MIR_PRINTF(1, 2);
bool party_failed(void);

int party_connect(const struct app *, const struct mir_tcp_options *, struct mir_flow **out);

/* Byte number `pos` of a stream. */
static inline uint8_t party_byte(uint64_t pos)
{
	return (uint8_t)(pos * 131 + (pos >> 8) * 7 + (pos >> 16));
}

/* Sends bytes 0..n of the stream in pieces, then their SHA-256.  Blocks. */
int party_send(struct mir_flow *, uint64_t n, size_t piece);
/* Reads to the end of the stream, sleeping up to `pause` between reads; checks each byte and the
 * SHA-256 that follows.  Returns how many there were (without it), or why it failed: MIR_EPROTO,
 * the stream ended too early.  Blocks. */
int64_t party_receive(struct mir_flow *, int64_t pause);

/* Both at once; 0 if all came whole.  The flow is shut for writing. */
int party_exchange(struct mir_flow *, uint64_t send, uint64_t receive, size_t piece, int64_t pause);

/* Runs fn(app, i) for i < count, `abreast` fibers at once.  Blocks until all have ended. */
void party_abreast(const struct app *, void (*fn)(const struct app *, unsigned i));

#endif
