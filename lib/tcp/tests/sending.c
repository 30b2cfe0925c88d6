/* sending.c: the rules of a sender, each against a peer that the test plays, under virtual time:
 * sizes of segments, Nagle, windows, the retransmission timer and the number it starts from, and
 * initial sequence numbers.  What it does after a loss: losing.c. */
#include "peer.h"

enum { MSS = 1460 };

static const struct offer plain = { .mss = MSS };

static void write_bytes(uint32_t n)
{
	static uint8_t bytes[400000];

	mir_flow_write_copy(&flow->flow, bytes, n);
	settle();
}

/* Acknowledges all that came so far, each segment by itself, as they come on a link. */
static void ack_each(void)
{
	unsigned n = nsent;

	for (unsigned i = 0; i < n; i++) {
		if (sent[i].s.len > 0)
			say_ack(sent[i].s.seq + sent[i].s.len);
		mir_sleep(MIR_US(10));
	}
	memmove(sent, sent + n, (nsent - n) * sizeof(sent[0]));
	nsent -= n;
}

static void nagle(void)
{
	begin();
	open_with(plain, NULL, RTT_MS);
	write_bytes(10);
	ok(told(nsent == 1 && sent[0].s.len == 10), "a small segment leaves at once");
	write_bytes(20);
	write_bytes(30);
	mir_sleep(MIR_MS(RTT_MS));
	ok(told(nsent == 1), "others wait while it is unacknowledged");
	say_ack(rcv + 10);
	settle();
	ok(told(nsent == 2 && sent[1].s.len == 50), "its ACK lets them go, in one segment");
	write_bytes(MSS - 1);
	ok(told(nsent == 2), "almost a full segment waits");
	write_bytes(1);
	ok(told(nsent == 3 && sent[2].s.len == MSS), "a full one does not");
	write_bytes(5);
	mir_flow_shutdown(&flow->flow, MIR_FLOW_WRITE);
	settle();
	ok(told(nsent == 4 && sent[3].s.len == 5 && (sent[3].s.flags & MIR_TCP_FIN)),
	    "nor does the last");
	end();
}

static void nodelay(void)
{
	struct mir_tcp_options options = { .nodelay = true };

	begin();
	open_with(plain, &options, RTT_MS);
	for (unsigned i = 1; i <= 5; i++) {
		write_bytes(i);
		ok(told(nsent == i && sent[i - 1].s.len == i), "small segments leave at once");
	}
	end();
}

static void segment_size(struct offer offer, unsigned mtu, unsigned full)
{
	begin();
	w.host[0].mtu = mtu;
	open_with(offer, NULL, RTT_MS);
	ok(syn_ack.mss == mtu - 40, "our own offer is of our MTU: %u", syn_ack.mss);
	write_bytes(3 * full);
	ok(told(nsent == 3 && sent[0].s.len == full && sent[1].s.len == full &&
		sent[2].s.len == full),
	    "full segments have %u bytes", full);
	end();
}

/* RFC 9293 section 3.7.1, RFC 6691. */
static void peers_mss(void)
{
	segment_size((struct offer){ .mss = 1460 }, 1500, 1460);
	segment_size((struct offer){ .mss = 1000 }, 1500, 1000);
	segment_size((struct offer){ .mss = 1000, .ts = true }, 1500, 988);
	segment_size((struct offer){ .mss = 0 }, 1500, 536);
	segment_size((struct offer){ .mss = 8960 }, 1280, 1240);
}

static void first_flight(struct offer offer, unsigned mtu, unsigned segments, unsigned bytes)
{
	begin();
	w.host[0].mtu = mtu;
	open_with(offer, NULL, RTT_MS);
	write_bytes(100000);
	mir_sleep(MIR_MS(RTT_MS));
	ok(told(nsent == segments && sent[nsent - 1].s.seq + sent[nsent - 1].s.len - rcv == bytes),
	    "%u segments, %u bytes", segments, bytes);
	end();
}

/* RFC 6928: min(10 * MSS, max(2 * MSS, 14600)). */
static void initial_window(void)
{
	first_flight((struct offer){ .mss = 1460 }, 1500, 10, 14600);
	first_flight((struct offer){ .mss = 536 }, 1500, 10, 5360);
	first_flight((struct offer){ .mss = 8960 }, 9000, 2, 17920);
}

/* The most that is in flight to a peer whose field says `field`. */
static uint32_t largest_flight(struct offer offer, uint32_t field)
{
	struct mir_tcp_options options = { .send_buffer = 1 << 20 }; /* writes do not block */
	uint32_t most = 0;

	begin();
	open_with(offer, &options, 10);
	window = field;
	say_ack(rcv);
	write_bytes(400000);
	for (unsigned i = 0; i < 12 && nsent > 0; i++) {
		const struct mir_tcp_segment *last = &sent[nsent - 1].s;

		most = MIR_MAX(most, last->seq + last->len - rcv);
		mir_sleep(MIR_MS(8));
		ack_each();
		settle();
	}
	end();
	return most;
}

