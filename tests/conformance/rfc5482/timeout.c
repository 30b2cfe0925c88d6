/* timeout.c: RFC 5482: the user timeout option. */
#include "../script.h"

static const struct mir_tcp_options tells = { .tell_timeout = true };

static void open_telling(const struct mir_tcp_options *options)
{
	begin();
	open_with(plain_offer, options, 1);
}

/* A segment with the option, and a byte. */
static void advise(uint16_t field)
{
	struct mir_tcp_segment s = { .flags = ACK, .seq = iss, .ack = rcv, .timeout = field };

	forget();
	say_segment(&s, 1);
	iss++;
	settle();
}

static unsigned seconds(void)
{
	return (unsigned)(tcb()->user_timeout_ms / 1000);
}

static void off(void)
{
	open_telling(NULL);
	write_bytes(10);
	ok(told(nsent == 1 && sent[0].s.timeout == 0), "nothing is told without being asked for");
	advise(1000);
	ok(seconds() == 300, "and nothing heard");
	end();
}

static void in_syn(void)
{
	begin();
	dial.local = (struct mir_endpoint){ .port = PORT };
	dial.peer = (struct mir_endpoint){ w.host[1].addr, OUR };
	dial.options = &tells;
	mir_spawn("dialler", dialler, NULL);
	settle();
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == SYN && sent[0].s.timeout == 300),
	    "in the SYN: 300 s");
	say_with(RST | ACK, 0, sent[0].s.seq + 1, 0);
	end();
}

static void in_text(void)
{
	open_telling(&tells);
	write_bytes(3 * MSS);
	ok(told(nsent > 1 && sent[0].s.timeout == 300), "with the first text: 300 s");
	ok(nsent > 1 && sent[0].s.len <= MSS - 4, "in a segment that is no longer for it");
	say_ack(rcv + 3 * MSS);
	settle();
	forget();
	write_bytes(10);
	ok(told(nsent == 1 && sent[0].s.timeout == 0), "not again");
	say_ack(rcv + 10);
	ok(mir_tcp_set(flow, MIR_TCP_SET_USER_TIMEOUT, MIR_SECOND(40000)) == 0, "a new one");
	settle();
	forget();
	write_bytes(10);
	ok(told(nsent == 1 && sent[0].s.timeout == (0x8000 | 40000 / 60)), "is told, in minutes");
	forget();
	mir_sleep(MIR_SECOND(1));
	ok(told(nsent > 0 && sent[0].s.timeout != 0), "and once more when it may be lost");
	end();
}

static void heard(void)
{
	open_telling(&tells);
	advise(1000);
	ok(seconds() == 1000, "1000 s: taken");
	advise(0x8000 | 30);
	ok(seconds() == 1800, "30 minutes: taken");
	end();
}

static void limits(void)
{
	open_telling(&tells);
	advise(10);
	ok(seconds() == 300, "less than ours: ours");
	advise(0xffff);
	ok(seconds() == 3600, "three weeks: an hour");
	advise(0);
	advise(0x8000);
	ok(seconds() == 3600, "none at all: ignored");
	end();
}

static void chosen(void)
{
	struct mir_tcp_options fixed = tells;

	fixed.user_timeout_ns = MIR_SECOND(50);
	open_telling(&fixed);
	advise(1000);
	ok(seconds() == 50, "what the user has chosen stays");
	write_bytes(10);
	ok(told(nsent > 0 && sent[nsent - 1].s.timeout == 50), "and is told");
	end();
}

const struct requirement rfc5482[] = {
	SHOWN("3.1 (off)", "3.1", MUST, "leave it off unless asked for", off),
	SHOWN("3 (SYN)", "3", SHOULD, "tell it in the SYN", in_syn),
	SHOWN("3 (text)", "3", SHOULD, "tell it with the first text otherwise, and when it changes",
	    in_text),
	SHOWN("3.1 (heard)", "3.1", SHOULD, "take the peer's advice", heard),
	SHOWN("3.1 (limits)", "3.1", MUST, "take it between limits, and never zero", limits),
	SHOWN("3.1 (fixed)", "3.1", MUST, "leave what the user has chosen", chosen),
	{ "3 (half-open)", "3", SHOULD, "take advice from the SYN of who connects", NULL, NOT_MET,
	    "the entry of a half-open connection does not hold it; that of later segments is "
	    "taken" },
	LAST,
};
