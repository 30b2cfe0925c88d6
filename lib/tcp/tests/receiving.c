/* receiving.c: the rules of a receiver, each against a peer that the test plays: delayed ACKs (RFC
 * 9293 section 3.8.6.3, RFC 5681 section 4.2), window scaling and timestamps (RFC 7323). */
#include "peer.h"

enum { MSS = 1460, WARM = 20 };

/* Sends n full segments, each acknowledged before the next: the device has seen what a full
 * segment is, and acknowledges no longer as at the start. */
static void send_full(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		say_text(iss, MSS);
		iss += MSS;
		mir_sleep(MIR_MS(50));
	}
	forget();
}

/* Reads all that has come; returns how many bytes. */
static uint32_t read_all(void)
{
	struct mir_slice s[8];
	uint32_t bytes = 0;
	int n;

	while (tcb()->recvq.ready.bytes > 0 && (n = mir_flow_read(&flow->flow, s, 8)) > 0) {
		for (int i = 0; i < n; i++)
			bytes += (uint32_t)s[i].len;
		mir_slices_unref(s, (unsigned)n);
	}
	return bytes;
}

static void delayed_ack(void)
{
	int64_t t0;

	begin();
	open_with((struct offer){ .mss = MSS }, NULL, 1);
	send_full(WARM);
	t0 = mir_now();
	say_text(iss, MSS);
	iss += MSS;
	settle();
	ok(nsent == 0, "one full segment is not acknowledged at once");
	mir_sleep(MIR_MS(500));
	ok(told(nsent == 1 && sent[0].s.len == 0 && sent[0].s.ack == iss), "but once");
	ok(nsent == 1 && sent[0].at - t0 < MIR_MS(500), "within half a second");
	ok(nsent == 1 && sent[0].at - t0 <= MIR_MS(41), "in fact within 40 ms");
	forget();
	for (unsigned i = 1; i <= 6; i++) {
		say_text(iss, MSS);
		iss += MSS;
		settle();
		ok(told(nsent == i / 2), "%u full segments: %u ACKs", i, i / 2);
	}
	ok(nsent == 3 && sent[0].s.ack == iss - 4 * MSS && sent[2].s.ack == iss, "of all of them");
	end();
}

/* RFC 5681 section 4.2. */
static void ack_at_once(void)
{
	begin();
	open_with((struct offer){ .mss = MSS }, NULL, 1);
	send_full(WARM);
	say_text(iss + MSS, MSS);
	settle();
	ok(told(nsent == 1 && sent[0].s.ack == iss), "beyond a hole: a duplicate ACK at once");
	say_text(iss + 2 * MSS, MSS);
	settle();
	ok(told(nsent == 2 && sent[1].s.ack == iss), "and for each segment");
	say_text(iss, 100);
	settle();
	ok(told(nsent == 3 && sent[2].s.ack == iss + 100), "a part of the hole: an ACK at once");
	end();
}

static void ack_rides_along(void)
{
	begin();
	open_with((struct offer){ .mss = MSS }, NULL, 1);
	send_full(WARM);
	say_text(iss, 50);
	iss += 50;
	settle();
	mir_flow_write_copy(&flow->flow, "answer", 6);
	settle();
	ok(told(nsent == 1 && sent[0].s.len == 6 && sent[0].s.ack == iss), "with the answer");
	say_ack(rcv + 6);
	mir_sleep(MIR_MS(100));
	ok(nsent == 1, "and not again alone");
	end();
}

/* Moves enough for the device to open its window as far as it can. */
static void warm_window(void)
{
	for (unsigned i = 0; i < 400; i++) {
		say_text(iss, MSS);
		iss += MSS;
		if (i % 40 == 39) {
			settle();
			read_all();
			settle();
			forget();
		}
	}
	say_text(iss, 1);
	iss++;
	mir_sleep(MIR_MS(50));
}

