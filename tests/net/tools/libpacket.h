/* libpacket.h: packets made by hand, right or wrong, and a raw way onto the wire. */
#ifndef MIR_TESTS_LIBPACKET_H
#define MIR_TESTS_LIBPACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libtool.h"

#define MIR_PACKET_MAX 2048
#define MIR_ETH_HLEN   14
#define MIR_IP_HLEN    20

enum { MIR_FIN = 1, MIR_SYN = 2, MIR_RST = 4, MIR_PSH = 8, MIR_ACK = 16, MIR_URG = 32 };

/* A device, the address that we claim to have on it, and who is talked to. */
struct mir_raw {
	int fd, ifindex;
	uint8_t mac[6], peer_mac[6];
	uint32_t from, to; /* host order */
	uint32_t sources;  /* addresses from `from` on that are ours, 1 or more */
	uint16_t port;
	uint64_t sent; /* frames */
};

/* A frame under construction.  The functions below append; mir_packet_close() puts
 * lengths and checksums right, after which a test breaks what it wants broken. */
struct mir_packet {
	uint8_t data[MIR_PACKET_MAX];
	size_t len;
	size_t ip, transport; /* where those headers begin, 0 = none */
};

/* Open the device (AF_PACKET, all of its frames), and find the peer's MAC address by
 * ARP; exits with a message if that fails. */
void mir_raw_open(struct mir_raw *, const char *device);

/* Send a frame; false: it was refused. */
bool mir_raw_send(struct mir_raw *, const void *frame, size_t len);

/* The next frame from the wire, waiting until `until_ns`; ARP requests for the
 * addresses that are ours are answered on the way.  Its length, 0: none came. */
size_t mir_raw_receive(struct mir_raw *, uint8_t frame[static MIR_PACKET_MAX], int64_t until_ns);

/* Whether the peer answers an echo request within a second. */
bool mir_raw_alive(struct mir_raw *);

void mir_packet_init(struct mir_packet *, const struct mir_raw *);
void mir_packet_ip(struct mir_packet *, const struct mir_raw *, uint8_t protocol);
void mir_packet_tcp(struct mir_packet *, const struct mir_raw *, uint16_t from_port, uint8_t flags,
    uint32_t seq, uint32_t ack);
void mir_packet_udp(struct mir_packet *, const struct mir_raw *, uint16_t from_port);
void mir_packet_echo(struct mir_packet *, uint16_t id);
void mir_packet_fill(struct mir_packet *, size_t len); /* payload */

/* Insert header options (len a multiple of 4) after the fixed IP or TCP header. */
void mir_packet_ip_options(struct mir_packet *, const uint8_t *, size_t len);
void mir_packet_tcp_options(struct mir_packet *, const uint8_t *, size_t len);

/* Lengths, then checksums, of all layers; or only the checksum of IP, of transport. */
void mir_packet_close(struct mir_packet *);
void mir_packet_sum_ip(struct mir_packet *);
void mir_packet_sum(struct mir_packet *);

unsigned mir_get16(const uint8_t *);
uint32_t mir_get32(const uint8_t *);
void mir_put16(uint8_t *, unsigned);
void mir_put32(uint8_t *, uint32_t);

/* A received frame's TCP header, if it is TCP over IPv4 and whole; else NULL. */
const uint8_t *mir_frame_tcp(const uint8_t *frame, size_t len);

#endif
