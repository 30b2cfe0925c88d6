/* states.c: crafted segments against each state: the rules of RFC 9293 section 3.10.7, RFC 5961,
 * RFC 7323.  Host 0 has TCP, host 1 is the test. */
#include "wire.h"

#include <stdio.h>

static struct wire w;
static struct mir_tcp_device tcp;
static struct mir_tcp_flow *flow; /* accepted or connected */
static struct mir_tcp_listener *listener;
static uint32_t iss, rcv; /* the test's next number; what it expects of the device */

enum { OUR = 4000, PORT = 80, ISS = 1000 };

static void on_accept(void *arg, struct mir_tcp_flow *f)
{
	(void)arg;
	flow = f;
}

static void begin(void)
{
	struct mir_tcp_device_config config = { .ip = &w.host[0].ip, .name = "test" };

	wire_init(&w);
	flow = NULL;
	listener = NULL;
	mir_tcp_device_start(&tcp, &config);
}

static void end(void)
{
	if (flow)
		mir_flow_abort(&flow->flow);
	if (listener)
		mir_tcp_unlisten(listener);
	mir_sleep(MIR_MS(10));
	mir_tcp_device_stop(&tcp);
	wire_release(&w);
}

static void send_full(uint8_t flags, uint32_t seq, uint32_t ack, const char *text, uint16_t port)
{
	struct mir_tcp_segment s = { .flags = flags, .seq = seq, .ack = ack, .window = 60000 };

	if (flags & MIR_TCP_SYN)
		s.mss = 1460;
	wire_inject(&w.host[1], &s, port, PORT, text, (uint32_t)strlen(text));
}

static void send_text(uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
	send_full(flags, seq, ack, text, OUR);
}

/* The segments that came since the last call; the last one of them. */
static unsigned came(struct mir_tcp_segment *last)
{
	unsigned n;

	mir_sleep(MIR_MS(60)); /* the wire, and delayed ACKs */
	n = w.host[1].nseen;
	if (n > 0)
		*last = w.host[1].seen[n - 1];
	w.host[1].nseen = 0;
	return n;
}

static bool came_one(uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct mir_tcp_segment s = { 0 };
	unsigned n = came(&s);

	if (n == 1 && (s.flags & ~MIR_TCP_PSH) == flags && s.seq == seq &&
	    (!(flags & MIR_TCP_ACK) || s.ack == ack))
		return true;
	printf("# %u segments; last: flags %x seq %u ack %u len %u\n", n, s.flags, s.seq, s.ack,
	    s.len);
	return false;
}

static bool silence(void)
{
	struct mir_tcp_segment s;

	return came(&s) == 0;
}

static enum mir_tcp_state state(void)
{
	return mir_container(flow, struct mir_tcp_conn, flow)->tcb.state;
}

static void listen_on(void)
{
	struct mir_endpoint any = { .port = PORT };

	mir_tcp_listen(&tcp.tcp, &any, 0, NULL, on_accept, NULL, &listener);
}

/* A connection accepted by the device, ESTABLISHED. */
static void establish(void)
{
	struct mir_tcp_segment s = { 0 };

	begin();
	listen_on();
	send_text(MIR_TCP_SYN, ISS, 0, "");
	came(&s);
	iss = ISS + 1;
	rcv = s.seq + 1;
	ok(s.flags == (MIR_TCP_SYN | MIR_TCP_ACK) && s.ack == ISS + 1 && s.mss == 1460,
	    "SYN is answered with SYN, ACK");
	send_text(MIR_TCP_ACK, iss, rcv, "");
	ok(silence() && flow && state() == MIR_TCP_ESTABLISHED, "ACK establishes");
}

static void write_text(const char *text)
{
	mir_flow_write_copy(&flow->flow, text, strlen(text));
}

/* Reads what is there; 0 at the end of the stream. */
static int read_text(char *out)
{
	struct mir_slice s[4];
	int n = mir_flow_read(&flow->flow, s, 4), len = 0;

	for (int i = 0; i < n; i++) {
		memcpy(out + len, s[i].p, s[i].len);
		len += (int)s[i].len;
	}
	if (n > 0)
		mir_slices_unref(s, (unsigned)n);
	out[len] = 0;
	return n < 0 ? n : len;
}