static void send_window(void)
{
	uint32_t most;

	most = largest_flight((struct offer){ .mss = MSS, .scale = true, .shift = 3 }, 15000);
	ok(most > 65535, "with a shift of 3, 15000 are 120000: %u in flight", most);
	ok(most <= 120000, "and no more");
	most = largest_flight((struct offer){ .mss = MSS }, 20000);
	ok(most <= 20000 && most > 20000 - MSS, "without, 20000 are 20000: %u in flight", most);
}

/* A segment that repeats old text, but acknowledges more, tells the newest window: SND.WND counts
 * from SND.UNA, which has moved. */
static void window_of_repeated_text(void)
{
	struct mir_tcp_options options = { .send_buffer = 1 << 20 };

	begin();
	open_with(plain, &options, 10);
	window = 5 * MSS;
	say_text(iss, 100);
	settle();
	forget();
	write_bytes(20 * MSS);
	ok(told(nsent == 5), "the window is full");
	rcv += 5 * MSS;
	window = MSS;
	forget();
	say_text(iss, 100);
	settle();
	ok(told(nsent >= 1 && sent[nsent - 1].s.seq + sent[nsent - 1].s.len - rcv <= MSS),
	    "one segment more, not five");
	end();
}

/* When the next `n` segments leave, in ms after t0. */
static void times(int64_t t0, unsigned n, int *ms)
{
	for (unsigned i = 0; i < n; i++)
		ms[i] = i < nsent ? (int)((sent[i].at - t0 + MIR_MS(1) / 2) / MIR_MS(1)) : -1;
	printf("# sent after %d %d %d %d ms\n", ms[0], ms[1], ms[2], ms[3]);
}

static bool near(int ms, int want)
{
	return ms >= want - 2 && ms <= want + 4;
}

/* The device sends a segment that is never answered: do its timeouts begin with rto and double? */
static bool backs_off_from(int64_t rto)
{
	int first = (int)(rto / MIR_MS(1)), ms[4];
	int64_t t0;

	forget();
	t0 = mir_now();
	write_bytes(100);
	forget();
	mir_sleep(rto * 16);
	times(t0, 4, ms);
	return near(ms[0], first) && near(ms[1], (int)(rto * 3 / MIR_MS(1))) &&
	       near(ms[2], (int)(rto * 7 / MIR_MS(1))) && near(ms[3], (int)(rto * 15 / MIR_MS(1)));
}

/* RFC 6298 section 2: RTO = SRTT + 4 * RTTVAR. */
static void rto_from_samples(void)
{
	begin();
	open_with(plain, NULL, 100);
	ok(backs_off_from(MIR_MS(300)), "one sample of 100 ms: 100 + 4 * 50");
	end();
	begin();
	open_with(plain, NULL, 100);
	write_bytes(100);
	mir_sleep(MIR_MS(198));
	say_ack(rcv + 100);
	settle();
	ok(backs_off_from(MIR_US(362500)), "then one of 200 ms: 112.5 + 4 * 62.5");
	end();
	begin();
	open_with(plain, NULL, 100);
	for (unsigned i = 0; i < 30; i++) {
		write_bytes(100);
		mir_sleep(MIR_MS(248));
		say_ack(rcv + 100);
		settle();
	}
	ok(tcb()->srtt > MIR_MS(245) && backs_off_from(tcb()->rto), "many of 250 ms: SRTT is %d ms",
	    (int)(tcb()->srtt / MIR_MS(1)));
	end();
}

/* Section 2.4, with the floor that is usual today; 2.5 and 5.5. */
static void rto_bounds(void)
{
	int64_t longest = 0;

	begin();
	open_with(plain, NULL, 1);
	ok(backs_off_from(MIR_MS(200)), "never less than 200 ms");
	mir_sleep(MIR_SECOND(240));
	for (unsigned i = 1; i < nsent; i++)
		longest = MIR_MAX(longest, sent[i].at - sent[i - 1].at);
	ok(longest >= MIR_SECOND(60) - MIR_MS(1) && longest <= MIR_SECOND(60) + MIR_MS(1),
	    "never more than a minute: %d ms", (int)(longest / MIR_MS(1)));
	end();
}

/* With SACK a probe may go out before the timer fires (RFC 8985 section 7), but only one. */
static void rto_with_sack(void)
{
	int64_t t0, first, second;
	unsigned early;

	begin();
	open_with((struct offer){ .mss = MSS, .sack = true }, NULL, 100);
	write_bytes(100);
	t0 = sent[0].at;
	forget();
	mir_sleep(MIR_SECOND(5));
	ok(told(nsent >= 4), "sent again");
	early = nsent && sent[0].at - t0 < MIR_MS(299);
	ok(!early || sent[0].at - t0 >= MIR_MS(200), "not before two round trips");
	first = sent[early].at - (early ? sent[0].at : t0);
	second = sent[early + 1].at - sent[early].at;
	ok(told(near((int)(first / MIR_MS(1)), 300)), "the timer fires after 300 ms");
	ok(told(near((int)(second / MIR_MS(1)), 600)), "then after twice as many");
	end();
}

