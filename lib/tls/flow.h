/* flow.h: a session over a flow, between its beginning (handshake.c) and the rest (flow.c). */
#ifndef MIR_TLS_FLOW_H
#define MIR_TLS_FLOW_H

#include "internal.h"

#include <mir/loop.h>

struct mir_tls_conn {
	struct mir_tls_flow tls;
	struct mir_tls_device *device;
	struct mir_flow *below;
	struct mir_tls_session session;
	int dead; /* below is: why */
	bool flushing;
	bool shut;                /* nothing more is written */
	bool closed, aborted;     /* by its user */
	struct mir_fiber *ending; /* that sends the last words */
	struct mir_waitq flushed;
	size_t sent; /* since the last pause */
	int64_t sent_at;
	struct mir_task task;
	mir_flow_ready *ready;
	void *ready_arg;
};

extern const struct mir_flow_ops mir_tls_flow_ops;

/* Of its task. */
void mir_tls_flow_run(struct mir_task *);

/* Sends what the session has for the peer, whoever is at it.  Blocks.  As mir_flow_write. */
int mir_tls_flow_flush(struct mir_tls_conn *);
/* Waits for bytes from below.  Blocks.  As mir_flow_read. */
int mir_tls_flow_fill(struct mir_tls_conn *);
/* The flow is gone, and with it the one below. */
void mir_tls_flow_destroy(struct mir_tls_conn *, bool abort);

#endif