static void closed_ports(void)
{
	begin();
	send_text(MIR_TCP_SYN, ISS, 0, "");
	ok(came_one(MIR_TCP_RST | MIR_TCP_ACK, 0, ISS + 1), "SYN: RST, ACK of it");
	send_text(MIR_TCP_ACK, ISS, 777, "xy");
	ok(came_one(MIR_TCP_RST, 777, 0), "ACK: RST with its number");
	send_text(MIR_TCP_SYN | MIR_TCP_FIN, ISS, 0, "abc");
	ok(came_one(MIR_TCP_RST | MIR_TCP_ACK, 0, ISS + 5), "text, SYN, FIN all count");
	send_text(MIR_TCP_RST, ISS, 0, "");
	ok(silence(), "RST: nothing");
	end();
}

static void listening(void)
{
	begin();
	listen_on();
	send_text(MIR_TCP_RST, ISS, 0, "");
	ok(silence(), "RST is ignored");
	send_text(MIR_TCP_ACK, ISS, 555, "");
	ok(came_one(MIR_TCP_RST, 555, 0), "ACK is reset");
	send_text(MIR_TCP_FIN, ISS, 0, "");
	ok(silence(), "FIN is ignored");
	send_text(MIR_TCP_SYN | MIR_TCP_FIN, ISS, 0, "");
	ok(silence(), "SYN with FIN is ignored");
	send_text(MIR_TCP_SYN | MIR_TCP_ACK, ISS, 9, "");
	ok(came_one(MIR_TCP_RST, 9, 0), "SYN, ACK is reset");
	end();
}

static void half_open(void)
{
	struct mir_tcp_segment s;
	struct mir_tcp_stats stats;
	uint32_t theirs;

	begin();
	listen_on();
	send_text(MIR_TCP_SYN, ISS, 0, "");
	ok(came(&s) == 1, "SYN, ACK");
	theirs = s.seq;
	send_text(MIR_TCP_SYN, ISS, 0, "");
	ok(came_one(MIR_TCP_SYN | MIR_TCP_ACK, theirs, ISS + 1), "again for a SYN that came again");
	send_text(MIR_TCP_ACK, ISS + 1, theirs + 2, "");
	ok(came_one(MIR_TCP_RST, theirs + 2, 0), "a wrong ACK is reset");
	send_text(MIR_TCP_RST, ISS + 5, 0, "");
	mir_tcp_device_stats(&tcp, &stats);
	ok(silence() && stats.half_open == 1, "an inexact RST is ignored");
	mir_sleep(MIR_SECOND(1));
	ok(came(&s) == 1 && s.seq == theirs, "SYN, ACK is sent again after a second");
	send_text(MIR_TCP_RST, ISS + 1, 0, "");
	mir_tcp_device_stats(&tcp, &stats);
	ok(silence() && stats.half_open == 0, "an exact RST ends it");
	send_text(MIR_TCP_SYN, ISS, 0, "");
	mir_sleep(MIR_SECOND(60));
	mir_tcp_device_stats(&tcp, &stats);
	ok(came(&s) == 5 && stats.half_open == 0, "given up after five SYN, ACKs");
	end();
}

static void established(void)
{
	char text[100];

	establish();
	send_text(MIR_TCP_ACK, iss, rcv, "hello");
	ok(came_one(MIR_TCP_ACK, rcv, iss + 5), "text is acknowledged");
	ok(read_text(text) == 5 && strcmp(text, "hello") == 0, "and read");
	iss += 5;
	send_text(MIR_TCP_ACK, iss + 3, rcv, "DEF");
	ok(came_one(MIR_TCP_ACK, rcv, iss), "text beyond a hole: duplicate ACK at once");
	send_text(MIR_TCP_ACK, iss - 2, rcv, "xxABCDxx");
	ok(came_one(MIR_TCP_ACK, rcv, iss + 6), "overlap is trimmed on both sides");
	ok(read_text(text) == 6 && memcmp(text, "ABCD", 4) == 0, "in order");
	iss += 6;
	send_text(MIR_TCP_ACK, iss - 6, rcv, "ABCDEF");
	ok(came_one(MIR_TCP_ACK, rcv, iss), "old text is acknowledged again");
	send_text(MIR_TCP_ACK, iss + 1000000, rcv, "far");
	ok(came_one(MIR_TCP_ACK, rcv, iss), "text outside of the window: ACK");
	send_text(0, iss, 0, "no ACK bit");
	ok(silence(), "a segment without ACK is dropped");
	write_text("reply");
	ok(came_one(MIR_TCP_ACK, rcv, iss), "text is sent");
	send_text(MIR_TCP_ACK, iss, rcv + 5, "");
	rcv += 5;
	ok(silence(), "its ACK needs no answer");
	end();
}

