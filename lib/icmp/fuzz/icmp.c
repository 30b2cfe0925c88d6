/* icmp.c: any ICMP message, in a datagram that is right, to a host that waits for a reply and has
 * sent UDP.  The first byte of each record: length; messages follow. */
#include "../../ipv4/tests/raw.h"

static const uint8_t *input;
static size_t left;

static uint8_t take(void)
{
	return left ? (left--, *input++) : 0;
}

static void no_input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	(void)arg;
	(void)src;
	(void)dst;
	mir_packet_unref(p);
}

static void no_error(void *arg, const struct mir_ip_error *err, const struct mir_endpoint *peer)
{
	(void)arg;
	(void)err;
	(void)peer;
}

static const struct mir_udp_handler handler = { .input = no_input, .error = no_error };

static void ping(void *arg)
{
	struct mir_icmp_reply reply;

	(void)arg;
	mir_deadline_set(mir_now() + MIR_SECOND(1));
	mir_icmp_echo(&host.icmp.icmp, test_ip("10.0.0.2"), 1, 8, &reply);
}

/* Some bytes of an error are those of what was sent, so that it is believed. */
static void message(void)
{
	uint8_t m[300] = { 0 }, f[400], how = take();
	size_t len = take();

	for (size_t i = 0; i < len; i++)
		m[i] = take();
	if (how & 1 && net.sent && len >= 36)
		memcpy(m + 8, raw_sent(how >> 4), 28);
	if (how & 2 && len >= 36)
		m[8 + 6] = 0x40;
	if (how & 4 && len >= 4) {
		mir_put_be16(m + 2, 0);
		mir_put_be16(m + 2, mir_sum_finish(mir_sum(m, len, 0)));
	}
	len = raw_datagram(f, ICMP, m, len);
	fake_input(&net, f, len);
	if (how & 8)
		fake_flush();
	if (net.sent > FAKE_FRAMES / 2)
		net.sent = 16;
}

static void run(void)
{
	struct mir_endpoint local = { MIR_IPADDR_ANY, 5 }, peer = { test_ip("10.0.0.2"), 9 };
	struct mir_slice s = mir_slice_copy("0123456789", 10);
	struct mir_udp_port *port;

	raw_start();
	mir_udp_bind(&host.udp.udp, &local, &handler, NULL, &port);
	mir_udp_send(port, NULL, &peer, &s, 1);
	mir_spawn("ping", ping, NULL);
	fake_flush();
	while (left)
		message();
	mir_sleep(MIR_SECOND(2));
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
