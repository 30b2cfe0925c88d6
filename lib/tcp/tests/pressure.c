/* pressure.c: peers that fill the budget and do not move, beside an honest one that comes after
 * them: memory keeps to the budget, it gets in, and keeps at least half of the rate that it has
 * alone.  Time is virtual: the rates compare. */
#include "party.h"
#include "wire.h"

#include <stdio.h>

enum {
	BAD = 100,
	FIRST_PORT = 5000,
	TARGET = 81,
	SIZE = 1460,
	MEMORY = 4 << 20,
	PIECE = 65536,
	BURST = 40, /* segments that a peer sends at once */
};

struct bad {
	bool asked, open, in;
	uint32_t seq, una, end, count;
};

struct attack {
	const char *name;
	void (*act)(struct bad *, uint16_t port);
	bool echo; /* the server reads, and answers the same */
};

static struct pair pair;
static struct bad bad[BAD];
static struct mir_tcp_flow *served[BAD];
static unsigned nserved, ended;
static const struct attack *attack;
static bool stopping;
static uint64_t most;

/* What the server sends to the attacker goes another way than to the honest peer. */
static bool catch_bad(struct wire *w, struct host *from, uint8_t *bytes, uint32_t len)
{
	struct mir_tcp_segment s;
	struct bad *b;

	if (from != &w->host[0] || mir_tcp_parse(bytes, len, &s) < 0 || s.dest < FIRST_PORT ||
	    s.dest >= FIRST_PORT + BAD)
		return false;
	b = &bad[s.dest - FIRST_PORT];
	if (s.flags & MIR_TCP_SYN) {
		b->open = true;
		b->una = b->end = s.seq + 1;
	}
	b->end = mir_seq_max(b->end, s.seq + len - s.header);
	return true;
}

static void serve_down(struct mir_flow *f)
{
	struct mir_slice s;
	uint8_t *p;

	do {
		s = (struct mir_slice){ .len = PIECE, .owner = mir_mem_new(PIECE, &p) };
		memset(p, 1, PIECE);
		s.p = p;
	} while (mir_flow_write(f, &s, 1) == 0);
}

static void serve_echo(struct mir_flow *f)
{
	struct mir_slice s[4];
	int n;

	while ((n = mir_flow_read(f, s, 4)) > 0) {
		if (mir_flow_write(f, s, (unsigned)n) < 0)
			return;
	}
}

static void serve_bad(void *arg)
{
	struct mir_tcp_flow **f = arg;

	(attack->echo ? serve_echo : serve_down)(&(*f)->flow);
	mir_flow_abort(&(*f)->flow);
	*f = NULL;
	ended++;
}

static void on_bad(void *arg, struct mir_tcp_flow *f)
{
	(void)arg;
	if (nserved == BAD) {
		mir_flow_abort(&f->flow);
		return;
	}
	served[nserved] = f;
	mir_spawn("serve", serve_bad, &served[nserved++]);
}

static void watch(struct wire *w)
{
	(void)w;
	most = MIR_MAX(most, pair.tcp[0].core->env.budget.used);
}

static void say(struct bad *b, uint16_t port, struct mir_tcp_segment s, uint32_t len)
{
	static uint8_t payload[SIZE];

	s.flags |= MIR_TCP_ACK;
	wire_inject(&pair.wire.host[1], &s, port, TARGET, payload, len);
	b->count++;
}

/* Asks for all, and takes nothing more once its window is full. */
static void never_read(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .seq = b->seq, .ack = b->una = b->end };

	if (b->count % 50 == 0)
		say(b, port, s, 0);
	b->count++;
}

/* Grows the server's congestion window, and then takes nothing. */
static void greedy(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .seq = b->seq, .ack = b->una = b->end, .window = 65535 };

	if (b->count > 50)
		s.window = 0;
	say(b, port, s, 0);
}

/* Takes a segment every second. */
static void slow_reader(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .seq = b->seq, .ack = b->una = b->end, .window = SIZE };

	if (b->count % 100 == 0)
		say(b, port, s, 0);
	b->count++;
}

/* Says much to an echo, and hears nothing of it. */
static void never_hear(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .ack = b->una, .window = 1 };

	for (unsigned i = 0; i < BURST && b->count < 2000; i++) {
		s.seq = b->seq;
		say(b, port, s, SIZE);
		b->seq += SIZE;
	}
}

