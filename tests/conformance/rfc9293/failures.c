/* failures.c: RFC 9293 sections 3.8.1 to 3.8.4: retransmissions, giving up, keep-alive. */
#include "../script.h"

static void timer_doubles(void)
{
	accepted(plain_offer);
	write_bytes(100);
	mir_sleep(MIR_SECOND(20));
	ok(told(nsent >= 6), "%u times", nsent);
	for (unsigned i = 2; i < nsent; i++) {
		int64_t before = sent[i - 1].at - sent[i - 2].at, now = sent[i].at - sent[i - 1].at;

		ok(now >= before * 19 / 10 && now <= before * 21 / 10, "each after twice the time");
	}
	end();
}

static void slow_start(void)
{
	uint32_t before;

	accepted(plain_offer);
	write_bytes(100000);
	before = nsent;
	mir_sleep(MIR_MS(1));
	for (unsigned i = 0; i < before; i++)
		say_ack(sent[i].s.seq + sent[i].s.len);
	settle();
	ok(told(before == 10 && nsent >= 28 && nsent <= 31), "10 segments, then 20: %u", nsent);
	mir_sleep(MIR_SECOND(1));
	ok(tcb()->cc.cwnd == MSS, "after a timeout one");
	end();
}

static void karn(void)
{
	int64_t srtt;

	begin();
	open_with(plain_offer, NULL, 100);
	srtt = tcb()->srtt;
	write_bytes(100);
	mir_sleep(MIR_MS(350));
	ok(nsent == 2, "sent again");
	say_ack(rcv + 100);
	settle();
	ok(tcb()->srtt == srtt, "its ACK is no sample of the round trip");
	ok(tcb()->backoff > 0, "and the timer stays backed off");
	end();
}

/* Seconds until the device gives up on what nobody acknowledges. */
static unsigned patience(int64_t timeout)
{
	struct mir_tcp_options options = { .user_timeout_ns = timeout };
	unsigned s = 0;

	begin();
	open_with(plain_offer, &options, 1);
	write_bytes(100);
	while (state() != MIR_TCP_CLOSED && s < 2000) {
		mir_sleep(MIR_SECOND(1));
		s++;
	}
	ok(mir_flow_write_copy(&flow->flow, "x", 1) == MIR_ETIMEDOUT, "the user is told");
	ok(told(nsent > 4), "after %u tries", nsent);
	end();
	return s;
}

static void gives_up(void)
{
	unsigned s = patience(0);

	ok(s >= 100, "after %u s", s);
}

static void user_timeout(void)
{
	unsigned s = patience(MIR_SECOND(30));

	ok(s >= 29 && s <= 32, "30 s are asked for: %u", s);
	s = patience(MIR_SECOND(1000));
	ok(s >= 995 && s <= 1062, "1000 s are asked for: %u", s);
}

static void syn_gives_up(void)
{
	int64_t t0 = mir_now();

	begin();
	dial_out();
	while (!dial.done && mir_now() - t0 < MIR_SECOND(1000))
		mir_sleep(MIR_SECOND(1));
	ok(dial.rc == MIR_ETIMEDOUT, "the user is told");
	ok(mir_now() - t0 >= MIR_SECOND(180), "not before three minutes: %d s",
	    (int)((mir_now() - t0) / MIR_SECOND(1)));
	ok(told(nsent >= 7 && sent[nsent - 1].at - sent[0].at >= MIR_SECOND(100)),
	    "%u SYNs, the last %d s after the first", nsent,
	    (int)((sent[nsent - 1].at - sent[0].at) / MIR_SECOND(1)));
	end();
}

static void syn_ack_gives_up(void)
{
	begin();
	listens();
	say_with(SYN, ISS, 0, 0);
	forget();
	mir_sleep(MIR_SECOND(300));
	ok(told(nsent == 4 && stats().half_open == 0), "a SYN, ACK is sent five times");
	ok(sent[3].at - sent[0].at < MIR_SECOND(60), "in less than a minute");
	end();
}

static const struct mir_tcp_options keep = {
	.keepalive_idle_ns = MIR_SECOND(7200),
	.keepalive_interval_ns = MIR_SECOND(10),
	.keepalive_probes = 3,
};

static void keep_off(void)
{
	accepted(plain_offer);
	mir_sleep(MIR_SECOND(3 * 24 * 3600));
	ok(silence() && state() == MIR_TCP_ESTABLISHED, "three idle days without a segment");
	end();
}

