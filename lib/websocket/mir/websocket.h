/* websocket.h: WebSocket (RFC 6455), messages both ways over a connection of HTTP or any flow.
 *
 *     int rc = mir_ws_accept(req, res, NULL, &ws);
 *
 *     if (rc <= 0)
 *             return rc;
 *     while (mir_ws_receive(ws, &m) > 0)
 *             mir_ws_send(ws, m.type, &m.data, 1);
 *     mir_ws_close(ws, MIR_WS_NORMAL, "");
 *     return 0;
 *
 * Pings are answered, messages checked and put together, by mir_ws_receive: one fiber should be in
 * it most of the time.  Any number of fibers may send meanwhile.  What one connection holds of
 * memory is bounded: a message, the queue of mir_ws_post, and the fiber of the handler.
 * Compression is not offered.
 */
#ifndef MIR_WEBSOCKET_H
#define MIR_WEBSOCKET_H

#include <mir/http.h>

struct mir_ws;

enum mir_ws_type { MIR_WS_TEXT = 1, MIR_WS_BINARY = 2 };

/* Why a connection was closed (section 7.4.1); 3000 to 4999 are the applications'. */
enum mir_ws_code {
	MIR_WS_NORMAL = 1000,
	MIR_WS_GOING = 1001,    /* the server stops, the page is left */
	MIR_WS_PROTOCOL = 1002, /* the peer broke the protocol */
	MIR_WS_NO_CODE = 1005,  /* never sent: the peer gave none */
	MIR_WS_ABNORMAL = 1006, /* never sent: the connection ended without Close */
	MIR_WS_NOT_TEXT = 1007, /* text that is not UTF-8 */
	MIR_WS_POLICY = 1008,
	MIR_WS_TOO_BIG = 1009,
	MIR_WS_ERROR = 1011, /* the server failed */
};

/* All zero, or a NULL in its place, is a good choice.  Lists end with NULL and must live until the
 * handshake is over; the protocol that is chosen, as long as the connection. */
struct mir_ws_options {
	const char *const *origins;   /* pages that may connect ("https://a.example"); NULL: all.
					 What sends no Origin is no browser and may. */
	const char *const *protocols; /* subprotocols, best first */
	uint64_t max_message;         /* bytes of a message that comes; 0: 1 MB */
	bool pieces;                  /* messages come in pieces, of any length in all */
	size_t max_queue;             /* bytes that mir_ws_post holds; 0: 256 kB */
	int64_t ping_ns;              /* of silence after which a ping is sent, and, after as much
					 again, the connection given up; 0: never */
	int64_t close_ns;             /* that the peer has for its part of the close; 0: 5 s */
};

/* Answers the opening handshake of a request.  1: *out is the connection; mir_ws_close it before
 * the handler returns.  0: it was no such request, or is not permitted, and that was answered (400,
 * 403, 405, 426): return 0.  Negative: return that.  Blocks. */
int mir_ws_accept(struct mir_http_request *, struct mir_http_response *,
    const struct mir_ws_options *, struct mir_ws **out);

struct mir_ws_target {
	const char *host;   /* "chat.example:8080", as in the URL */
	const char *path;   /* with query; NULL: "/" */
	const char *origin; /* NULL: none is sent */
};

/* The other side: the opening handshake over a flow to a server (TCP: ws, TLS: wss), 30 s at most.
 * protocols are what is asked for.  The flow is closed on failure.  Blocks.  MIR_EACCES: the server
 * answered otherwise; MIR_EPROTO: what it answered is wrong; MIR_EINVAL: a target with characters
 * that it cannot have; as read. */
int mir_ws_connect(struct mir_flow * /* take */, const struct mir_ws_target *,
    const struct mir_ws_options *, struct mir_ws **out);

/* What was agreed on; NULL: none. */
const char *mir_ws_protocol(const struct mir_ws *);

/* A message, or a piece of one. */
struct mir_ws_message {
	enum mir_ws_type type;
	bool last;             /* the message is whole; always so without options.pieces */
	struct mir_slice data; /* text is valid UTF-8, though a piece may end within a character */
};

/* The next message: 1; out->data is the caller's to unref.  0: the peer closed, see mir_ws_code.
 * MIR_EPROTO, MIR_EFBIG: the peer broke the protocol or the limit, and is told; MIR_ECONNRESET: it
 * went without Close; MIR_ECONNABORTED: it did not answer a ping or a close in time; MIR_ENOMEM:
 * all these for good.  MIR_ETIMEDOUT, MIR_ECANCELED: of the fiber, the connection can be used on.
 * For one fiber at a time.  Blocks. */
int mir_ws_receive(struct mir_ws *, struct mir_ws_message *out);

/* Sends a message.  Text must be UTF-8.  Messages of mir_ws_post that wait go first.  Blocks while
 * the peer is slow.  MIR_EPIPE: closed, or to be closed; MIR_EBUSY: a message of parts is under
 * way; as write, for good. */
int mir_ws_send(struct mir_ws *, enum mir_ws_type, struct mir_slice *data /* take */, unsigned n);
int mir_ws_send_copy(struct mir_ws *, enum mir_ws_type, const void *p, size_t len);

/* Sends a part of a message, as a frame of its own; after one that is not the last, nothing but
 * further parts.  Blocks. */
int mir_ws_send_part(
    struct mir_ws *, enum mir_ws_type, struct mir_slice *data /* take */, unsigned n, bool last);

/* Sends a message later, as soon as the peer takes it.  Does not block.  MIR_ELIMIT: more waits
 * than options.max_queue; MIR_EPIPE, MIR_ENOMEM. */
int mir_ws_post(struct mir_ws *, enum mir_ws_type, struct mir_slice data /* take */);

/* Begins the close from anywhere; mir_ws_receive returns 0 when the peer has agreed.  The reason is
 * at most 123 bytes of UTF-8.  Does not block.  MIR_EINVAL: a code that is never sent, a reason too
 * long. */
int mir_ws_shut(struct mir_ws *, unsigned code, const char *reason);

/* The peer's code, or why there is none; MIR_WS_ABNORMAL as long as it is not closed. */
unsigned mir_ws_code(const struct mir_ws *);
/* The peer's reason, valid until mir_ws_close. */
struct mir_str mir_ws_reason(const struct mir_ws *);

/* Closes and frees: sends what waits, then Close if it was not sent, and waits for that of the
 * peer, options.close_ns at most; nobody else may be in a call for it.  Blocks.  0: both sides have
 * agreed; else what came in between. */
int mir_ws_close(struct mir_ws * /* take */, unsigned code, const char *reason);

#endif