static void scaled_window(void)
{
	uint32_t offered, bytes = 0;

	begin();
	open_with((struct offer){ .mss = MSS, .scale = true, .sack = true }, NULL, 1);
	ok(syn_ack.has_scale && syn_ack.scale > 0 && syn_ack.scale <= 14, "a shift is offered: %u",
	    syn_ack.scale);
	ok(syn_ack.window <= 65535, "the window of a SYN is not scaled (section 2.2)");
	warm_window();
	offered = nsent ? sent[nsent - 1].s.window << syn_ack.scale : 0;
	ok(told(offered > 100000), "the window grows past 64 kB: %u", offered);
	forget();
	say_text(iss + 90000, MSS);
	settle();
	ok(nsent == 1 && sent[0].s.nsack == 1 && sent[0].s.sack[0].from == iss + 90000,
	    "a segment 90000 bytes on is taken");
	read_all();
	while (bytes < 90000) {
		uint32_t n = MIR_MIN(90000 - bytes, (uint32_t)MSS);

		say_text(iss + bytes, n);
		bytes += n;
	}
	settle();
	ok(tcb()->recvq.ready.bytes == 90000 + MSS && read_all() == 90000 + MSS,
	    "more than 64 kB wait for the reader");
	end();
}

static void unscaled_window(void)
{
	bool small = true;

	begin();
	open_with((struct offer){ .mss = MSS, .sack = true }, NULL, 1);
	ok(!syn_ack.has_scale, "no shift for a peer that offered none");
	warm_window();
	for (unsigned i = 0; i < nsent; i++)
		small &= sent[i].s.window > 30000;
	ok(nsent > 0 && small, "the field is the window");
	forget();
	say_text(iss + 90000, MSS);
	settle();
	ok(told(nsent == 1 && sent[0].s.nsack == 0 && sent[0].s.ack == iss),
	    "a segment 90000 bytes on is refused");
	say_text(iss + 60000, MSS);
	settle();
	ok(nsent == 2 && sent[1].s.nsack == 1, "one 60000 bytes on is taken");
	end();
}

static void timestamps_echoed(void)
{
	begin();
	open_with((struct offer){ .mss = MSS, .ts = true }, NULL, 1);
	ok(syn_ack.has_ts && syn_ack.tsecr == 5000, "SYN's timestamp in the SYN, ACK");
	clock_ts = 5100;
	send_full(WARM);
	clock_ts = 6000;
	say_text(iss, MSS);
	clock_ts = 6010;
	say_text(iss + MSS, MSS);
	settle();
	ok(told(nsent == 1 && sent[0].s.has_ts && sent[0].s.tsecr == 6000),
	    "an ACK of two echoes the earlier (section 4.3)");
	iss += 2 * MSS;
	clock_ts = 6100;
	say_text(iss + MSS, MSS);
	settle();
	ok(nsent == 2 && sent[1].s.tsecr == 6000, "beyond a hole: that of the last in order");
	clock_ts = 6200;
	say_text(iss, MSS);
	settle();
	ok(nsent == 3 && sent[2].s.tsecr == 6200, "the hole is filled: that of the filler");
	iss += 2 * MSS;
	mir_sleep(MIR_MS(98));
	mir_flow_write_copy(&flow->flow, "x", 1);
	settle();
	ok(nsent == 4 && sent[3].s.tsecr == 6200 && sent[3].s.tsval - sent[2].s.tsval == 100,
	    "our own clock counts milliseconds");
	end();
	begin();
	open_with((struct offer){ .mss = MSS }, NULL, 1);
	say_text(iss, 5);
	settle();
	ok(!syn_ack.has_ts && nsent == 1 && !sent[0].s.has_ts, "none for a peer without");
	end();
}

