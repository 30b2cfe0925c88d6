/* relay.c: an impairment relay between two ports: what netem does, where the
 * kernel has none, and the same twice from one seed.  `relay --help` says how.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include <mir/impair.h>
#include "options.h"
#include "port.h"
#include <mir/toobig.h>

#define BURST 64 /* frames that are read from a port before the other's turn */

/* From port[d] to port[1 - d]. */
struct direction {
	struct mir_relay_link link;
	struct mir_impair impair;
	uint64_t too_big, icmp, fragmented;
	bool blocked; /* the port does not take more */
	int64_t now;
};

struct relay {
	struct mir_port port[2];
	struct direction dir[2];
	int64_t start, end;
	const char *stats;
};

static volatile sig_atomic_t want_end, want_stats, want_cut;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		want_stats = 1;
	else if (number == SIGUSR2)
		want_cut = 1;
	else
		want_end = 1;
}

static int64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void print_direction(FILE *f, const char *name, const struct relay *r, unsigned d)
{
	const struct direction *dir = &r->dir[d];
	const struct mir_impair_stats *s = &dir->impair.stats;

	fprintf(f,
	    "\"%s\":{\"in\":%" PRIu64 ",\"in_bytes\":%" PRIu64 ",\"out\":%" PRIu64
	    ",\"out_bytes\":%" PRIu64 ",\"in_flight\":%u,\"peak\":%" PRIu64 ",\"lost\":%" PRIu64
	    ",\"burst_lost\":%" PRIu64 ",\"cut\":%" PRIu64 ",\"duplicated\":%" PRIu64
	    ",\"reordered\":%" PRIu64 ",\"corrupted\":%" PRIu64 ",\"too_big\":%" PRIu64
	    ",\"icmp\":%" PRIu64 ",\"fragmented\":%" PRIu64 ",\"queue_drops\":%" PRIu64
	    ",\"limit_drops\":%" PRIu64 ",\"write_errors\":%" PRIu64 ",\"decisions\":\"%016" PRIx64
	    "\"}",
	    name, s->in, s->in_bytes, s->out, s->out_bytes, dir->impair.count, s->peak, s->lost,
	    s->burst_lost, s->cut, s->duplicated, s->reordered, s->corrupted, dir->too_big,
	    dir->icmp, dir->fragmented, s->queue_drops, s->limit_drops, r->port[1 - d].write_errors,
	    s->decisions);
}

static void print_stats(const struct relay *r)
{
	FILE *f = r->stats ? fopen(r->stats, "a") : stdout;

	if (!f) {
		fprintf(stderr, "relay: cannot write %s: %s\n", r->stats, strerror(errno));
		return;
	}
	fprintf(f, "{\"seconds\":%.3f,", (double)(clock_ns() - r->start) / 1e9);
	print_direction(f, "ab", r, 0);
	fputc(',', f);
	print_direction(f, "ba", r, 1);
	fputs("}\n", f);
	if (r->stats)
		fclose(f);
	else
		fflush(f);
}

static void enter_link(void *arg, const uint8_t *frame, size_t len)
{
	struct direction *dir = arg;

	mir_impair_input(&dir->impair, frame, len, dir->now);
}

/* A frame from port[d]. */
static void take(struct relay *r, unsigned d, const uint8_t *frame, size_t len, int64_t now)
{
	struct direction *dir = &r->dir[d];
	uint8_t answer[MIR_TOOBIG_REPLY_LEN];
	unsigned mtu = dir->link.mtu;
	size_t n = 0;

	dir->now = now;
	if (mtu == 0 || len <= 14 + mtu) {
		mir_impair_input(&dir->impair, frame, len, now);
		return;
	}
	if (dir->link.fragment && mir_toobig_fragment(frame, len, mtu, enter_link, dir)) {
		dir->fragmented++;
		return;
	}
	dir->too_big++;
	if (dir->link.icmp)
		n = mir_toobig_reply(frame, len, mtu, answer);
	if (n > 0 && mir_port_write(&r->port[d], answer, n))
		dir->icmp++;
}

/* Read a burst; false: the port is gone. */
static bool receive(struct relay *r, unsigned d)
{
	static uint8_t frame[MIR_IMPAIR_FRAME_LEN];
	int64_t now = clock_ns() - r->start;

	for (unsigned i = 0; i < BURST; i++) {
		ssize_t n = mir_port_read(&r->port[d], frame, sizeof frame);

		if (n <= 0)
			return n == 0;
		take(r, d, frame, (size_t)n, now);
	}
	return true;
}

