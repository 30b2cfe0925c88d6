/* life.c: what happens to connections in time: closed windows, keep-alive, half-close, path MTU,
 * numbers that wrap, TIME-WAIT, memory that fails. */
#include "wire.h"

#include <stdio.h>

static struct pair pair;
static struct mir_tcp_flow *accepted;
static struct mir_tcp_listener *listener;

static void on_accept(void *arg, struct mir_tcp_flow *f)
{
	(void)arg;
	accepted = f;
}

/* Connects device 1 to device 0, port 80. */
static struct mir_tcp_flow *connect_pair(const struct mir_tcp_options *o)
{
	struct mir_endpoint any = { .port = 80 }, to = { pair.wire.host[0].addr, 80 };
	struct mir_tcp_flow *f = NULL;
	int rc = mir_tcp_listen(&pair.tcp[0].tcp, &any, 0, o, on_accept, NULL, &listener);

	accepted = NULL;
	ok(rc == 0, "listens");
	rc = mir_tcp_connect(&pair.tcp[1].tcp, NULL, &to, o, &f);
	mir_sleep(MIR_MS(10));
	ok(rc == 0 && accepted, "connects: %s", mir_strerror(rc));
	mir_tcp_unlisten(listener);
	return f;
}

static struct mir_tcb *tcb_of(struct mir_tcp_flow *f)
{
	return &mir_container(f, struct mir_tcp_conn, flow)->tcb;
}

static uint64_t total;

static void pump(void *arg)
{
	struct mir_tcp_flow *f = arg;
	static uint8_t bytes[20000];
	int rc = 0;

	for (uint64_t sent = 0; sent < total && rc == 0; sent += sizeof(bytes)) {
		struct mir_slice s = mir_slice_static(bytes, sizeof(bytes));

		rc = mir_flow_write(&f->flow, &s, 1);
	}
	mir_flow_shutdown(&f->flow, MIR_FLOW_WRITE);
}

/* Reads to the end; how many bytes, or the error. */
static int64_t swallow(struct mir_tcp_flow *f, int64_t pause)
{
	struct mir_slice s[4];
	int64_t bytes = 0;
	int n;

	while ((n = mir_flow_read(&f->flow, s, 4)) > 0) {
		bytes += (int64_t)mir_slices_len(s, (unsigned)n);
		mir_slices_unref(s, (unsigned)n);
		if (pause)
			mir_sleep(pause);
	}
	return n < 0 ? n : bytes;
}

static void zero_window(void)
{
	struct mir_tcp_stats s;
	struct mir_tcp_flow *f;

	pair_start(&pair, 0);
	f = connect_pair(NULL);
	total = 1000000;
	mir_spawn("pump", pump, f);
	mir_sleep(MIR_SECOND(1000));
	mir_tcp_device_stats(&pair.tcp[1], &s);
	ok(s.probes > 10 && s.probes < 40, "a closed window is probed, more and more rarely: %u",
	    (unsigned)s.probes);
	ok(tcb_of(f)->state >= MIR_TCP_ESTABLISHED, "for as long as the peer answers");
	ok(swallow(accepted, 0) == 1000000, "it opens, and all arrives");
	mir_flow_close(&accepted->flow);
	mir_flow_close(&f->flow);
	pair_stop(&pair);
}

/* The window update that opens the window is lost; the probe finds out. */
static void lost_update(void)
{
	struct mir_tcp_flow *f;
	int64_t got;

	pair_start(&pair, 0);
	f = connect_pair(NULL);
	total = 1000000;
	mir_spawn("pump", pump, f);
	mir_sleep(MIR_SECOND(10));
	pair.wire.loss = 200;
	got = swallow(accepted, MIR_MS(1));
	ok(got == 1000000, "all arrives: %lld", (long long)got);
	pair.wire.loss = 0;
	mir_flow_close(&accepted->flow);
	mir_flow_close(&f->flow);
	mir_sleep(MIR_SECOND(120));
	pair_stop(&pair);
}

