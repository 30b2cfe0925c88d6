/* options.c: options that change while a connection lives (mir_tcp_set). */
#include "peer.h"

enum { MSS = 1000 };

static void open(void)
{
	begin();
	open_with((struct offer){ .mss = MSS, .sack = true }, NULL, 1);
}

static void nodelay(void)
{
	open();
	mir_flow_write_copy(&flow->flow, "a", 1);
	mir_flow_write_copy(&flow->flow, "b", 1);
	settle();
	mir_flow_write_copy(&flow->flow, "c", 1);
	settle();
	ok(told(nsent == 1), "the third waits (Nagle)");
	ok(mir_tcp_set(flow, MIR_TCP_SET_NODELAY, 1) == 0, "no longer");
	settle();
	ok(told(nsent == 2 && sent[1].s.len == 1), "it leaves");
	end();
}

static void keepalive(void)
{
	open();
	mir_sleep(MIR_SECOND(100));
	ok(nsent == 0, "no keep-alive");
	ok(mir_tcp_set(flow, MIR_TCP_SET_KEEPALIVE_IDLE, MIR_SECOND(10)) == 0 &&
		mir_tcp_set(flow, MIR_TCP_SET_KEEPALIVE_INTERVAL, MIR_SECOND(2)) == 0 &&
		mir_tcp_set(flow, MIR_TCP_SET_KEEPALIVE_PROBES, 3) == 0,
	    "is turned on");
	mir_sleep(MIR_SECOND(11));
	ok(told(nsent == 1), "a probe");
	say_ack(rcv);
	ok(mir_tcp_set(flow, MIR_TCP_SET_KEEPALIVE_IDLE, 0) == 0, "and off");
	mir_sleep(MIR_SECOND(100));
	ok(told(nsent == 1), "none");
	mir_tcp_set(flow, MIR_TCP_SET_KEEPALIVE_IDLE, MIR_SECOND(10));
	mir_sleep(MIR_SECOND(20));
	ok(tcb()->state == MIR_TCP_CLOSED && tcb()->error == MIR_ETIMEDOUT, "three without answer");
	end();
}

static void timeout(void)
{
	open();
	mir_flow_write_copy(&flow->flow, "a", 1);
	mir_sleep(MIR_SECOND(20));
	ok(tcb()->state == MIR_TCP_ESTABLISHED, "unacknowledged for 20 s");
	ok(mir_tcp_set(flow, MIR_TCP_SET_USER_TIMEOUT, MIR_SECOND(21)) == 0, "21 are enough");
	mir_sleep(MIR_SECOND(2));
	ok(tcb()->state == MIR_TCP_CLOSED && tcb()->error == MIR_ETIMEDOUT, "gone");
	end();
}

static void congestion(void)
{
	static const char *const names[] = { "bbr", "newreno", "bbr", NULL };
	static uint8_t text[20 * MSS];
	uint32_t cwnd;

	open();
	for (unsigned i = 0; i < MIR_COUNT(names); i++) {
		mir_flow_write_copy(&flow->flow, text, sizeof(text));
		settle();
		cwnd = tcb()->cc.cwnd;
		ok(mir_tcp_set_congestion(flow, names[i]) == 0 &&
			strcmp(tcb()->cc.ops->name, names[i] ? names[i] : "cubic") == 0,
		    "%s", names[i] ? names[i] : "the device's own");
		ok(tcb()->cc.cwnd == cwnd, "with the same window");
		mir_sleep(MIR_SECOND(1)); /* a timeout, with what can be undone */
		while (tcb()->nxt != rcv) {
			say_ack(tcb()->nxt);
			settle();
		}
		forget();
	}
	ok(mir_tcp_set_congestion(flow, "vegas") == MIR_EINVAL, "another is not known");
	end();
}

static void wrong(void)
{
	open();
	ok(mir_tcp_set(flow, MIR_TCP_SET_NODELAY, -1) == MIR_EINVAL, "less than nothing");
	ok(mir_tcp_set(flow, MIR_TCP_SET_KEEPALIVE_PROBES, 256) == MIR_EINVAL, "too many");
	ok(mir_tcp_set(flow, (enum mir_tcp_option)99, 1) == MIR_EINVAL, "no such option");
	end();
}

int main(void)
{
	RUN(nodelay);
	RUN(keepalive);
	RUN(timeout);
	RUN(congestion);
	RUN(wrong);
	return mir_test_end();
}