static void attacks(void)
{
	establish();
	send_text(MIR_TCP_ACK, iss, rcv + 50, "x");
	ok(came_one(MIR_TCP_ACK, rcv, iss), "an ACK of what was never sent: challenge");
	mir_sleep(MIR_MS(200));
	send_text(MIR_TCP_SYN, iss, 0, "");
	ok(came_one(MIR_TCP_ACK, rcv, iss), "SYN: challenge ACK");
	send_text(MIR_TCP_SYN, iss, 0, "");
	ok(silence(), "challenges are limited");
	mir_sleep(MIR_MS(200));
	send_text(MIR_TCP_RST, iss + 10, 0, "");
	ok(came_one(MIR_TCP_ACK, rcv, iss), "RST in the window: challenge ACK");
	send_text(MIR_TCP_RST, iss - 1, 0, "");
	send_text(MIR_TCP_RST, iss + 10000000, 0, "");
	ok(silence() && state() == MIR_TCP_ESTABLISHED, "RST outside of the window is ignored");
	send_text(MIR_TCP_RST, iss, 0, "");
	ok(silence() && state() == MIR_TCP_CLOSED, "the exact RST resets");
	ok(mir_flow_write_copy(&flow->flow, "x", 1) == MIR_ECONNRESET, "the writer is told");
	end();
}

/* RST in each state that can be reached from ESTABLISHED. */
static void resets(void)
{
	static const enum mir_tcp_state states[] = { MIR_TCP_ESTABLISHED, MIR_TCP_FIN_WAIT_1,
		MIR_TCP_FIN_WAIT_2, MIR_TCP_CLOSE_WAIT, MIR_TCP_CLOSING, MIR_TCP_LAST_ACK };
	struct mir_tcp_segment s;

	for (unsigned i = 0; i < MIR_COUNT(states); i++) {
		enum mir_tcp_state want = states[i];
		bool ours = want != MIR_TCP_ESTABLISHED && want != MIR_TCP_CLOSE_WAIT;

		establish();
		if (want == MIR_TCP_CLOSE_WAIT || want == MIR_TCP_LAST_ACK)
			send_text(MIR_TCP_FIN | MIR_TCP_ACK, iss++, rcv, "");
		if (ours)
			mir_flow_shutdown(&flow->flow, MIR_FLOW_WRITE);
		came(&s);
		rcv += ours;
		if (want == MIR_TCP_FIN_WAIT_2)
			send_text(MIR_TCP_ACK, iss, rcv, "");
		if (want == MIR_TCP_CLOSING)
			send_text(MIR_TCP_FIN | MIR_TCP_ACK, iss++, rcv - 1, "");
		came(&s);
		ok(state() == want, "%s", mir_tcp_state_name(want));
		send_text(MIR_TCP_RST, iss, 0, "");
		ok(silence() && state() == MIR_TCP_CLOSED, "RST ends it");
		end();
	}
}

