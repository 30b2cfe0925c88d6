/* frame.h: a frame on the wire. */
#ifndef MIR_LINK_FRAME_H
#define MIR_LINK_FRAME_H

#include <mir/link.h>

enum { ETHER = 14, IP4 = 20, FRAME_MAX = ETHER + MIR_PACKET_MAX };

struct mir_link_frame {
	struct mir_link_frame *next;
	int64_t arrival;
	size_t len;
	bool partial; /* the checksum field holds the pseudo-header's sum */
	uint16_t csum_start, csum_offset;
	uint16_t gso_size; /* 0: one packet */
	uint8_t bytes[];
};

struct mir_link_frame *mir_link_frame_new(size_t len);

/* Where things are in a TCP segment over IPv4 without fragments. */
struct mir_link_tcp {
	size_t l4, payload, len; /* offsets; len: of the frame without padding */
	uint8_t *ip, *tcp;
};
bool mir_link_tcp_find(struct mir_link_frame *, struct mir_link_tcp *out);

/* Stores the transport checksum that was left to the device. */
void mir_link_complete(struct mir_link_frame *);

/* Whether the frame is TCP or UDP over IPv4 with a right checksum. */
bool mir_link_verify(struct mir_link_frame *);

/* Cuts a large TCP segment into frames of gso_size payload bytes, a list in order; frees it. */
struct mir_link_frame *mir_link_cut(struct mir_link_frame *);

/* a and b as one if b goes on where a ends: frees both; else NULL. */
struct mir_link_frame *mir_link_merge(struct mir_link_frame *a, struct mir_link_frame *b);

#endif