static void slow_reader(void)
{
	struct mir_tcp_options o = { .receive_buffer = 20000, .send_buffer = 30000 };
	struct mir_tcp_flow *f;

	pair_start(&pair, 0);
	f = connect_pair(&o);
	total = 2000000;
	mir_spawn("pump", pump, f);
	ok(swallow(accepted, MIR_MS(50)) == 2000000, "all arrives");
	mir_flow_close(&accepted->flow);
	mir_flow_close(&f->flow);
	pair_stop(&pair);
}

static void peer_vanishes(void)
{
	struct mir_tcp_options o = { .user_timeout_ns = MIR_SECOND(30) };
	struct mir_tcp_flow *f;
	int64_t t0;

	pair_start(&pair, 0);
	f = connect_pair(&o);
	pair.wire.cut = true;
	t0 = mir_now();
	ok(mir_flow_write_copy(&f->flow, "x", 1) == 0, "a write into the void");
	ok(mir_flow_drain(&f->flow) == MIR_ETIMEDOUT, "times out");
	ok(mir_now() - t0 >= MIR_SECOND(30) && mir_now() - t0 < MIR_SECOND(32), "as told");
	mir_flow_close(&f->flow);
	mir_flow_abort(&accepted->flow);
	pair_stop(&pair);
}

static void keepalive(void)
{
	struct mir_tcp_options o = { .keepalive_idle_ns = MIR_SECOND(60),
		.keepalive_interval_ns = MIR_SECOND(5),
		.keepalive_probes = 3 };
	struct mir_tcp_flow *f;
	struct mir_slice s;
	uint64_t packets;
	int64_t t0;

	pair_start(&pair, 0);
	f = connect_pair(&o);
	packets = pair.wire.packets;
	mir_sleep(MIR_SECOND(600));
	ok(pair.wire.packets - packets >= 20 && pair.wire.packets - packets <= 42,
	    "probes are answered: %u packets", (unsigned)(pair.wire.packets - packets));
	ok(tcb_of(f)->state == MIR_TCP_ESTABLISHED, "and the connection lives");
	pair.wire.cut = true;
	t0 = mir_now();
	ok(mir_flow_read(&f->flow, &s, 1) == MIR_ETIMEDOUT, "until nobody answers");
	ok(mir_now() - t0 < MIR_SECOND(80), "in time");
	pair.wire.cut = false;
	mir_flow_close(&f->flow);
	mir_flow_abort(&accepted->flow);
	pair_stop(&pair);
}

static void half_close(void)
{
	struct mir_tcp_flow *f;
	struct mir_slice s;

	pair_start(&pair, 0);
	f = connect_pair(NULL);
	mir_flow_shutdown(&f->flow, MIR_FLOW_WRITE);
	ok(mir_flow_read(&accepted->flow, &s, 1) == 0, "the peer sees the end");
	total = 500000;
	mir_spawn("pump", pump, accepted);
	ok(swallow(f, 0) == 500000, "and still sends");
	mir_flow_close(&f->flow);
	mir_flow_close(&accepted->flow);
	pair_stop(&pair);
}

static void both_close(void)
{
	struct mir_tcp_stats s;
	struct mir_tcp_flow *f;

	pair_start(&pair, 0);
	f = connect_pair(NULL);
	mir_flow_close(&f->flow);
	mir_flow_close(&accepted->flow);
	mir_sleep(MIR_MS(100));
	for (unsigned i = 0; i < 2; i++) {
		mir_tcp_device_stats(&pair.tcp[i], &s);
		ok(s.connections == 0 && s.time_wait == 1, "both sides are in TIME-WAIT");
	}
	pair_stop(&pair);
}

/* Both connect to each other at once, from and to the same ports. */
static void dial_other(void *arg)
{
	struct mir_endpoint local = { .port = 555 }, to = { pair.wire.host[0].addr, 444 };

	mir_tcp_connect(&pair.tcp[1].tcp, &local, &to, NULL, arg);
}

static void both_open(void)
{
	struct mir_endpoint local = { .port = 444 }, to = { pair.wire.host[1].addr, 555 };
	struct mir_tcp_flow *a = NULL, *b = NULL;
	int rc;

	pair_start(&pair, 0);
	mir_spawn("dial", dial_other, &b);
	rc = mir_tcp_connect(&pair.tcp[0].tcp, &local, &to, NULL, &a);
	mir_sleep(MIR_MS(10));
	ok(rc == 0 && a && b, "one connection, two callers");
	total = 300000;
	mir_spawn("pump", pump, a);
	ok(swallow(b, 0) == 300000, "and it works");
	mir_flow_close(&a->flow);
	mir_flow_close(&b->flow);
	pair_stop(&pair);
}