static void paws(void)
{
	struct mir_tcp_segment bare = { .flags = MIR_TCP_ACK, .window = 60000 };
	struct mir_tcp_stats stats;
	uint8_t text[4] = "old";

	begin();
	open_with((struct offer){ .mss = MSS, .ts = true }, NULL, 1);
	clock_ts = 5000 + 0x80000001u;
	say_text(iss, 10);
	ok(read_all() == 0, "a timestamp half the circle back");
	clock_ts = 7000;
	say_text(iss, 10);
	iss += 10;
	settle();
	ok(read_all() == 10, "a newer one is taken");
	mir_sleep(MIR_MS(200));
	forget();
	clock_ts = 6999;
	say_text(iss, 10);
	settle();
	mir_tcp_device_stats(&tcp, &stats);
	ok(read_all() == 0 && stats.paws_dropped == 2, "an older one is dropped");
	ok(told(nsent == 1 && sent[0].s.ack == iss && sent[0].s.len == 0), "with an ACK");
	ok(nsent == 1 && sent[0].s.tsecr == 7000, "that echoes the newer");
	bare.seq = iss;
	bare.ack = rcv;
	wire_inject(&w.host[1], &bare, OUR, PORT, text, 3);
	settle();
	ok(nsent == 1 && read_all() == 0, "without a timestamp: dropped (section 3.2)");
	clock_ts = 7000;
	say_text(iss, 10);
	iss += 10;
	settle();
	ok(read_all() == 10, "an equal one is taken");
	for (uint32_t ts = 0x60000000u; ts != 0x80000000u; ts += 0x60000000u) {
		clock_ts = ts;
		say_text(iss, 10);
		iss += 10;
		settle();
		ok(read_all() == 10, "newer, and round the circle: %x", ts);
	}
	mir_sleep(MIR_SECOND(25 * 24 * 3600));
	clock_ts = 0xe0000000u;
	say_text(iss, 10);
	settle();
	ok(read_all() == 10, "after 24 days of silence nothing is old (section 5.5)");
	end();
}

/* A round trip in which n full segments come and are read.  False: they were more than the window
 * lets. */
static bool round_trip(uint32_t n)
{
	bool fits = n * MSS <= tcb()->rcv_adv - tcb()->rcv_nxt;

	clock_ts += RTT_MS;
	for (uint32_t i = 0; i < n; i++) {
		say_text(iss, MSS);
		iss += MSS;
	}
	read_all();
	settle();
	mir_sleep(MIR_MS(RTT_MS - 2));
	return fits;
}

/* The buffer keeps ahead of a peer whose rate rises; and does not grow without need. */
static void right_size(struct offer offer, bool known)
{
	struct mir_tcp_options large = { .receive_buffer = 8 << 20 };
	struct mir_tcb *t;
	bool fits = true;
	uint32_t n;

	begin();
	open_with(offer, &large, RTT_MS);
	t = &mir_container(flow, struct mir_tcp_conn, flow)->tcb;
	if (!known)
		t->srtt = 0;
	for (unsigned i = 0; i < 300; i++)
		round_trip(7);
	ok(t->rcv_buffer <= (known || offer.ts ? 2u : 7u) * 65536,
	    "10 kB a round trip, 3 MB in all: %u", t->rcv_buffer);
	for (n = 14; known && n * MSS < 3 << 20; n *= 2)
		fits &= round_trip(n) && round_trip(n);
	ok(fits, "slow start up to 3 MB a round trip is not held up");
	ok(!known || t->rcv_buffer > 3 << 20, "%u bytes at the end", t->rcv_buffer);
	end();
}

static void sized(void)
{
	struct offer without = { .mss = MSS, .scale = true, .shift = 7 }, all = without;

	all.ts = true;
	right_size(all, true);
	right_size(without, true);
	right_size(all, false);
	right_size(without, false);
}

static void pressed(void)
{
	struct offer all = { .mss = MSS, .scale = true, .shift = 7, .ts = true };
	struct mir_budget *b;
	uint32_t before, edge;

	begin();
	open_with(all, NULL, RTT_MS);
	b = &tcp.core->env.budget;
	for (uint32_t n = 14; n < 900; n *= 2)
		round_trip(n), round_trip(n);
	before = tcb()->rcv_buffer;
	ok(before > 1 << 20, "a large buffer: %u", before);
	b->used += b->limit / 2 + 1;
	edge = tcb()->rcv_adv;
	round_trip(10);
	round_trip(10);
	ok(tcb()->rcv_buffer < before / 8, "short of memory: %u", tcb()->rcv_buffer);
	ok(mir_seq_le(edge, tcb()->rcv_adv), "what was offered stays offered");
	b->used -= b->limit / 2 + 1;
	end();
}

int main(void)
{
	RUN(sized);
	RUN(pressed);
	RUN(delayed_ack);
	RUN(ack_at_once);
	RUN(ack_rides_along);
	RUN(scaled_window);
	RUN(unscaled_window);
	RUN(timestamps_echoed);
	RUN(paws);
	return mir_test_end();
}
