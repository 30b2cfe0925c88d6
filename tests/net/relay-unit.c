/* relay-unit.c: the relay's engine under virtual time.  Prints TAP. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mir/impair.h>
#include <mir/toobig.h>

#define MS      INT64_C(1000000)
#define FRAMES  10000u
#define PERCENT (MIR_IMPAIR_CERTAIN / 100)

static unsigned tests, failed;

static void ok(bool good, const char *what)
{
	tests++;
	failed += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", tests, what);
}

/* What came out of a run of FRAMES frames, one each 100 us. */
struct outcome {
	uint32_t number[2 * FRAMES];
	int64_t at[2 * FRAMES];
	unsigned count, whole;
	struct mir_impair_stats stats;
	unsigned in_flight;
};

static struct outcome first, second;

static void frame_make(uint8_t frame[200], uint32_t n)
{
	memset(frame, 0x5a, 200);
	memcpy(frame + 12, "\x08\x00", 2);
	memcpy(frame + 14, &n, sizeof n);
}

static unsigned bits_changed(const uint8_t *a, const uint8_t *b, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n += (unsigned)__builtin_popcount(a[i] ^ b[i]);
	return n;
}

static void drain(struct mir_impair *im, struct outcome *o, int64_t now)
{
	const struct mir_impair_frame *f;

	while ((f = mir_impair_due(im, now))) {
		uint8_t want[200];
		uint32_t n;

		memcpy(&n, f->data + 196, sizeof n);
		frame_make(want, 0);
		memcpy(want + 14, f->data + 14, 4);
		memcpy(want + 196, f->data + 196, 4);
		o->number[o->count] = n;
		o->at[o->count++] = f->due;
		o->whole += memcmp(f->data + 14, f->data + 196, 4) == 0 &&
			    bits_changed(want, f->data, 200) == 0;
		mir_impair_pop(im);
	}
}

static void run(struct mir_impair_config *c, struct outcome *o)
{
	struct mir_impair im;
	uint8_t frame[200];

	memset(o, 0, sizeof *o);
	mir_impair_init(&im, c);
	for (uint32_t n = 0; n < FRAMES; n++) {
		drain(&im, o, n * MS / 10);
		frame_make(frame, n);
		memcpy(frame + 196, &n, sizeof n);
		mir_impair_input(&im, frame, sizeof frame, n * MS / 10);
	}
	o->in_flight = im.count;
	while (mir_impair_next(&im) != INT64_MAX)
		drain(&im, o, mir_impair_next(&im));
	o->stats = im.stats;
	ok(im.count == 0 && im.bytes == 0, "nothing is left in flight");
	mir_impair_release(&im);
}

static bool in_order(const struct outcome *o)
{
	for (unsigned i = 1; i < o->count; i++)
		if (o->number[i] < o->number[i - 1])
			return false;
	return true;
}

static bool between(uint64_t v, uint64_t low, uint64_t high)
{
	if (v < low || v > high)
		printf("# %llu is not in %llu..%llu\n", (unsigned long long)v,
		    (unsigned long long)low, (unsigned long long)high);
	return v >= low && v <= high;
}

static void test_clean(void)
{
	struct mir_impair_config c = { .seed = 7, .delay_ns = 20 * MS };

	run(&c, &first);
	ok(first.count == FRAMES && first.whole == FRAMES && in_order(&first),
	    "a clean link delivers all, whole and in order");
	ok(first.at[0] == 20 * MS && first.at[FRAMES - 1] == (FRAMES - 1) * MS / 10 + 20 * MS,
	    "after the delay, to the nanosecond");
	ok(first.in_flight == 200, "delay times rate are in flight");
}

