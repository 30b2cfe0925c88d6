/* recovery.c: the engine alone: what is taken for lost and when, and how fast it goes out again. */
#include "../tcb.h"

#include <mir/test.h>

enum { ISS = 1000, IRS = 5000, MSS = 1000, WINDOW = 1000000 };

static struct mir_tcb_env env;
static struct mir_tcb t;
static int64_t now;
static struct mir_tcp_segment sent[256];
static unsigned nsent;

static int emit(void *arg, struct mir_packet *p, bool ect)
{
	uint8_t flat[4096];
	struct mir_tcp_segment s;
	uint32_t len = p->total;

	(void)arg;
	(void)ect;
	mir_packet_copy(p, 0, flat, MIR_MIN(len, (uint32_t)sizeof(flat)));
	mir_packet_unref(p);
	if (nsent < MIR_COUNT(sent) && mir_tcp_parse(flat, len, &s) == 0) {
		s.len = len - s.header;
		sent[nsent++] = s;
	}
	return 0;
}

static void output(void)
{
	nsent = 0;
	mir_tcb_output(&t, now, emit, NULL);
	ok(!mir_tcb_check(&t), "invariants: %s", mir_tcb_check(&t) ? mir_tcb_check(&t) : "hold");
}

/* An ACK of `ack` segments, with a block of segments from..to if they are not equal, and an echo
 * of the time `echo`. */
static void ack(unsigned n, unsigned from, unsigned to, int64_t echo)
{
	struct mir_tcp_segment s = {
		.flags = MIR_TCP_ACK,
		.seq = IRS + 1,
		.ack = ISS + 1 + n * MSS,
		.window = WINDOW,
		.has_ts = t.use_ts,
		.tsval = 7,
		.tsecr = mir_tcb_ts(&t, echo),
		.packet = mir_packet_new(),
	};

	if (from != to) {
		s.nsack = 1;
		s.sack[0] = (struct mir_tcp_range){ ISS + 1 + from * MSS, ISS + 1 + to * MSS };
	}
	mir_tcb_input(&t, &s, now);
	output();
}

static void fire(void)
{
	now = mir_tcb_next_timeout(&t);
	mir_tcb_timeout(&t, now);
	output();
}

static void queue(unsigned segments)
{
	struct mir_slice s = { .len = segments * MSS };
	uint8_t *p;

	s.owner = mir_mem_new(s.len, &p);
	memset(p, 1, s.len);
	s.p = p;
	ok(mir_tcb_send(&t, &s, now) == 0, "queued");
	output();
}

static unsigned nth(unsigned i)
{
	return i < nsent ? (sent[i].seq - ISS - 1) / MSS : 9999;
}

/* Established at 1 s; round trips take 100 ms; `segments` are queued, ten sent. */
static void begin(unsigned segments, bool sack, bool ts)
{
	static const struct mir_tcp_tuple tuple;
	struct mir_tcb_start start = { .env = &env,
		.tuple = &tuple,
		.iss = ISS,
		.send_limit = 1 << 20,
		.receive_limit = 1 << 20,
		.mtu = (uint16_t)(MSS + 40 + (ts ? MIR_TCP_TS_SPACE : 0)),
		.max_slices = MIR_PACKET_SLICES };
	struct mir_tcb_peer peer = {
		.irs = IRS, .mss = 1460, .use_sack = sack, .use_ts = ts, .ts_recent = 7
	};

	env = (struct mir_tcb_env){ .cc = &mir_tcp_newreno, .budget.limit = 64 << 20 };
	now = MIR_SECOND(1);
	peer.syn_ack_sent_at = now;
	mir_tcb_accept(&t, &start, &peer, now);
	now += MIR_MS(100);
	peer.use_scale = false;
	ack(0, 0, 0, MIR_SECOND(1));
	queue(segments);
}

static void end(void)
{
	mir_tcb_die(&t, 0, now);
	mir_tcb_release(&t);
	ok(env.budget.used == 0, "the budget is balanced");
}

/* RFC 8985 section 6.2 step 4: three segments beyond, none seen to overtake: at once. */
static void three_beyond(void)
{
	begin(20, true, false);
	ok(nsent == 10, "the initial window: %u", nsent);
	now += MIR_MS(100);
	ack(0, 1, 2, 0);
	ok(nsent == 1 && nth(0) == 10 && t.recovery == MIR_TCP_OPEN, "one beyond: waits");
	ack(0, 1, 4, 0);
	ok(t.recovery == MIR_TCP_FAST_RECOVERY && nth(0) == 0, "three beyond: lost");
	ok(t.cc.ssthresh == 10 * MSS / 2, "half of the window in use: %u", t.cc.ssthresh);
	end();
}