static void peer_closes(void)
{
	char text[100];

	establish();
	send_text(MIR_TCP_FIN | MIR_TCP_ACK, iss + 3, rcv, "");
	ok(came_one(MIR_TCP_ACK, rcv, iss) && state() == MIR_TCP_ESTABLISHED,
	    "FIN beyond a hole waits");
	send_text(MIR_TCP_ACK, iss, rcv, "abc");
	iss += 4;
	ok(came_one(MIR_TCP_ACK, rcv, iss) && state() == MIR_TCP_CLOSE_WAIT, "the hole closes");
	ok(read_text(text) == 3 && read_text(text) == 0, "text, then the end");
	write_text("still");
	ok(came_one(MIR_TCP_ACK, rcv, iss), "the other half works");
	send_text(MIR_TCP_ACK, iss, rcv + 5, "");
	rcv += 5;
	mir_flow_shutdown(&flow->flow, MIR_FLOW_WRITE);
	ok(came_one(MIR_TCP_FIN | MIR_TCP_ACK, rcv, iss) && state() == MIR_TCP_LAST_ACK, "FIN");
	ok(mir_flow_write_copy(&flow->flow, "x", 1) == MIR_EPIPE, "no writing after");
	send_text(MIR_TCP_ACK, iss, rcv + 1, "");
	ok(silence() && state() == MIR_TCP_CLOSED, "CLOSED after its ACK");
	end();
}

static void we_close(void)
{
	struct mir_tcp_stats stats;
	char text[100];

	establish();
	mir_flow_shutdown(&flow->flow, MIR_FLOW_WRITE);
	ok(came_one(MIR_TCP_FIN | MIR_TCP_ACK, rcv, iss) && state() == MIR_TCP_FIN_WAIT_1, "FIN");
	rcv++;
	send_text(MIR_TCP_ACK, iss, rcv, "");
	ok(silence() && state() == MIR_TCP_FIN_WAIT_2, "FIN-WAIT-2");
	send_text(MIR_TCP_ACK, iss, rcv, "late");
	iss += 4;
	ok(came_one(MIR_TCP_ACK, rcv, iss) && read_text(text) == 4, "text still comes");
	send_text(MIR_TCP_FIN | MIR_TCP_ACK, iss, rcv, "");
	iss++;
	ok(came_one(MIR_TCP_ACK, rcv, iss) && state() == MIR_TCP_TIME_WAIT, "TIME-WAIT");
	ok(read_text(text) == 0, "the end");
	send_text(MIR_TCP_FIN | MIR_TCP_ACK, iss - 1, rcv, "");
	ok(came_one(MIR_TCP_ACK, rcv, iss), "FIN again: ACK again");
	send_text(MIR_TCP_RST, iss, 0, "");
	mir_tcp_device_stats(&tcp, &stats);
	ok(silence() && stats.time_wait == 1, "RST does not end it (RFC 1337)");
	send_text(MIR_TCP_SYN, iss - 100, 0, "");
	ok(came_one(MIR_TCP_ACK, rcv, iss), "an old SYN: ACK");
	send_text(MIR_TCP_SYN, iss + 100, 0, "");
	mir_tcp_device_stats(&tcp, &stats);
	came(&(struct mir_tcp_segment){ 0 });
	ok(stats.time_wait == 0 && stats.time_wait_reused == 1, "a new SYN begins anew");
	end();
}

static void time_wait_ends(void)
{
	struct mir_tcp_stats stats;

	establish();
	mir_flow_close(&flow->flow);
	flow = NULL;
	came(&(struct mir_tcp_segment){ 0 });
	send_text(MIR_TCP_FIN | MIR_TCP_ACK, iss, rcv + 1, "");
	mir_sleep(MIR_SECOND(1));
	mir_tcp_device_stats(&tcp, &stats);
	ok(stats.time_wait == 1 && stats.connections == 0, "an entry remains");
	mir_sleep(MIR_SECOND(10));
	mir_tcp_device_stats(&tcp, &stats);
	ok(stats.time_wait == 0 && stats.memory_used == 0, "for ten seconds");
	end();
}

static void close_with_unread(void)
{
	struct mir_tcp_segment s;

	establish();
	send_text(MIR_TCP_ACK, iss, rcv, "unread");
	came(&s);
	mir_flow_close(&flow->flow);
	flow = NULL;
	ok(came_one(MIR_TCP_RST | MIR_TCP_ACK, rcv, iss + 6), "RST");
	end();
	establish();
	mir_flow_close(&flow->flow);
	flow = NULL;
	ok(came_one(MIR_TCP_FIN | MIR_TCP_ACK, rcv, iss), "FIN");
	send_text(MIR_TCP_ACK, iss, rcv + 1, "nobody reads this");
	ok(came(&s) == 1 && (s.flags & MIR_TCP_RST), "text after close: RST");
	end();
}

