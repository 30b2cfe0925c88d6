/* tcb.h: one TCP connection as a pure engine: segments, calls of the user and the time go in;
 * segments, events and the next timeout come out.  No clock, no input or output, no fibers.
 *
 * How it is driven: after mir_tcb_input, mir_tcb_timeout or a call of the user, look at
 * tcb->events (and clear what was seen to), call mir_tcb_output once there is time to send, and
 * wait until mir_tcb_next_timeout at most.
 */
#ifndef MIR_TCP_TCB_H
#define MIR_TCP_TCB_H

#include "cc.h"
#include "fastopen.h"
#include "recvq.h"
#include "sent.h"
#include "sliceq.h"
#include "wire.h"

#include <mir/tcp.h>
#include <mir/tcp_device.h>

/* RFC 9293 section 3.3.2.  LISTEN belongs to listeners, TIME-WAIT to timewait.c. */
enum mir_tcp_state {
	MIR_TCP_CLOSED,
	MIR_TCP_SYN_SENT,
	MIR_TCP_SYN_RECEIVED,
	MIR_TCP_ESTABLISHED,
	MIR_TCP_FIN_WAIT_1,
	MIR_TCP_FIN_WAIT_2,
	MIR_TCP_CLOSE_WAIT,
	MIR_TCP_CLOSING,
	MIR_TCP_LAST_ACK,
	MIR_TCP_TIME_WAIT,
};

/* What happened, in tcb->events. */
enum {
	MIR_TCB_CONNECTED = 1,  /* the handshake is complete */
	MIR_TCB_READABLE = 2,   /* data, end of stream or death */
	MIR_TCB_WRITABLE = 4,   /* room in the send queue, or all acknowledged */
	MIR_TCB_OUTPUT = 8,     /* there is something to send: call mir_tcb_output */
	MIR_TCB_DEAD = 16,      /* state is CLOSED; error says why, 0: regular end */
	MIR_TCB_TIME_WAIT = 32, /* state is TIME_WAIT: only the entry of timewait.c is needed */
};

/* Unless the user says otherwise. */
#define MIR_TCB_USER_TIMEOUT  MIR_SECOND(300)
#define MIR_TCB_KEEP_INTERVAL MIR_SECOND(75)
enum { MIR_TCB_KEEP_PROBES = 9 };

enum { MIR_TCB_RECEIVE_START = 64 * 1024 }; /* first size of the receive buffer */

/* What is to be sent whether there are data or not, in tcb->due. */
enum {
	MIR_TCB_DUE_SYN = 1,
	MIR_TCB_DUE_ACK = 2,
	MIR_TCB_DUE_PROBE = 4, /* of a closed window, or a keep-alive: one number before SND.UNA */
	MIR_TCB_DUE_RST = 8,   /* the connection is aborted */
	MIR_TCB_DUE_REPLY_RST = 16, /* a half-open peer is told; the connection lives on */
	MIR_TCB_DUE_REXMIT = 32,    /* the first hole goes out whatever the window says */
	MIR_TCB_DUE_SHORT = 64,     /* a short segment goes out: the persist timer said so */
	MIR_TCB_DUE_TAIL = 128,     /* a probe whether the tail was lost */
};

enum mir_tcp_recovery { MIR_TCP_OPEN, MIR_TCP_FAST_RECOVERY, MIR_TCP_LOSS };

/* What connections of a device share. */
struct mir_tcb_env {
	struct mir_budget budget;
	struct mir_tcp_stats stats;
	const struct mir_tcp_cc_ops *cc;
	struct mir_tcp_fast *fast; /* NULL: TCP Fast Open is off */
	bool pressed;              /* memory runs short (pressure.c) */
	uint8_t fresh;             /* new connections that may count as brisk until the next look */
	uint32_t share, share_brisk; /* bytes that a connection may hold then */
};

/* What rtx_at is the time of, while something is in flight. */
enum mir_tcp_rtx { MIR_TCP_RTX_TIMEOUT, MIR_TCP_RTX_TAIL, MIR_TCP_RTX_REORDER };