static void keep_on(void)
{
	int64_t t0;

	begin();
	open_with(plain_offer, &keep, 1);
	t0 = mir_now();
	mir_sleep(MIR_SECOND(7190));
	ok(silence(), "nothing for two hours");
	mir_sleep(MIR_SECOND(12));
	ok(told(nsent == 1 && sent[0].s.seq == rcv - 1 && sent[0].s.len == 0),
	    "then an empty segment of an old number, after %d s", ms_of(0, t0) / 1000);
	say_with(ACK, iss, rcv, 0);
	mir_sleep(MIR_SECOND(7190));
	ok(silence(), "its answer begins the two hours anew");
	end();
}

static void keep_interval(void)
{
	struct mir_tcp_options options = keep;

	options.keepalive_idle_ns = MIR_SECOND(60);
	begin();
	open_with(plain_offer, &options, 1);
	mir_sleep(MIR_SECOND(50));
	say_with(ACK, iss, rcv, 10);
	iss += 10;
	forget();
	mir_sleep(MIR_SECOND(55));
	ok(silence(), "text begins the time anew");
	mir_sleep(MIR_SECOND(6));
	ok(told(nsent == 1), "after the 60 s that were asked for");
	end();
}

static void keep_not_with_text(void)
{
	struct mir_tcp_options options = keep;

	options.keepalive_idle_ns = MIR_SECOND(10);
	begin();
	open_with(plain_offer, &options, 1);
	write_bytes(100);
	mir_sleep(MIR_SECOND(100));
	for (unsigned i = 0; i < nsent; i++) {
		if (sent[i].s.len == 0)
			ok(false, "a probe while text is unacknowledged");
	}
	ok(nsent > 5, "text that is unacknowledged goes again, and nothing else");
	end();
}

static void keep_tolerant(void)
{
	begin();
	open_with(plain_offer, &keep, 1);
	mir_sleep(MIR_SECOND(7200 + 25));
	ok(told(nsent == 3) && state() == MIR_TCP_ESTABLISHED, "three unanswered: not dead");
	say_with(ACK, iss, rcv, 0);
	mir_sleep(MIR_SECOND(7000));
	ok(silence() && state() == MIR_TCP_ESTABLISHED, "a late answer, and all is well");
	mir_sleep(MIR_SECOND(300));
	ok(told(nsent == 4 && (sent[3].s.flags & RST)) && state() == MIR_TCP_CLOSED,
	    "all unanswered: reset");
	end();
}

const struct requirement rfc9293_failures[] = {
	SHOWN("MUST-19", "3.8.2", MUST, "back off exponentially", timer_doubles),
	SHOWN("MUST-19 (start)", "3.8.2", MUST, "start slowly, avoid congestion", slow_start),
	SHOWN("MUST-18", "3.8.1", MUST, "measure no segment that was sent again", karn),
	{ "MUST-20 (R1)", "3.8.3", MUST, "tell IP when a segment is sent again too often", NULL,
	    NOT_MET,
	    "there is one route to a destination, and ARP finds out by itself that a neighbour is "
	    "gone" },
	SHOWN("MUST-20 (R2)", "3.8.3", MUST, "give up in the end", gives_up),
	SHOWN("MUST-21", "3.8.3", MUST, "let the user say when", user_timeout),
	{ "SHLD-9", "3.8.3", SHOULD, "tell the user of trouble before", NULL, NOT_MET,
	    "flows have no reports beside reading and writing" },
	{ "SHLD-10", "3.8.3", SHOULD, "count trouble from three retransmissions on", NULL, NOT_MET,
	    "see SHLD-9" },
	SHOWN("SHLD-11", "3.8.3", SHOULD, "wait for 100 s at least", gives_up),
	SHOWN("MUST-22", "3.8.3", MUST, "treat SYNs alike", syn_gives_up),
	SHOWN("MUST-23", "3.8.3", MUST, "wait for 3 minutes with a SYN", syn_gives_up),
	{ "MUST-23 (SYN, ACK)", "3.8.3", MUST, "the same with a SYN, ACK", syn_ack_gives_up,
	    DIFFERENT,
	    "half a minute: entries of floods would stay; a peer that comes later is known by its "
	    "cookie, or begins anew" },
	SHOWN("MUST-24", "3.8.4", MUST, "let the user turn keep-alive on", keep_on),
	SHOWN("MUST-25", "3.8.4", MUST, "leave it off otherwise", keep_off),
	SHOWN("MUST-26", "3.8.4", MUST, "send it only if idle, with nothing unacknowledged",
	    keep_not_with_text),
	SHOWN("MUST-27", "3.8.4", MUST, "let the user set the interval", keep_interval),
	{ "MUST-28", "3.8.4", MUST, "take two hours if the user does not say", NULL, NO_MATTER,
	    "whoever turns it on says the time" },
	SHOWN("MUST-29", "3.8.4", MUST_NOT, "take one unanswered probe for death", keep_tolerant),
	SHOWN("SHLD-12", "3.8.4", SHOULD, "send it without text", keep_on),
	LAST,
};
