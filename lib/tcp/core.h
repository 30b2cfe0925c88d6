/* core.h: the TCP device: everything between the engine of a connection (tcb.h), IP below and
 * fibers above. */
#ifndef MIR_TCP_CORE_H
#define MIR_TCP_CORE_H

#include "tcb.h"

#include <mir/fiber.h>
#include <mir/hash.h>
#include <mir/loop.h>
#include <mir/timer.h>

enum mir_tcp_kind { MIR_TCP_NODE_FLOW, MIR_TCP_NODE_HALF, MIR_TCP_NODE_WAIT };

/* What the table holds: embedded first in all that has a 4-tuple. */
struct mir_tcp_node {
	struct mir_tcp_node *next;
	struct mir_tcp_tuple tuple;
	uint8_t kind;
	uint8_t use_ts;  /* of a TIME-WAIT entry */
	uint8_t removed; /* of a TIME-WAIT entry: out of the table, freed when its time comes */
};

/* A hash table that grows a few buckets at a time. */
struct mir_tcp_table {
	struct mir_hash_key key;
	struct mir_tcp_node **bucket, **old; /* old: being moved, NULL: none */
	uint32_t size, old_size, moved;      /* sizes are powers of two */
	uint32_t n;
};

/* table.c */
int mir_tcp_table_init(struct mir_tcp_table *);
void mir_tcp_table_release(struct mir_tcp_table *);
struct mir_tcp_node *mir_tcp_table_find(struct mir_tcp_table *, const struct mir_tcp_tuple *);
void mir_tcp_table_add(struct mir_tcp_table *, struct mir_tcp_node *);
void mir_tcp_table_remove(struct mir_tcp_table *, struct mir_tcp_node *);
/* Calls visit for every node; it may remove that node, and nothing else. */
void mir_tcp_table_each(
    struct mir_tcp_table *, void (*visit)(void *arg, struct mir_tcp_node *), void *arg);

/* A connection as its user has it. */
struct mir_tcp_conn {
	struct mir_tcp_flow flow; /* first */
	struct mir_tcp_node node;
	struct mir_tcp_core *core;
	struct mir_tcb tcb;
	struct mir_timer timer;
	struct mir_waitq readers, writers;
	mir_flow_ready *ready, *ready_write;
	void *ready_arg, *ready_write_arg;
	struct mir_task task;             /* calls those of them that are due */
	struct mir_tcp_conn *next_output; /* queue of those with something to send */
	mir_tcp_accept *accept;           /* until it was called */
	void *accept_arg;
	bool fast_pending; /* opened by a cookie, not confirmed */
	uint16_t users;    /* calls inside that come back to the connection */
	bool in_table, output_queued, closed;
	bool ready_due, ready_write_due;
};

enum { MIR_TCP_TRIES = 5 }; /* SYN, ACKs sent to a half-open connection */

/* A connection in handshake, 96 bytes. */
struct mir_tcp_half {
	struct mir_tcp_node node; /* first */
	struct mir_tcp_half *next, *prev;
	struct mir_tcp_port *port;
	uint32_t irs, iss, ts_recent;
	uint32_t due_ms; /* when the SYN, ACK goes out again */
	uint16_t mss;
	uint8_t scale : 4, use_scale : 1, use_sack : 1, use_ts : 1, use_ecn : 1;
	uint8_t tries : 6;
	uint8_t fast : 1;   /* a cookie of TCP Fast Open goes with the SYN, ACK */
	uint8_t cookie : 1; /* iss is one: the entry may be forgotten */
};

/* A connection in TIME-WAIT, 64 bytes. */
struct mir_tcp_wait {
	struct mir_tcp_node node; /* first */
	uint32_t snd_nxt, rcv_nxt, ts_recent;
	uint32_t due_ms;
};

_Static_assert(sizeof(struct mir_tcp_half) <= 96, "a half-open connection is small");
_Static_assert(sizeof(struct mir_tcp_wait) <= 64, "a TIME-WAIT entry is small");

