/* The tap driver over a socket pair that keeps message bounds, as a tap device does. */
#include "../net.c"

#include <fcntl.h>
#include <mir/fiber.h>
#include <mir/panic.h>
#include <mir/test.h>
#include <string.h>
#include <sys/socket.h>

static struct mir_tap tap;
static int host; /* the other end */
static struct mir_packet *got[MIR_NET_BURST];
static unsigned count;
static bool watched;

int mir_poll_add(struct mir_poll_fd *p)
{
	(void)p;
	watched = true;
	return 0;
}

void mir_poll_remove(struct mir_poll_fd *p)
{
	(void)p;
	watched = false;
}

static void input(void *arg, struct mir_packet *const frames[], unsigned n)
{
	(void)arg;
	mir_check(count + n <= MIR_NET_BURST);
	memcpy(got + count, frames, n * sizeof(*got));
	count += n;
}

static void begin_test(void)
{
	int fd[2], size = 1 << 20;
	struct mir_tun tun = { .header = MIR_VNET_HEADER,
		.offloads = MIR_NET_TX_CSUM | MIR_NET_TX_TSO4 | MIR_NET_RX_CSUM | MIR_NET_RX_GRO4,
		.mtu = 1500 };

	mir_check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd) == 0);
	setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	tun.fd = fd[0];
	host = fd[1];
	count = 0;
	tap = (struct mir_tap){ .gone = false };
	mir_check(begin(&tap, "service", &tun) == 0);
	mir_net_listen(&tap.net, input, NULL);
}

static void end_test(void)
{
	for (unsigned i = 0; i < count; i++)
		mir_packet_unref(got[i]);
	mir_tap_stop(&tap);
	close(host);
}

/* The host sends a frame of len bytes, byte i being i, after this header. */
static void from_host(const uint8_t header[MIR_VNET_HEADER], size_t len)
{
	static uint8_t message[MIR_VNET_HEADER + 80000];

	memcpy(message, header, MIR_VNET_HEADER);
	for (size_t i = 0; i < len; i++)
		message[MIR_VNET_HEADER + i] = (uint8_t)(i * 7 + i / 251);
	mir_check(write(host, message, MIR_VNET_HEADER + len) == (ssize_t)(MIR_VNET_HEADER + len));
}

static bool whole(const struct mir_packet *p, size_t len)
{
	if (p->total != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t c;

		mir_packet_copy(p, i, &c, 1);
		if (c != (uint8_t)(i * 7 + i / 251))
			return false;
	}
	return true;
}

static void lengths(void)
{
	static const size_t sizes[] = { 14, 60, 191, 192, 193, 1514, 1518, 192 + 2048, 2241, 65000,
		65549 };
	static const uint8_t plain[MIR_VNET_HEADER] = { 0 };
	static const uint8_t large[MIR_VNET_HEADER] = { 1, 1, 54, 0, 0xb4, 5, 34, 0, 16, 0 };

	begin_test();
	for (unsigned i = 0; i < MIR_COUNT(sizes); i++) {
		from_host(sizes[i] > 1518 ? large : plain, sizes[i]);
		ready(&tap.poll, MIR_POLL_IN);
		ok(count == i + 1 && whole(got[i], sizes[i]), "%zu bytes", sizes[i]);
		ok(got[i]->len >= MIR_MIN(sizes[i], 192u), "headers are linear");
		ok((got[i]->data - got[i]->head + ETHER) % 4 == 0, "aligned");
	}
	ok(got[10]->gso == MIR_GSO_TCP4 && got[10]->gso_size == 1460 &&
		got[10]->csum == MIR_CSUM_VALID,
	    "merged segments");
	from_host(plain, 1519);
	from_host(plain, 13);
	from_host(large, 66000);
	ready(&tap.poll, MIR_POLL_IN);
	ok(count == MIR_COUNT(sizes), "too long and too short are not delivered");
	ok(tap.drops.oversize == 2 && tap.drops.header == 1 && tap.net.stats.rx_dropped == 3,
	    "counted");
	end_test();
}

static void bursts(void)
{
	static const uint8_t plain[MIR_VNET_HEADER] = { 0 };
	unsigned sent = 0;

	begin_test();
	while (sent < 70) {
		from_host(plain, 60);
		sent++;
	}
	ready(&tap.poll, MIR_POLL_IN);
	ok(count == MIR_NET_BURST, "a burst at most in one turn");
	for (unsigned i = 0; i < count; i++)
		mir_packet_unref(got[i]);
	count = 0;
	ready(&tap.poll, MIR_POLL_IN);
	ok(count == 6, "the rest in the next");
	end_test();
}