static void test_seed(void)
{
	struct mir_impair_config c = { .seed = 7, .loss = 5 * PERCENT };

	run(&c, &first);
	ok(between(first.stats.lost, 400, 600), "5 % of 10000 are lost");
	c.dup = c.reorder = 10 * PERCENT;
	c.reorder_ns = 3 * MS;
	run(&c, &second);
	ok(second.stats.lost == first.stats.lost, "other troubles do not change which are lost");
	ok(between(second.stats.duplicated, 850, 1050) &&
		second.count == FRAMES - second.stats.lost + second.stats.duplicated,
	    "10 % of the rest come twice");
	ok(between(second.stats.reordered, 850, 1050) && !in_order(&second),
	    "10 % of the rest come late");
	run(&c, &first);
	ok(memcmp(&first, &second, sizeof first) == 0, "the same seed, the same run");
	c.seed = 8;
	run(&c, &first);
	ok(first.stats.decisions != second.stats.decisions, "another seed, another run");
	c.seed = 7;
	c.direction = 1;
	run(&c, &first);
	ok(first.stats.decisions != second.stats.decisions, "another direction, another run");
}

static void test_jitter(void)
{
	struct mir_impair_config c = { .seed = 3, .delay_ns = 10 * MS, .jitter_ns = 2 * MS };
	int64_t least = INT64_MAX, most = 0;

	run(&c, &first);
	for (unsigned i = 0; i < first.count; i++) {
		int64_t delay = first.at[i] - first.number[i] * MS / 10;

		least = delay < least ? delay : least;
		most = delay > most ? delay : most;
	}
	ok(in_order(&first), "jitter keeps the order");
	ok(least >= 8 * MS && most <= 12 * MS && most > 11 * MS, "and stays in its bounds");
}

static void test_corrupt(void)
{
	struct mir_impair_config c = { .seed = 3, .corrupt = 2 * PERCENT };

	run(&c, &first);
	ok(between(first.stats.corrupted, 150, 250) &&
		first.whole == FRAMES - first.stats.corrupted,
	    "2 % are corrupted, and no others");
}

static void test_burst(void)
{
	struct mir_impair_config c = { .seed = 3,
		.burst_enter = PERCENT / 2,
		.burst_leave = 25 * PERCENT,
		.burst_loss = MIR_IMPAIR_CERTAIN };
	unsigned runs = 0;

	run(&c, &first);
	for (unsigned i = 1; i < first.count; i++)
		runs += first.number[i] != first.number[i - 1] + 1;
	ok(between(first.stats.burst_lost, 100, 320), "bursts lose about 2 %");
	ok(between(first.stats.burst_lost / (runs ? runs : 1), 3, 5), "about 4 frames each");
}

static void test_rate(void)
{
	/* 200 bytes and the wire's 24 each 100 us are 17.92 Mbit/s. */
	struct mir_impair_config c = {
		.seed = 3, .rate_bps = 8960000, .queue_bytes = 20000, .gap = 24
	};
	int64_t gap;

	run(&c, &first);
	gap = first.at[first.count - 1] - first.at[first.count - 2];
	ok(gap == MS / 5, "half the rate: frames leave 200 us apart");
	ok(between(first.stats.queue_drops, 4900, 5000) && first.in_flight <= 101,
	    "the queue is bounded, the tail is dropped");
}

static void test_bounds(void)
{
	struct mir_impair_config c = { .seed = 3, .delay_ns = 3600000 * MS, .frames_max = 1000 };

	run(&c, &first);
	ok(first.in_flight == 1000 && first.stats.limit_drops == FRAMES - 1000 &&
		first.count == 1000,
	    "frames in flight are bounded");
	c = (struct mir_impair_config){ .seed = 3, .cuts = 2 };
	c.cut[0].from = 100 * MS;
	c.cut[0].to = 200 * MS;
	c.cut[1].from = 900 * MS;
	c.cut[1].to = 5000 * MS;
	run(&c, &first);
	ok(first.stats.cut == 2000 && first.count == 8000, "cuts by time");
}

static unsigned checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void packet_make(uint8_t frame[1514], bool df)
{
	static const uint8_t head[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0,
		1500 >> 8, 1500 & 255, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2 };

	for (unsigned i = 0; i < 1514; i++)
		frame[i] = (uint8_t)(i * 7);
	memcpy(frame, head, sizeof head);
	frame[20] = df ? 0x40 : 0;
}