struct mir_tcp_half_list {
	struct mir_tcp_half *head, *tail;
};

/* A listener. */
struct mir_tcp_port {
	struct mir_tcp_listener listener; /* first */
	struct mir_tcp_core *core;
	struct mir_tcp_port *next;
	struct mir_tcp_options options;
	mir_tcp_accept *accept;
	void *arg;
	unsigned backlog, half_open;
	struct mir_tcp_half_list tries[2][MIR_TCP_TRIES]; /* [cookie], each in order of time */
	int64_t cookies_until; /* ACKs of forgotten handshakes are believed until then */
	bool paused;
};

enum { MIR_TCP_PORT_BUCKETS = 64, MIR_TCP_PORT_COUNTERS = 64 };

struct mir_tcp_core {
	struct mir_tcp_device *device; /* NULL: stopped; users still hold flows */
	uint32_t flows;                /* not yet freed */
	struct mir_ip *ip;
	struct mir_tcb_env env;
	struct mir_tcp_device_config config;
	bool ecn_ask, ecn_agree; /* as who connects, as who listens */
	struct mir_tcp_table table;
	struct mir_tcp_port *ports[MIR_TCP_PORT_BUCKETS];
	uint32_t ephemeral[MIR_TCP_PORT_COUNTERS];
	struct mir_hash_key isn_key, port_key, ts_key, cookie_key;
	struct mir_tcp_conn *output, **output_tail;
	struct mir_timer half_timer, wait_timer, pressure_timer;
	struct mir_tcp_wait **waiting; /* ring, in order of time */
	uint32_t wait_head, wait_n, wait_cap;
	int64_t told_at; /* when it was last told that memory runs short */
};

/* demux.c */
extern const struct mir_ip_proto mir_tcp_ip_proto;
/* Answers a segment that no connection wants (RFC 9293 section 3.10.7.1). */
void mir_tcp_reply_reset(
    struct mir_tcp_core *, const struct mir_tcp_tuple *, const struct mir_tcp_segment *);
/* Builds and sends a segment without payload. */
int mir_tcp_send_bare(
    struct mir_tcp_core *, const struct mir_tcp_tuple *, const struct mir_tcp_segment *);

/* conn.c */
/* NULL: too many, or no memory. The tcb is not begun. */
struct mir_tcp_conn *mir_tcp_conn_new(struct mir_tcp_core *, const struct mir_tcp_tuple *);
void mir_tcp_conn_start(
    struct mir_tcp_conn *, const struct mir_tcp_options *, uint32_t iss, struct mir_tcb_start *out);
/* Gives the connection a segment; takes its packet.  The connection may be gone after. */
void mir_tcp_conn_input(struct mir_tcp_conn *, struct mir_tcp_segment *, int64_t now);
/* After any other call into the engine: sees to its events.  The connection may be gone after. */
void mir_tcp_conn_update(struct mir_tcp_conn *);
/* Calls back in the loop, if the user waits for that. */
static inline void mir_tcp_conn_ready(struct mir_tcp_conn *c)
{
	c->ready_due = c->ready != NULL;
	if (c->ready_due)
		mir_post(&c->task);
}

static inline void mir_tcp_conn_ready_write(struct mir_tcp_conn *c)
{
	c->ready_write_due = c->ready_write != NULL;
	if (c->ready_write_due)
		mir_post(&c->task);
}

/* RST to the peer, `error` to the user. */
void mir_tcp_conn_reset(struct mir_tcp_conn *, int error);
/* Sends what connections have gathered; a hook of the turn's end. */
void mir_tcp_flush(struct mir_tcp_core *);
/* New connections are turned away. */
bool mir_tcp_is_full(const struct mir_tcp_core *);

/* flow.c */
extern const struct mir_flow_ops mir_tcp_flow_ops;
int mir_tcp_connect_op(struct mir_tcp *, const struct mir_endpoint *local,
    const struct mir_endpoint *peer, const struct mir_tcp_options *, struct mir_tcp_flow **out);

