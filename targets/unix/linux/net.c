/* net.c: frames through a tap device.
 *
 * A received frame is scattered over the head of a packet, a small and a big buffer; those that it
 * does not reach wait for the next frame.
 */
#include <errno.h>
#include <mir/hash.h>
#include <mir/log.h>
#include <mir/mem.h>
#include <mir/tap.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tun.h"
#include "../../vnet/vnet.h"

MIR_LOG_SOURCE(tap);

enum {
	ETHER = 14,
	VLAN = 4,
	LINEAR = 192, /* bytes of a received frame in the packet's head */
	START = 126,  /* where they begin: network headers at a multiple of 4 */
	FRAME_MAX = ETHER + VLAN + MIR_PACKET_MAX,
};

static bool prepare(struct mir_tap *t)
{
	if (!t->packet)
		t->packet = mir_packet_new();
	if (!t->small)
		t->small = mir_mem_pooled(MIR_MEM_SMALL, &t->small_p);
	if (!t->big)
		t->big = mir_mem_pooled(MIR_MEM_BIG, &t->big_p);
	return t->packet && t->small && t->big;
}

static void append(struct mir_packet *p, struct mir_mem **m, const uint8_t *bytes, size_t len)
{
	mir_packet_append(p, &(struct mir_slice){ bytes, len, *m });
	*m = NULL;
}

/* The n bytes that were read as a packet. */
static struct mir_packet *take_frame(struct mir_tap *t, size_t n)
{
	struct mir_packet *p = t->packet;

	t->packet = NULL;
	p->data = p->head + START;
	mir_packet_put(p, MIR_MIN(n, (size_t)LINEAR));
	n -= p->len;
	if (n > 0)
		append(p, &t->small, t->small_p, MIR_MIN(n, (size_t)MIR_MEM_SMALL));
	if (n > MIR_MEM_SMALL)
		append(p, &t->big, t->big_p, n - MIR_MEM_SMALL);
	return p;
}

/* Whether a frame is one that the stack should see. */
static bool acceptable(struct mir_tap *t, const uint8_t *header, struct mir_packet *p)
{
	uint32_t limit;

	if (p->total < ETHER || (t->header > 0 && mir_vnet_read(header, p) < 0)) {
		t->drops.header++;
		return false;
	}
	limit = p->gso == MIR_GSO_NONE ? (uint32_t)t->net.mtu + ETHER + VLAN : FRAME_MAX;
	if (p->total > limit || (p->gso != MIR_GSO_NONE && !(t->net.offloads & MIR_NET_RX_GRO4))) {
		t->drops.oversize++;
		return false;
	}
	return true;
}

static void disconnected(struct mir_tap *t)
{
	if (t->gone)
		return;
	t->gone = true;
	mir_poll_remove(&t->poll);
	mir_error("%s: the host has removed the device", t->net.name);
}

/* Reads a frame.  1: *out is it, or NULL if it was dropped; 0: there is none now. */
static int receive(struct mir_tap *t, struct mir_packet **out)
{
	uint8_t header[MIR_VNET_HEADER_MAX];
	struct iovec iov[4];
	struct mir_packet *p;
	ssize_t n;

	*out = NULL;
	if (!prepare(t)) {
		n = read(
		    t->poll.fd, header, sizeof(header)); /* the rest of the frame is lost with it */
		t->drops.memory += n > 0;
		return n > 0;
	}
	iov[0] = (struct iovec){ header, t->header };
	iov[1] = (struct iovec){ t->packet->head + START, LINEAR };
	iov[2] = (struct iovec){ t->small_p, MIR_MEM_SMALL };
	iov[3] = (struct iovec){ t->big_p, MIR_MEM_BIG };
	n = readv(t->poll.fd, iov, 4);
	if (n < 0) {
		if (errno == EBADFD || errno == ENODEV || errno == EBADF)
			disconnected(t);
		return 0;
	}
	if (n < (ssize_t)t->header + ETHER) {
		t->drops.header++;
		return n > 0;
	}
	p = take_frame(t, (size_t)n - t->header);
	if (acceptable(t, header, p))
		*out = p;
	else
		mir_packet_unref(p);
	return 1;
}

static void ready(struct mir_poll_fd *poll, unsigned events)
{
	struct mir_tap *t = mir_container(poll, struct mir_tap, poll);
	struct mir_packet *burst[MIR_NET_BURST];
	unsigned n = 0;

	for (unsigned i = 0; i < MIR_NET_BURST; i++) {
		struct mir_packet *p;

		if (!receive(t, &p))
			break;
		if (!p) {
			t->net.stats.rx_dropped++;
			continue;
		}
		t->net.stats.rx_packets++;
		t->net.stats.rx_bytes += p->total;
		burst[n++] = p;
	}
	if (n == 0 && (events & MIR_POLL_ERR))
		disconnected(t);
	if (n == 0)
		return;
	if (t->input) {
		t->input(t->arg, burst, n);
		return;
	}
	t->drops.unheard += n;
	t->net.stats.rx_dropped += n;
	for (unsigned i = 0; i < n; i++)
		mir_packet_unref(burst[i]);
}

