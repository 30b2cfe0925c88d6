/* window.c: RFC 9293 sections 3.7.4, 3.8.6, 3.9.1.2: pushing, windows, silly windows. */
#include "../script.h"

static void push_last(void)
{
	accepted(plain_offer);
	write_bytes(3 * MSS);
	ok(told(nsent == 3), "three segments");
	ok(told(!(sent[0].s.flags & PSH) && !(sent[1].s.flags & PSH) && (sent[2].s.flags & PSH)),
	    "the last has PSH, those before have not");
	end();
}

static void no_holding_back(void)
{
	accepted(plain_offer);
	write_bytes(1);
	ok(told(nsent == 1 && sent[0].s.len == 1), "a byte leaves, and nobody asked for a push");
	write_bytes(1);
	ok(told(nsent == 1), "a second waits");
	say_ack(rcv + 1);
	settle();
	ok(told(nsent == 2), "for an ACK at most");
	end();
}

static void full_segments(void)
{
	accepted(plain_offer);
	for (unsigned i = 0; i < 50; i++)
		mir_flow_write_copy(&flow->flow, "0123456789012345678901234567890123456789", 40);
	settle();
	ok(told(nsent == 2 && sent[0].s.len == MSS && sent[1].s.len == MSS),
	    "50 writes of 40 bytes leave as two full segments");
	end();
}

/* The right edge of the window that the device offers, as text comes that nobody reads. */
static void never_shrinks(void)
{
	struct mir_tcp_options options = { .receive_buffer = 20000 };
	uint32_t edge = 0, worst = 0;

	begin();
	open_with(plain_offer, &options, 1);
	for (unsigned i = 0; i < 60; i++) {
		uint32_t n = 100 + 37 * (i % 20);

		n = MIR_MIN(n, tcb()->rcv_adv - iss);
		if (n == 0)
			break;
		say_text(iss, n);
		iss += n;
		settle();
		for (unsigned k = 0; k < nsent; k++) {
			uint32_t now = sent[k].s.ack + sent[k].s.window - ISS;

			worst = MIR_MAX(worst, edge > now ? edge - now : 0);
			edge = now;
		}
		forget();
	}
	ok(worst == 0 && edge >= 20000, "the right edge stays, or moves right: %u", edge);
	ok(tcb()->rcv_adv == iss, "until the window is closed");
	end();
}

/* Ten segments are in flight, and then the window is smaller than that. */
static void shrink(uint32_t to)
{
	accepted(plain_offer);
	window = 10000;
	say_ack(rcv);
	write_bytes(20000);
	ok(told(nsent == 10), "ten segments fill the window");
	window = to;
	say_with(ACK, iss, rcv, 0);
}

static void shrunk_no_new(void)
{
	shrink(5000);
	ok(silence(), "nothing new leaves");
	say_with(ACK, iss, rcv + 4000, 0);
	rcv += 4000;
	mir_sleep(MIR_MS(150));
	ok(silence(), "nor when a part is acknowledged, and the edge has not come past");
	window = 8000;
	say_with(ACK, iss, rcv, 0);
	ok(told(nsent == 2 && sent[0].s.seq == rcv + 6000), "only what is in the window");
	end();
}

static void shrunk_old_again(void)
{
	shrink(5000);
	mir_sleep(MIR_SECOND(1));
	ok(told(times_sent(rcv) > 0), "what is unacknowledged, and in the window, goes again");
	end();
}

static void shrunk_patience(void)
{
	shrink(0);
	for (unsigned i = 0; i < 60; i++) {
		mir_sleep(MIR_SECOND(10));
		say_with(ACK, iss, rcv, 0);
	}
	ok(state() == MIR_TCP_ESTABLISHED, "600 s past the edge, the peer answers: no end");
	window = 20000;
	say_with(ACK, iss, rcv, 0);
	mir_sleep(MIR_SECOND(61));
	ok(told(times_sent(rcv) > 0), "the window opens: it goes on");
	end();
}