static unsigned longest, too_long;

static bool measure(
    struct wire *w, struct host *from, const struct mir_tcp_segment *s, uint32_t len)
{
	(void)from;
	(void)s;
	if (len + 20 > w->narrow)
		too_long++;
	else
		longest = MIR_MAX(longest, len + 20);
	return false;
}

static void path_mtu(void)
{
	struct mir_tcp_flow *f;

	for (unsigned i = 0; i < 2; i++) {
		pair_start(&pair, i ? MIR_NET_TX_TSO4 : 0);
		f = connect_pair(NULL);
		total = 2000000;
		mir_spawn("pump", pump, f);
		mir_sleep(MIR_MS(7));
		pair.wire.narrow = 600;
		mir_sleep(MIR_MS(50));
		longest = too_long = 0;
		pair.wire.filter = measure;
		ok(swallow(accepted, 0) == 2000000, "all arrives over a narrower path");
		ok(longest == 600 && too_long <= 64, "in packets of 600 bytes: %u after %u",
		    longest, too_long);
		mir_flow_close(&f->flow);
		mir_flow_close(&accepted->flow);
		pair_stop(&pair);
	}
}

/* Waits until the next connection's initial number is just before 2^32. */
static void wrap(void)
{
	struct mir_endpoint any = { .port = 80 }, to = { pair.wire.host[0].addr, 80 };
	struct mir_endpoint local;
	struct mir_tcp_tuple tuple;
	struct mir_tcp_flow *f = NULL;
	uint32_t isn, iss = 0;

	pair_start(&pair, 0);
	local = (struct mir_endpoint){ pair.wire.host[1].addr, 5555 };
	to.addr = pair.wire.host[0].addr;
	tuple = (struct mir_tcp_tuple){ local.addr, to.addr, 5555, 80 };
	isn = mir_tcp_isn(pair.tcp[1].core, &tuple, mir_now());
	mir_sleep((int64_t)(UINT32_MAX - 30000 - isn) * 4000);
	mir_tcp_listen(&pair.tcp[0].tcp, &any, 0, NULL, on_accept, NULL, &listener);
	accepted = NULL;
	ok(mir_tcp_connect(&pair.tcp[1].tcp, &local, &to, NULL, &f) == 0, "connects");
	mir_sleep(MIR_MS(5));
	iss = tcb_of(f)->iss;
	ok(iss > UINT32_MAX - 40000, "from %u", iss);
	total = 1000000;
	mir_spawn("pump", pump, f);
	ok(swallow(accepted, 0) == 1000000 && tcb_of(f)->nxt < iss, "over the edge");
	mir_flow_close(&accepted->flow);
	mir_flow_close(&f->flow);
	mir_tcp_unlisten(listener);
	pair_stop(&pair);
}

/* The same four numbers again while the peer remembers the connection before. */
static void time_wait_reuse(void)
{
	struct mir_endpoint any = { .port = 80 }, local = { .port = 7777 }, to = { .port = 80 };
	struct mir_tcp_stats s;

	pair_start(&pair, 0);
	to.addr = pair.wire.host[0].addr;
	mir_tcp_listen(&pair.tcp[0].tcp, &any, 0, NULL, on_accept, NULL, &listener);
	for (unsigned i = 0; i < 20; i++) {
		struct mir_tcp_flow *f = NULL;
		int rc = mir_tcp_connect(&pair.tcp[1].tcp, &local, &to, NULL, &f);
		struct mir_slice slice;

		if (rc < 0) {
			ok(false, "connects again: %s", mir_strerror(rc));
			break;
		}
		mir_sleep(MIR_MS(5));
		mir_flow_close(i % 2 ? &f->flow : &accepted->flow);
		ok(mir_flow_read(i % 2 ? &accepted->flow : &f->flow, &slice, 1) == 0, "%u", i);
		mir_flow_close(i % 2 ? &accepted->flow : &f->flow);
		mir_sleep(MIR_MS(5));
	}
	mir_tcp_device_stats(&pair.tcp[0], &s);
	ok(s.time_wait_reused >= 9, "entries of TIME-WAIT are reused: %u",
	    (unsigned)s.time_wait_reused);
	mir_tcp_unlisten(listener);
	pair_stop(&pair);
}

