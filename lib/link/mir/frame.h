/* frame.h: Ethernet frames as plain bytes, and what network cards do to them: from packets and
 * back, checksums, cutting of large TCP segments (TSO) and merging (GRO). */
#ifndef MIR_FRAME_H
#define MIR_FRAME_H

#include <mir/net.h>

enum {
	MIR_FRAME_ETHER = 14,
	MIR_FRAME_MAX = MIR_FRAME_ETHER + MIR_PACKET_MAX,
};

struct mir_frame {
	struct mir_frame *next;
	size_t len;
	bool partial; /* the checksum field holds the pseudo-header's sum */
	uint16_t csum_start, csum_offset;
	uint16_t gso_size; /* 0: one packet */
	uint8_t bytes[];
};

/* NULL: no memory.  free() gives it back. */
struct mir_frame *mir_frame_new(size_t len);

/* The frames that the packet becomes on a wire behind an interface with these properties: one, with
 * its checksum filled in, or as many as a large segment is cut to; NULL: it is too long or too
 * short, or there is no memory.  The packet is borrowed. What the interface has not offered is a
 * bug of the sender: panics. */
struct mir_frame *mir_frame_from_packet(const struct mir_net *, const struct mir_packet *);

/* The frame as a packet, as a driver of this interface makes it; NULL: no memory. */
struct mir_packet *mir_frame_to_packet(const struct mir_net *, struct mir_frame *);

/* Each frame that these packets become on a wire; `emit` borrows it.  Counts them in the
 * interface's statistics.  Returns how many packets it took. */
typedef void mir_frame_emit(void *arg, const struct mir_frame *);
int mir_frames_send(struct mir_net *, struct mir_packet *const packets[] /* take */, unsigned n,
    mir_frame_emit *, void *arg);

/* Gives the frames of a list, which it frees, to the receiver of this interface, in bursts, merged
 * where the interface may; counts them in its statistics.  Without a receiver they are dropped.
 * Returns how many packets they became. */
unsigned mir_frames_deliver(
    struct mir_net *, struct mir_frame *list, mir_net_input *input, void *arg);

/* Where things are in a TCP segment over IPv4 without fragments. */
struct mir_frame_tcp {
	size_t l4, payload, len; /* offsets; len: of the frame without padding */
	uint8_t *ip, *tcp;
};
bool mir_frame_tcp_find(struct mir_frame *, struct mir_frame_tcp *out);

/* Stores the transport checksum that was left to the device. */
void mir_frame_complete(struct mir_frame *);

/* Whether the frame is TCP or UDP over IPv4 with a right checksum. */
bool mir_frame_verify(struct mir_frame *);

/* Cuts a large TCP segment into frames of gso_size payload bytes, a list in order; frees it. */
struct mir_frame *mir_frame_cut(struct mir_frame *);

/* a and b as one if b goes on where a ends: frees both; else NULL. */
struct mir_frame *mir_frame_merge(struct mir_frame *a, struct mir_frame *b);

#endif
