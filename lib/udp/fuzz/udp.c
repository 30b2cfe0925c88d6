/* udp.c: any UDP datagram, in a datagram of IP that is right. */
#include "../../ipv4/tests/raw.h"

static void check_input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	(void)src;
	ok(dst->port == 5 && p->total <= *(size_t *)arg, "bytes out of nothing");
	mir_packet_unref(p);
}

static const struct mir_udp_handler handler = { .input = check_input };
static const uint8_t *input;
static size_t size;

static void run(void)
{
	struct mir_endpoint local = { MIR_IPADDR_ANY, 5 };
	struct mir_udp_port *port;
	uint8_t f[700];
	size_t len;

	raw_start();
	mir_udp_bind(&host.udp.udp, &local, &handler, &size, &port);
	len = raw_datagram(f, UDP, input + 1, size - 1);
	if (input[0] & 1)
		memcpy(f + ETH + 16, "\12\0\0\377", 4);
	raw_seal(f);
	fake_arrive(&net, fake_packet(f, len, input[0]));
	fake_flush();
	raw_stop();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 1 || n > 600)
		return 0;
	input = data;
	size = n;
	mir_test_fuzz(run);
	return 0;
}