static void fin_wait_2_ends(void)
{
	struct mir_tcp_stats stats;

	establish();
	mir_flow_close(&flow->flow);
	flow = NULL;
	came(&(struct mir_tcp_segment){ 0 });
	send_text(MIR_TCP_ACK, iss, rcv + 1, "");
	mir_sleep(MIR_SECOND(59));
	mir_tcp_device_stats(&tcp, &stats);
	ok(stats.states[MIR_TCP_FIN_WAIT_2] == 1, "FIN-WAIT-2 lasts");
	mir_sleep(MIR_SECOND(2));
	mir_tcp_device_stats(&tcp, &stats);
	ok(stats.connections == 0, "for a minute");
	end();
}

static void broken_segments(void)
{
	struct mir_tcp_segment s = { .flags = MIR_TCP_SYN, .seq = 1, .window = 1, .mss = 1460 };
	uint8_t raw[40] = { 0 };
	struct mir_tcp_stats stats;

	begin();
	listen_on();
	for (uint32_t n = 0; n < sizeof(raw); n++)
		host_receive(&w.host[0], raw, n, 0);
	raw[12] = 0xf0;
	host_receive(&w.host[0], raw, sizeof(raw), 0);
	raw[12] = 0x50;
	host_receive(&w.host[0], raw, sizeof(raw), 0);
	mir_tcp_device_stats(&tcp, &stats);
	ok(stats.header_errors == sizeof(raw) + 2 && silence(), "short headers are counted");
	for (int i = 0; i < 3; i++) {
		uint8_t cast[64];
		struct mir_ip_rx rx = { .src = w.host[1].addr,
			.dst = w.host[0].addr,
			.proto = 6,
			.cast = i == 0 ? MIR_BROADCAST : MIR_MULTICAST };
		struct mir_tcp_tuple t = { w.host[1].addr, w.host[0].addr, OUR, PORT };
		struct mir_packet *p = mir_packet_new();

		mir_tcp_build(&s, &t, p);
		mir_packet_copy(p, 0, cast, p->total);
		if (i == 2)
			rx.cast = MIR_UNICAST; /* but the checksum is wrong */
		else
			complete(cast, p->total, &w.host[1]);
		w.host[0].proto->input(w.host[0].arg, wire_packet(cast, p->total), &rx);
		mir_packet_unref(p);
	}
	mir_tcp_device_stats(&tcp, &stats);
	ok(silence() && stats.checksum_errors == 1, "broadcast, multicast, wrong checksum");
	end();
}

static struct {
	int rc;
	bool done;
	struct mir_tcp_flow *flow;
} dial;

static void dialler(void *arg)
{
	struct mir_endpoint local = { .port = PORT }, to = { w.host[1].addr, OUR };

	(void)arg;
	dial.rc = mir_tcp_connect(&tcp.tcp, &local, &to, NULL, &dial.flow);
	dial.done = true;
}

/* Starts a connect from port PORT to port OUR and takes its SYN. */
static void dial_start(void)
{
	struct mir_tcp_segment s = { 0 };

	begin();
	memset(&dial, 0, sizeof(dial));
	mir_spawn("dialler", dialler, NULL);
	came(&s);
	ok(s.flags == MIR_TCP_SYN && s.has_ts && s.has_scale && s.sack_permitted && s.mss == 1460,
	    "SYN with options");
	rcv = s.seq + 1;
}

static void syn_sent(void)
{
	dial_start();
	send_text(MIR_TCP_ACK, 1, rcv + 7, "");
	ok(came_one(MIR_TCP_RST, rcv + 7, 0), "a wrong ACK is reset");
	send_text(MIR_TCP_RST, 1, 0, "");
	send_text(MIR_TCP_RST | MIR_TCP_ACK, 1, rcv + 7, "");
	ok(silence() && !dial.done, "RST without our ACK is ignored");
	send_text(MIR_TCP_ACK, 1, rcv, "");
	ok(silence() && !dial.done, "ACK without SYN is ignored");
	send_text(MIR_TCP_RST | MIR_TCP_ACK, 1, rcv, "");
	ok(silence() && dial.done && dial.rc == MIR_ECONNREFUSED, "RST refuses");
	end();
	dial_start();
	send_text(MIR_TCP_SYN | MIR_TCP_ACK, ISS, rcv, "");
	ok(came_one(MIR_TCP_ACK, rcv, ISS + 1) && dial.rc == 0 && dial.done, "SYN, ACK connects");
	flow = dial.flow;
	end();
	dial_start();
	mir_sleep(MIR_SECOND(200));
	ok(dial.done && dial.rc == MIR_ETIMEDOUT, "nobody answers");
	end();
}

