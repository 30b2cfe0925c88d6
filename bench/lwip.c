/* lwip.c: the transfer example on lwIP, Debian's liblwip, to measure beside ours: the same requests
 * (peer.c), over a tap.
 *
 *	lwip TAP ADDRESS PORT
 *
 * At its fastest: the callbacks of its raw interface, called by the thread that reads the tap with
 * lwIP's lock held, and no copy of what is sent.  Its own thread is left with the timers.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <lwip/etharp.h>
#include <lwip/ip4_addr.h>
#include <lwip/tcp.h>
#include <lwip/tcpip.h>
#include <netif/ethernet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { FRAME = 1514, HEAD = 2048, BURST = 64 };

struct connection {
	char head[HEAD];
	size_t have;                /* bytes of a head */
	unsigned long long in, out; /* bytes of a body that are still to come, to go */
	bool answer;                /* when it has come */
	bool last;                  /* the client wants no further answer */
};

static int tap;
static const char zeroes[65536];

static err_t send_frame(struct netif *netif, struct pbuf *p)
{
	static char frame[FRAME];

	(void)netif;
	if (p->next) {
		pbuf_copy_partial(p, frame, p->tot_len, 0);
		return write(tap, frame, p->tot_len) < 0 ? ERR_IF : ERR_OK;
	}
	return write(tap, p->payload, p->len) < 0 ? ERR_IF : ERR_OK;
}

static err_t start_interface(struct netif *netif)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };

	netif->name[0] = 't';
	netif->name[1] = 'p';
	netif->output = etharp_output;
	netif->linkoutput = send_frame;
	netif->mtu = 1500;
	netif->hwaddr_len = sizeof(mac);
	memcpy(netif->hwaddr, mac, sizeof(mac));
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
	return ERR_OK;
}

static err_t end(struct tcp_pcb *pcb, struct connection *c)
{
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
	free(c);
	if (tcp_close(pcb) == ERR_OK)
		return ERR_OK;
	tcp_abort(pcb);
	return ERR_ABRT;
}

/* As much of the body as fits; and the end, where the client asked for it. */
static err_t push(struct tcp_pcb *pcb, struct connection *c)
{
	while (c->out > 0) {
		unsigned long long n = c->out;

		if (n > tcp_sndbuf(pcb))
			n = tcp_sndbuf(pcb);
		if (n > sizeof(zeroes) - 1)
			n = sizeof(zeroes) - 1;
		if (n == 0 || tcp_write(pcb, zeroes, (u16_t)n,
				  c->out > n ? TCP_WRITE_FLAG_MORE : 0) != ERR_OK)
			break;
		c->out -= n;
	}
	if (c->last && c->out == 0 && c->in == 0)
		return end(pcb, c);
	return tcp_output(pcb);
}

static void reply(struct tcp_pcb *pcb, const char *head, int len)
{
	if (tcp_write(pcb, head, (u16_t)len, TCP_WRITE_FLAG_COPY) != ERR_OK)
		fprintf(stderr, "lwip: an answer was lost\n");
}

/* A whole head. */
static void request(struct tcp_pcb *pcb, struct connection *c)
{
	const char *bytes = strstr(c->head, "bytes="),
		   *length = strcasestr(c->head, "\r\ncontent-length:");
	char text[128];

	c->last = strcasestr(c->head, "\r\nconnection: close") != NULL;
	if (!strncmp(c->head, "GET", 3)) {
		c->out = bytes ? strtoull(bytes + 6, NULL, 10) : 0;
		reply(pcb, text,
		    snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n\r\n",
			c->out));
	} else {
		c->in = length ? strtoull(length + 17, NULL, 10) : 0;
		c->answer = true;
	}
}

