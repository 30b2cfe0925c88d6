/* internal.h: what the files of lib/http2 share.
 *
 * nghttp2 reads and makes frames, and holds the state of streams; it does no I/O and never blocks.
 * A connection has two fibers at most: one takes what the flow has and ends, another writes while
 * there is something to write.  One that waits has none.  Each request has its handler's fiber; a
 * body waits with the fiber that writes it, and is not copied.
 */
#ifndef MIR_HTTP2_INTERNAL_H
#define MIR_HTTP2_INTERNAL_H

#include <mir/fiber.h>
#include <mir/flow.h>
#include <mir/http2.h>
#include <mir/timer.h>

#include <nghttp2/nghttp2.h>

enum {
	MIR_H2_FIELDS = 108,          /* header fields of a message, pseudo ones among them */
	MIR_H2_WINDOW = 256 * 1024,   /* bytes of a body that may come before they are read */
	MIR_H2_WINDOWS = 1024 * 1024, /* of all bodies of a connection */
	MIR_H2_BATCH = 64 * 1024,     /* bytes that are written at once */
	MIR_H2_OUT = 64,              /* and slices */
	MIR_H2_SMALL = 512,           /* bytes that are rather copied than sent as a slice */
	MIR_H2_CONTINUATIONS = 8,     /* of a block of header fields */
	MIR_H2_QUEUED = 1000,         /* frames; past it nothing is read until some are written */
	MIR_H2_SETTINGS = 32,         /* in a frame */
};

struct mir_h2;

/* A piece of a body that has come.  Small ones share memory. */
struct mir_h2_piece {
	struct mir_h2_piece *next;
	struct mir_slice bytes;
	size_t room; /* free behind the bytes */
};

struct mir_h2_field {
	nghttp2_rcbuf *name, *value;
};

/* A request and its answer.  It is freed when nghttp2 has closed the stream and no fiber uses it.
 */
struct mir_h2_stream {
	struct mir_h2_stream *next, **prev;
	struct mir_h2 *h;
	int32_t id;
	uint32_t error; /* why it was closed */
	bool closed;    /* by nghttp2 */
	bool used;      /* by a fiber */
	bool in_ended;  /* all of the peer's message has come */
	bool out_last;  /* nothing follows `data` */
	bool out_ended; /* all of ours has been sent */
	bool too_large; /* the head */
	bool headed;    /* the head is whole: what comes are trailers */
	bool reset_at_end;

	/* the peer's message */
	struct mir_h2_field *fields;
	unsigned nfields, cap_fields;
	size_t field_bytes;
	struct mir_h2_piece *first, *last;
	size_t held;
	struct mir_waitq readers;

	/* ours: what the fiber that writes waits with */
	struct mir_slice *data;
	unsigned n;
	struct mir_waitq writers;
};

/* So many at once, so many a second after. */
struct mir_h2_bucket {
	uint32_t left, size, rate;
	int64_t filled;
};

struct mir_h2_limits {
	struct mir_h2_bucket frames, resets;
	uint64_t fed, framed;   /* bytes that came, and that nghttp2 found to be of frames */
	uint64_t wire, body;    /* bytes of DATA frames, and of what was in them */
	uint64_t head;          /* bytes of the block of header fields that has begun */
	unsigned continuations; /* of it */
};

/* What is written next. */
struct mir_h2_out {
	struct mir_slice s[MIR_H2_OUT];
	unsigned n;
	size_t bytes;
	struct mir_mem *mem; /* of what is copied */
	uint8_t *text;
	size_t used;
};

/* What differs between the ends.  None blocks. */
struct mir_h2_role {
	/* A message begins on a stream: the stream; NULL: it was reset. */
	struct mir_h2_stream *(*begin)(struct mir_h2 *, int32_t id);
	/* Its head is whole. */
	void (*head)(struct mir_h2_stream *);
	/* A stream was closed before its head was whole; NULL: a fiber sees to it. */
	void (*orphan)(struct mir_h2_stream *);
	/* A stream is closed and unused. */
	void (*free_stream)(struct mir_h2_stream *);
	void (*frame)(struct mir_h2 *, const nghttp2_frame *); /* has come; NULL: does not care */
	/* Something has changed, nothing is under way: sets lists and timers. */
	void (*settled)(struct mir_h2 *);
	/* GOAWAY with an error was sent. */
	void (*failed)(struct mir_h2 *, uint32_t error);
	/* Dead, and no fiber is left in it: frees it. */
	void (*free)(struct mir_h2 *);
};