static void shrunk_robust(void)
{
	for (uint32_t to = 0; to < 10000; to += 777) {
		shrink(to);
		ok(mir_tcb_check(tcb()) == NULL, "shrunk to %u: sound", to);
		window = 60000;
		say_with(ACK, iss, rcv + 10000, 0);
		mir_sleep(MIR_SECOND(1));
		ok(told(nsent >= 10 && sent[0].s.seq == rcv + 10000), "and goes on");
		end();
	}
}

/* A window that is closed with text waiting. */
static void closed_window(void)
{
	accepted(plain_offer);
	write_bytes(5 * MSS);
	window = 0;
	rcv += 5 * MSS;
	say_with(ACK, iss, rcv, 0);
	write_bytes(3 * MSS);
	ok(silence(), "a closed window holds text back");
}

static void probes(void)
{
	int64_t rto, t0;

	closed_window();
	rto = tcb()->rto;
	t0 = mir_now();
	mir_sleep(MIR_SECOND(10));
	ok(told(nsent >= 4), "%u probes in ten seconds", nsent);
	ok(told(ms_of(0, t0) <= (int)(rto / MIR_MS(1)) + 4 &&
		ms_of(0, t0) >= (int)(rto / MIR_MS(1)) - 4),
	    "the first after the timeout: %d ms", ms_of(0, t0));
	for (unsigned i = 2; i < nsent && i < 5; i++) {
		int64_t before = sent[i - 1].at - sent[i - 2].at, now = sent[i].at - sent[i - 1].at;

		ok(now > before * 19 / 10 && now < before * 21 / 10, "then after twice as long");
	}
	for (unsigned i = 0; i < nsent; i++) {
		if (sent[i].s.len == 0 && sent[i].s.seq != rcv - 1)
			ok(false, "a probe that the peer need not answer");
	}
	window = 10000;
	say_with(ACK, iss, rcv, 0);
	ok(told(nsent == 3 && sent[0].s.seq == rcv), "the window opens: text leaves at once");
	end();
}

static void closed_for_ever(void)
{
	closed_window();
	for (unsigned i = 0; i < 24 * 60; i++) {
		mir_sleep(MIR_SECOND(60));
		say_with(ACK, iss, rcv, 0);
	}
	ok(state() == MIR_TCP_ESTABLISHED, "a day, and the peer answers: no end");
	forget();
	mir_sleep(MIR_SECOND(200));
	ok(told(nsent >= 3), "it is still probed");
	end();
}

/* Fills the window of a small buffer to the last byte. */
static void fill(uint32_t size)
{
	struct mir_tcp_options options = { .receive_buffer = 10000 };

	begin();
	open_with(plain_offer, &options, 1);
	while (tcb()->rcv_adv != iss) {
		uint32_t n = MIR_MIN(size, tcb()->rcv_adv - iss);

		say_text(iss, n);
		iss += n;
		settle();
	}
	forget();
}

static void closed_takes_ack_rst(void)
{
	fill(MSS);
	ok(tcb()->rcv_adv == tcb()->rcv_nxt, "the device's window is closed");
	write_bytes(10);
	say_with(ACK, iss, rcv + 10, 1);
	ok(tcb()->una == rcv + 10, "an ACK counts, though its text does not");
	ok(told(nsent == 1 && sent[0].s.ack == iss && sent[0].s.window == 0), "it is answered");
	say_with(RST, iss, 0, 0);
	ok(state() == MIR_TCP_CLOSED, "a reset resets");
	end();
}

static void receiver_silly(void)
{
	struct mir_slice s;
	unsigned updates = 0, read = 0;

	fill(100);
	while (tcb()->recvq.ready.bytes > 0 && mir_flow_read(&flow->flow, &s, 1) == 1) {
		read += (unsigned)s.len;
		mir_slice_unref(&s);
		settle();
		if (nsent > updates) {
			ok(told(sent[updates].s.window >= 536 && sent[updates].s.window <= read),
			    "%u bytes are offered after %u were read", sent[updates].s.window,
			    read);
			updates = nsent;
		}
	}
	ok(updates >= 1 && updates <= 10, "%u updates in all", updates);
	end();
}