static size_t take(struct tcp_pcb *pcb, struct connection *c, const char *p, size_t len)
{
	static const char done[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}\n";
	size_t n = len;

	if (c->in > 0) {
		n = len < c->in ? len : (size_t)c->in;
		c->in -= n;
	} else {
		if (n > HEAD - 1 - c->have)
			n = HEAD - 1 - c->have;
		memcpy(c->head + c->have, p, n);
		c->head[c->have + n] = 0;
		char *end = strstr(c->head, "\r\n\r\n");
		if (!end && c->have + n == HEAD - 1) {
			tcp_abort(pcb);
			return 0;
		}
		if (end) {
			n = (size_t)(end + 4 - c->head) - c->have;
			c->have = 0;
			request(pcb, c);
		} else {
			c->have += n;
		}
	}
	if (c->answer && c->in == 0) {
		c->answer = false;
		reply(pcb, done, sizeof(done) - 1);
	}
	return n;
}

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct connection *c = arg;

	(void)err;
	if (!p)
		return end(pcb, c);
	for (struct pbuf *q = p; q; q = q->next) {
		for (size_t at = 0, n; at < q->len; at += n) {
			n = take(pcb, c, (char *)q->payload + at, q->len - at);
			if (n == 0) {
				pbuf_free(p);
				return ERR_ABRT;
			}
		}
	}
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return push(pcb, c);
}

static err_t sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	(void)len;
	return push(pcb, arg);
}

static void failed(void *arg, err_t err)
{
	(void)err;
	free(arg);
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct connection *c = calloc(1, sizeof(*c));

	(void)arg;
	if (!c || err != ERR_OK)
		return ERR_MEM;
	tcp_arg(pcb, c);
	tcp_recv(pcb, received);
	tcp_sent(pcb, sent);
	tcp_err(pcb, failed);
	tcp_nagle_disable(pcb);
	return ERR_OK;
}

static void open_tap(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	if (tap < 0 || ioctl(tap, TUNSETIFF, &ifr) < 0) {
		fprintf(stderr, "lwip: %s: %s\n", name, strerror(errno));
		exit(1);
	}
}

static void read_frames(struct netif *netif)
{
	static char frame[FRAME];

	for (int i = 0; i < BURST; i++) {
		ssize_t n = read(tap, frame, sizeof(frame));
		struct pbuf *p = n > 0 ? pbuf_alloc(PBUF_RAW, (u16_t)n, PBUF_RAM) : NULL;

		if (!p)
			return;
		pbuf_take(p, frame, (u16_t)n);
		if (ethernet_input(p, netif) != ERR_OK)
			pbuf_free(p);
	}
}

int main(int argc, char **argv)
{
	static struct netif netif;
	ip4_addr_t addr, mask, gateway;
	struct tcp_pcb *pcb;

	if (argc != 4 || !ip4addr_aton(argv[2], &addr)) {
		fprintf(stderr, "usage: lwip TAP ADDRESS PORT\n");
		return 64;
	}
	open_tap(argv[1]);
	IP4_ADDR(&mask, 255, 255, 255, 0);
	IP4_ADDR(&gateway, 0, 0, 0, 0);
	tcpip_init(NULL, NULL);
	LOCK_TCPIP_CORE();
	if (!netif_add(&netif, &addr, &mask, &gateway, NULL, start_interface, tcpip_input)) {
		fprintf(stderr, "lwip: no interface\n");
		return 1;
	}
	netif_set_default(&netif);
	netif_set_up(&netif);
	pcb = tcp_new();
	if (!pcb || tcp_bind(pcb, IP4_ADDR_ANY, (u16_t)atoi(argv[3])) != ERR_OK ||
	    !(pcb = tcp_listen_with_backlog(pcb, 255))) {
		fprintf(stderr, "lwip: cannot listen\n");
		return 1;
	}
	tcp_accept(pcb, accepted);
	UNLOCK_TCPIP_CORE();
	for (;;) {
		struct pollfd pfd = { .fd = tap, .events = POLLIN };

		poll(&pfd, 1, -1);
		LOCK_TCPIP_CORE();
		read_frames(&netif);
		UNLOCK_TCPIP_CORE();
	}
}
