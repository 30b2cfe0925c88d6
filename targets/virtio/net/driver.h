/* driver.h: what the parts of the network driver share. */
#ifndef MIR_VIRTIO_NET_DRIVER_H
#define MIR_VIRTIO_NET_DRIVER_H

#include <mir/virtio_net.h>

enum {
	MIR_VIRTIO_NET_ETHER = 14,
	MIR_VIRTIO_NET_VLAN = 4,
	MIR_VIRTIO_NET_FRAME_MAX = MIR_VIRTIO_NET_ETHER + MIR_VIRTIO_NET_VLAN + MIR_PACKET_MAX,

	MIR_VIRTIO_NET_RX = 0, /* queues */
	MIR_VIRTIO_NET_TX = 1,
	MIR_VIRTIO_NET_CONTROL = 2,
};

/* Features (section 5.1.3). */
#define MIR_VIRTIO_NET_CSUM       (1ull << 0)
#define MIR_VIRTIO_NET_GUEST_CSUM (1ull << 1)
#define MIR_VIRTIO_NET_MTU        (1ull << 3)
#define MIR_VIRTIO_NET_MAC        (1ull << 5)
#define MIR_VIRTIO_NET_GUEST_TSO4 (1ull << 7)
#define MIR_VIRTIO_NET_HOST_TSO4  (1ull << 11)
#define MIR_VIRTIO_NET_MERGES     (1ull << 15)
#define MIR_VIRTIO_NET_STATUS     (1ull << 16)
#define MIR_VIRTIO_NET_CTRL       (1ull << 17)
#define MIR_VIRTIO_NET_CTRL_RX    (1ull << 18)
#define MIR_VIRTIO_NET_ANNOUNCE   (1ull << 21)
#define MIR_VIRTIO_NET_CTRL_MAC   (1ull << 23)

/* The device has broken a rule of one of its queues, or not. */
bool mir_virtio_net_alive(struct mir_virtio_net *);

/* receive.c: all buffers to the device; MIR_ENOMEM. */
int mir_virtio_net_fill(struct mir_virtio_net *);
/* receive.c: delivers a burst; true: there was one. */
bool mir_virtio_net_receive(struct mir_virtio_net *);
/* receive.c: after the reset. */
void mir_virtio_net_empty(struct mir_virtio_net *);

/* send.c: of struct mir_net_ops. */
int mir_virtio_net_send(struct mir_net *, struct mir_packet *const frames[] /* take */, unsigned n);
/* send.c: gives back what the device has sent. */
void mir_virtio_net_sent(struct mir_virtio_net *);
/* send.c: of the timer. */
void mir_virtio_net_sweep(struct mir_timer *);

/* control.c: what the device is told at start: filters, the hardware address. */
void mir_virtio_net_set_up(struct mir_virtio_net *);
/* control.c: link and announcement, when the configuration may have changed. */
void mir_virtio_net_look(struct mir_virtio_net *);

#endif
