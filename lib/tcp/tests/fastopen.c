/* fastopen.c: TCP Fast Open between two devices (RFC 7413), on good wires and bad; the cache. */
#include "wire.h"

#include <stdio.h>

static struct pair pair;
static struct mir_tcp_listener *listener;
static struct mir_endpoint to;
static const uint8_t question[3000] = "question";
static unsigned served;

/* Reads the question, and sends it back. */
static void serve(void *arg)
{
	struct mir_tcp_flow *f = arg;
	struct mir_slice s[4];
	size_t got = 0;
	int n = 1, rc = 0;

	while (got < sizeof(question) && rc == 0 && (n = mir_flow_read(&f->flow, s, 4)) > 0) {
		for (int i = 0; i < n; i++)
			got += s[i].len;
		rc = mir_flow_write(&f->flow, s, (unsigned)n);
	}
	served += got == sizeof(question);
	mir_flow_close(&f->flow);
}

static void on_accept(void *arg, struct mir_tcp_flow *f)
{
	(void)arg;
	mir_spawn("serve", serve, f);
}

static void begin(void)
{
	struct mir_endpoint any = { .port = 80 };

	fast_key = true;
	pair_start(&pair, 0);
	fast_key = false;
	served = 0;
	to = (struct mir_endpoint){ pair.wire.host[0].addr, 80 };
	mir_tcp_listen(&pair.tcp[0].tcp, &any, 0, NULL, on_accept, NULL, &listener);
}

static void finish(void)
{
	mir_tcp_unlisten(listener);
	mir_sleep(MIR_SECOND(30));
	ok(pair.tcp[0].core->env.fast->pending == 0, "none is left unconfirmed");
	pair_stop(&pair);
}

/* Milliseconds until the whole answer is there; negative: it is wrong. */
static int ask(void)
{
	struct mir_tcp_options options = { .first = { question, sizeof(question), NULL } };
	struct mir_tcp_flow *f;
	int64_t t0 = mir_now();
	struct mir_slice s[4];
	size_t got = 0;
	int n;

	n = mir_tcp_connect(&pair.tcp[1].tcp, NULL, &to, &options, &f);
	if (n < 0)
		return n;
	while (got < sizeof(question) && (n = mir_flow_read(&f->flow, s, 4)) > 0) {
		for (int i = 0; i < n; i++) {
			if (memcmp(s[i].p, question + got, s[i].len) != 0)
				got = sizeof(question);
			got += s[i].len;
		}
		mir_slices_unref(s, (unsigned)n);
	}
	mir_flow_close(&f->flow);
	return got == sizeof(question) ? (int)((mir_now() - t0) / MIR_MS(1)) : n < 0 ? n : -1;
}

static void round_trips(void)
{
	struct mir_tcp_stats s;
	int ms;

	begin();
	pair.wire.delay = MIR_MS(50);
	ms = ask();
	ok(ms >= 200 && ms < 210, "the first takes two round trips: %d ms", ms);
	ms = ask();
	ok(ms >= 200 && ms < 210, "3000 bytes are more than go with a SYN: two: %d ms", ms);
	mir_tcp_device_stats(&pair.tcp[0], &s);
	ok(s.fast_opens == 1 && s.fast_cookies == 1, "but the text of the SYN was taken");
	mir_tcp_device_stats(&pair.tcp[1], &s);
	ok(s.fast_opens == 1 && s.fast_refused == 0, "and known to be");
	finish();
}

static void bad_wire(void)
{
	unsigned good = 0;
	struct mir_tcp_stats s;

	begin();
	pair.wire.delay = MIR_MS(10);
	pair.wire.loss = pair.wire.duplicate = pair.wire.reorder = 50;
	for (unsigned i = 0; i < 300; i++) {
		int ms = ask();

		good += ms >= 0;
		if (ms < 0)
			printf("# number %u: %s\n", i, mir_strerror(ms));
		pair.tcp[1].core->env.fast->servers[0].banned_until = 0;
	}
	mir_tcp_device_stats(&pair.tcp[0], &s);
	ok(good == 300 && s.fast_opens > 20, "%u of 300 answers, %u opened fast", good,
	    (unsigned)s.fast_opens);
	finish();
}

static void cache(void)
{
	static struct mir_tcp_fast f;
	struct mir_tcp_cookie c = { true, 8, "12345678" };
	unsigned known = 0;

	for (unsigned i = 0; i < 1000; i++) {
		struct mir_ipaddr a = mir_ip4(i), first = mir_ip4(0);

		mir_tcp_fast_learn(&f, &a, &c, 1460, MIR_SECOND(1 + i));
		ok(mir_tcp_fast_find(&f, &first, MIR_SECOND(1 + i)) != NULL, "in use: kept");
	}
	for (unsigned i = 0; i < 1000; i++) {
		struct mir_ipaddr a = mir_ip4(i);

		known += mir_tcp_fast_find(&f, &a, MIR_SECOND(2000)) != NULL;
	}
	ok(known == MIR_TCP_FAST_SERVERS, "%u of 1000 servers are kept", known);
}

int main(void)
{
	RUN(round_trips);
	RUN(bad_wire);
	RUN(cache);
	return mir_test_end();
}