/* Each so many allocations one fails, in all places. */
static bool failing(
    struct wire *w, struct host *from, const struct mir_tcp_segment *s, uint32_t len)
{
	(void)w;
	(void)from;
	(void)s;
	(void)len;
	if (mir_random_below(4) == 0)
		mir_mem_fail_at(1 + mir_random_below(30));
	return false;
}

static void no_memory(void)
{
	struct mir_tcp_flow *f;
	int64_t got;

	pair_start(&pair, 0);
	f = connect_pair(NULL);
	total = 2000000;
	pair.wire.filter = failing;
	mir_spawn("pump", pump, f);
	got = swallow(accepted, 0);
	mir_mem_fail_at(0);
	ok(got == 2000000, "all arrives: %lld", (long long)got);
	mir_flow_close(&f->flow);
	mir_flow_close(&accepted->flow);
	pair.wire.filter = NULL;
	mir_sleep(MIR_SECOND(10));
	pair_stop(&pair);
}

/* A device with a budget that is used up: what is there goes on, what is new is turned away. */
static void budget(void)
{
	struct mir_endpoint to = { .port = 80 };
	struct mir_tcp_flow *f, *other = NULL;
	struct mir_tcp_stats s;

	pair_start(&pair, 0);
	pair.tcp[0].core->env.budget.limit = 100000;
	f = connect_pair(NULL);
	total = 1000000;
	mir_spawn("pump", pump, f);
	mir_sleep(MIR_MS(300));
	mir_tcp_device_stats(&pair.tcp[0], &s);
	ok(s.memory_used < 100000, "kept to: %u", (unsigned)s.memory_used);
	to.addr = pair.wire.host[0].addr;
	mir_tcp_listen(&pair.tcp[0].tcp, &to, 0, NULL, on_accept, NULL, &listener);
	pair.tcp[0].core->env.budget.limit = s.memory_used;
	mir_deadline_set(
	    mir_now() + MIR_MS(200)); /* it is not given up for standing still so short */
	ok(mir_tcp_connect(&pair.tcp[1].tcp, NULL, &to, NULL, &other) == MIR_ETIMEDOUT,
	    "new connections are turned away");
	mir_deadline_restore(MIR_NEVER);
	mir_tcp_unlisten(listener);
	ok(swallow(accepted, 0) == 1000000, "the old one goes on");
	mir_flow_close(&f->flow);
	mir_flow_close(&accepted->flow);
	pair_stop(&pair);
}

static void cancelled(void)
{
	struct mir_endpoint to = { .port = 80 };
	struct mir_tcp_flow *f, *none = NULL;
	struct mir_slice s;
	int64_t outer;

	pair_start(&pair, 0);
	f = connect_pair(NULL);
	outer = mir_deadline_set(mir_now() + MIR_MS(100));
	ok(mir_flow_read(&f->flow, &s, 1) == MIR_ETIMEDOUT, "a read has a deadline");
	mir_deadline_restore(outer);
	ok(mir_flow_write_copy(&accepted->flow, "ab", 2) == 0 &&
		mir_flow_read(&f->flow, &s, 1) == 1 && s.len == 2,
	    "and the flow is unhurt");
	mir_slice_unref(&s);
	to.addr = pair.wire.host[0].addr;
	pair.wire.cut = true;
	outer = mir_deadline_set(mir_now() + MIR_MS(100));
	ok(mir_tcp_connect(&pair.tcp[1].tcp, NULL, &to, NULL, &none) == MIR_ETIMEDOUT,
	    "a connect, too");
	mir_deadline_restore(outer);
	pair.wire.cut = false;
	mir_flow_abort(&f->flow);
	mir_sleep(MIR_MS(10));
	ok(mir_flow_read(&accepted->flow, &s, 1) == MIR_ECONNRESET, "abort resets the peer");
	mir_flow_close(&accepted->flow);
	pair_stop(&pair);
}