/* 0, or why the frame did not leave. */
static int transmit(struct mir_tap *t, const struct mir_packet *p)
{
	uint8_t header[MIR_VNET_HEADER_MAX];
	struct iovec iov[MIR_PACKET_SLICES + 2];
	int n = 0;

	if (p->gso == MIR_GSO_NONE ? p->total > t->net.mtu + (uint32_t)ETHER + VLAN
				   : p->total > FRAME_MAX)
		return EMSGSIZE;
	if (t->header > 0) {
		mir_vnet_write(header, p);
		iov[n++] = (struct iovec){ header, t->header };
	}
	iov[n++] = (struct iovec){ p->data, p->len };
	for (unsigned i = 0; i < p->nslices;
	     i++) /* writev has no type for memory that it only reads */
		iov[n++] = (struct iovec){ (void *)(uintptr_t)p->slice[i].p, p->slice[i].len };
	while (writev(t->poll.fd, iov, n) < 0) {
		if (errno != EINTR)
			return errno;
	}
	return 0;
}

static void count_lost(struct mir_tap *t, int err)
{
	t->net.stats.tx_dropped++;
	if (err == EAGAIN || err == ENOBUFS)
		t->drops.full++;
	else if (err == EIO)
		t->drops.down++;
	else if (err == EMSGSIZE)
		t->drops.oversize++;
	else
		t->drops.error++;
	if (err == EBADFD || err == ENODEV || err == EBADF)
		disconnected(t);
}

static int tap_send(struct mir_net *net, struct mir_packet *const frames[], unsigned n)
{
	struct mir_tap *t = mir_container(net, struct mir_tap, net);
	int sent = 0;

	for (unsigned i = 0; i < n; i++) {
		int err = t->gone ? ENODEV : transmit(t, frames[i]);

		if (err == 0) {
			sent++;
			net->stats.tx_packets++;
			net->stats.tx_bytes += frames[i]->total;
		} else {
			count_lost(t, err);
		}
		mir_packet_unref(frames[i]);
	}
	return t->gone ? MIR_EDISCONN : sent;
}

static void tap_listen(struct mir_net *net, mir_net_input *input, void *arg)
{
	struct mir_tap *t = mir_container(net, struct mir_tap, net);

	t->input = input;
	t->arg = arg;
}

static const struct mir_net_ops ops = { "tap", tap_send, tap_listen };

static int choose_mac(const char *text, struct mir_mac *out)
{
	if (text && text[0] != '\0') {
		if (mir_mac_parse(text, out) == 0 && !(out->b[0] & 1))
			return 0;
		mir_error("'%s' is not the hardware address of one interface: write it as "
			  "02:00:00:00:00:01",
		    text);
		return MIR_EINVAL;
	}
	mir_random(out->b, sizeof(out->b));
	out->b[0] = (uint8_t)((out->b[0] & 0xfe) | 2); /* one host, locally administered */
	return 0;
}

/* Everything after the device is open. */
static int begin(struct mir_tap *t, const char *name, const struct mir_tun *tun)
{
	t->net.ops = &ops;
	t->net.name = name;
	t->net.mtu = tun->mtu;
	t->net.offloads = tun->offloads;
	t->net.max_slices = MIR_PACKET_SLICES;
	t->header = tun->header;
	t->poll = (struct mir_poll_fd){ .fd = tun->fd, .events = MIR_POLL_IN, .ready = ready };
	return mir_poll_add(&t->poll);
}

int mir_tap_start(struct mir_tap *t, const struct mir_tap_config *config)
{
	char mac[MIR_MAC_TEXT];
	struct mir_tun tun;
	int rc;

	*t = (struct mir_tap){ .gone = false };
	rc = choose_mac(config->net_mac, &t->net.mac);
	if (rc == 0)
		rc = mir_tun_open(config->interface ? config->interface : "", &tun);
	if (rc < 0)
		return rc;
	rc = begin(t, config->name, &tun);
	if (rc < 0) {
		close(tun.fd);
		return rc;
	}
	mir_info("%s: %s, %s, mtu %u%s", config->name, tun.name, mir_mac_text(&t->net.mac, mac),
	    t->net.mtu, t->header ? ", offloads" : "");
	return 0;
}

void mir_tap_stop(struct mir_tap *t)
{
	if (!t->gone)
		mir_poll_remove(&t->poll);
	close(t->poll.fd);
	mir_packet_unref(t->packet);
	mir_mem_unref(t->small);
	mir_mem_unref(t->big);
	t->packet = NULL;
	t->small = t->big = NULL;
}
