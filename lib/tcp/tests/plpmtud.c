/* plpmtud.c: paths that swallow large segments without a word (RFC 4821, RFC 8899). */
#include "party.h"
#include "wire.h"

static struct pair p;
static struct mir_tcp_listener *listener;
static struct mir_tcp_flow *client, *server;
static uint64_t got;
static bool intact;
static uint64_t sent;

static void on_accept(void *arg, struct mir_tcp_flow *f)
{
	(void)arg;
	server = f;
}

static void drain(void *arg)
{
	struct mir_slice s[8];
	int n;

	(void)arg;
	while ((n = mir_flow_read(&server->flow, s, 8)) > 0) {
		for (int i = 0; i < n; i++) {
			for (size_t j = 0; j < s[i].len; j++)
				intact &= s[i].p[j] == byte_at(got + j);
			got += s[i].len;
		}
		mir_slices_unref(s, (unsigned)n);
	}
}

static const struct mir_tcb *tcb(void)
{
	return &mir_container(client, struct mir_tcp_conn, flow)->tcb;
}

/* Sends so much, and waits until it was received, a minute at most.  Returns milliseconds. */
static long push(uint64_t bytes)
{
	static uint8_t chunk[50000];
	int64_t t0 = mir_now();
	uint64_t end = sent + bytes;

	while (sent < end) {
		size_t n = MIR_MIN(sizeof(chunk), end - sent);

		for (size_t i = 0; i < n; i++)
			chunk[i] = byte_at(sent + i);
		mir_flow_write_copy(&client->flow, chunk, n);
		sent += n;
	}
	while (got < end && mir_now() - t0 < MIR_SECOND(60))
		mir_sleep(MIR_MS(5));
	return (long)((mir_now() - t0) / 1000000);
}

static struct mir_fiber *reader;

static void begin(unsigned offloads)
{
	struct mir_endpoint any = { .port = 80 }, to;

	pair_start(&p, offloads);
	to = (struct mir_endpoint){ p.wire.host[0].addr, 80 };
	got = sent = 0;
	intact = true;
	mir_tcp_listen(&p.tcp[0].tcp, &any, 0, NULL, on_accept, NULL, &listener);
	mir_tcp_connect(&p.tcp[1].tcp, NULL, &to, NULL, &client);
	while (!server)
		mir_sleep(MIR_MS(5));
	reader = mir_spawn_joinable("reader", drain, NULL);
}

static void end(void)
{
	ok(got == sent && intact, "all of it came, unchanged");
	mir_flow_close(&client->flow);
	mir_join(reader);
	mir_flow_close(&server->flow);
	mir_tcp_unlisten(listener);
	client = server = NULL;
	pair_stop(&p);
}

static void hole(unsigned offloads)
{
	struct mir_tcp_stats s;

	begin(offloads);
	push(100000);
	ok(tcb()->mtu == 1500, "whole segments at first");
	p.wire.narrow = 1300;
	p.wire.silent_router = true;
	ok(push(200000) < 10000, "a hole is found, and gone around");
	ok(tcb()->mtu == 1280, "with what passes: %u", tcb()->mtu);
	mir_sleep(MIR_SECOND(11));
	ok(push(300000) < 1000 && tcb()->mtu == 1280, "a larger segment is tried in vain");
	mir_tcp_device_stats(&p.tcp[1], &s);
	ok(s.mtu_reductions == 1 && s.mtu_probes == 1 && s.fast_recoveries == 0,
	    "%llu reductions, %llu probes, %llu recoveries", (unsigned long long)s.mtu_reductions,
	    (unsigned long long)s.mtu_probes, (unsigned long long)s.fast_recoveries);
	p.wire.narrow = 0;
	mir_sleep(MIR_SECOND(601));
	push(300000);
	ok(tcb()->mtu == 1500 && tcb()->mtu_limit == 0, "once more, and it is through");
	end();
}

static void plain(void)
{
	hole(0);
}

static void offloaded(void)
{
	hole(MIR_NET_TX_CSUM | MIR_NET_TX_TSO4);
}

/* An outage looks the same; it does not leave small segments behind. */
static void outage(void)
{
	begin(0);
	push(10000);
	p.wire.cut = true;
	for (unsigned i = 0; i < 2; i++) {
		static uint8_t chunk[20000];

		for (size_t k = 0; k < sizeof(chunk); k++)
			chunk[k] = byte_at(sent + k);
		mir_flow_write_copy(&client->flow, chunk, sizeof(chunk));
		sent += sizeof(chunk);
	}
	mir_sleep(MIR_SECOND(20));
	ok(tcb()->mtu < 1500, "suspected: %u", tcb()->mtu);
	p.wire.cut = false;
	push(10000);
	mir_sleep(MIR_SECOND(11));
	for (unsigned i = 0; i < 8; i++) {
		push(100000);
		mir_sleep(MIR_MS(200));
	}
	ok(tcb()->mtu == 1500 && tcb()->mtu_limit == 0, "large again: %u", tcb()->mtu);
	end();
}

int main(void)
{
	RUN(plain);
	RUN(offloaded);
	RUN(outage);
	return mir_test_end();
}
