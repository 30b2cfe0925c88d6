/* tcp_device.h: TCP over IP (RFC 9293), the project's own implementation of <mir/tcp.h>. */
#ifndef MIR_TCP_DEVICE_H
#define MIR_TCP_DEVICE_H

#include <mir/check.h>
#include <mir/ip.h>
#include <mir/loop.h>
#include <mir/tcp.h>

enum { MIR_TCP_STATES = 10 }; /* in the order of enum mir_tcp_state in lib/tcp/tcb.h */

struct mir_tcp_stats {
	uint64_t segments_in, segments_out; /* a merged or super segment is one */
	uint64_t bytes_in, bytes_out;       /* payload, bytes sent again included */
	uint64_t retransmits, timeouts, fast_recoveries, probes;
	uint64_t spurious; /* recoveries that proved to be for nothing */
	uint64_t mtu_reductions,
	    mtu_probes; /* segments that a path swallows; tries of larger ones */
	uint64_t ecn_marks, ecn_reductions; /* received; ours because of the peer's echo */
	uint64_t checksum_errors, header_errors;
	uint64_t out_of_order, duplicates, dup_acks, out_of_window;
	uint64_t paws_dropped, receive_dropped; /* no memory in the budget, or too many holes */
	uint64_t resets_in, resets_out, challenge_acks;
	uint64_t active_opens, passive_opens, refused, half_open_evicted;
	uint64_t cookies_sent, cookies_accepted, cookies_bad;
	uint64_t connections_shed;         /* no memory in the budget, or too many */
	uint64_t syn_dropped;              /* paused listener */
	uint64_t fast_opens, fast_refused; /* text in SYNs, taken, and not (RFC 7413) */
	uint64_t fast_cookies;             /* given */
	uint64_t time_wait_reused, time_wait_dropped;
	uint32_t connections, half_open, time_wait, listeners; /* now */
	uint32_t states[MIR_TCP_STATES];                       /* connections now in each state */
	uint64_t memory_used, memory_limit, memory_refused;
	uint64_t pressures; /* times that memory ran short */
	uint64_t pressure_resets,
	    pressure_dropped; /* stalled connections; their bytes beyond holes */
};

struct mir_tcp_device_config {
	struct mir_ip *ip;
	uint64_t tcp_memory;        /* bytes that all connections' queues may hold */
	uint64_t tcp_send;          /* bytes of a connection's largest send queue */
	uint64_t tcp_receive;       /* bytes of its largest window */
	const char *tcp_congestion; /* cubic, newreno, bbr; NULL: cubic */
	const char *tcp_ecn;        /* on, agree (when the peer asks), off; NULL: agree */
	int64_t tcp_connections;    /* at once */
	int64_t tcp_time_wait;      /* ns */
	bool tcp_fast_open;         /* text in SYNs (RFC 7413) */
	const char *name;
};

struct mir_tcp_core;

struct mir_tcp_device {
	struct mir_tcp tcp;
	struct mir_ip *ip;
	const char *name;
	struct mir_tcp_core *core;
	struct mir_ip_watch watch;
	struct mir_hook hook;
	struct mir_checker checker;
};

/* MIR_ENOMEM; errors of the IP device. */
int mir_tcp_device_start(struct mir_tcp_device *, const struct mir_tcp_device_config *);

/* Resets what is still open.  Flows and listeners are to be closed before: they are dead after. */
void mir_tcp_device_stop(struct mir_tcp_device *);

void mir_tcp_device_stats(const struct mir_tcp_device *, struct mir_tcp_stats *out);

#endif
