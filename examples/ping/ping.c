/* ping.c: ICMP echo requests and what came of them, in the manner of ping(8). */
#include "mirage/app.h"

#include <mir/fiber.h>
#include <stdio.h>

enum { PAYLOAD_MAX = 65507 };

struct statistics {
	int64_t sent, received;
	double min, max, sum, squares; /* milliseconds */
};

static double square_root(double x)
{
	double root = x;

	if (x <= 0)
		return 0;
	for (int i = 0; i < 64; i++)
		root = (root + x / root) / 2;
	return root;
}

static void count(struct statistics *s, double ms)
{
	if (s->received == 0 || ms < s->min)
		s->min = ms;
	if (s->received == 0 || ms > s->max)
		s->max = ms;
	s->sum += ms;
	s->squares += ms * ms;
	s->received++;
}

static void summarise(struct mir_console *console, const char *peer, const struct statistics *s)
{
	int64_t lost = s->sent - s->received;
	double n = (double)s->received;

	mir_console_printf(console, "\n--- %s ping statistics ---\n", peer);
	mir_console_printf(console, "%lld packets transmitted, %lld received, %lld%% packet loss\n",
	    (long long)s->sent, (long long)s->received,
	    (long long)(s->sent ? lost * 100 / s->sent : 0));
	if (s->received == 0)
		return;
	mir_console_printf(console, "rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", s->min,
	    s->sum / n, s->max, square_root(s->squares / n - s->sum / n * (s->sum / n)));
}

/* One request and the wait for its reply, which ends when the next request is due. */
static int probe(const struct app *app, uint16_t seq, int64_t due, struct statistics *s)
{
	struct mir_icmp_reply reply;
	char from[MIR_IPADDR_TEXT], ttl[16] = "";
	int64_t outer = mir_deadline_set(due);
	int rc =
	    mir_icmp_echo(app->stack->icmp, app->keys.peer, seq, (uint16_t)app->keys.size, &reply);

	mir_deadline_restore(outer);
	if (rc == MIR_ECANCELED)
		return rc;
	s->sent++;
	if (rc < 0) {
		mir_console_printf(app->console, "icmp_seq=%u %s\n", seq, mir_strerror(rc));
		return rc == MIR_EACCES || rc == MIR_EMSGSIZE ? rc : 0;
	}
	count(s, (double)reply.rtt_ns / 1e6);
	if (reply.ttl)
		snprintf(ttl, sizeof(ttl), " ttl=%u", reply.ttl);
	mir_console_printf(app->console, "%u bytes from %s: icmp_seq=%u%s time=%.3f ms\n",
	    reply.len + 8, mir_ipaddr_text(&reply.from, from), seq, ttl,
	    (double)reply.rtt_ns / 1e6);
	return 0;
}

int ping_main(const struct app *app)
{
	struct statistics s = { 0 };
	char peer[MIR_IPADDR_TEXT];
	int64_t due = mir_clock_monotonic(app->clock);

	mir_ipaddr_text(&app->keys.peer, peer);
	if (app->keys.size < 0 || app->keys.size > PAYLOAD_MAX || app->keys.interval <= 0) {
		mir_console_printf(app->console,
		    "ping: --size must be 0 to %d and --interval more than 0\n", PAYLOAD_MAX);
		return 2;
	}
	mir_console_printf(app->console, "PING %s %d bytes of data.\n", peer, (int)app->keys.size);
	for (int64_t n = 1; app->keys.count == 0 || n <= app->keys.count; n++) {
		due += app->keys.interval;
		if (probe(app, (uint16_t)n, due, &s) < 0)
			break;
		if (n != app->keys.count && mir_clock_sleep_until(app->clock, due) < 0)
			break; /* ctrl-C */
	}
	summarise(app->console, peer, &s);
	return s.received ? 0 : 1;
}
