/* frames.c: any frames to a whole host: Ethernet, ARP, IP, ICMP, UDP.
 *
 * The input is a row of records: flags, length, bytes.  By the flags the frame gets a header to us
 * and right checksums, so that what lies behind them is reached too.
 */
#include "../tests/raw.h"

enum { SEAL = 1, HEADER = 2, SLEEP = 4, SEAL_INNER = 8, LINEAR = 16, LONG_SLEEP = 32 };

static const uint8_t *input;
static size_t left;
static struct mir_udp_port *port;

static uint8_t take(void)
{
	return left ? (left--, *input++) : 0;
}

/* Answers what comes, so that the way out is gone too. */
static void echo(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	struct mir_slice s[MIR_PACKET_SLICES + 1];
	unsigned n = mir_packet_into_slices(p, s);

	(void)arg;
	mir_udp_send(port, &dst->addr, src, s, n);
}

static void error(void *arg, const struct mir_ip_error *err, const struct mir_endpoint *peer)
{
	(void)arg;
	(void)err;
	(void)peer;
}

static const struct mir_udp_handler handler = { .input = echo, .error = error };

/* Checksums of ICMP (over all of it; UDP may have none). */
static void seal_inner(uint8_t *f, size_t len)
{
	uint8_t *l4;
	size_t n, ihl;

	if (len < ETH + IP)
		return;
	ihl = (f[ETH] & 15u) * 4;
	if (len < ETH + ihl + 8)
		return;
	l4 = f + ETH + ihl;
	n = len - ETH - ihl;
	if (f[ETH + 9] == ICMP) {
		mir_put_be16(l4 + 2, 0);
		mir_put_be16(l4 + 2, mir_sum_finish(mir_sum(l4, n, 0)));
	} else if (f[ETH + 9] == UDP) {
		mir_put_be16(l4 + 6, 0);
	}
}

static void one_frame(void)
{
	uint8_t f[700] = { 0 }, flags = take();
	size_t len = take() | (flags & 64 ? 256 : 0), at = 0;

	if (flags & HEADER) {
		at = raw_datagram(f, UDP, NULL, 0) - IP;
		f[13] = flags & 128 ? 6 : 0;
	}
	for (size_t i = 0; i < len; i++)
		f[at + i] = take();
	len += at;
	if (flags & SEAL_INNER)
		seal_inner(f, len);
	if (flags & SEAL && len >= ETH + IP && len >= ETH + (f[ETH] & 15u) * 4)
		raw_seal(f);
	fake_arrive(&net, fake_packet(f, len, flags & LINEAR ? take() % 193 : 192));
	if (flags & SLEEP)
		mir_sleep(flags & LONG_SLEEP ? MIR_SECOND(31) : MIR_MS(1));
	if (net.sent > FAKE_FRAMES / 2)
		net.sent = 0;
}

static void run(void)
{
	struct mir_endpoint local = { MIR_IPADDR_ANY, 5 };

	raw_start();
	mir_udp_bind(&host.udp.udp, &local, &handler, NULL, &port);
	while (left)
		one_frame();
	fake_flush();
	raw_stop();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	left = size;
	mir_test_fuzz(run);
	return 0;
}