/* What an ACK tells to have arrived. */
struct mir_tcb_delivery {
	int64_t now;
	uint32_t bytes; /* for the first time */
	uint32_t fack;  /* highest number that was known to have arrived before */
	uint32_t tsecr; /* 0: none */
	int64_t rtt;    /* the shortest, of segments sent once; 0: none */
	bool original;  /* one that was sent once, before the last timeout */
	struct mir_tcp_rate rate;
};

struct mir_tcb {
	struct mir_tcb_env *env;
	const struct mir_tcp_tuple *tuple;

	uint8_t state;  /* enum mir_tcp_state */
	uint8_t events; /* MIR_TCB_* */
	uint8_t due;    /* MIR_TCB_DUE_* */
	uint8_t recovery;
	bool use_ts : 1, use_sack : 1, use_scale : 1, use_ecn : 1; /* what both sides agreed on */
	bool ecn_echo : 1; /* a mark came: ACKs say so until the peer has slowed down */
	bool ecn_cwr : 1;  /* the next new segment says that we have slowed down */
	bool nodelay : 1;
	bool fin_queued : 1; /* the user will send no more */
	bool fin_sent : 1, fin_acked : 1;
	bool fin_received : 1; /* RCV.NXT is past the peer's FIN */
	bool read_shut : 1;    /* arriving data are thrown away */
	bool orphan : 1;       /* the user has closed: arriving data mean a reset (RFC 2525 2.17) */
	bool persist : 1;      /* rtx_at is the time of a window probe */
	bool cwnd_limited : 1; /* the congestion window kept data back when limited_end was SND.NXT
				*/
	bool tso : 1;          /* super-segments may be sent */
	bool passive : 1;
	bool fast : 1;          /* opened with text in the SYN, or tries to */
	bool tell_timeout : 1;  /* the user timeout option is sent, and the peer's heard */
	bool timeout_fixed : 1; /* but not heard: the user has chosen */
	bool timeout_due : 1;   /* it goes with the next text */
	bool fin_seen : 1;      /* peer_fin is known */
	bool dsack_due : 1;     /* of the range dsack */
	bool app_limited : 1;   /* until app_limited_end is delivered */
	bool reordered : 1;     /* segments were seen to overtake others */
	uint8_t rtx_kind;       /* enum mir_tcp_rtx */
	uint8_t reorder_steps;  /* reordering window, in quarters of min_rtt */
	uint8_t reorder_keep;   /* recoveries until it is narrow again */
	uint8_t keep_max;       /* keep-alive probes without an answer */
	uint8_t acks_owed;      /* duplicate ACKs for a sender without SACK */
	uint8_t send_shift, receive_shift;
	uint8_t backoff;     /* of the retransmission or persist timer */
	uint8_t keep_probes; /* sent without an answer */
	uint8_t quick_acks;  /* segments to acknowledge at once, at the start */
	uint8_t max_slices;  /* of a packet */
	uint8_t stalled;     /* looks in which it has hardly moved (pressure.c) */
	uint8_t brisk;       /* looks for which it counts as moving fast */
	int error;           /* why the connection died; 0: it has not, or regularly */

	/* Sending (RFC 9293 section 3.3.1). */
	uint32_t iss, una, nxt, wnd, wl1, wl2;
	uint32_t max_wnd;
	uint32_t edge;                  /* highest number that a window has allowed */
	uint32_t ecn_end;               /* echoes in ACKs of less have brought a reduction */
	uint32_t small_end;             /* end of the last short segment: Nagle's memory */
	uint16_t rcv_mss;               /* of the peer's segments, as seen */
	uint16_t syn_text;              /* bytes that went with our SYN */
	uint16_t mss;                   /* payload of a full segment, options taken off */
	uint16_t peer_mss;              /* as offered */
	uint16_t mtu;                   /* of our segments: the least of the next two */
	uint16_t path_mtu;              /* as routers and the interface tell */
	uint16_t mtu_limit;             /* what was found to pass; 0: no less than they tell */
	uint16_t mtu_probe;             /* of the segment that is on trial; 0: none */
	uint32_t mtu_probe_from;        /* its number */
	uint32_t mtu_raise;             /* ms: when the next may be tried */
	uint32_t send_least, send_most; /* of the send queue, which goes with the window */
	uint32_t reply_seq;             /* of DUE_REPLY_RST */
	struct mir_tcp_sliceq sendq;    /* the stream from SND.UNA on */

