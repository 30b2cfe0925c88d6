/* tun.h: opening tap devices. */
#ifndef MIR_TUN_H
#define MIR_TUN_H

#include <mir/cc.h>

enum { MIR_TUN_NAME = 16 };

struct mir_tun {
	int fd; /* non-blocking, close-on-exec */
	char name[MIR_TUN_NAME];
	unsigned header;   /* bytes of the virtio header before each frame; 0: none */
	uint16_t offloads; /* MIR_NET_* */
	uint16_t mtu;
};

/* Opens "tap0" or takes over "@FD".  On failure has logged what to do about it. */
int mir_tun_open(const char *interface, struct mir_tun *out);

#endif
