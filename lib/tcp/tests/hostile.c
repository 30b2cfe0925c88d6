/* hostile.c: peers that lie, and strangers that forge, beside an honest connection: whatever they
 * do, the invariants of tcb.h hold, memory stays within the budget, and the honest connection keeps
 * at least half of what it has alone.  Time is virtual: the rates compare.  The attackers do not
 * fill the budget: with a full one new connections are turned away, the honest too. */
#include "party.h"
#include "wire.h"

#include <stdio.h>

enum { BAD = 8, FIRST_PORT = 5000, TARGET = 81, HONEST = 80, MEMORY = 16 << 20, SIZE = 1460 };

/* One of the attacker's connections, as the attacker knows it. */
struct bad {
	bool asked, open, in;
	uint32_t seq, una, end; /* its own next number; what of the server's it has; their end */
	uint32_t count;
};

struct attack {
	const char *name;
	void (*act)(struct bad *, uint16_t port);
};

static struct pair pair;
static struct bad bad[BAD];
static struct mir_tcp_flow *served[BAD];
static unsigned nserved;
static const struct attack *attack; /* NULL: none */
static bool stopping;
static uint64_t most; /* of memory */
static uint32_t forged;

/* What the server sends to the attacker goes another way than to the honest peer. */
static bool catch_bad(struct wire *w, struct host *from, uint8_t *bytes, uint32_t len)
{
	struct mir_tcp_segment s;
	struct bad *b;

	if (from != &w->host[0] || mir_tcp_parse(bytes, len, &s) < 0 || s.dest < FIRST_PORT ||
	    s.dest >= FIRST_PORT + BAD)
		return false;
	b = &bad[s.dest - FIRST_PORT];
	len -= s.header;
	if (s.flags & MIR_TCP_SYN) {
		b->open = true;
		b->una = b->end = s.seq + 1;
	}
	b->end = mir_seq_max(b->end, s.seq + len);
	return true;
}

static void serve_bad(void *arg)
{
	static uint8_t bytes[65536];
	struct mir_tcp_flow *f = arg;

	while (mir_flow_write_copy(&f->flow, bytes, sizeof(bytes)) == 0)
		;
}

static void on_bad(void *arg, struct mir_tcp_flow *f)
{
	(void)arg;
	if (nserved == BAD) {
		mir_flow_abort(&f->flow);
		return;
	}
	served[nserved++] = f;
	mir_spawn("serve", serve_bad, f);
}

static void say(struct bad *b, uint16_t port, struct mir_tcp_segment s, uint32_t len)
{
	static uint8_t payload[SIZE];

	memset(payload, (int)b->count, sizeof(payload));
	s.flags |= MIR_TCP_ACK;
	wire_inject(&pair.wire.host[1], &s, port, TARGET, payload, len);
	if (b->count++ % 8 == 0) {
		const char *wrong = pair_check(&pair);
		struct mir_tcp_stats stats;

		if (wrong)
			mir_panic("%s: %s", attack->name, wrong);
		mir_tcp_device_stats(&pair.tcp[0], &stats);
		most = MIR_MAX(most, stats.memory_used);
	}
}

/* Acknowledges what has not come yet, and more. */
static void optimistic(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .seq = b->seq, .window = 65535 };

	for (unsigned i = 0; i < 4; i++) {
		s.ack = b->una = b->end + (i % 4 == 3 ? 5 * SIZE : 0);
		say(b, port, s, 0);
	}
	b->una = b->end;
}

/* Acknowledges byte by byte. */
static void divided(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .seq = b->seq, .window = 65535 };

	for (unsigned i = 0; i < 40 && b->una != b->end; i++) {
		s.ack = ++b->una;
		say(b, port, s, 0);
	}
}

/* Reports what it likes. */
static void sack_lies(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .seq = b->seq, .ack = b->una, .window = 65535, .nsack = 4 };
	uint32_t flight = b->end - b->una + 2 * SIZE;

	for (unsigned i = 0; i < 4; i++) {
		s.sack[i].from = b->una - SIZE + mir_random_below(flight);
		s.sack[i].to = s.sack[i].from + mir_random_below(3 * SIZE);
	}
	say(b, port, s, 0);
	if (b->count % 8 == 0)
		b->una += MIR_MIN(b->end - b->una, mir_random_below(2 * SIZE));
}

/* Takes its windows back. */
static void shrinking(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .seq = b->seq };

	b->una += MIR_MIN(b->end - b->una, mir_random_below(SIZE));
	s.ack = b->una;
	s.window = mir_random_below(3) ? mir_random_below(65536) : 0;
	say(b, port, s, 0);
}

/* Takes a little, and then nothing for ever. */
static void never_open(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .seq = b->seq, .ack = b->una = b->end };

	say(b, port, s, 0);
}

/* Asks for a byte at a time. */
static void tiny_windows(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .seq = b->seq, .ack = b->una = b->end, .window = 1 };

	say(b, port, s, 0);
}

/* Single bytes with holes between them. */
static void tiny_segments(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .window = 65535 };

	s.ack = b->una = b->end;
	for (unsigned i = 0; i < 20; i++) {
		s.seq = b->seq + 1 + 2 * mir_random_below(30000);
		say(b, port, s, 1);
	}
}

