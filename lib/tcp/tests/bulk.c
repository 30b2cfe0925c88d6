/* bulk.c: many bytes both ways over all kinds of wires. */
#include "party.h"
#include "wire.h"

#include <stdio.h>

static struct pair pair;

static double move(uint64_t bytes, uint64_t chunk)
{
	return transfer(&pair.tcp[0].tcp, pair.wire.host[0].addr, &pair.tcp[1].tcp, bytes, chunk);
}

static void say_stats(double seconds)
{
	struct mir_tcp_stats s;

	mir_tcp_device_stats(&pair.tcp[0], &s);
	printf("# %.2f s: %llu out, %llu again, %llu timeouts, %llu recoveries, %llu dup acks\n",
	    seconds, (unsigned long long)s.segments_out, (unsigned long long)s.retransmits,
	    (unsigned long long)s.timeouts, (unsigned long long)s.fast_recoveries,
	    (unsigned long long)s.dup_acks);
	fflush(stdout);
}

static void clean(void)
{
	pair_start(&pair, 0);
	say_stats(move(4 << 20, 10000));
	pair_stop(&pair);
}

static void tso(void)
{
	pair_start(&pair, MIR_NET_TX_TSO4 | MIR_NET_TX_CSUM);
	say_stats(move(4 << 20, 50000));
	pair_stop(&pair);
}

static void losses(void)
{
	static const unsigned rates[] = { 1, 10, 30, 50, 100 };

	for (unsigned i = 0; i < MIR_COUNT(rates); i++) {
		pair_start(&pair, i % 2 ? MIR_NET_TX_TSO4 : 0);
		pair.wire.delay = MIR_MS(10);
		pair.wire.loss = rates[i];
		say_stats(move(i < 3 ? 2 << 20 : 300000, 9000));
		ok(!pair_check(&pair), "loss %u per mille", rates[i]);
		pair_stop(&pair);
	}
}

static void everything_bad(void)
{
	for (unsigned i = 0; i < 20; i++) {
		pair_start(&pair, i % 2 ? MIR_NET_TX_TSO4 : 0);
		pair.wire.delay = MIR_MS(1 + 2 * i);
		pair.wire.jitter = MIR_US(500 * (i % 3));
		pair.wire.loss = 5 * (i % 7);
		pair.wire.reorder = 10 * (i % 6);
		pair.wire.duplicate = 10 * (i % 5);
		pair.wire.corrupt = 5 * (i % 4);
		move(300000, 1 + 700 * i);
		pair_stop(&pair);
	}
}

static void cubic(void)
{
	for (unsigned i = 0; i < 3; i++) {
		pair_start(&pair, 0);
		pair.tcp[0].core->env.cc = pair.tcp[1].core->env.cc = &mir_tcp_cubic;
		pair.wire.delay = MIR_MS(10);
		pair.wire.loss = 10 * i;
		say_stats(move(1 << 20, 9000));
		pair_stop(&pair);
	}
}

/* A path that takes timestamps out of SYNs, and stands still now and then: what is late is not
 * lost, whether it loses besides or not. */
static bool stall(struct wire *wire, struct host *from, uint8_t *bytes, uint32_t len)
{
	uint32_t header = (uint32_t)(bytes[12] >> 4) * 4;
	int64_t phase = mir_now() % MIR_SECOND(3);

	for (uint32_t i = 20; (bytes[13] & MIR_TCP_SYN) && i + 10 <= header; i++) {
		if (bytes[i] == 8 && bytes[i + 1] == 10) {
			memset(bytes + i, 1, 10);
			complete(bytes, len, from);
		}
	}
	wire->delay = MIR_MS(10) + MIR_MAX(MIR_MS(700) - phase, 0);
	return false;
}

static void stalls(void)
{
	struct mir_tcp_stats s;

	for (unsigned loss = 0; loss <= 20; loss += 10) {
		pair_start(&pair, 0);
		pair.wire.meddle = stall;
		pair.wire.rate = 500000;
		pair.wire.queue = MIR_MS(100);
		pair.wire.loss = loss;
		say_stats(move(2 << 20, 9000));
		mir_tcp_device_stats(&pair.tcp[0], &s);
		ok(loss > 0 || s.spurious > 0, "timeouts are undone: %u of %u",
		    (unsigned)s.spurious, (unsigned)s.timeouts);
		pair_stop(&pair);
	}
}

/* Both ways over 2 MB/s and 20 ms, with loss per mille; returns the share of the rate that was
 * used. */
static double goodput(const struct mir_tcp_cc_ops *cc, unsigned loss, uint64_t bytes)
{
	struct mir_tcp_stats s;
	double t;

	pair_start(&pair, 0);
	pair.tcp[0].core->env.cc = pair.tcp[1].core->env.cc = cc;
	pair.wire.delay = MIR_MS(10);
	pair.wire.rate = 2000000;
	pair.wire.queue = MIR_MS(40);
	pair.wire.loss = loss;
	t = move(bytes, 60000);
	mir_tcp_device_stats(&pair.tcp[0], &s);
	printf("# %s, loss %u per mille: %.0f %% of the rate, %llu again\n", cc->name, loss,
	    (double)bytes / t / 20000, (unsigned long long)s.retransmits);
	fflush(stdout);
	pair_stop(&pair);
	return (double)bytes / t / 2000000;
}

static void model(void)
{
	double share;

	share = goodput(&mir_tcp_bbr, 0, 6 << 20);
	ok(share > 0.85, "fills a path: %.2f", share);
	share = goodput(&mir_tcp_bbr, 10, 6 << 20);
	ok(share > 0.8, "whatever it loses: %.2f", share);
	share = goodput(&mir_tcp_bbr, 50, 3 << 20);
	ok(share > 0.5, "or loses much: %.2f", share);
	share = goodput(&mir_tcp_cubic, 0, 6 << 20);
	ok(share > 0.85, "cubic fills a path: %.2f", share);
}

int main(void)
{
	RUN(clean);
	RUN(tso);
	RUN(losses);
	RUN(everything_bad);
	RUN(cubic);
	RUN(stalls);
	RUN(model);
	return mir_test_end();
}
