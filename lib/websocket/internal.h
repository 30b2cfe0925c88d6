/* internal.h: a connection of WebSocket. */
#ifndef MIR_WS_INTERNAL_H
#define MIR_WS_INTERNAL_H

#include <mir/fiber.h>
#include <mir/timer.h>
#include <mir/websocket.h>

#include "../http/internal.h"
#include "frames.h"

enum { MIR_WS_REASON = MIR_WS_CONTROL - 2, MIR_WS_PARTS = 14 };

struct mir_ws_queued {
	struct mir_ws_queued *next;
	enum mir_ws_type type;
	struct mir_slice data;
};

/* A control frame that is to go out. */
struct mir_ws_due {
	bool due;
	uint8_t len, bytes[MIR_WS_CONTROL];
};

struct mir_ws {
	struct mir_flow *flow;
	const char *protocol;
	uint64_t max_message;
	size_t max_queue;
	int64_t ping_ns, close_ns;
	bool client, pieces;

	/* in */
	struct mir_http_input input;
	struct mir_ws_frames frames;
	struct mir_mem *mem; /* the message, as far as it has come: len of cap bytes */
	uint8_t *buf;
	size_t len, cap;
	int64_t heard; /* when something came last, or silence was broken by a ping */
	bool pinged;
	int failed; /* for good; 0: not */
	uint8_t reason_len, reason[MIR_WS_REASON];

	/* out */
	bool writing;  /* a fiber is in the middle of a frame */
	bool in_parts; /* of a message */
	bool shut;     /* Close was sent, or is due */
	int torn;      /* a write failed: nothing can follow */
	int64_t shut_until;
	struct mir_timer timer; /* ends a read at shut_until */
	struct mir_waitq writers, idle;
	struct mir_ws_due ping, pong, close;
	struct mir_ws_queued *head, **tail;
	size_t queued;
	struct mir_fiber *flusher; /* sends what is due and queued */
};

/* A connection over a flow whose handshake is done; NULL: no memory, nothing was taken. */
struct mir_ws *mir_ws_new(
    struct mir_flow * /* take */, bool client, const struct mir_ws_options *, const char *protocol);

/* send.c */
/* Has what is due sent, by a fiber of its own. */
void mir_ws_kick(struct mir_ws *);
/* Sends the same in the present fiber; queue: messages too.  Blocks. */
int mir_ws_flush(struct mir_ws *, bool queue);
void mir_ws_drop_queue(struct mir_ws *);
/* Close is due, unless it was before. */
void mir_ws_close_due(struct mir_ws *, unsigned code, struct mir_str reason);

/* handshake.c: the answer to a key (section 4.2.2), with its zero. */
enum { MIR_WS_KEY = 24, MIR_WS_ACCEPT = 28 };
void mir_ws_answer_key(struct mir_str key, char out[MIR_WS_ACCEPT + 1]);

#endif