static void deliver(struct relay *r, unsigned d, int64_t now)
{
	struct direction *dir = &r->dir[d];
	const struct mir_impair_frame *f;

	dir->blocked = false;
	while ((f = mir_impair_due(&dir->impair, now))) {
		if (!mir_port_write(&r->port[1 - d], f->data, f->len)) {
			dir->blocked = true;
			return;
		}
		mir_impair_pop(&dir->impair);
	}
}

/* When there is something to do, at the latest; -1: only when a frame comes. */
static int64_t wait_ns(const struct relay *r, int64_t now)
{
	int64_t when = r->end ? r->end : INT64_MAX;

	for (unsigned d = 0; d < 2; d++)
		if (!r->dir[d].blocked && mir_impair_next(&r->dir[d].impair) < when)
			when = mir_impair_next(&r->dir[d].impair);
	if (when == INT64_MAX)
		return -1;
	return when > now ? when - now : 0;
}

static void on_requests(struct relay *r)
{
	if (want_stats)
		print_stats(r);
	if (want_cut)
		for (unsigned d = 0; d < 2; d++)
			r->dir[d].impair.config.cut_now ^= true;
	want_stats = want_cut = 0;
}

static int loop(struct relay *r, const sigset_t *unblocked)
{
	while (!want_end) {
		struct pollfd fds[2];
		struct timespec ts;
		int64_t now = clock_ns() - r->start, ns;

		if (r->end && now >= r->end)
			break;
		deliver(r, 0, now);
		deliver(r, 1, now);
		for (unsigned d = 0; d < 2; d++)
			fds[d] = (struct pollfd){ .fd = r->port[d].fd,
				.events = (short)(POLLIN | (r->dir[1 - d].blocked ? POLLOUT : 0)) };
		ns = wait_ns(r, now);
		ts.tv_sec = ns / 1000000000;
		ts.tv_nsec = ns % 1000000000;
		if (ppoll(fds, 2, ns < 0 ? NULL : &ts, unblocked) < 0 && errno != EINTR) {
			fprintf(stderr, "relay: ppoll: %s\n", strerror(errno));
			return 1;
		}
		on_requests(r);
		for (unsigned d = 0; d < 2; d++)
			if ((fds[d].revents & ~POLLOUT) && !receive(r, d))
				return 0;
	}
	return 0;
}

static void catch_signals(sigset_t *unblocked)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		sigaddset(&blocked, numbers[i]);
		sigaction(numbers[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, unblocked);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		sigdelset(unblocked, numbers[i]);
	signal(SIGPIPE, SIG_IGN);
}

static void decide(const struct mir_relay_options *o, unsigned d)
{
	bool bad = false;

	for (uint64_t n = 0; n < o->decide; n++) {
		struct mir_impair_fate f = mir_impair_draw(&o->link[d].impair, n, &bad);

		printf("%s %" PRIu64 "%s%s%s%s%s", d ? "ba" : "ab", n, f.lost ? " lost" : "",
		    f.burst_lost ? " burst" : "", f.dup ? " dup" : "", f.late ? " late" : "",
		    f.corrupt ? " corrupt" : "");
		if (f.jitter_ns)
			printf(" %+" PRId64 "us", f.jitter_ns / 1000);
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	struct mir_relay_options options;
	static struct relay r;
	sigset_t unblocked;
	int rc = mir_relay_options_parse(&options, argc, argv);

	if (rc)
		return rc - 1;
	if (options.decide) {
		decide(&options, 0);
		decide(&options, 1);
		return 0;
	}
	catch_signals(&unblocked);
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	r.port[1].fd = -1;
	if (mir_port_open(&r.port[0], options.port[0]) < 0 ||
	    mir_port_open(&r.port[1], options.port[1]) < 0)
		return 1;
	for (unsigned d = 0; d < 2; d++) {
		r.dir[d].link = options.link[d];
		mir_impair_init(&r.dir[d].impair, &options.link[d].impair);
	}
	r.start = clock_ns();
	r.end = options.time_ns;
	r.stats = options.stats;
	fputs("relay: ready\n", stderr);
	rc = loop(&r, &unblocked);
	print_stats(&r);
	for (unsigned d = 0; d < 2; d++) {
		mir_impair_release(&r.dir[d].impair);
		mir_port_close(&r.port[d]);
	}
	return rc;
}
