/* icmp.c: RFC 5927: ICMP errors that somebody forges. */
#include "../script.h"

static void number_checked(void)
{
	accepted(plain_offer);
	write_bytes(3 * MSS);
	icmp(MIR_IP_TOO_BIG, rcv - 1, 600);
	icmp(MIR_IP_TOO_BIG, rcv + 3 * MSS, 600);
	icmp(MIR_IP_TOO_BIG, rcv + 1000000, 600);
	ok(silence() && tcb()->mtu == 1500, "numbers that are not in flight are not believed");
	icmp(MIR_IP_TOO_BIG, rcv, 600);
	ok(tcb()->mtu == 600, "one that is, is");
	end();
}

static void number_of_syn(void)
{
	begin();
	dial_out();
	icmp(MIR_IP_PORT_UNREACHABLE, rcv + 5, 0);
	ok(!dial.done, "another number does not refuse");
	icmp(MIR_IP_PORT_UNREACHABLE, rcv - 1, 0);
	ok(dial.done && dial.rc == MIR_ECONNREFUSED, "that of the SYN does");
	end();
}

static void hard_is_soft(void)
{
	accepted(plain_offer);
	write_bytes(100);
	icmp(MIR_IP_PROTO_UNREACHABLE, rcv, 0);
	icmp(MIR_IP_PORT_UNREACHABLE, rcv, 0);
	icmp(MIR_IP_PROHIBITED, rcv, 0);
	ok(state() == MIR_TCP_ESTABLISHED, "no error ends a connection");
	mir_sleep(MIR_SECOND(1));
	ok(told(nsent >= 1), "text is sent again as before");
	end();
}

static void never_larger(void)
{
	accepted(plain_offer);
	write_bytes(3 * MSS);
	icmp(MIR_IP_TOO_BIG, rcv, 9000);
	ok(tcb()->mtu == 1500, "a larger MTU is not believed");
	icmp(MIR_IP_TOO_BIG, rcv, 40);
	ok(tcb()->mtu == 1500, "nor one that no link has");
	end();
}

const struct requirement rfc5927[] = {
	SHOWN("4.1", "4.1", SHOULD, "believe errors about what is in flight alone", number_checked),
	SHOWN("4.1 (SYN)", "4.1", SHOULD, "the same of a SYN", number_of_syn),
	SHOWN(
	    "5.2", "5.2", SHOULD, "take hard errors for soft ones once established", hard_is_soft),
	SHOWN("7", "7", MUST_NOT, "believe an MTU that is larger, or below 68", never_larger),
	LAST,
};
