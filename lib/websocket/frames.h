/* frames.h: the frames of WebSocket (RFC 6455 sections 5, 7.4 and 8.1), pure: bytes in, events out.
 *
 * Every byte is judged as soon as it has come, so that a wrong one is known before the rest.
 */
#ifndef MIR_WS_FRAMES_H
#define MIR_WS_FRAMES_H

#include <mir/bytes.h>
#include <mir/err.h>
#include <mir/websocket.h>

enum mir_ws_opcode {
	MIR_WS_CONTINUATION = 0,
	/* MIR_WS_TEXT, MIR_WS_BINARY: 1, 2 */
	MIR_WS_CLOSE = 8,
	MIR_WS_PING = 9,
	MIR_WS_PONG = 10,
};

enum {
	MIR_WS_HEAD = 14,     /* bytes of the longest frame head */
	MIR_WS_CONTROL = 125, /* bytes that a control frame holds at most */
};

/* UTF-8 (RFC 3629) in pieces.  All zero is the beginning. */
struct mir_ws_utf8 {
	uint8_t left;      /* bytes of a character that are to come */
	uint8_t low, high; /* bounds of the next of them; 0, 0: as usual */
};

/* Takes the next bytes; false: this is no UTF-8 whatever follows. */
bool mir_ws_utf8(struct mir_ws_utf8 *, const uint8_t *p, size_t len);

/* What has come.  Beginning: all zero but for client and limit. */
struct mir_ws_frames {
	bool client;    /* we are: what comes must not be masked; else it must */
	uint64_t limit; /* bytes of a message; 0: any number */

	uint16_t code;   /* after a failure: what to close with; after Close: the peer's, or 1005 */
	int error;       /* the failure, for good */
	bool closed;     /* Close has come: the rest is dropped */
	uint8_t message; /* MIR_WS_TEXT, MIR_WS_BINARY: one is under way; 0: none */
	uint8_t type;    /* of the message that began last */
	uint64_t message_len;
	struct mir_ws_utf8 utf8;

	/* the frame */
	uint8_t head[MIR_WS_HEAD];
	uint8_t have, need; /* bytes of the head; need 0: between frames */
	uint8_t opcode;
	bool fin, body;  /* body: the head is whole */
	uint8_t mask[4]; /* zero: none */
	uint64_t at, len;
	uint8_t control[MIR_WS_CONTROL];
};

enum mir_ws_kind {
	MIR_WS_NO_EVENT,
	MIR_WS_ROOM_EVENT, /* len bytes of a message are to come: give room for some */
	MIR_WS_DATA_EVENT, /* len bytes of the message were written to the room */
	MIR_WS_PING_EVENT, /* p, len */
	MIR_WS_PONG_EVENT,
	MIR_WS_CLOSE_EVENT, /* p, len: the reason; frames.code */
};

struct mir_ws_event {
	enum mir_ws_kind kind;
	const uint8_t *p; /* valid until the next call */
	uint64_t len;
	bool last; /* of DATA: the message is whole */
};

/* Takes bytes from `in` up to the next event; NO_EVENT: all were taken.  What a message holds goes
 * to `out`, which has `room` bytes and may be where it comes from.  MIR_EPROTO, MIR_EFBIG: the
 * connection is to be failed with frames.code. */
int mir_ws_frames_next(struct mir_ws_frames *, struct mir_reader *in, uint8_t *out, size_t room,
    struct mir_ws_event *);

/* May a peer send that code in a Close frame? */
bool mir_ws_code_ok(unsigned code);

/* Writes the head of a frame of len bytes; its length.  key: how they are masked; NULL: not. */
unsigned mir_ws_head(
    uint8_t out[MIR_WS_HEAD], unsigned opcode, bool fin, uint64_t len, const uint8_t key[4]);

/* Masks, or unmasks, len bytes that begin at byte `at` of a frame; in and out may be the same. */
void mir_ws_mask(uint8_t *out, const uint8_t *in, size_t len, const uint8_t key[4], uint64_t at);

#endif
