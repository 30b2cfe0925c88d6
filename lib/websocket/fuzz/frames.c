/* frames.c: any frames to the engine, in one piece and in pieces as the first byte says: the same
 * is seen, within the promises of frames.h. */
#include <assert.h>
#include <stdlib.h>

#include "../frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint64_t sum(uint64_t s, const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++)
		s = (s ^ b[i]) * UINT64_C(1099511628211);
	return s;
}

static uint64_t sum_byte(uint64_t s, unsigned b)
{
	uint8_t c = (uint8_t)b;

	return sum(s, &c, 1);
}

/* What the engine says of all that, as a number: pieces of a message count as the whole. */
static uint64_t run(const uint8_t *data, size_t len, unsigned how, size_t step, size_t room)
{
	struct mir_ws_frames f = { .client = how & 1, .limit = how & 2 ? 1000 : 0 };
	struct mir_ws_utf8 text = { 0, 0, 0 };
	uint64_t seen = 1, message = 0;
	uint8_t *out = malloc(room);
	int rc = 0;

	for (size_t at = 0; at < len && rc == 0; at += step) {
		size_t n = MIR_MIN(step, len - at);
		uint8_t *piece = malloc(n);
		struct mir_reader in;
		struct mir_ws_event e;

		memcpy(piece, data + at, n);
		in = mir_reader(piece, n);
		do {
			rc = mir_ws_frames_next(&f, &in, out, room, &e);
			assert(e.kind != MIR_WS_ROOM_EVENT || room == 0);
			assert(e.kind != MIR_WS_NO_EVENT || rc < 0 || in.p == in.end);
			if (e.kind == MIR_WS_DATA_EVENT) {
				assert(
				    e.len <= room && (!f.limit || (message += e.len) <= f.limit));
				assert(f.type != MIR_WS_TEXT ||
				       mir_ws_utf8(&text, e.p, (size_t)e.len));
				assert(f.type != MIR_WS_TEXT || !e.last || !text.left);
				seen = sum(seen, e.p, (size_t)e.len);
				seen = e.last ? sum_byte(seen, 256 + f.type) : seen;
				message = e.last ? 0 : message;
				text = e.last ? (struct mir_ws_utf8){ 0, 0, 0 } : text;
			} else if (e.kind != MIR_WS_NO_EVENT) {
				assert(e.len <= MIR_WS_CONTROL);
				seen = sum_byte(seen, e.kind);
				/* Within a message it would count for the place where it stood. */
				seen = sum(seen, e.p, (size_t)e.len);
			}
		} while (e.kind != MIR_WS_NO_EVENT);
		free(piece);
	}
	assert(rc == f.error);
	assert(rc == 0 || f.code == MIR_WS_PROTOCOL || f.code == MIR_WS_NOT_TEXT ||
	       f.code == MIR_WS_TOO_BIG);
	free(out);
	/* Wrong text fails where it stands: what came before in that piece may be seen or not. */
	return rc ? f.code : sum_byte(seen, (unsigned)f.closed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t whole;

	if (len < 2)
		return 0;
	whole = run(data + 1, len - 1, data[0], len, 1 << 16);
	assert(run(data + 1, len - 1, data[0], 1, 16) == whole);
	assert(run(data + 1, len - 1, data[0], 1u + (data[0] >> 2), 7) == whole);
	return 0;
}