static void sender_silly(void)
{
	int64_t t0;

	accepted(plain_offer);
	window = 10000;
	say_ack(rcv);
	write_bytes(10000);
	write_bytes(10000);
	ok(told(nsent == 10), "ten segments fill the window");
	window = 300;
	say_with(ACK, iss, rcv + 10000, 0);
	rcv += 10000;
	t0 = mir_now();
	mir_sleep(MIR_MS(90));
	ok(silence(), "300 bytes of window, of 10000 that there were: patience");
	mir_sleep(MIR_MS(120));
	ok(told(nsent == 1 && sent[0].s.len == 300), "but not for ever");
	ok(ms_of(0, t0) >= 100 && ms_of(0, t0) <= 1000, "0.1 to 1 s: %d ms", ms_of(0, t0));
	window = 5000;
	say_with(ACK, iss, rcv + 300, 0);
	ok(told(nsent == 5 && sent[0].s.len == MSS), "full segments leave at once");
	end();
}

static void nagle(void)
{
	accepted(plain_offer);
	write_bytes(10);
	write_bytes(20);
	write_bytes(30);
	ok(told(nsent == 1 && sent[0].s.len == 10), "short text waits for the ACK of short text");
	say_with(ACK, iss, rcv + 10, 0);
	ok(told(nsent == 1 && sent[0].s.len == 50), "and leaves together");
	end();
}

static void nagle_off(void)
{
	struct mir_tcp_options options = { .nodelay = true };

	begin();
	open_with(plain_offer, &options, 1);
	write_bytes(10);
	write_bytes(20);
	ok(told(nsent == 2 && sent[1].s.len == 20), "with nodelay it does not wait");
	end();
}

const struct requirement rfc9293_window[] = {
	SHOWN("SHLD-27", "3.9.1.2", SHOULD, "collapse PSH of successive writes", push_last),
	SHOWN("MUST-60", "3.9.1.2", MUST_NOT, "hold text back for ever", no_holding_back),
	SHOWN(
	    "MUST-61", "3.9.1.2", MUST, "set PSH in the last segment of what is queued", push_last),
	SHOWN("SHLD-28", "3.9.1.2", SHOULD, "send full segments when it can", full_segments),
	SHOWN("SHLD-14", "3.8.6", SHOULD_NOT, "shrink its window", never_shrinks),
	SHOWN("SHLD-15", "3.8.6", SHOULD_NOT, "send new text past a window that shrank",
	    shrunk_no_new),
	SHOWN("SHLD-16", "3.8.6", SHOULD, "send old text again that is in it", shrunk_old_again),
	SHOWN("SHLD-17", "3.8.6", SHOULD_NOT, "give up for text that is past it", shrunk_patience),
	SHOWN("MUST-34", "3.8.6", MUST, "survive windows that shrink", shrunk_robust),
	SHOWN("MUST-35", "3.8.6.1", MUST, "probe closed windows", probes),
	{ "MUST-36", "3.8.6.1", MUST, "probe them as sender", probes, MET,
	    "a probe is empty, of a number before SND.UNA, which must be answered" },
	SHOWN("SHLD-29", "3.8.6.1", SHOULD, "probe first after the retransmission timeout", probes),
	SHOWN("SHLD-30", "3.8.6.1", SHOULD, "double the time between probes", probes),
	SHOWN("MUST-37", "3.8.6.1", MUST, "stay as long as probes are answered", closed_for_ever),
	SHOWN("MUST-66", "3.10.7.4", MUST, "take ACKs and resets with a closed window",
	    closed_takes_ack_rst),
	SHOWN("MUST-38", "3.8.6.2.1", MUST, "avoid silly windows as sender", sender_silly),
	SHOWN("MUST-39", "3.8.6.2.2", MUST, "avoid silly windows as receiver", receiver_silly),
	SHOWN("SHLD-7", "3.7.4", SHOULD, "hold short segments back (Nagle)", nagle),
	SHOWN("MUST-17", "3.7.4", MUST, "let users turn that off", nagle_off),
	LAST,
};