static void test_icmp(void)
{
	uint8_t frame[1514], out[MIR_TOOBIG_REPLY_LEN];
	size_t n;

	packet_make(frame, true);
	n = mir_toobig_reply(frame, sizeof frame, 600, out);
	ok(n == 14 + 20 + 8 + 28 && memcmp(out, frame + 6, 6) == 0 &&
		memcmp(out + 6, frame, 6) == 0,
	    "the answer goes back to where the packet came from");
	ok(memcmp(out + 26, frame + 30, 4) == 0 && memcmp(out + 30, frame + 26, 4) == 0 &&
		checksum(out + 14, 20) == 0xffff && checksum(out + 34, n - 34) == 0xffff,
	    "addresses and checksums are right");
	ok(out[34] == 3 && out[35] == 4 && out[40] == 600 >> 8 && out[41] == (600 & 255) &&
		memcmp(out + 42, frame + 14, 28) == 0,
	    "it says 600 and quotes header and 8 bytes");
	frame[20] = 0;
	ok(mir_toobig_reply(frame, sizeof frame, 600, out) == 0, "no answer without DF");
	packet_make(frame, true);
	frame[23] = 1;
	frame[34] = 3;
	ok(mir_toobig_reply(frame, sizeof frame, 600, out) == 0, "nor to an ICMP error");
	frame[34] = 8;
	ok(mir_toobig_reply(frame, sizeof frame, 600, out) > 0, "but to an echo");
	packet_make(frame, true);
	for (size_t len = 0; len < 34; len++) {
		uint8_t *exact = malloc(len ? len : 1);

		memcpy(exact, frame, len);
		if (mir_toobig_reply(exact, len, 600, out))
			ok(false, "no answer to a truncated header");
		free(exact);
	}
}

static void test_icmp6(void)
{
	uint8_t frame[1514], out[MIR_TOOBIG_REPLY_LEN];
	uint32_t sum = 58;
	size_t n;

	memset(frame, 3, sizeof frame);
	memcpy(frame + 12, "\x86\xdd\x60", 3);
	n = mir_toobig_reply(frame, sizeof frame, 1280, out);
	sum += (uint32_t)(n - 54) + checksum(out + 22, 32) + checksum(out + 54, n - 54);
	ok(n == 14 + 1280 && out[54] == 2 && out[20] == 58 &&
		(sum & 0xffff) + (sum >> 16) == 0xffff,
	    "IPv6: packet too big, within 1280 bytes, checksum right");
}

struct pieces {
	uint8_t data[1500];
	unsigned count, bytes;
	bool good;
};

static void collect(void *arg, const uint8_t *frame, size_t len)
{
	struct pieces *p = arg;
	unsigned offset = ((unsigned)frame[20] << 8 | frame[21]) & 0x1fff;

	p->good &= checksum(frame + 14, 20) == 0xffff && len <= 14 + 600;
	p->good &= ((frame[20] & 0x20) != 0) == (offset * 8 + len - 34 < 1480);
	memcpy(p->data + offset * 8, frame + 34, len - 34);
	p->bytes += (unsigned)len - 34;
	p->count++;
}

static void test_fragment(void)
{
	struct pieces p = { .good = true };
	uint8_t frame[1514];

	packet_make(frame, true);
	ok(!mir_toobig_fragment(frame, sizeof frame, 600, collect, &p) && p.count == 0,
	    "DF is not fragmented");
	packet_make(frame, false);
	ok(mir_toobig_fragment(frame, sizeof frame, 600, collect, &p) && p.count == 3 && p.good &&
		p.bytes == 1480 && memcmp(p.data, frame + 34, 1480) == 0,
	    "three fragments carry the packet");
}

int main(void)
{
	test_clean();
	test_seed();
	test_jitter();
	test_corrupt();
	test_burst();
	test_rate();
	test_bounds();
	test_icmp();
	test_icmp6();
	test_fragment();
	printf("1..%u\n", tests);
	return failed != 0;
}
