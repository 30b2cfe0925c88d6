/* libraw.c: a raw way onto an Ethernet device, with its own ARP.  See libpacket.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libpacket.h"

#define SECOND  INT64_C(1000000000)
#define ARP_LEN (MIR_ETH_HLEN + 28)

static _Noreturn void fail(const char *device, const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", device, what, strerror(errno));
	exit(1);
}

static void arp_make(struct mir_raw *r, uint8_t out[ARP_LEN], unsigned operation,
    const uint8_t *to_mac, uint32_t from, uint32_t to)
{
	uint8_t *arp = out + MIR_ETH_HLEN;

	memset(out, 0, ARP_LEN);
	memset(out, 0xff, 6);
	if (to_mac)
		memcpy(out, to_mac, 6);
	memcpy(out + 6, r->mac, 6);
	mir_put16(out + 12, 0x0806);
	memcpy(arp, "\0\1\10\0\6\4", 6);
	mir_put16(arp + 6, operation);
	memcpy(arp + 8, r->mac, 6);
	mir_put32(arp + 14, from);
	if (to_mac)
		memcpy(arp + 18, to_mac, 6);
	mir_put32(arp + 24, to);
}

static bool is_arp(const uint8_t *frame, size_t len, unsigned operation)
{
	return len >= ARP_LEN && mir_get16(frame + 12) == 0x0806 &&
	       mir_get16(frame + MIR_ETH_HLEN + 6) == operation;
}

static void answer_arp(struct mir_raw *r, const uint8_t *frame)
{
	const uint8_t *arp = frame + MIR_ETH_HLEN;
	uint8_t answer[ARP_LEN];
	uint32_t wanted = mir_get32(arp + 24);

	if (wanted < r->from || wanted - r->from >= r->sources)
		return;
	arp_make(r, answer, 2, arp + 8, wanted, mir_get32(arp + 14));
	mir_raw_send(r, answer, sizeof answer);
}

static bool find_peer(struct mir_raw *r)
{
	uint8_t frame[MIR_PACKET_MAX], request[ARP_LEN];

	arp_make(r, request, 1, NULL, r->from, r->to);
	for (unsigned i = 0; i < 10; i++) {
		int64_t until = mir_now_ns() + SECOND / 2;
		size_t n;

		mir_raw_send(r, request, sizeof request);
		while ((n = mir_raw_receive(r, frame, until))) {
			const uint8_t *arp = frame + MIR_ETH_HLEN;

			if (!is_arp(frame, n, 2) || mir_get32(arp + 14) != r->to)
				continue;
			memcpy(r->peer_mac, arp + 8, 6);
			return true;
		}
	}
	errno = EHOSTUNREACH;
	return false;
}

void mir_raw_open(struct mir_raw *r, const char *device)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct ifreq ifr;
	int size = 8 << 20;

	if (!device || strlen(device) >= sizeof ifr.ifr_name)
		mir_usage("--dev", "a device is needed");
	memset(&ifr, 0, sizeof ifr);
	memcpy(ifr.ifr_name, device, strlen(device));
	r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (r->fd < 0 || ioctl(r->fd, SIOCGIFINDEX, &ifr) < 0)
		fail(device, "cannot be opened (root, or CAP_NET_RAW, is needed)");
	r->ifindex = addr.sll_ifindex = ifr.ifr_ifindex;
	if (ioctl(r->fd, SIOCGIFHWADDR, &ifr) < 0 ||
	    bind(r->fd, (struct sockaddr *)&addr, sizeof addr) < 0)
		fail(device, "cannot be used");
	memcpy(r->mac, ifr.ifr_hwaddr.sa_data, 6);
	setsockopt(r->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	if (r->sources == 0)
		r->sources = 1;
	if (!find_peer(r))
		fail(device, "the target does not answer ARP");
}

bool mir_raw_send(struct mir_raw *r, const void *frame, size_t len)
{
	struct pollfd p = { .fd = r->fd, .events = POLLOUT };

	while (send(r->fd, frame, len, 0) < 0) {
		if (errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
			return false;
		poll(&p, 1, 10);
	}
	r->sent++;
	return true;
}

size_t mir_raw_receive(struct mir_raw *r, uint8_t frame[static MIR_PACKET_MAX], int64_t until_ns)
{
	for (;;) {
		struct sockaddr_ll from;
		socklen_t len = sizeof from;
		ssize_t n =
		    recvfrom(r->fd, frame, MIR_PACKET_MAX, 0, (struct sockaddr *)&from, &len);
		struct pollfd p = { .fd = r->fd, .events = POLLIN };
		int64_t now;

		if (n > 0 && from.sll_pkttype != PACKET_OUTGOING) {
			if (is_arp(frame, (size_t)n, 1))
				answer_arp(r, frame);
			return (size_t)n;
		}
		if (n > 0)
			continue;
		now = mir_now_ns();
		if (now >= until_ns)
			return 0;
		poll(&p, 1, (int)((until_ns - now) / 1000000 + 1));
	}
}

bool mir_raw_alive(struct mir_raw *r)
{
	static uint16_t id;
	uint8_t frame[MIR_PACKET_MAX];
	struct mir_packet p;
	int64_t until = mir_now_ns() + SECOND;
	size_t n;

	mir_packet_init(&p, r);
	mir_packet_ip(&p, r, 1);
	mir_packet_echo(&p, ++id);
	mir_packet_fill(&p, 40);
	mir_packet_close(&p);
	mir_raw_send(r, p.data, p.len);
	while ((n = mir_raw_receive(r, frame, until)))
		if (n >= 42 && mir_get16(frame + 12) == 0x0800 && frame[23] == 1 &&
		    frame[34] == 0 && mir_get16(frame + 38) == id && mir_get32(frame + 26) == r->to)
			return true;
	return false;
}