/* Section 3: what was sent twice tells nothing about the round trip. */
static void karn(void)
{
	int64_t srtt, t0;
	int ms[4];

	begin();
	open_with(plain, NULL, 100);
	srtt = tcb()->srtt;
	write_bytes(100);
	mir_sleep(MIR_MS(350));
	ok(nsent == 2, "sent again after 300 ms");
	say_ack(rcv + 100);
	settle();
	ok(tcb()->srtt == srtt, "its ACK is no sample");
	forget();
	t0 = mir_now();
	write_bytes(100);
	forget();
	mir_sleep(MIR_MS(2500));
	times(t0, 4, ms);
	ok(near(ms[0], 300) || near(ms[0], 600), "the timeout is of the sample before");
	end();
	begin();
	open_with((struct offer){ .mss = MSS, .ts = true }, NULL, 100);
	write_bytes(100);
	mir_sleep(MIR_MS(310));
	ok(nsent == 2 && sent[1].s.tsval - sent[0].s.tsval == 300, "it has a new timestamp");
	say_ack(rcv + 100);
	settle();
	ok(tcb()->srtt != srtt && tcb()->srtt < MIR_MS(100), "whose echo is one (RFC 7323)");
	end();
}

static struct {
	int rc;
	bool done;
	struct mir_tcp_flow *flow;
	struct mir_endpoint local, peer;
} dial;

static void dialler(void *arg)
{
	(void)arg;
	dial.rc = mir_tcp_connect(&tcp.tcp, &dial.local, &dial.peer, NULL, &dial.flow);
	dial.done = true;
}

static void dial_from(uint16_t port, uint16_t peer_port)
{
	forget();
	dial.done = false;
	dial.local = (struct mir_endpoint){ .port = port };
	dial.peer = (struct mir_endpoint){ w.host[1].addr, peer_port };
	mir_spawn("dialler", dialler, NULL);
	settle();
}

/* Section 2.1 and 5.7: a second until there is a sample, doubled. */
static void rto_of_syn(void)
{
	int ms[4];

	begin();
	dial_from(PORT, OUR);
	mir_sleep(MIR_SECOND(16));
	ok(nsent == 5 && sent[4].s.flags == MIR_TCP_SYN && sent[4].s.seq == sent[0].s.seq, "SYN");
	times(sent[0].at, 4, ms);
	ok(near(ms[1], 1000) && near(ms[2], 3000) && near(ms[3], 7000), "after 1, 2, 4 s");
	mir_sleep(MIR_SECOND(200));
	ok(dial.done && dial.rc == MIR_ETIMEDOUT, "given up");
	end();
}

/* The initial number of a connection from one port to another, which is refused at once. */
static uint32_t isn(uint16_t port, uint16_t peer_port)
{
	struct mir_tcp_segment rst = { .flags = MIR_TCP_RST | MIR_TCP_ACK };
	uint32_t seq;

	dial_from(port, peer_port);
	ok(nsent == 1 && sent[0].s.flags == MIR_TCP_SYN, "SYN");
	seq = sent[0].s.seq;
	rst.ack = seq + 1;
	wire_inject(&w.host[1], &rst, peer_port, port, "", 0);
	settle();
	ok(dial.done && dial.rc == MIR_ECONNREFUSED, "refused");
	return seq;
}

static bool far(uint32_t a, uint32_t b)
{
	return a - b > 1000000 && b - a > 1000000;
}

/* RFC 6528 section 3: a clock of 4 us, and a secret for each 4-tuple. */
static void initial_numbers(void)
{
	uint32_t first, again, other, elsewhere;
	int64_t t0, t1;

	begin();
	t0 = mir_now();
	first = isn(PORT, OUR);
	mir_sleep(MIR_SECOND(1));
	t1 = mir_now();
	again = isn(PORT, OUR);
	ok(again - first == (uint32_t)(t1 / 4000) - (uint32_t)(t0 / 4000),
	    "the same tuple: a step each 4 us: %u", again - first);
	other = isn(PORT + 1, OUR);
	elsewhere = isn(PORT, OUR + 1);
	ok(far(other, again) && far(elsewhere, again) && far(other, elsewhere),
	    "other tuples: numbers far off");
	end();
	begin();
	again = isn(PORT, OUR);
	ok(far(again, first), "another device: another secret");
	end();
}

int main(void)
{
	RUN(nagle);
	RUN(nodelay);
	RUN(peers_mss);
	RUN(initial_window);
	RUN(send_window);
	RUN(window_of_repeated_text);
	RUN(rto_from_samples);
	RUN(rto_bounds);
	RUN(rto_with_sack);
	RUN(karn);
	RUN(rto_of_syn);
	RUN(initial_numbers);
	return mir_test_end();
}
