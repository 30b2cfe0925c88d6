/* impair.c: loss, bursts, delay, jitter, reordering, duplication, corruption,
 * rate and cuts of one direction of a link.  See impair.h.
 */
#include <mir/impair.h>

#include <stdlib.h>
#include <string.h>

#define ETH_HLEN     14u
#define CODEL_TARGET 5000000

/* One number for each kind of decision, so that they stay independent. */
enum draw {
	DRAW_LOSS = 1,
	DRAW_STATE,
	DRAW_BURST,
	DRAW_DUP,
	DRAW_REORDER,
	DRAW_CORRUPT,
	DRAW_BIT,
	DRAW_JITTER
};

/* The finaliser of splitmix64: every input bit reaches every output bit. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static bool hit(uint64_t key, enum draw what, uint64_t probability)
{
	return mix(key + what) >> 32 < probability;
}

/* How often bursts begin, for all of them together to lose as many frames as `loss` says. */
static uint64_t burst_enter(uint64_t loss, uint64_t leave)
{
	if (loss >= MIR_IMPAIR_CERTAIN)
		return MIR_IMPAIR_CERTAIN;
	return (uint64_t)((double)leave * (double)loss / (double)(MIR_IMPAIR_CERTAIN - loss));
}

struct mir_impair_fate mir_impair_draw(const struct mir_impair_config *c, uint64_t n, bool *bad)
{
	uint64_t key = mix(mix(mix(c->seed) ^ c->direction) ^ n);
	struct mir_impair_fate f = { 0 };

	uint64_t enter = c->burst_enter, leave = c->burst_leave, burst_loss = c->burst_loss;

	if (c->burst) {
		leave = MIR_IMPAIR_CERTAIN / c->burst;
		enter = burst_enter(c->loss, leave);
		burst_loss = MIR_IMPAIR_CERTAIN;
	}
	if (hit(key, DRAW_STATE, *bad ? leave : enter))
		*bad = !*bad;
	f.burst_lost = *bad && hit(key, DRAW_BURST, burst_loss);
	f.lost = !c->burst && hit(key, DRAW_LOSS, c->loss);
	f.dup = hit(key, DRAW_DUP, c->dup);
	f.late = hit(key, DRAW_REORDER, c->reorder);
	f.corrupt = hit(key, DRAW_CORRUPT, c->corrupt);
	f.bit = (uint32_t)(mix(key + DRAW_BIT) >> 32);
	if (c->jitter_ns > 0)
		f.jitter_ns = (int64_t)(mix(key + DRAW_JITTER) % ((uint64_t)c->jitter_ns * 2 + 1)) -
			      c->jitter_ns;
	return f;
}

void mir_impair_init(struct mir_impair *im, const struct mir_impair_config *config)
{
	memset(im, 0, sizeof *im);
	im->config = *config;
	if (im->config.frames_max == 0 || im->config.frames_max > MIR_IMPAIR_FRAMES_MAX)
		im->config.frames_max = MIR_IMPAIR_FRAMES_MAX;
	im->stats.decisions = UINT64_C(0xcbf29ce484222325);
}

void mir_impair_release(struct mir_impair *im)
{
	while (im->count > 0)
		free(im->heap[--im->count]);
	free(im->heap);
	im->heap = NULL;
	im->cap = 0;
	im->bytes = 0;
}

