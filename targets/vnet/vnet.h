/* vnet.h: the virtio header before each frame, of a tap device and of tenders (virtio 1.1
 * section 5.1.6). */
#ifndef MIR_VNET_H
#define MIR_VNET_H

#include <mir/packet.h>

enum { MIR_VNET_HEADER = 10, MIR_VNET_HEADER_MAX = 12 };

/* The header of a packet to be sent, whose data is an Ethernet frame. */
void mir_vnet_write(uint8_t header[MIR_VNET_HEADER_MAX], const struct mir_packet *);

/* Takes what the header says of a received frame over into the packet, which holds the frame.
 * MIR_EPROTO: a field contradicts the frame. */
int mir_vnet_read(const uint8_t header[MIR_VNET_HEADER], struct mir_packet *);

#endif
