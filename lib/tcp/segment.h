/* segment.h: segments of a connection, made and handed down. */
#ifndef MIR_TCP_SEGMENT_H
#define MIR_TCP_SEGMENT_H

#include "tcb.h"

/* One call of mir_tcb_output. */
struct mir_tcp_sender {
	struct mir_tcb *t;
	int64_t now;
	mir_tcb_emit *emit;
	void *arg;
	uint32_t mss; /* payload, beside the SACK blocks that go along */
	struct mir_tcp_range sack[MIR_TCP_SACKS];
	uint8_t nsack;
	uint16_t timeout; /* option for segments with text; 0: none */
};

/* Sends numbers from..from+span of the sequence, our FIN included if they reach it.  Returns how
 * many of them went out: 0: no memory. */
uint32_t mir_tcp_send_range(struct mir_tcp_sender *, uint32_t from, uint32_t span);

/* An ACK alone.  False: no memory. */
bool mir_tcp_send_ack(struct mir_tcp_sender *, uint32_t seq);

/* SYN, or SYN and ACK; with all options. */
void mir_tcp_send_syn(struct mir_tcp_sender *);
void mir_tcp_send_rst(struct mir_tcp_sender *, uint32_t seq, bool ack);

#endif