static unsigned readies;

static void on_ready(void *arg)
{
	(void)arg;
	readies++;
}

static void when_readable(void)
{
	struct mir_tcp_flow *f;
	struct mir_slice s;

	pair_start(&pair, 0);
	f = connect_pair(NULL);
	readies = 0;
	mir_flow_when_readable(&f->flow, on_ready, NULL);
	mir_sleep(MIR_MS(10));
	ok(readies == 0, "nothing yet");
	mir_flow_write_copy(&accepted->flow, "ab", 2);
	mir_sleep(MIR_MS(10));
	ok(readies == 1, "data");
	mir_flow_when_readable(&f->flow, on_ready, NULL);
	ok(readies == 1, "never from inside");
	mir_sleep(MIR_MS(1));
	ok(readies == 2, "but at once");
	mir_flow_when_readable(&f->flow, on_ready, NULL);
	mir_flow_when_readable(&f->flow, NULL, NULL);
	mir_sleep(MIR_MS(1));
	ok(readies == 2, "taken back");
	ok(mir_flow_read(&f->flow, &s, 1) == 1, "read");
	mir_slice_unref(&s);
	mir_flow_when_readable(&f->flow, on_ready, NULL);
	mir_flow_close(&accepted->flow);
	mir_sleep(MIR_MS(10));
	ok(readies == 3, "the end");
	mir_flow_close(&f->flow);
	pair_stop(&pair);
}

static void when_writable(void)
{
	struct mir_tcp_flow *f;
	struct mir_slice s;
	int64_t room, outer, all = 0;
	static uint8_t bytes[4 << 20];

	pair_start(&pair, 0);
	f = connect_pair(NULL);
	readies = 0;
	mir_flow_when_writable(&f->flow, on_ready, NULL);
	ok(readies == 0, "never from inside");
	mir_sleep(MIR_MS(1));
	ok(readies == 1, "there is room");
	outer = mir_deadline_set(0);
	while ((room = mir_flow_room(&f->flow)) > 0 && room <= (int64_t)sizeof(bytes)) {
		s = mir_slice_static(bytes, (size_t)room);
		ok(mir_flow_write(&f->flow, &s, 1) == 0, "takes %ld at once", (long)room);
		all += room;
	}
	mir_deadline_restore(outer);
	mir_flow_when_writable(&f->flow, on_ready, NULL);
	mir_sleep(MIR_SECOND(1));
	ok(room == 0 && readies == 1, "the peer does not read: no room");
	while (all > 0 && mir_flow_read(&accepted->flow, &s, 1) == 1) {
		all -= (int64_t)s.len;
		mir_slice_unref(&s);
	}
	mir_sleep(MIR_SECOND(1));
	ok(readies == 2 && mir_flow_room(&f->flow) > 0, "it does: there is");
	mir_flow_when_writable(&f->flow, on_ready, NULL);
	mir_flow_when_writable(&f->flow, NULL, NULL);
	mir_sleep(MIR_MS(1));
	ok(readies == 2, "taken back");
	mir_flow_shutdown(&f->flow, MIR_FLOW_WRITE);
	ok(mir_flow_room(&f->flow) == MIR_EPIPE, "shut down");
	mir_flow_abort(&accepted->flow);
	mir_sleep(MIR_MS(10));
	ok(mir_flow_room(&f->flow) == MIR_ECONNRESET, "reset");
	mir_flow_when_writable(&f->flow, on_ready, NULL);
	mir_sleep(MIR_MS(1));
	ok(readies == 3, "told at once");
	mir_flow_close(&f->flow);
	pair_stop(&pair);
}

int main(void)
{
	RUN(zero_window);
	RUN(lost_update);
	RUN(slow_reader);
	RUN(peer_vanishes);
	RUN(keepalive);
	RUN(half_close);
	RUN(both_close);
	RUN(both_open);
	RUN(path_mtu);
	RUN(wrap);
	RUN(time_wait_reuse);
	RUN(no_memory);
	RUN(budget);
	RUN(cancelled);
	RUN(when_readable);
	RUN(when_writable);
	return mir_test_end();
}
