/* limits.c: how much of what leads to nothing a peer may send.
 *
 * Frames that carry no request and no body are few in honest use: they draw from a bucket that
 * fills with time, and with the DATA frames that we send, for which window updates come.  Streams
 * that are reset draw from another (CVE-2023-44487), which fills with time and with requests that
 * are answered.  DATA frames have to have something in them.  Frames that nghttp2 passes over are
 * not many either.
 */
#include "internal.h"

enum {
	FRAMES = 1000,
	FRAMES_RATE = 100,
	RESETS = 200,
	RESETS_RATE = 20,
	UNKNOWN = 64 * 1024,
	DATA_SLACK = 64 * 1024,
	DATA_WIRE = 16, /* bytes of frame for each of body */
	BLOCK = 4,      /* a block of header fields of so many times what is allowed is cut off */
};

void mir_h2_limits_init(struct mir_h2_limits *l, int64_t now)
{
	*l = (struct mir_h2_limits){
		.frames = { FRAMES, FRAMES, FRAMES_RATE, now },
		.resets = { RESETS, RESETS, RESETS_RATE, now },
	};
}

static bool draw(struct mir_h2_bucket *b, int64_t now)
{
	int64_t second = MIR_SECOND(1), passed = now - b->filled;
	uint64_t more = (uint64_t)MIR_MIN(passed, 1000 * second) * b->rate / (uint64_t)second;

	if (more) {
		b->filled = now;
		b->left = (uint32_t)MIR_MIN(b->left + more, b->size);
	}
	if (!b->left)
		return false;
	b->left--;
	return true;
}

static void fill(struct mir_h2_bucket *b)
{
	if (b->left < b->size)
		b->left++;
}

bool mir_h2_limits_frame(
    struct mir_h2_limits *l, const nghttp2_frame_hd *hd, size_t max_header, int64_t now)
{
	l->framed += 9 + hd->length;
	switch (hd->type) {
	case NGHTTP2_DATA:
		l->wire += 9 + hd->length;
		return l->wire <= DATA_SLACK + (DATA_WIRE + 1) * l->body;
	case NGHTTP2_HEADERS:
		l->head = hd->length;
		l->continuations = 0;
		break;
	case NGHTTP2_CONTINUATION:
		l->head += hd->length;
		if (++l->continuations > MIR_H2_CONTINUATIONS)
			return false;
		break;
	case NGHTTP2_RST_STREAM: return draw(&l->resets, now);
	default: return draw(&l->frames, now);
	}
	return l->head <= BLOCK * (uint64_t)max_header;
}

bool mir_h2_limits_fed(struct mir_h2_limits *l, size_t n)
{
	l->fed += n;
	return l->fed <= l->framed + UNKNOWN;
}

bool mir_h2_limits_reset(struct mir_h2_limits *l, int64_t now)
{
	return draw(&l->resets, now);
}

void mir_h2_limits_sent(struct mir_h2_limits *l)
{
	fill(&l->frames);
}

void mir_h2_limits_answered(struct mir_h2_limits *l)
{
	fill(&l->resets);
}
