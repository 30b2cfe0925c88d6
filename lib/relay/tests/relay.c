/* relay.c: two pipes joined: bytes, half-closes, slow readers, deaths, silence, the end. */
#include "../../http/tests/bench.h"

#include <mir/mem.h>
#include <mir/relay.h>

static struct mir_relay relay;
static bool over;
static int result;
static char buf[1 << 20];

static void done(struct mir_relay *r)
{
	over = true;
	result = r->error;
}

/* The outer ends of two pipes whose inner ends are joined. */
static void join(size_t limit, struct pipe_end **a, struct pipe_end **b, int64_t idle)
{
	struct pipe_end *ia, *ib;

	pipe_new(limit, a, &ia);
	pipe_new(limit, b, &ib);
	over = false;
	mir_relay_start(&relay, &ia->flow, &ib->flow, idle, done, NULL);
}

static unsigned fibers(void)
{
	struct mir_fiber_stats s;

	mir_fiber_stats(&s);
	return s.alive;
}

static void talks(void)
{
	struct pipe_end *a, *b;
	unsigned before = fibers();

	join(1 << 16, &a, &b, 0);
	bench_send(a, "ping", 4, 1);
	bench_receive(b, buf, sizeof(buf), MIR_MS(10));
	ok(strcmp(buf, "ping") == 0, "one way");
	bench_send(b, "pong", 4, 0);
	bench_receive(a, buf, sizeof(buf), MIR_MS(10));
	ok(strcmp(buf, "pong") == 0, "and the other");
	mir_sleep(MIR_SECOND(3600));
	ok(!over && fibers() == before, "an hour of silence holds no fiber");
	mir_flow_shutdown(&a->flow, MIR_FLOW_WRITE);
	mir_sleep(MIR_MS(10));
	ok(b->ended && !over, "the end of one direction is told");
	bench_send(b, "still", 5, 0);
	bench_receive(a, buf, sizeof(buf), MIR_MS(10));
	ok(strcmp(buf, "still") == 0, "the other goes on");
	mir_flow_shutdown(&b->flow, MIR_FLOW_WRITE);
	mir_sleep(MIR_MS(10));
	ok(over && result == 0 && a->ended && !a->reset, "both ended: the relay is over");
	ok(relay.way[0].bytes == 4 && relay.way[1].bytes == 9, "and has counted");
	mir_flow_close(&a->flow);
	mir_flow_close(&b->flow);
}

static void deaths(void)
{
	struct pipe_end *a, *b;

	join(1 << 16, &a, &b, 0);
	mir_flow_abort(&a->flow);
	mir_sleep(MIR_MS(10));
	ok(over && result == MIR_ECONNRESET && b->reset, "one dies, and so does the other");
	mir_flow_close(&b->flow);
	join(1 << 16, &a, &b, MIR_SECOND(10));
	for (int i = 0; i < 5; i++) {
		mir_sleep(MIR_SECOND(9));
		bench_send(a, "x", 1, 0);
	}
	mir_sleep(MIR_SECOND(9));
	ok(!over, "what talks lives");
	mir_sleep(MIR_SECOND(2));
	ok(over && result == MIR_ETIMEDOUT && a->reset && b->reset, "what is silent does not");
	mir_flow_close(&a->flow);
	mir_flow_close(&b->flow);
	join(1 << 16, &a, &b, 0);
	mir_relay_stop(&relay);
	mir_sleep(MIR_MS(10));
	ok(over && result == MIR_ECANCELED && a->reset && b->reset, "stopped while idle");
	mir_flow_close(&a->flow);
	mir_flow_close(&b->flow);
}

static void writer(void *arg)
{
	struct pipe_end *a = arg;
	static uint8_t zero[1000];

	for (int i = 0; i < 1000; i++) {
		struct mir_slice s = mir_slice_static(zero, sizeof(zero));

		if (mir_flow_write(&a->flow, &s, 1) < 0)
			return;
	}
	mir_flow_shutdown(&a->flow, MIR_FLOW_WRITE);
}

static void slow_readers(void)
{
	struct pipe_end *a, *b;
	struct mir_fiber *f;
	size_t n;

	join(2000, &a, &b, MIR_SECOND(10));
	f = mir_spawn_joinable("writer", writer, a);
	mir_sleep(MIR_SECOND(5));
	ok(relay.way[0].bytes < 20000, "a reader who does not read holds the writer up");
	n = bench_receive(b, buf, sizeof(buf), MIR_SECOND(1));
	ok(n == 1000000 && b->ended, "all of it comes: %zu", n);
	mir_join(f);
	mir_flow_close(&a->flow);
	mir_flow_close(&b->flow);
	mir_sleep(MIR_MS(10));
	ok(over, "over");
	join(2000, &a, &b, MIR_SECOND(10));
	f = mir_spawn_joinable("writer", writer, a);
	mir_sleep(MIR_SECOND(15));
	ok(over && result == MIR_ETIMEDOUT, "a reader who never reads is given up");
	mir_join(f);
	mir_flow_close(&a->flow);
	mir_flow_close(&b->flow);
	join(2000, &a, &b, 0);
	f = mir_spawn_joinable("writer", writer, a);
	mir_sleep(MIR_SECOND(1));
	mir_relay_stop(&relay);
	mir_sleep(MIR_MS(10));
	ok(over && result == MIR_ECANCELED, "stopped while one waits to write");
	mir_join(f);
	mir_flow_close(&a->flow);
	mir_flow_close(&b->flow);
}

int main(void)
{
	RUN(talks);
	RUN(deaths);
	RUN(slow_readers);
	return mir_test_end();
}