int mir_tcp_set_op(struct mir_tcp_flow *, enum mir_tcp_option, int64_t value, const char *name);

/* listen.c */
int mir_tcp_listen_op(struct mir_tcp *, const struct mir_endpoint *local, unsigned backlog,
    const struct mir_tcp_options *, mir_tcp_accept *accept, void *arg,
    struct mir_tcp_listener **out);
void mir_tcp_unlisten_op(struct mir_tcp_listener *);
void mir_tcp_pause_op(struct mir_tcp_listener *, bool paused);
/* The listener for a local address and port, that of the very address first. */
struct mir_tcp_port *mir_tcp_port_find(
    struct mir_tcp_core *, const struct mir_ipaddr *addr, uint16_t port);

/* halfopen.c */
/* A SYN for the listener.  iss: our number; 0: any. */
void mir_tcp_half_syn(struct mir_tcp_port *, const struct mir_tcp_tuple *, struct mir_tcp_segment *,
    uint32_t iss, int64_t now);
/* A segment for a half-open connection; takes its packet or leaves it. */
void mir_tcp_half_input(
    struct mir_tcp_core *, struct mir_tcp_half *, struct mir_tcp_segment *seg, int64_t now);
/* An ACK without a connection: of a handshake that was forgotten?  False: it is not. */
bool mir_tcp_half_cookie(
    struct mir_tcp_port *, const struct mir_tcp_tuple *, struct mir_tcp_segment *seg, int64_t now);
void mir_tcp_half_remove(struct mir_tcp_half *);
void mir_tcp_half_fire(struct mir_timer *);

/* cookie.c: SYN cookies (RFC 4987 section 3.6). */
uint32_t mir_tcp_cookie_make(const struct mir_hash_key *, const struct mir_tcp_tuple *,
    uint32_t irs, uint16_t mss, int64_t now);
/* The MSS that the cookie holds; 0: none that was made lately. */
uint16_t mir_tcp_cookie_check(const struct mir_hash_key *, const struct mir_tcp_tuple *,
    uint32_t irs, uint32_t cookie, int64_t now);

/* timewait.c */
void mir_tcp_wait_add(struct mir_tcp_core *, const struct mir_tcp_conn *, int64_t now);
/* True: the segment is a SYN that may begin a new connection; the entry is gone.  *iss: the number
 * to begin with; 0: any. */
bool mir_tcp_wait_input(struct mir_tcp_core *, struct mir_tcp_wait *,
    const struct mir_tcp_segment *, uint32_t *iss, int64_t now);
void mir_tcp_wait_fire(struct mir_timer *);
void mir_tcp_wait_remove(struct mir_tcp_core *, struct mir_tcp_wait *);
void mir_tcp_wait_release(struct mir_tcp_core *);

/* pressure.c: memory runs short. */
void mir_tcp_pressure_begin(struct mir_tcp_core *);
void mir_tcp_pressure_fire(struct mir_timer *);
/* Looks whether it does; cheap. */
static inline void mir_tcp_pressure_watch(struct mir_tcp_core *c)
{
	const struct mir_budget *b = &c->env.budget;

	if (mir_unlikely(b->used > b->limit / 4 * 3) && !c->env.pressed && c->device)
		mir_tcp_pressure_begin(c);
}

/* audit.c: has the invariants of the device looked at (mir/check.h). */
void mir_tcp_audit(struct mir_tcp_device *);

/* port.c: numbers that nobody can foresee. */
uint32_t mir_tcp_isn(struct mir_tcp_core *, const struct mir_tcp_tuple *, int64_t now);
uint32_t mir_tcp_ts_offset(struct mir_tcp_core *, const struct mir_tcp_tuple *);
/* Sets tuple->local_port to a free one.  MIR_EADDRNOTAVAIL: none is left. */
int mir_tcp_port_choose(struct mir_tcp_core *, struct mir_tcp_tuple *);

#endif