/* A hole that is filled within a quarter of a round trip costs nothing. */
static void late(void)
{
	begin(20, true, false);
	now += MIR_MS(100);
	ack(0, 1, 3, 0);
	ok(t.rtx_kind == MIR_TCP_RTX_REORDER, "waits for the first");
	now += MIR_MS(10);
	ack(3, 0, 0, 0);
	ok(t.recovery == MIR_TCP_OPEN && env.stats.fast_recoveries == 0, "it came");
	ok(t.reordered, "the path reorders");
	now += MIR_MS(90);
	ack(3, 4, 9, 0);
	ok(t.recovery == MIR_TCP_OPEN, "five beyond are not enough then");
	fire();
	ok(t.recovery == MIR_TCP_FAST_RECOVERY && nth(0) == 3, "a quarter of a round trip is");
	end();
}

/* A lost retransmission is found out when something sent after it arrives. */
static void lost_twice(void)
{
	begin(60, true, false);
	now += MIR_MS(100);
	ack(0, 1, 10, 0);
	ok(nth(0) == 0, "lost");
	now += MIR_MS(100);
	ack(0, 1, 11, 0);
	ok(nth(0) == 0, "lost again");
	end();
}

/* RFC 6937: one segment for two that arrive, when the window is to be halved. */
static void rate(void)
{
	unsigned n = 0;

	begin(60, true, false);
	now += MIR_MS(100);
	ack(10, 0, 0, 0); /* 20 in flight */
	now += MIR_MS(100);
	ack(10, 11, 14, 0);
	ok(t.recovery == MIR_TCP_FAST_RECOVERY, "a loss");
	for (unsigned i = 15; i <= 30; i++) {
		ack(10, 11, i, 0);
		n += nsent;
		ok(nsent <= 2, "no burst: %u", nsent);
	}
	ok(n >= 6 && n <= 10, "%u segments for 16", n);
	ok(mir_tcb_pipe(&t) <= t.cc.ssthresh + MSS, "what is in flight has come down");
	end();
}

/* RFC 8985 section 7: a tail. */
static void tail(void)
{
	begin(10, true, false);
	now += MIR_MS(100);
	ack(8, 0, 0, 0);
	ok(t.rtx_kind == MIR_TCP_RTX_TAIL, "a probe is due");
	fire();
	ok(nsent == 1 && nth(0) == 9 && env.stats.timeouts == 0, "the last one goes out again");
	now += MIR_MS(100);
	ack(8, 9, 10, 0);
	ok(t.recovery == MIR_TCP_FAST_RECOVERY && nth(0) == 8, "and brings out the other loss");
	end();
}

/* RFC 8985 section 7.3: what is new, if there is. */
static void tail_new(void)
{
	begin(10, true, false);
	t.nodelay = true;
	t.cc.cwnd = 10 * MSS;
	queue(5);
	ok(nsent == 0, "the window is full");
	fire();
	ok(nsent == 1 && nth(0) == 10, "a new segment");
	end();
}

/* RFC 4015: the echo is of the first copy. */
static void echoed(void)
{
	int64_t first;
	uint32_t window;

	begin(20, true, true);
	first = now;
	window = t.cc.cwnd;
	now += MIR_MS(100);
	ack(0, 1, 4, first - MIR_MS(100));
	ok(t.recovery == MIR_TCP_FAST_RECOVERY && nth(0) == 0, "taken for lost");
	now += MIR_MS(5);
	ack(4, 0, 0, first);
	ok(t.recovery == MIR_TCP_OPEN && t.cc.cwnd >= window && env.stats.spurious == 1, "undone");
	end();
}

/* The same after the timer. */
static void echoed_timeout(void)
{
	int64_t first;
	uint32_t window;

	begin(10, true, true);
	first = now;
	window = t.cc.cwnd;
	fire();
	fire();
	ok(t.recovery == MIR_TCP_LOSS && nth(0) == 0 && t.cc.cwnd == MSS, "all lost");
	now += MIR_MS(5);
	ack(1, 0, 0, first);
	ok(t.recovery == MIR_TCP_OPEN && t.cc.cwnd >= window && t.sent->lost == 0, "undone");
	end();
}

/* RFC 5682, without timestamps: after the timer the first segment, then two new ones; an ACK of one
 * that was sent once shows that all were only late. */