/* Leaves out the first byte of all that it says. */
static void holes(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .ack = b->una = b->end, .window = 65535 };

	for (unsigned i = 0; i < BURST; i++) {
		s.seq = b->seq + 1 + i * SIZE;
		say(b, port, s, SIZE);
	}
}

static void step(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .flags = MIR_TCP_SYN, .seq = b->seq, .window = 65535 };

	if (b->open && !b->in) {
		b->in = true;
		s = (struct mir_tcp_segment){ .seq = b->seq, .ack = b->una, .window = 65535 };
		say(b, port, s, 0);
	} else if (b->open) {
		attack->act(b, port);
	} else if (!b->asked) {
		b->asked = true;
		s.sack_permitted = true;
		s.mss = SIZE;
		wire_inject(&pair.wire.host[1], &s, port, TARGET, "", 0);
		b->seq++;
	}
}

static void attacker(void *arg)
{
	(void)arg;
	while (!stopping) {
		for (unsigned i = 0; i < BAD; i++)
			step(&bad[i], (uint16_t)(FIRST_PORT + i));
		mir_sleep(MIR_MS(20));
	}
}

/* Seconds that the honest connection takes; it begins `after` the attack. */
static double beside(const struct attack *a, int64_t after)
{
	struct mir_endpoint any = { .port = TARGET };
	struct mir_tcp_listener *l;
	struct mir_fiber *f = NULL;
	double took;

	attack = a;
	stopping = false;
	nserved = ended = 0;
	most = 0;
	memset(bad, 0, sizeof(bad));
	pair_start(&pair, 0);
	pair.tcp[0].core->env.budget.limit = MEMORY;
	pair.wire.after = watch;
	pair.wire.meddle = catch_bad;
	pair.wire.delay = MIR_MS(5);
	pair.wire.rate = 2000000;
	pair.wire.queue = MIR_MS(50);
	mir_tcp_listen(&pair.tcp[0].tcp, &any, 0, NULL, on_bad, NULL, &l);
	if (a)
		f = mir_spawn_joinable("attacker", attacker, NULL);
	mir_sleep(after);
	took = transfer(&pair.tcp[0].tcp, pair.wire.host[0].addr, &pair.tcp[1].tcp, 1200000, 16384);
	stopping = true;
	if (f)
		mir_join(f);
	for (unsigned i = 0; i < nserved; i++) {
		if (served[i])
			mir_tcp_conn_reset(
			    mir_container(served[i], struct mir_tcp_conn, flow), MIR_ECONNRESET);
	}
	mir_sleep(MIR_MS(10));
	ok(ended == nserved, "who served has ended");
	mir_tcp_unlisten(l);
	return took;
}

static void withstands(const char *name, void (*act)(struct bad *, uint16_t), bool echo)
{
	struct attack a = { name, act, echo };
	double alone = beside(NULL, MIR_SECOND(1)), with;
	static const int64_t after[] = { MIR_SECOND(3), MIR_SECOND(6) };
	struct mir_tcp_stats s;

	pair_stop(&pair);
	for (unsigned i = 0; i < MIR_COUNT(after); i++) {
		with = beside(&a, after[i]);
		mir_tcp_device_stats(&pair.tcp[0], &s);
		ok(nserved == BAD, "%u connections attack", nserved);
		ok(most <= MEMORY,
		    "memory: %u kB of %u; %llu times short, %llu reset, %llu gave up holes",
		    (unsigned)(most >> 10), (unsigned)MEMORY >> 10, (unsigned long long)s.pressures,
		    (unsigned long long)s.pressure_resets, (unsigned long long)s.pressure_dropped);
		ok(with > 0 && with <= 2 * alone, "%s: %.2f s beside it, %.2f s alone", name, with,
		    alone);
		pair_stop(&pair);
	}
}

#define ATTACK(fn, echo)                                                                           \
	static void against_##fn(void)                                                             \
	{                                                                                          \
		withstands(#fn, fn, echo);                                                         \
	}

ATTACK(never_read, false)
ATTACK(greedy, false)
ATTACK(slow_reader, false)
ATTACK(never_hear, true)
ATTACK(holes, true)

int main(void)
{
	RUN(against_never_read);
	RUN(against_greedy);
	RUN(against_slow_reader);
	RUN(against_never_hear);
	RUN(against_holes);
	return mir_test_end();
}