	/* Receiving. */
	uint32_t irs, rcv_nxt;
	uint32_t rcv_adv;    /* right edge of the window that the peer was told */
	uint32_t rcv_buffer; /* present size */
	uint32_t rcv_limit;
	uint32_t rcv_taken, rcv_space;     /* by the user: this round trip, the most in one */
	uint32_t rcv_round_us, rcv_rtt_us; /* it began; how long it is, 0: not known */
	/* The echo of the last segment; without timestamps, what ends a sample, and its begin. */
	uint32_t rcv_mark, rcv_mark_us;
	uint32_t rcv_unacked; /* bytes since our last ACK */
	uint32_t peer_fin;    /* number of the peer's FIN, if fin_seen */
	struct mir_tcp_range dsack;
	struct mir_tcp_recvq recvq;
	uint32_t moved_mark; /* how far both streams were at the last look (pressure.c) */

	/* Timestamps (RFC 7323). */
	uint32_t ts_offset, ts_recent, last_ack_sent;
	uint32_t ts_recent_s;  /* seconds: when that was heard */
	uint32_t rto_ts;       /* our clock when the retransmission timer fired last */
	uint32_t challenge_ms; /* time of the last challenge ACK */

	/* Round trips (RFC 6298). */
	int64_t srtt, rttvar, rto; /* ns; srtt 0: not known */
	int64_t timed_at;          /* 0: no segment is being timed */
	uint32_t timed_end;

	/* Loss recovery (RFC 8985, 6582). */
	uint32_t recover; /* the episode ends there */
	uint32_t dup_acks;
	uint32_t limited_end, widened_end;
	int64_t min_rtt;           /* ns; 0: not known */
	struct mir_tcp_sent *sent; /* NULL: nothing is in flight */
	struct mir_tcp_cc cc;

	/* The rate of delivery (rate.c): bytes, modulo 2^32, and microseconds. */
	uint32_t delivered, rate_us, rate_first_us, app_limited_end;

	/* Timers; MIR_NEVER: off. */
	int64_t rtx_at, ack_at, keep_at, linger_at;
	int64_t progress_at; /* when the peer last acknowledged something new */
	int64_t sent_at;     /* when data were last sent */
	uint32_t user_timeout_ms, keep_idle_ms, keep_interval_ms; /* idle 0: no keep-alive */
};

/* What a connection starts from. */
struct mir_tcb_start {
	struct mir_tcb_env *env;
	const struct mir_tcp_tuple *tuple;     /* outlives the connection */
	const struct mir_tcp_options *options; /* may be NULL */
	uint32_t iss, ts_offset;
	uint32_t send_limit, receive_limit; /* the most, if the options do not say */
	uint16_t mtu;
	uint8_t max_slices;
	bool tso;
	bool ecn; /* ask for it in the SYN */
};

/* What the peer's SYN told, for a connection that starts after its handshake. */
struct mir_tcb_peer {
	uint32_t irs;
	uint16_t mss;
	bool use_ts, use_sack, use_scale, use_ecn;
	uint8_t scale;
	uint32_t ts_recent;
	int64_t syn_ack_sent_at; /* 0: not known, or sent more than once */
	uint8_t again;           /* times that the SYN, ACK was sent again */
};

/* tcb.c */

/* Opens actively: SYN_SENT, the SYN is due. */
void mir_tcb_connect(struct mir_tcb *, const struct mir_tcb_start *, int64_t now);

/* Begins in SYN_RECEIVED, its SYN-ACK already sent: the peer's ACK is to be given to mir_tcb_input
 * next. */
void mir_tcb_accept(
    struct mir_tcb *, const struct mir_tcb_start *, const struct mir_tcb_peer *, int64_t now);

/* Begins in SYN_RECEIVED, with the text of a SYN that had a good cookie: the SYN, ACK is due, and
 * the user may send at once (RFC 7413 section 4.2.2). */
void mir_tcb_accept_fast(struct mir_tcb *, const struct mir_tcb_start *,
    const struct mir_tcb_peer *, struct mir_tcp_segment *syn /* take packet */, int64_t now);