static void late_all(void)
{
	uint32_t window;

	begin(30, true, false);
	window = t.cc.cwnd;
	fire();
	ok(nsent == 1 && nth(0) == 10, "the probe of the tail is new");
	fire();
	ok(t.recovery == MIR_TCP_LOSS && nsent == 1 && nth(0) == 0, "then the first again");
	now += MIR_MS(5);
	ack(1, 0, 0, 0);
	ok(nsent == 2 && nth(0) == 11 && nth(1) == 12, "two new ones: %u", nth(0));
	ack(2, 0, 0, 0);
	ok(t.recovery == MIR_TCP_OPEN && t.cc.cwnd >= window && t.sent->lost == 0, "undone");
	ok(env.stats.spurious == 1 && env.stats.retransmits == 1, "one segment was sent in vain");
	for (unsigned i = 3; i <= 13; i++)
		ack(i, 0, 0, 0);
	ok(env.stats.retransmits == 1, "and no other");
	end();
}

/* The same, but only what is new arrives. */
static void lost_all(void)
{
	begin(30, true, false);
	fire();
	fire();
	now += MIR_MS(100);
	ack(1, 0, 0, 0);
	ok(nsent == 2 && nth(0) == 11, "two new ones");
	now += MIR_MS(100);
	ack(1, 11, 12, 0);
	ok(t.recovery == MIR_TCP_LOSS && nsent > 0 && nth(0) == 1, "lost: the next goes again");
	ok(env.stats.spurious == 0, "that was no mistake");
	end();
}

/* A user without more to say, and a second timeout. */
static void nothing_new(void)
{
	begin(10, true, false);
	fire();
	fire();
	now += MIR_MS(100);
	ack(1, 0, 0, 0);
	ok(nsent == 2 && nth(0) == 1 && nth(1) == 2, "nothing new: what is lost");
	end();
	begin(30, true, false);
	fire();
	fire();
	now += MIR_MS(100);
	ack(1, 0, 0, 0);
	fire();
	ok(t.backoff == 2 && nth(0) == 1, "the timer again: the next");
	now += MIR_MS(100);
	ack(2, 0, 0, 0);
	ok(nsent > 0 && nth(0) == 2, "and no second try");
	end();
}

/* RFC 3708: all that was sent again came twice. */
static void reported(void)
{
	uint32_t window;

	begin(20, true, false);
	window = t.cc.cwnd;
	now += MIR_MS(100);
	ack(0, 1, 4, 0);
	ok(t.recovery == MIR_TCP_FAST_RECOVERY, "taken for lost");
	ack(4, 0, 0, 0);
	ack(4, 2, 3, 0);
	ok(t.cc.cwnd < window, "a duplicate that the network made undoes nothing");
	ack(4, 0, 1, 0);
	ok(t.recovery == MIR_TCP_OPEN && t.cc.cwnd >= window, "undone");
	ok(t.reorder_steps == 2, "longer patience");
	end();
}

/* RFC 6582, without SACK. */
static void no_sack(void)
{
	begin(20, false, false);
	now += MIR_MS(100);
	for (unsigned i = 0; i < 3; i++)
		ack(0, 0, 0, 0);
	ok(t.recovery == MIR_TCP_FAST_RECOVERY && nth(0) == 0, "three duplicate ACKs");
	ack(5, 0, 0, 0);
	ok(t.recovery == MIR_TCP_FAST_RECOVERY && nth(0) == 5, "a partial ACK: the next hole");
	end();
}

/* Records are cut where the path became narrower; the block goes when nothing is in flight. */
static void narrower(void)
{
	begin(10, true, false);
	mir_tcb_set_mtu(&t, 640, now);
	t.cc.cwnd = 20 * MSS;
	output();
	ok(nsent == 20 && sent[1].seq - sent[0].seq == 600 && sent[1].len == 400, "two of each");
	ack(10, 0, 0, 0);
	ok(!t.sent, "nothing in flight, no block");
	end();
}

/* RFC 6298 section 5: an ACK of what was sent again tells no round trip, and the timer stays backed
 * off; one of what was sent once ends that. */
static void backed_off(void)
{
	begin(20, false, false);
	fire();
	ok(t.backoff == 1 && nth(0) == 0, "the timer fired");
	for (unsigned i = 1; i <= 10; i++) {
		now += MIR_MS(100);
		ack(i, 0, 0, 0);
		ok(t.backoff == 1, "%u acknowledged: still backed off", i);
	}
	ok(t.recovery == MIR_TCP_OPEN, "recovery has ended");
	now += MIR_MS(100);
	ack(11, 0, 0, 0);
	ok(t.backoff == 0, "one that was sent once: over");
	end();
}

int main(void)
{
	RUN(three_beyond);
	RUN(late);
	RUN(lost_twice);
	RUN(rate);
	RUN(tail);
	RUN(tail_new);
	RUN(echoed);
	RUN(echoed_timeout);
	RUN(late_all);
	RUN(lost_all);
	RUN(nothing_new);
	RUN(reported);
	RUN(no_sack);
	RUN(narrower);
	RUN(backed_off);
	return mir_test_end();
}