static void simultaneous_open(void)
{
	dial_start();
	send_text(MIR_TCP_SYN, ISS, 0, "");
	ok(came_one(MIR_TCP_SYN | MIR_TCP_ACK, rcv - 1, ISS + 1), "SYN, ACK");
	send_text(MIR_TCP_SYN | MIR_TCP_ACK, ISS, rcv, "");
	ok(came_one(MIR_TCP_ACK, rcv, ISS + 1) && dial.done && dial.rc == 0, "established");
	flow = dial.flow;
	send_text(MIR_TCP_ACK, ISS + 1, rcv, "text");
	ok(came_one(MIR_TCP_ACK, rcv, ISS + 5), "and works");
	end();
	dial_start();
	send_text(MIR_TCP_SYN, ISS, 0, "");
	came(&(struct mir_tcp_segment){ 0 });
	send_text(MIR_TCP_RST, ISS + 1, 0, "");
	ok(silence() && dial.done && dial.rc == MIR_ECONNREFUSED, "RST in SYN-RECEIVED");
	end();
}

static void simultaneous_close(void)
{
	establish();
	mir_flow_shutdown(&flow->flow, MIR_FLOW_WRITE);
	ok(came_one(MIR_TCP_FIN | MIR_TCP_ACK, rcv, iss), "FIN");
	send_text(MIR_TCP_FIN | MIR_TCP_ACK, iss, rcv, "");
	ok(came_one(MIR_TCP_ACK, rcv + 1, iss + 1) && state() == MIR_TCP_CLOSING, "CLOSING");
	send_text(MIR_TCP_ACK, iss + 1, rcv + 1, "");
	ok(silence() && state() == MIR_TCP_TIME_WAIT, "TIME-WAIT");
	end();
}

static void icmp_errors(void)
{
	struct mir_ip_error e = { .kind = MIR_IP_PORT_UNREACHABLE };
	uint8_t l4[8] = { 0 };

	dial_start();
	e.src = w.host[0].addr;
	e.dst = w.host[1].addr;
	mir_put_be16(l4, PORT);
	mir_put_be16(l4 + 2, OUR);
	mir_put_be32(l4 + 4, rcv + 1000);
	w.host[0].proto->error(w.host[0].arg, &e, l4, 8);
	ok(silence() && !dial.done, "a number that is not in flight is ignored");
	mir_put_be32(l4 + 4, rcv - 1);
	w.host[0].proto->error(w.host[0].arg, &e, l4, 8);
	ok(silence() && dial.done && dial.rc == MIR_ECONNREFUSED, "port unreachable refuses");
	end();
}

static void address_removed(void)
{
	struct mir_cidr gone;

	establish();
	gone = (struct mir_cidr){ w.host[0].addr, 24 };
	w.host[0].watch->changed(w.host[0].watch, MIR_IP_REMOVED, gone);
	ok(mir_flow_write_copy(&flow->flow, "x", 1) == MIR_ENETDOWN, "its connections end");
	end();
}

int main(void)
{
	RUN(closed_ports);
	RUN(listening);
	RUN(half_open);
	RUN(established);
	RUN(attacks);
	RUN(resets);
	RUN(peer_closes);
	RUN(we_close);
	RUN(time_wait_ends);
	RUN(close_with_unread);
	RUN(fin_wait_2_ends);
	RUN(broken_segments);
	RUN(syn_sent);
	RUN(simultaneous_open);
	RUN(simultaneous_close);
	RUN(icmp_errors);
	RUN(address_removed);
	return mir_test_end();
}