/* Gives back all memory.  The tcb is CLOSED or TIME_WAIT, or is not to be heard of again. */
void mir_tcb_release(struct mir_tcb *);

/* Bytes that may be queued to send now. */
uint32_t mir_tcb_send_limit(const struct mir_tcb *);

/* Bytes that mir_tcb_send takes now. */
uint32_t mir_tcb_send_room(const struct mir_tcb *);

/* Queues a slice of at most mir_tcb_send_room() bytes.  MIR_EPIPE, MIR_ENOMEM (budget), the error
 * that the connection died of. */
int mir_tcb_send(struct mir_tcb *, const struct mir_slice *s /* take */, int64_t now);

/* Received data in order, the caller's.  Returns how many slices: 0: none now (see
 * mir_tcb_at_end). */
unsigned mir_tcb_receive(struct mir_tcb *, struct mir_slice *out, unsigned max, int64_t now);

/* Nothing is left to receive, and nothing will come. */
bool mir_tcb_at_end(const struct mir_tcb *);

/* Everything sent was acknowledged. */
bool mir_tcb_drained(const struct mir_tcb *);

/* No more will be sent: FIN after what is queued (RFC 9293 section 3.10.4). */
void mir_tcb_shutdown_write(struct mir_tcb *, int64_t now);
void mir_tcb_shutdown_read(struct mir_tcb *, int64_t now);

/* The user is gone: both halves are shut; with unread data, the connection is reset (RFC 9293
 * section 3.6.1). */
void mir_tcb_close(struct mir_tcb *, int64_t now);

/* RST to the peer, if it knows of us; CLOSED with `error`. */
void mir_tcb_abort(struct mir_tcb *, int error, int64_t now);

/* options.c: the user changes his mind. MIR_EINVAL. */
int mir_tcb_set(struct mir_tcb *, enum mir_tcp_option, int64_t value, int64_t now);
int mir_tcb_set_congestion(struct mir_tcb *, const char *name);
/* The peer's user timeout option: advice (RFC 5482 section 3.1). */
void mir_tcb_hear_timeout(struct mir_tcb *, uint16_t field);

/* Every change of state. */
void mir_tcb_transition(struct mir_tcb *, enum mir_tcp_state, int64_t now);
void mir_tcb_die(struct mir_tcb *, int error, int64_t now);
const char *mir_tcp_state_name(enum mir_tcp_state);

/* An ICMP error about our segment with that number: dies in SYN_SENT of a hard one (RFC 5927
 * section 5), else only remembers.  False: the number is none that is in flight. */
bool mir_tcb_icmp(struct mir_tcb *, uint32_t seq, int error, int64_t now);

/* input.c: a segment of this connection. */
void mir_tcb_input(struct mir_tcb *, struct mir_tcp_segment *seg /* take packet */, int64_t now);

/* ack.c: the sixth check of section 3.10.7.4, and what an ACK brings about.  False: go no further
 * with this segment. */
bool mir_tcb_ack(struct mir_tcb *, const struct mir_tcp_segment *, int64_t now);
/* Options of a SYN. */
void mir_tcb_negotiate(struct mir_tcb *, const struct mir_tcp_segment *);
void mir_tcb_update_mss(struct mir_tcb *);

/* receive.c: the payload, and the window offered. */
/* Text has come twice: the next ACK says so (RFC 2883 section 4). */
void mir_tcb_dsack(struct mir_tcb *, struct mir_tcp_range);
void mir_tcb_text(struct mir_tcb *, struct mir_tcp_segment *, int64_t now);
/* The window field for the next segment; `commit` makes it the offer. */
uint32_t mir_tcb_window(struct mir_tcb *, bool commit);
/* An ACK is due at once. */
void mir_tcb_ack_now(struct mir_tcb *);
/* An ACK that an attacker could make us send: limited (RFC 5961 section 7). */
void mir_tcb_challenge_ack(struct mir_tcb *, int64_t now);

/* rcvspace.c: text has come in order; the user has taken bytes: the buffer may change its size. */
void mir_tcb_space_text(struct mir_tcb *, const struct mir_tcp_segment *, int64_t now);
void mir_tcb_space_taken(struct mir_tcb *, uint32_t bytes, int64_t now);

