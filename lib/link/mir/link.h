/* link.h: an Ethernet cable in memory, with two ends that are NETWORK interfaces.
 *
 * Frames travel as bytes: what one end sends, the other receives as a copy.  Each end has the
 * offloads that it is told to have: large TCP segments are cut at the sending end if it offers TSO,
 * and merged again at the receiving end if it offers GRO, so that each frame on the wire meets the
 * faults by itself.  Time is the loop's; the same seed gives the same faults.
 *
 *     struct mir_link link;
 *     mir_link_init(&link, &(struct mir_link_config){ .delay_ns = MIR_MS(10), .loss = 10000 });
 *     ... link.end[0].net ... link.end[1].net ...
 *     mir_link_release(&link);
 */
#ifndef MIR_LINK_H
#define MIR_LINK_H

#include <mir/impair.h>
#include <mir/net.h>
#include <mir/timer.h>

enum { MIR_PPM_ALWAYS = 1000000 };

/* Told of each frame as it is sent (before what the wire does to it), without preamble and FCS.
 * mir_test_pcap of <mir/test.h> is one, for debugging. */
typedef void mir_link_trace(void *arg, int64_t time, const uint8_t *frame, size_t len);

/* All zero: a perfect wire without delay.  May be changed at any time in mir_link.config, both
 * directions alike; offloads and mtu count at mir_link_init only. */
struct mir_link_config {
	uint64_t seed;
	uint32_t loss, duplicate, reorder, corrupt; /* frames in a million */
	int64_t delay_ns;                           /* from one end to the other */
	int64_t jitter_ns;    /* more delay, 0 to this, even; keeps the order */
	int64_t reorder_ns;   /* how much later reordered frames come; 0: 1 ms */
	uint64_t rate;        /* bits per second; 0: no limit */
	uint32_t queue;       /* bytes waiting for the rate; more are dropped; 0: 256 kB */
	bool cut;             /* nothing passes */
	uint16_t mtu;         /* 0: 1500 */
	uint16_t offloads[2]; /* MIR_NET_* of each end */
	uint8_t max_slices;   /* 0: MIR_PACKET_SLICES */
	mir_link_trace *trace;
	void *trace_arg;
};

/* What happened to frames, both directions together. */
struct mir_link_stats {
	uint64_t sent; /* frames on the wire, after cutting */
	uint64_t lost, duplicated, reordered, corrupted, queue_full;
	uint64_t delivered; /* packets, after merging */
};

struct mir_link;

struct mir_link_end {
	struct mir_net net; /* first */
	struct mir_link *link;
	mir_net_input *input;
	void *arg;
	struct mir_timer timer; /* of the next frame that arrives here */
};

struct mir_link {
	struct mir_link_end end[2];
	struct mir_link_config config;
	struct mir_impair way[2]; /* from end 0, from end 1 */
	uint64_t delivered;
};

void mir_link_init(struct mir_link *, const struct mir_link_config *);

/* Frames under way are thrown away. */
void mir_link_release(struct mir_link *);

struct mir_link_stats mir_link_stats(const struct mir_link *);

#endif