/* The same numbers again and again, with other bytes each time. */
static void overlapping(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = { .window = 65535 };

	s.ack = b->una = b->end;
	for (unsigned i = 0; i < 10; i++) {
		s.seq = b->seq + mir_random_below(40000) - 1000;
		say(b, port, s, 1 + mir_random_below(SIZE));
	}
}

/* Into the honest connection, with numbers in its windows; only the exact number is not known. */
static void forge(void *arg, struct mir_tcp_node *n)
{
	static const uint8_t flags[] = { MIR_TCP_RST, MIR_TCP_SYN, MIR_TCP_ACK, MIR_TCP_RST,
		MIR_TCP_FIN | MIR_TCP_ACK };
	struct mir_tcp_segment s = { .window = 65535 };
	const struct mir_tcb *t;

	(void)arg;
	if (n->kind != MIR_TCP_NODE_FLOW || n->tuple.local_port != HONEST)
		return;
	t = &mir_container(n, struct mir_tcp_conn, node)->tcb;
	if (t->state < MIR_TCP_ESTABLISHED)
		return;
	for (unsigned i = 0; i < MIR_COUNT(flags); i++) {
		s.flags = flags[i];
		s.has_ts = true;
		s.tsval = t->ts_recent;
		s.seq = t->rcv_nxt + 1 + mir_random_below(30000);
		s.ack = t->una - (1u << 30) - mir_random_u32() % (1u << 30);
		wire_inject(&pair.wire.host[1], &s, n->tuple.peer_port, HONEST, "forged", 6);
		forged++;
	}
}

static void blind(struct bad *b, uint16_t port)
{
	if (port == FIRST_PORT)
		mir_tcp_table_each(&pair.tcp[0].core->table, forge, NULL);
	else
		never_open(b, port);
}

static void step(struct bad *b, uint16_t port)
{
	struct mir_tcp_segment s = {
		.flags = MIR_TCP_SYN, .seq = b->seq, .window = 65535, .mss = SIZE
	};

	if (b->open && !b->in) {
		b->in = true;
		never_open(b, port);
		s = (struct mir_tcp_segment){ .seq = b->seq, .ack = b->una, .window = 65535 };
		say(b, port, s, 0);
	} else if (b->open) {
		attack->act(b, port);
	} else if (!b->asked) {
		b->asked = true;
		s.sack_permitted = true;
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
		mir_sleep(MIR_MS(10));
	}
}

/* Seconds that the honest connection takes beside the attack. */
static double beside(const struct attack *a)
{
	struct mir_endpoint any = { .port = TARGET };
	struct mir_tcp_listener *l;
	struct mir_fiber *f = NULL;
	double took;

	attack = a;
	stopping = false;
	nserved = 0;
	most = 0;
	memset(bad, 0, sizeof(bad));
	pair_start(&pair, 0);
	pair.tcp[0].core->env.budget.limit = MEMORY;
	pair.wire.after = NULL;
	pair.wire.meddle = catch_bad;
	pair.wire.delay = MIR_MS(5);
	pair.wire.rate = 2000000;
	pair.wire.queue = MIR_MS(50);
	mir_tcp_listen(&pair.tcp[0].tcp, &any, 0, NULL, on_bad, NULL, &l);
	if (a)
		f = mir_spawn_joinable("attacker", attacker, NULL);
	mir_sleep(MIR_MS(300)); /* the attack is under way */
	took = transfer(&pair.tcp[0].tcp, pair.wire.host[0].addr, &pair.tcp[1].tcp, 400000, 16384);
	stopping = true;
	if (f)
		mir_join(f);
	for (unsigned i = 0; i < nserved; i++)
		mir_flow_abort(&served[i]->flow);
	mir_sleep(MIR_MS(10));
	mir_tcp_unlisten(l);
	pair_stop(&pair);
	return took;
}

static void withstands(const char *name, void (*act)(struct bad *, uint16_t))
{
	struct attack a = { name, act };
	double alone = beside(NULL), with = beside(&a);

	ok(nserved == BAD, "%u connections attack", nserved);
	ok(most <= MEMORY + BAD * 2 * 4096, "memory: %u kB of %u", (unsigned)(most >> 10),
	    (unsigned)MEMORY >> 10);
	ok(with > 0 && with <= 2 * alone, "%s: %.2f s beside it, %.2f s alone", name, with, alone);
}

#define ATTACK(fn)                                                                                 \
	static void against_##fn(void)                                                             \
	{                                                                                          \
		withstands(#fn, fn);                                                               \
	}

ATTACK(optimistic)
ATTACK(divided)
ATTACK(sack_lies)
ATTACK(shrinking)
ATTACK(never_open)
ATTACK(tiny_windows)
ATTACK(tiny_segments)
ATTACK(overlapping)

static void against_blind(void)
{
	forged = 0;
	withstands("blind", blind);
	ok(forged > 50, "%u forged segments in the window changed nothing", forged);
}

int main(void)
{
	RUN(against_optimistic);
	RUN(against_divided);
	RUN(against_sack_lies);
	RUN(against_shrinking);
	RUN(against_never_open);
	RUN(against_tiny_windows);
	RUN(against_tiny_segments);
	RUN(against_overlapping);
	RUN(against_blind);
	return mir_test_end();
}
