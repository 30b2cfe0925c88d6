/* path.c: RFC 8899, RFC 4821, RFC 6691: how large segments may be. */
#include "../script.h"

/* A router in the middle; the peer acknowledges all that comes through, in order. */
static uint32_t came_to;

static bool through(
    struct wire *wire, struct host *from, const struct mir_tcp_segment *s, uint32_t n)
{
	note(wire, from, s, n);
	if (from == &wire->host[0] && s->seq == came_to && n + 20 <= wire->narrow)
		came_to += s->len;
	return false;
}

static void narrow_path(unsigned mtu, bool silent)
{
	static const struct offer offer = { .mss = 1460, .sack = true };

	begin();
	open_with(offer, NULL, 10);
	w.narrow = mtu;
	w.silent_router = silent;
	w.filter = through;
	came_to = rcv;
	write_bytes(100000);
}

/* Acknowledges what has come, for a while. */
static void serve(unsigned ms)
{
	for (unsigned i = 0; i < ms; i += 10) {
		mir_sleep(MIR_MS(10));
		if (came_to != rcv)
			say_ack(came_to);
		forget();
	}
}

static void told_mtu(void)
{
	narrow_path(1280, false);
	serve(2000);
	ok(tcb()->mtu == 1280, "a router tells: segments are cut to it");
	ok(tcb()->una == tcb()->iss + 1 + 100000, "and all comes through");
	end();
}

static void black_hole(void)
{
	narrow_path(1280, true);
	serve(30000);
	ok(tcb()->una == tcb()->iss + 1 + 100000,
	    "a router that drops silently: all comes through");
	ok(tcb()->mtu <= 1280 && stats().mtu_reductions > 0, "in smaller segments: %u", tcb()->mtu);
	end();
}

static void raises(void)
{
	narrow_path(1280, true);
	serve(30000);
	w.narrow = 1500;
	write_bytes(200000);
	serve(700000);
	for (unsigned i = 0; i < 40 && tcb()->mtu < 1500; i++) {
		write_bytes(50000);
		serve(60000);
	}
	ok(stats().mtu_probes > 0 && tcb()->mtu == 1500, "a wider path is found: %u", tcb()->mtu);
	end();
}

static void option_of_mtu(void)
{
	begin();
	open_with((struct offer){ .mss = 1460, .ts = true }, NULL, 1);
	ok(syn_ack.mss == 1460, "MSS counts no options: %u", syn_ack.mss);
	write_bytes(3000);
	ok(told(nsent >= 2 && sent[0].s.len == 1448), "segments do: %u", sent[0].s.len);
	end();
}

const struct requirement rfc8899[] = {
	SHOWN("4.6", "4.6", SHOULD, "cut segments to what routers tell", told_mtu),
	SHOWN("4.3", "4.3", MUST, "find black holes", black_hole),
	SHOWN("5.3", "5.3", SHOULD, "try larger segments now and then", raises),
	{ "IPv6", "5.1", SHOULD, "begin with 1280 or more", NULL, UNSEEN,
	    "it begins with the interface's MTU" },
	LAST,
};

const struct requirement rfc6691[] = {
	SHOWN("2 (1)", "2", SHOULD_NOT, "take options off the MSS that it offers", option_of_mtu),
	SHOWN("2 (2)", "2", MUST, "take them off the segments that it sends", option_of_mtu),
	LAST,
};
