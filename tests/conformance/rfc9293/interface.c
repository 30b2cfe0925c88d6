/* interface.c: RFC 9293 sections 3.9.1, 3.9.2: what users and IP are told, ICMP. */
#include "../script.h"

static void soft_errors(void)
{
	static const enum mir_ip_error_kind soft[] = { MIR_IP_NET_UNREACHABLE,
		MIR_IP_HOST_UNREACHABLE, MIR_IP_TIME_EXCEEDED, MIR_IP_PARAMETER };

	accepted(plain_offer);
	write_bytes(100);
	for (unsigned i = 0; i < MIR_COUNT(soft); i++)
		icmp(soft[i], rcv, 0);
	ok(state() == MIR_TCP_ESTABLISHED, "the connection stays");
	say_with(ACK, iss, rcv + 100, 0);
	write_bytes(10);
	ok(told(nsent == 1 && sent[0].s.len == 10), "and goes on");
	end();
}

static void errors_of_syn(void)
{
	begin();
	dial_out();
	icmp(MIR_IP_PORT_UNREACHABLE, rcv - 1, 0);
	ok(dial.done && dial.rc == MIR_ECONNREFUSED, "port unreachable: refused");
	end();
	begin();
	dial_out();
	icmp(MIR_IP_PROTO_UNREACHABLE, rcv - 1, 0);
	ok(dial.done && dial.rc == MIR_ECONNREFUSED, "protocol unreachable: refused");
	end();
	begin();
	dial_out();
	icmp(MIR_IP_TIME_EXCEEDED, rcv - 1, 0);
	ok(!dial.done, "time exceeded: it goes on");
	mir_sleep(MIR_SECOND(200));
	end();
}

static void hard_errors(void)
{
	accepted(plain_offer);
	write_bytes(100);
	icmp(MIR_IP_PORT_UNREACHABLE, rcv, 0);
	icmp(MIR_IP_PROTO_UNREACHABLE, rcv, 0);
	ok(state() == MIR_TCP_ESTABLISHED, "once established, none ends the connection");
	end();
}

const struct requirement rfc9293_interface[] = {
	SHOWN("MUST-54", "3.9.2.2", MUST, "act on ICMP errors", errors_of_syn),
	SHOWN("MUST-56", "3.9.2.2", MUST_NOT, "end a connection for soft ones", soft_errors),
	{ "SHLD-25", "3.9.2.2", SHOULD, "tell the user of them", NULL, NOT_MET,
	    "flows have no reports beside reading and writing; lib/ipv4 counts them" },
	{ "SHLD-26", "3.9.2.2", SHOULD, "end it for hard ones", hard_errors, DIFFERENT,
	    "only connects end: in later states anybody could forge the error (RFC 5927 "
	    "section 5.2)" },
	{ "MUST-55", "3.9.2.2", MUST, "drop source quench", NULL, UNSEEN,
	    "lib/ipv4 knows no such message" },
	{ "MUST-47", "3.9.1.8", MUST, "have a way to report soft errors", NULL, NOT_MET,
	    "see SHLD-25" },
	{ "SHLD-20", "3.9.1.8", SHOULD, "let the user turn reports off", NULL, NO_MATTER,
	    "there are none" },
	{ "MUST-48", "3.9.1.9", MUST, "let the user choose the Diffserv field", NULL, NOT_MET,
	    "no user has asked for it; IP's interface would take it" },
	{ "SHLD-22", "3.9.1.9", SHOULD, "pass it to IP as it is", NULL, NO_MATTER, "see MUST-48" },
	{ "SHLD-21", "3.9.1.9", SHOULD, "let it change", NULL, NO_MATTER, "see MUST-48" },
	{ "SHLD-23", "3.9.1.9", SHOULD_NOT, "change it without need", NULL, UNSEEN,
	    "it is zero, but for ECN" },
	{ "MUST-49", "3.9.2", MUST, "let the TTL be configured", NULL, NOT_MET,
	    "it is 64 for all; IP's interface would take another" },
	{ "MUST-50", "3.9.2", MUST, "ignore IP options it does not know", NULL, UNSEEN,
	    "lib/ipv4 takes them off; its tests show it" },
	{ "MUST-51", "3.9.2.1", MUST, "let the user give a source route", NULL, NOT_MET,
	    "IP drops source-routed datagrams and makes none: they serve attacks (RFC 7126)" },
	{ "MUST-52", "3.9.2.1", MUST, "prefer it to a received one", NULL, NO_MATTER,
	    "see MUST-51" },
	{ "MUST-53", "3.9.2.1", MUST, "answer along a received one", NULL, NOT_MET, "see MUST-51" },
	{ "SHLD-24", "3.9.2.1", SHOULD, "prefer later received ones", NULL, NO_MATTER,
	    "see MUST-51" },
	{ "SHLD-8", "3.8.2", SHOULD, "support ECN", NULL, UNSEEN, "see RFC 3168 below" },
	LAST,
};