struct mir_h2 {
	const struct mir_h2_role *role;
	nghttp2_session *session;
	struct mir_flow *flow;
	struct mir_fiber *reader, *writer;
	const struct mir_slice *feeding; /* what nghttp2 looks at */
	struct mir_h2_out *out;          /* while nghttp2 fills it */
	struct mir_h2_stream *streams;
	struct mir_h2_limits limits;
	struct mir_timer timer;
	int64_t read_patience, write_patience; /* nanoseconds */
	int64_t head_deadline;                 /* for the block that has begun; 0: none has */
	int64_t linger_deadline;
	size_t max_header;
	size_t lingered;
	uint64_t *held; /* bytes of bodies that wait for their readers, a sum over connections */
	uint32_t last_error; /* of the GOAWAY that we sent */
	unsigned users;      /* streams that a fiber uses */
	bool waiting;        /* for the flow to be readable */
	bool settling, ending, lingering, dead, aborted;
};

/* ---- session.c ---- */

/* Begins a session: all of *h is zero but role, flow, max_header and the patiences.  MIR_ENOMEM. */
int mir_h2_start(struct mir_h2 *, bool server, unsigned max_streams);
/* What was read already. */
void mir_h2_feed(struct mir_h2 *, const struct mir_slice *);
/* Sends what there is and waits for what comes; to be called when anything has changed.  The
 * session may be gone after. */
void mir_h2_settle(struct mir_h2 *);
/* Begins to write, if there is something. */
void mir_h2_kick(struct mir_h2 *);
/* Nothing more is read or written; settle frees it when no fiber is left. */
void mir_h2_die(struct mir_h2 *, bool abort);
/* GOAWAY, and the end when it is out. */
void mir_h2_end(struct mir_h2 *, uint32_t error);

/* ---- frames.c ---- */
int mir_h2_session_new(struct mir_h2 *, bool server, unsigned max_streams);

/* ---- output.c ---- */
ssize_t mir_h2_send(
    nghttp2_session *, const uint8_t *data, size_t length, int flags, void *user_data);
int mir_h2_send_data(nghttp2_session *, nghttp2_frame *, const uint8_t *framehd, size_t length,
    nghttp2_data_source *, void *user_data);
nghttp2_data_provider mir_h2_body(struct mir_h2_stream *);
/* Fills out: how many slices; negative: of nghttp2. */
int mir_h2_gather(struct mir_h2 *, struct mir_h2_out *);

/* ---- stream.c ---- */
void mir_h2_stream_init(struct mir_h2_stream *, struct mir_h2 *, int32_t id);
void mir_h2_stream_release(struct mir_h2_stream *);
/* The fiber that used it is done with it: frees it if it is closed. */
void mir_h2_stream_unuse(struct mir_h2_stream *);
void mir_h2_stream_close(struct mir_h2_stream *, uint32_t error);
int mir_h2_stream_field(struct mir_h2_stream *, nghttp2_rcbuf *name, nghttp2_rcbuf *value);
int mir_h2_stream_put(struct mir_h2_stream *, const uint8_t *, size_t);
/* What it failed of: MIR_EPROTO, MIR_ECONNRESET. */
int mir_h2_stream_error(const struct mir_h2_stream *);
/* The next pieces of the peer's body; 0: its end.  Blocks. */
int mir_h2_stream_read(struct mir_h2_stream *, struct mir_slice *out, unsigned max);
/* Waits until all is on its way.  last: it ends the message.  Blocks. */
int mir_h2_stream_write(
    struct mir_h2_stream *, struct mir_slice *data /* take */, unsigned n, bool last);
/* Ends our message with what is under way. */
void mir_h2_stream_end(struct mir_h2_stream *);
void mir_h2_stream_reset(struct mir_h2_stream *, uint32_t error);

static inline struct mir_str mir_h2_text(nghttp2_rcbuf *b)
{
	nghttp2_vec v = nghttp2_rcbuf_get_buf(b);

	return (struct mir_str){ (const char *)v.base, v.len };
}

/* ---- limits.c ---- */
void mir_h2_limits_init(struct mir_h2_limits *, int64_t now);
/* A frame begins; false: one too many. */
bool mir_h2_limits_frame(
    struct mir_h2_limits *, const nghttp2_frame_hd *, size_t max_header, int64_t now);
/* So many bytes have come; false: too many of them are of frames that mean nothing. */
bool mir_h2_limits_fed(struct mir_h2_limits *, size_t n);
/* A stream was reset, by the peer or because of it. */
bool mir_h2_limits_reset(struct mir_h2_limits *, int64_t now);
/* Something useful was done: a DATA frame sent, a request answered. */
void mir_h2_limits_sent(struct mir_h2_limits *);
void mir_h2_limits_answered(struct mir_h2_limits *);

/* ---- server.c, client.c ---- */
void mir_h2_serve(struct mir_http2 *, struct mir_http_conn *, struct mir_slice *begun, unsigned n);
int mir_h2_client(
    struct mir_http2 *, struct mir_flow *, uint32_t max_header, struct mir_http2_client **out);

#endif