/* pressure.c */
/* Bytes of the budget that the connection holds; of what it has received. */
uint64_t mir_tcb_held(const struct mir_tcb *);
uint64_t mir_tcb_held_received(const struct mir_tcb *);
/* Bytes that it may hold each way now; UINT32_MAX: as many as its own limits let. */
uint32_t mir_tcb_share(const struct mir_tcb *);

/* rate.c */
/* A record has been sent, once more or `first`: when nothing was in flight. */
void mir_tcb_rate_sent(struct mir_tcb *, struct mir_tcp_record *, bool first, int64_t now);
/* A record of len bytes has arrived; all of an ACK are known: the model of the path is told. */
void mir_tcb_rate_delivered(
    struct mir_tcb *, const struct mir_tcp_record *, uint32_t len, struct mir_tcb_delivery *);
void mir_tcb_rate_acked(struct mir_tcb *, struct mir_tcb_delivery *);
/* There is nothing more to send, and the window has room. */
void mir_tcb_rate_idle(struct mir_tcb *);

/* ecn.c */
/* The peer's SYN, ACK has come: with its consent ECN stays on. */
void mir_tcb_ecn_syn(struct mir_tcb *, uint8_t flags);
/* A segment with text, or an ACK, has come. */
void mir_tcb_ecn_text(struct mir_tcb *, const struct mir_tcp_segment *);
void mir_tcb_ecn_ack(struct mir_tcb *, const struct mir_tcp_segment *, int64_t now);
/* The congestion window was made smaller: the peer is told. */
void mir_tcb_ecn_reduced(struct mir_tcb *);
/* What a segment with these flags says besides; fresh: it has text that was not sent before. */
uint8_t mir_tcb_ecn_flags(struct mir_tcb *, uint8_t flags, bool fresh);

/* plpmtud.c */
/* The path's MTU became known or changed; what is in flight is cut anew and sent again where it is
 * too large. */
void mir_tcb_set_mtu(struct mir_tcb *, uint16_t mtu, int64_t now);
/* The retransmission timer fired: is the first segment too large for somebody who does not say so?
 * Then segments get smaller. */
void mir_tcb_mtu_timeout(struct mir_tcb *, int64_t now);
/* The payload of a segment at SND.NXT that tries a larger size, where there is `room` and it is
 * time; else 0. */
uint32_t mir_tcb_mtu_probe(struct mir_tcb *, uint32_t room, int64_t now);
/* SND.UNA has moved: is that size good? */
void mir_tcb_mtu_acked(struct mir_tcb *, int64_t now);
/* Something is lost.  True: the probe, and nothing else, which is no sign of congestion. */
bool mir_tcb_mtu_lost(struct mir_tcb *, int64_t now);

/* output.c: takes the packet, a whole TCP segment; ect: routers may mark it instead of dropping it
 * (RFC 3168 section 6.1.5).  0; MIR_EMSGSIZE: the path is narrower than tcb->mtu; others: dropped
 * on the way, as networks do. */
typedef int mir_tcb_emit(void *arg, struct mir_packet *p /* take */, bool ect);

/* Sends all that may be sent now. */
void mir_tcb_output(struct mir_tcb *, int64_t now, mir_tcb_emit *, void *arg);

/* timers.c */
int64_t mir_tcb_next_timeout(const struct mir_tcb *);
void mir_tcb_timeout(struct mir_tcb *, int64_t now);
void mir_tcb_rtt_sample(struct mir_tcb *, int64_t rtt);
/* Arms or stops the retransmission timer after an ACK of new data or a send. */
void mir_tcb_arm_rtx(struct mir_tcb *, int64_t now, bool restart);
void mir_tcb_heard(struct mir_tcb *, int64_t now);
/* How long something may be unacknowledged has changed. */
void mir_tcb_patience_changed(struct mir_tcb *, int64_t now);

