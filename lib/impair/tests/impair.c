/* The engines: quantities and properties by name, bursts, CoDel, paths with an MTU. */
#include <mir/path.h>
#include <mir/quantity.h>
#include <mir/test.h>
#include <string.h>

static bool reads(enum mir_quantity q, const char *text, int64_t want)
{
	int64_t v = -1;

	return mir_quantity(q, text, strlen(text), 0, &v) == 0 && v == want;
}

static bool refuses(enum mir_quantity q, const char *text)
{
	int64_t v;

	return mir_quantity(q, text, strlen(text), 0, &v) < 0;
}

static void quantities(void)
{
	int64_t v, low = INT64_MAX, high = 0;

	ok(reads(MIR_QUANTITY_TIME, "20ms", 20000000) &&
		reads(MIR_QUANTITY_TIME, "1.5s", 1500000000) &&
		reads(MIR_QUANTITY_TIME, "2", 2000000000) &&
		reads(MIR_QUANTITY_TIME, "1h", 3600000000000) && reads(MIR_QUANTITY_TIME, "0", 0) &&
		reads(MIR_QUANTITY_TIME, "0.25us", 250),
	    "times");
	ok(reads(MIR_QUANTITY_SHARE, "100%", (int64_t)MIR_IMPAIR_CERTAIN) &&
		reads(MIR_QUANTITY_SHARE, "0.5", (int64_t)MIR_IMPAIR_CERTAIN / 2) &&
		reads(MIR_QUANTITY_SHARE, "0", 0),
	    "shares");
	ok(reads(MIR_QUANTITY_RATE, "10Mbit", 10000000) && reads(MIR_QUANTITY_SIZE, "64k", 65536) &&
		reads(MIR_QUANTITY_SIZE, "1.5M", 3 << 19) && reads(MIR_QUANTITY_COUNT, "17", 17),
	    "rates, sizes, counts");
	ok(refuses(MIR_QUANTITY_TIME, "") && refuses(MIR_QUANTITY_TIME, "-1s") &&
		refuses(MIR_QUANTITY_TIME, "1d") && refuses(MIR_QUANTITY_TIME, ".") &&
		refuses(MIR_QUANTITY_TIME, "99999999h") && refuses(MIR_QUANTITY_SHARE, "101%") &&
		refuses(MIR_QUANTITY_COUNT, "1.5") && refuses(MIR_QUANTITY_TIME, "2s..1s") &&
		refuses(MIR_QUANTITY_TIME, "1s..") && refuses(MIR_QUANTITY_TIME, "..1s") &&
		refuses(MIR_QUANTITY_TIME, "1234567890123456ns"),
	    "what is none");
	for (uint64_t draw = 0; draw < 100; draw++) {
		ok(mir_quantity(MIR_QUANTITY_COUNT, "3..5", 4, draw * 0x9e3779b97f4a7c15, &v) == 0,
		    "a range");
		low = MIR_MIN(low, v);
		high = MIR_MAX(high, v);
	}
	ok(low == 3 && high == 5, "both ends of a range are in it");
}

static void options(void)
{
	struct mir_impair_config c = { 0 };
	const char *expected = NULL;

	for (unsigned i = 0; mir_impair_options[i]; i++)
		ok(mir_impair_option(&c, mir_impair_options[i], "bad", 0, &expected) ==
			    MIR_EINVAL &&
			expected,
		    "%s: %s", mir_impair_options[i], expected);
	ok(mir_impair_option(&c, "delay", "20ms", 0, &expected) == 0 && c.delay_ns == 20000000,
	    "delay");
	ok(mir_impair_option(&c, "queue", "50", 0, &expected) == 0 && c.queue_bytes == 50 * 1514,
	    "a queue of frames");
	ok(mir_impair_option(&c, "queue", "64k", 0, &expected) == 0 && c.queue_bytes == 65536,
	    "a queue of bytes");
	ok(mir_impair_option(&c, "codel", NULL, 0, &expected) == 0 && c.codel, "a word");
	ok(mir_impair_option(&c, "codel", "1", 0, &expected) == MIR_EINVAL, "takes no value");
	ok(mir_impair_option(&c, "delay", NULL, 0, &expected) == MIR_EINVAL, "needs a value");
	ok(mir_impair_option(&c, "dealy", "1s", 0, &expected) == MIR_ENOENT, "there is none such");
}