static void lying_headers(void)
{
	static const uint8_t headers[][MIR_VNET_HEADER] = {
		{ 1, 0, 0, 0, 0, 0, 60, 0, 0, 0 },      /* checksum from the end on */
		{ 1, 0, 0, 0, 0, 0, 34, 0, 25, 0 },     /* stored across the end */
		{ 1, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 0 }, /* far outside */
		{ 1, 1, 0, 0, 0, 0, 34, 0, 16, 0 },     /* segments of no size */
		{ 0, 1, 0, 0, 100, 0, 0, 0, 0, 0 },     /* large without checksum offload */
		{ 1, 3, 0, 0, 100, 0, 34, 0, 16, 0 },   /* UDP fragmentation was not offered */
		{ 1, 0x81, 0, 0, 100, 0, 34, 0, 16, 0 },
		{ 1, 4, 0, 0, 100, 0, 34, 0, 16, 0 },
	};

	begin_test();
	for (unsigned i = 0; i < MIR_COUNT(headers); i++) {
		from_host(headers[i], 60);
		ready(&tap.poll, MIR_POLL_IN);
		ok(count == 0 && tap.drops.header == i + 1, "header %u is refused", i);
	}
	end_test();
}

static void sending(void)
{
	static const uint8_t want[MIR_VNET_HEADER] = { 1, 1, 54, 0, 0xb4, 5, 34, 0, 16, 0 };
	struct mir_packet *p;
	uint8_t message[200];
	ssize_t n;

	begin_test();
	p = mir_packet_new();
	memset(mir_packet_put(p, 54), 0, 54);
	p->data[46] = 5 << 4;
	mir_packet_append(p, &(struct mir_slice){ (const uint8_t *)"abc", 3, NULL });
	mir_packet_append(p, &(struct mir_slice){ (const uint8_t *)"de", 2, NULL });
	p->csum = MIR_CSUM_PARTIAL;
	p->csum_start = (uint16_t)(p->data + 34 - p->head);
	p->csum_offset = 16;
	p->gso = MIR_GSO_TCP4;
	p->gso_size = 1460;
	ok(mir_net_send(&tap.net, &p, 1) == 1, "sent");
	n = read(host, message, sizeof(message));
	ok(n == MIR_VNET_HEADER + 59 && memcmp(message, want, sizeof(want)) == 0, "the header");
	ok(memcmp(message + n - 5, "abcde", 5) == 0, "the slices");
	p = mir_packet_new();
	mir_packet_put(p, 14);
	mir_packet_append(p, &(struct mir_slice){ message, 3000, NULL });
	ok(mir_net_send(&tap.net, &p, 1) == 0 && tap.drops.oversize == 1, "over the MTU");
	end_test();
}

static void full_and_gone(void)
{
	unsigned sent = 0;

	begin_test();
	while (tap.net.stats.tx_dropped == 0 && sent < 100000) {
		struct mir_packet *p = mir_packet_new();

		memset(mir_packet_put(p, 60), 0, 60);
		mir_net_send(&tap.net, &p, 1);
		sent++;
	}
	ok(tap.drops.full == 1, "a full queue drops and counts");
	disconnected(&tap);
	ok(!watched, "a device that is gone is watched no more");
	{
		struct mir_packet *p = mir_packet_new();

		mir_packet_put(p, 60);
		ok(mir_net_send(&tap.net, &p, 1) == MIR_EDISCONN, "and says so");
	}
	end_test();
}

static void no_memory(void)
{
	static const uint8_t plain[MIR_VNET_HEADER] = { 0 };

	begin_test();
	for (unsigned i = 1; i <= 2; i++) {
		for (unsigned k = 0; k < 3; k++)
			from_host(plain, 1000 - k);
		mir_mem_fail_at(i); /* a packet, then a small buffer */
		ready(&tap.poll, MIR_POLL_IN);
		ok(tap.drops.memory == i, "no memory: dropped and counted");
		ok(count == 2 * i && whole(got[count - 1], 998), "the next is received");
	}
	end_test();
}

static void unheard(void)
{
	static const uint8_t plain[MIR_VNET_HEADER] = { 0 };

	begin_test();
	mir_net_listen(&tap.net, NULL, NULL);
	from_host(plain, 1000);
	ready(&tap.poll, MIR_POLL_IN);
	ok(tap.drops.unheard == 1, "nobody listens");
	end_test();
}

static void starting(void)
{
	struct mir_tap t;
	struct mir_mac m;

	ok(choose_mac("", &m) == 0 && (m.b[0] & 3) == 2, "random: one host, locally administered");
	ok(choose_mac("02:00:00:00:00:07", &m) == 0 && m.b[5] == 7, "given");
	ok(choose_mac("03:00:00:00:00:07", &m) == MIR_EINVAL, "a group's is refused");
	ok(mir_tap_start(&t, &(struct mir_tap_config){ .name = "service", .interface = "" }) ==
		MIR_EINVAL,
	    "no interface");
	ok(mir_tap_start(&t, &(struct mir_tap_config){ .interface = "@12345" }) == MIR_EINVAL,
	    "a descriptor that is not open");
	ok(mir_tap_start(&t, &(struct mir_tap_config){ .interface = "no-such-tap" }) == MIR_ENODEV,
	    "no such device");
}

int main(void)
{
	RUN(lengths);
	RUN(bursts);
	RUN(lying_headers);
	RUN(sending);
	RUN(full_and_gone);
	RUN(no_memory);
	RUN(unheard);
	RUN(starting);
	return mir_test_end();
}
