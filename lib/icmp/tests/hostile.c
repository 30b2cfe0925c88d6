/* hostile.c: ICMP messages that lie; replies that nobody asked for. */
#include "../../ipv4/tests/raw.h"

enum { REPLY = 0 };

static int result;
static struct mir_icmp_reply reply;

static void ping(void *arg)
{
	int64_t outer = mir_deadline_set(mir_now() + MIR_SECOND(1));

	(void)arg;
	result = mir_icmp_echo(&host.icmp.icmp, test_ip("10.0.0.2"), 7, 20, &reply);
	mir_deadline_restore(outer);
}

/* A ping is under way; m becomes its request's ICMP message. */
static void start(uint8_t m[28])
{
	raw_start();
	result = 1;
	mir_spawn("ping", ping, NULL);
	fake_flush();
	memcpy(m, raw_sent(0) + IP, 28);
}

static void stop(void)
{
	mir_sleep(MIR_SECOND(2));
	raw_stop();
}

static void arrives(uint8_t *m, size_t len, uint32_t from)
{
	uint8_t f[200];
	size_t n;

	mir_put_be16(m + 2, 0);
	mir_put_be16(m + 2, mir_sum_finish(mir_sum(m, len, 0)));
	n = raw_datagram(f, ICMP, m, len);
	mir_put_be32(f + ETH + 12, from);
	raw_seal(f);
	fake_input(&net, f, n);
	mir_sleep(MIR_MS(1));
}

static void replies(void)
{
	static const struct {
		const char *what;
		uint8_t at, flip;
		uint32_t from;
		size_t len;
		int want;
	} table[] = {
		{ "the reply", 0, 0, 0x0a000002, 28, 0 },
		{ "another identifier", 5, 1, 0x0a000002, 28, MIR_ETIMEDOUT },
		{ "another number", 7, 1, 0x0a000002, 28, MIR_ETIMEDOUT },
		{ "another secret", 8, 1, 0x0a000002, 28, MIR_ETIMEDOUT },
		{ "the end of the secret", 15, 1, 0x0a000002, 28, MIR_ETIMEDOUT },
		{ "another code", 1, 1, 0x0a000002, 28, MIR_ETIMEDOUT },
		{ "another host", 0, 0, 0x0a000003, 28, MIR_ETIMEDOUT },
		{ "a byte less", 0, 0, 0x0a000002, 27, MIR_ETIMEDOUT },
		{ "no payload", 0, 0, 0x0a000002, 8, MIR_ETIMEDOUT },
		{ "no header", 0, 0, 0x0a000002, 7, MIR_ETIMEDOUT },
	};
	uint8_t m[28];

	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		start(m);
		m[0] = REPLY;
		m[table[i].at] ^= table[i].flip;
		arrives(m, table[i].len, table[i].from);
		mir_sleep(MIR_SECOND(1));
		ok(result == table[i].want, "%s: %d", table[i].what, result);
		stop();
	}
	start(m);
	m[0] = REPLY;
	arrives(m, 28, 0x0a000002);
	arrives(m, 28, 0x0a000002);
	ok(result == 0 && host.icmp.stats.rx_unexpected == 1, "a second reply is nobody's");
	stop();
}

static void errors(void)
{
	static const struct {
		uint8_t type, code;
		int want;
	} table[] = { { 3, 0, MIR_ENETUNREACH }, { 3, 1, MIR_EHOSTUNREACH }, { 3, 13, MIR_EACCES },
		{ 11, 0, MIR_EHOSTUNREACH }, { 12, 0, MIR_EPROTO }, { 4, 0, MIR_ETIMEDOUT },
		{ 5, 0, MIR_ETIMEDOUT } };
	uint8_t m[28], f[200];

	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		start(m);
		fake_input(&net, f, raw_icmp(f, table[i].type, table[i].code, 0, raw_sent(0), 28));
		mir_sleep(MIR_SECOND(1));
		ok(result == table[i].want, "%u/%u", table[i].type, table[i].code);
		stop();
	}
	start(m);
	memcpy(m, raw_sent(0), 28);
	m[25] ^= 1;
	fake_input(&net, f, raw_icmp(f, 3, 1, 0, m, 28));
	mir_sleep(MIR_SECOND(1));
	ok(result == MIR_ETIMEDOUT, "an error about another request");
	stop();
}

static void requests(void)
{
	uint8_t m[28] = { 8, 0, 0, 0, 1, 2, 3, 4, 'x' };

	raw_start();
	arrives(m, 28, 0x0a000002);
	m[0] = REPLY;
	mir_put_be16(m + 2, 0);
	mir_put_be16(m + 2, mir_sum_finish(mir_sum(m, 28, 0)));
	ok(net.sent == 1 && memcmp(raw_sent(0) + IP, m, 28) == 0, "is answered with what it says");
	for (unsigned type = 0; type < 256; type++) {
		m[0] = (uint8_t)type;
		if (type != 8)
			arrives(m, 28, 0x0a000002);
	}
	ok(net.sent == 1, "no other type is");
	m[0] = 8;
	m[1] = 1;
	arrives(m, 28, 0x0a000002);
	m[1] = 0;
	for (size_t n = 0; n < 8; n++)
		arrives(m, MIR_MAX(n, (size_t)4), 0x0a000002);
	ok(net.sent == 1, "nor another code, nor what is too short");
	raw_stop();
}

int main(void)
{
	RUN(replies);
	RUN(errors);
	RUN(requests);
	return mir_test_end();
}