static bool before(const struct mir_impair_frame *a, const struct mir_impair_frame *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void sift_up(struct mir_impair_frame **heap, unsigned i)
{
	struct mir_impair_frame *f = heap[i];

	while (i > 0 && before(f, heap[(i - 1) / 2])) {
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap[i] = f;
}

static void sift_down(struct mir_impair_frame **heap, unsigned count, unsigned i)
{
	struct mir_impair_frame *f = heap[i];

	for (;;) {
		unsigned child = 2 * i + 1;

		if (child + 1 < count && before(heap[child + 1], heap[child]))
			child++;
		if (child >= count || !before(heap[child], f))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = f;
}

/* Room for one more, or false. */
static bool reserve(struct mir_impair *im, size_t len)
{
	struct mir_impair_frame **heap;
	unsigned cap;

	if (im->count >= im->config.frames_max || len > MIR_IMPAIR_BYTES_MAX - im->bytes)
		return false;
	if (im->count < im->cap)
		return true;
	cap = im->cap ? im->cap * 2 : 256;
	heap = realloc(im->heap, cap * sizeof *heap);
	if (!heap)
		return false;
	im->heap = heap;
	im->cap = cap;
	return true;
}

/* Copy a frame into the heap; NULL, and counted, where the link is full. */
static struct mir_impair_frame *hold(
    struct mir_impair *im, const uint8_t *data, size_t len, int64_t due)
{
	struct mir_impair_frame *f = NULL;

	if (reserve(im, len))
		f = malloc(sizeof *f + len);
	if (!f) {
		im->stats.limit_drops++;
		return NULL;
	}
	f->due = due;
	f->order = im->order++;
	f->len = (uint32_t)len;
	memcpy(f->data, data, len);
	im->heap[im->count++] = f;
	im->bytes += len;
	sift_up(im->heap, im->count - 1);
	if (im->count > im->stats.peak)
		im->stats.peak = im->count;
	return f;
}

static bool is_cut(const struct mir_impair_config *c, int64_t now)
{
	for (unsigned i = 0; i < c->cuts; i++)
		if (now >= c->cut[i].from && now < c->cut[i].to)
			return true;
	return c->cut_now;
}

/* An IPv4 packet that says that it may be marked is: true (RFC 3168 section 5). */
static bool mark(uint8_t *frame, size_t len)
{
	uint8_t *tos = frame + ETH_HLEN + 1;
	uint32_t sum;

	if (len < ETH_HLEN + 20 || frame[12] != 0x08 || frame[13] != 0 || (*tos & 3) == 0)
		return false;
	/* RFC 1624: the checksum of a header of which one byte has changed */
	sum =
	    (uint32_t)(frame[ETH_HLEN + 10] << 8 | frame[ETH_HLEN + 11]) + (*tos & 3) - 3 + 0xffff;
	sum = (sum & 0xffff) + (sum >> 16);
	*tos |= 3;
	frame[ETH_HLEN + 10] = (uint8_t)(sum >> 8);
	frame[ETH_HLEN + 11] = (uint8_t)sum;
	return true;
}

/* How long frames may wait: long enough for two large ones at any rate. */
static int64_t codel_target(uint64_t rate)
{
	int64_t two = (int64_t)(2 * 1514 * 8e9 / (double)rate);

	return two > CODEL_TARGET ? two : CODEL_TARGET;
}

/* Pass a frame through the bottleneck: when its last bit is out, or -1 where the
 * queue is full or CoDel wants none of it. */
static int64_t transmit(struct mir_impair *im, size_t len, int64_t now, bool *marked)
{
	uint64_t rate = im->config.rate_bps;
	uint64_t waiting;

	*marked = false;
	if (rate == 0)
		return now;
	if (im->link_free < now)
		im->link_free = now;
	waiting = (uint64_t)((double)(im->link_free - now) * (double)rate / 8e9);
	if (waiting + len > im->config.queue_bytes) {
		im->stats.queue_drops++;
		return -1;
	}
	if (im->config.codel &&
	    mir_codel_drop(&im->codel, im->link_free, im->link_free - now, codel_target(rate))) {
		if (!im->config.ecn) {
			im->stats.codel_drops++;
			return -1;
		}
		*marked = true;
	}
	im->link_free += (int64_t)((double)(len + im->config.gap) * 8e9 / (double)rate);
	return im->link_free;
}

/* One bit beyond the Ethernet header.  ARP has no checksum of its own (on a wire
 * the frame's protects it): it stays whole, or caches would be poisoned. */
static void corrupt(struct mir_impair *im, struct mir_impair_frame *f, uint32_t bit)
{
	bool arp = f->len > ETH_HLEN && f->data[12] == 0x08 && f->data[13] == 0x06;

	if (f->len <= ETH_HLEN || arp)
		return;
	bit %= (f->len - ETH_HLEN) * 8;
	f->data[ETH_HLEN + bit / 8] ^= (uint8_t)(1u << bit % 8);
	im->stats.corrupted++;
}

static void hash_fate(uint64_t *h, const struct mir_impair_fate *f)
{
	unsigned bits = f->lost | f->burst_lost << 1 | f->dup << 2 | f->late << 3 | f->corrupt << 4;

	*h = mix(*h ^ bits ^ (uint64_t)f->jitter_ns << 8);
}

/* When a frame that leaves the bottleneck at `sent` reaches the other end. */
static int64_t arrival(struct mir_impair *im, int64_t sent, const struct mir_impair_fate *fate)
{
	int64_t due = sent + im->config.delay_ns + fate->jitter_ns;

	if (due < sent)
		due = sent;
	if (due < im->last_due)
		due = im->last_due;
	if (!fate->late) {
		im->last_due = due;
		return due;
	}
	im->stats.reordered++;
	return due + im->config.reorder_ns;
}

void mir_impair_input(struct mir_impair *im, const uint8_t *frame, size_t len, int64_t now)
{
	struct mir_impair_fate fate = mir_impair_draw(&im->config, im->stats.in, &im->bad);
	struct mir_impair_frame *f;
	int64_t sent, due;
	bool marked;

	im->stats.in++;
	im->stats.in_bytes += len;
	hash_fate(&im->stats.decisions, &fate);
	if (is_cut(&im->config, now)) {
		im->stats.cut++;
		return;
	}
	if (fate.lost || fate.burst_lost) {
		*(fate.lost ? &im->stats.lost : &im->stats.burst_lost) += 1;
		return;
	}
	sent = transmit(im, len, now, &marked);
	if (sent < 0)
		return;
	due = arrival(im, sent, &fate);
	f = hold(im, frame, len, due);
	if (f && marked)
		im->stats.codel_marks += mark(f->data, len);
	if (f && fate.dup && hold(im, frame, len, due))
		im->stats.duplicated++;
	if (f && fate.corrupt)
		corrupt(im, f, fate.bit);
}

int64_t mir_impair_next(const struct mir_impair *im)
{
	return im->count ? im->heap[0]->due : INT64_MAX;
}

const struct mir_impair_frame *mir_impair_due(const struct mir_impair *im, int64_t now)
{
	return im->count && im->heap[0]->due <= now ? im->heap[0] : NULL;
}

void mir_impair_pop(struct mir_impair *im)
{
	struct mir_impair_frame *f = im->heap[0];

	im->stats.out++;
	im->stats.out_bytes += f->len;
	im->bytes -= f->len;
	im->heap[0] = im->heap[--im->count];
	if (im->count > 0)
		sift_down(im->heap, im->count, 0);
	free(f);
}