/* recover.c: loss recovery. */
/* Numbers below `ack`, and in SACK blocks, have arrived. */
void mir_tcb_acked(struct mir_tcb *, uint32_t ack, struct mir_tcb_delivery *);
void mir_tcb_sack(struct mir_tcb *, const struct mir_tcp_segment *, struct mir_tcb_delivery *);
/* An ACK has come: enters, continues or leaves recovery. acked: new bytes; dup: a duplicate. */
void mir_tcb_recover(struct mir_tcb *, uint32_t acked, bool dup, const struct mir_tcb_delivery *);
/* Segments have not come within the reordering window. */
void mir_tcb_recover_reordered(struct mir_tcb *, int64_t now);
/* The retransmission timer has fired. */
void mir_tcb_recover_timeout(struct mir_tcb *, int64_t now);
/* Everything in flight is to be sent again in other pieces. */
void mir_tcb_recover_resegment(struct mir_tcb *);
/* The i-th record was sent again. */
void mir_tcb_sent_again(struct mir_tcb *, uint32_t i, int64_t now);
/* What a reduction starts from: the window, or what of it was in use.  An ACK of many segments has
 * just made the flight small. */
uint32_t mir_tcb_loss_window(const struct mir_tcb *);
/* Bytes that are thought to be in the network (RFC 6675 section 4, SetPipe). */
uint32_t mir_tcb_pipe(const struct mir_tcb *);

/* rack.c: losses told by time (RFC 8985). */
/* The i-th record is acknowledged for the first time; it is still there. */
void mir_tcb_delivered(struct mir_tcb *, uint32_t i, struct mir_tcb_delivery *);
/* Marks what is lost; sets the time to look again. */
void mir_tcb_rack_detect(struct mir_tcb *, int64_t now);
/* A retransmission was in vain; a recovery has ended. */
void mir_tcb_rack_widen(struct mir_tcb *);
void mir_tcb_rack_recovered(struct mir_tcb *);
/* When to probe for a lost tail; MIR_NEVER: not now. */
int64_t mir_tcb_probe_time(const struct mir_tcb *, int64_t now);
/* An ACK has come that may be of the probe. */
void mir_tcb_probe_acked(struct mir_tcb *, uint32_t acked, bool sack, int64_t now);

/* frto.c: was the timeout for nothing? */
/* The timer has fired. */
void mir_tcb_frto_begin(struct mir_tcb *, bool possible);
/* Nothing else is to go again now. */
bool mir_tcb_frto_holds(const struct mir_tcb *);
/* An ACK has come: it shows that it was. */
bool mir_tcb_frto_spurious(struct mir_tcb *, uint32_t acked, const struct mir_tcb_delivery *);
/* An ACK has come that did not. */
void mir_tcb_frto_acked(struct mir_tcb *, uint32_t acked);
/* There was nothing new to send: what is lost goes again after all. */
bool mir_tcb_frto_stuck(struct mir_tcb *);

/* check.c: what must hold whatever arrives.  NULL, or what does not.  For tests and fuzzers. */
const char *mir_tcb_check(const struct mir_tcb *);

static inline uint32_t mir_tcb_flight(const struct mir_tcb *t)
{
	return t->nxt - t->una;
}

/* The user may send, and has what came, though the handshake is not over. */
static inline bool mir_tcb_is_fast(const struct mir_tcb *t)
{
	return t->fast && t->state == MIR_TCP_SYN_RECEIVED && t->passive;
}

/* Our SYN is not acknowledged yet: SND.UNA is its number. */
static inline bool mir_tcb_in_handshake(const struct mir_tcb *t)
{
	return t->state == MIR_TCP_SYN_SENT || t->state == MIR_TCP_SYN_RECEIVED;
}

/* The number behind the last byte queued: that of our FIN, as long as that is not acknowledged. */
static inline uint32_t mir_tcb_stream_end(const struct mir_tcb *t)
{
	return t->una + t->sendq.bytes + mir_tcb_in_handshake(t);
}

/* Milliseconds of a time that a user sets; 0: none. */
static inline uint32_t mir_tcb_ms(int64_t ns)
{
	return ns ? (uint32_t)MIR_MIN(MIR_MAX(ns / MIR_MS(1), 1), (int64_t)UINT32_MAX) : 0;
}

static inline uint32_t mir_tcb_ts(const struct mir_tcb *t, int64_t now)
{
	return t->ts_offset + (uint32_t)(now / 1000000);
}

#endif