static void bursts(void)
{
	struct mir_impair_config c = { .seed = 5, .burst = 8 };
	const char *expected;
	unsigned lost = 0, runs = 0;
	bool bad = false, before = false;

	mir_impair_option(&c, "loss", "5%", 0, &expected);
	for (uint64_t n = 0; n < 200000; n++) {
		struct mir_impair_fate f = mir_impair_draw(&c, n, &bad);
		bool gone = f.lost || f.burst_lost;

		lost += gone;
		runs += gone && !before;
		before = gone;
	}
	ok(lost > 9000 && lost < 11000, "5 %% are lost: %u of 200000", lost);
	ok(lost / runs >= 7 && lost / runs <= 9, "8 in a row on average");
}

enum { LEN = 1014, MS = 1000000 };

/* Frames at a little more than the rate for 8 s: how many wait at the end, on average of the last
 * second. */
static int64_t standing(struct mir_impair_config *c, struct mir_impair_stats *stats)
{
	static uint8_t frame[LEN] = { [12] = 8, [14] = 0x45, [15] = 2 };
	struct mir_impair im;
	int64_t wait = 0, n = 0;

	c->rate_bps = 8112000; /* a frame takes 1 ms */
	c->queue_bytes = 1 << 20;
	mir_impair_init(&im, c);
	for (int64_t now = 0; now < (int64_t)8000 * MS; now += MS / 20 * 19) {
		mir_impair_input(&im, frame, LEN, now);
		while (mir_impair_due(&im, now))
			mir_impair_pop(&im);
		if (now > (int64_t)7000 * MS) {
			wait += im.link_free - now;
			n++;
		}
	}
	*stats = im.stats;
	mir_impair_release(&im);
	return wait / n / MS;
}

static void codel(void)
{
	struct mir_impair_config tail = { .seed = 1 }, short_one = { .seed = 1, .codel = true };
	struct mir_impair_stats stats;
	int64_t full = standing(&tail, &stats), kept = standing(&short_one, &stats);

	ok(full > 300, "drop-tail: the queue stands full: %lld ms", (long long)full);
	ok(kept < 60 && stats.codel_drops > 100, "CoDel drops: %lld ms, %llu", (long long)kept,
	    (unsigned long long)stats.codel_drops);
	short_one.ecn = true;
	standing(&short_one, &stats);
	ok(stats.codel_drops == 0 && stats.codel_marks > 100, "or marks");
}

static void paths(void)
{
	struct mir_path p = { .mtu = 576 };
	uint8_t frame[14 + 1000] = {
		[12] = 8, [14] = 0x45, [16] = 1000 >> 8, [17] = 1000 & 255, [20] = 0x40, [23] = 17
	};
	uint8_t reply[MIR_TOOBIG_REPLY_LEN];

	mir_impair_init(&p.impair, &(struct mir_impair_config){ .seed = 1 });
	ok(mir_path_input(&p, frame, sizeof(frame), 0, reply) > 0 && p.impair.count == 0,
	    "too large: the sender is told");
	p.silent = true;
	ok(mir_path_input(&p, frame, sizeof(frame), 0, reply) == 0 && p.impair.count == 0,
	    "or not");
	p.silent = false;
	frame[20] = 0;
	ok(mir_path_input(&p, frame, sizeof(frame), 0, reply) == 0 && p.impair.count == 2,
	    "cut up where it may be");
	p.mtu = 0;
	ok(mir_path_input(&p, frame, sizeof(frame), 0, reply) == 0 && p.impair.count == 3,
	    "no limit");
	mir_impair_release(&p.impair);
}

int main(void)
{
	RUN_PLAIN(quantities);
	RUN_PLAIN(options);
	RUN_PLAIN(bursts);
	RUN_PLAIN(codel);
	RUN_PLAIN(paths);
	return mir_test_end();
}
