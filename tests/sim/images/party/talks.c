/* talks.c: bulk both ways, many short connections, half-closes, windows that close. */
#include "party.h"

#include <string.h>

enum { PIECE = 16384, SMALL = 2000, HEAD = 4 };

/* --- bulk: both sides send at once ----------------------------------------------------- */

static int bulk(struct mir_flow *flow, const struct app *app)
{
	return party_exchange(flow, app->keys.bytes, app->keys.bytes, PIECE, 0);
}

static int bulk_client(const struct app *app)
{
	struct mir_flow *flow;
	int rc = party_connect(app, NULL, &flow);

	if (rc < 0)
		return rc;
	rc = bulk(flow, app);
	if (rc == 0)
		rc = mir_flow_drain(flow);
	mir_flow_close(flow);
	return rc;
}

const struct work bulk_work = { .name = "bulk", .serve = bulk, .client = bulk_client };

/* --- short: a small request, a small answer, many times ---------------------------------- */

static int read_exactly(struct mir_flow *flow, uint8_t *out, size_t want)
{
	struct mir_slice s[4];
	size_t have = 0;
	int n = 0;

	while (have < want && (n = mir_flow_read(flow, s, MIR_COUNT(s))) > 0) {
		for (int i = 0; i < n; i++) {
			size_t part = MIR_MIN(s[i].len, want - have);

			memcpy(out + have, s[i].p, part);
			have += part;
		}
		mir_slices_unref(s, (unsigned)n);
	}
	return n < 0 ? n : have == want ? 0 : MIR_EPROTO;
}

/* The request is how many bytes are wanted. */
static int short_serve(struct mir_flow *flow, const struct app *app)
{
	uint8_t head[HEAD];
	int rc = read_exactly(flow, head, sizeof(head));

	(void)app;
	if (rc < 0)
		return rc;
	return party_send(flow, (uint64_t)head[0] << 8 | head[1], SMALL);
}

static void short_one(const struct app *app, unsigned i)
{
	uint32_t want = mir_random_below(i % 4 ? SMALL : 20000);
	uint8_t head[HEAD] = { (uint8_t)(want >> 8), (uint8_t)want };
	struct mir_flow *flow;
	int rc = party_connect(app, NULL, &flow);
	int64_t n;

	if (rc < 0) {
		party_fail("connection %u: %s", i, mir_strerror(rc));
		return;
	}
	rc = mir_flow_write_copy(flow, head, sizeof(head));
	n = rc < 0 ? rc : party_receive(flow, 0);
	if (n != want)
		party_fail("answer %u: %s", i, n < 0 ? mir_strerror((int)n) : "too short");
	mir_flow_close(flow);
}

static int short_client(const struct app *app)
{
	party_abreast(app, short_one);
	return 0;
}

const struct work short_work = { .name = "short", .serve = short_serve, .client = short_client };

/* --- half: one side shuts its half first, the other goes on -------------------------------- */

/* Odd numbers of bytes: the server waits for the end before it answers. */
static int half_serve(struct mir_flow *flow, const struct app *app)
{
	int64_t n;
	int rc = 0;

	(void)app;
	if (mir_random_below(2))
		rc = mir_sleep(MIR_MS(mir_random_below(300)));
	n = rc < 0 ? rc : party_receive(flow, 0);
	if (n < 0)
		return (int)n;
	if (mir_random_below(2))
		mir_sleep(MIR_MS(mir_random_below(3000)));
	return party_send(flow, (uint64_t)n * 2, SMALL);
}

static void half_one(const struct app *app, unsigned i)
{
	uint64_t send = mir_random_below((uint32_t)app->keys.bytes);
	struct mir_flow *flow;
	int rc = party_connect(app, NULL, &flow);
	int64_t n;

	if (rc == 0)
		rc = party_send(flow, send, SMALL);
	if (rc == 0)
		rc = mir_flow_shutdown(flow, MIR_FLOW_WRITE);
	n = rc < 0 ? rc : party_receive(flow, 0);
	if (n != (int64_t)send * 2)
		party_fail("half %u: %s", i, n < 0 ? mir_strerror((int)n) : "not twice as much");
	if (flow)
		mir_flow_close(flow);
}

static int half_client(const struct app *app)
{
	party_abreast(app, half_one);
	return 0;
}

const struct work half_work = { .name = "half", .serve = half_serve, .client = half_client };

/* --- window: a reader that sleeps, with little room ------------------------------------------ */

enum { ROOM = 8192 };

static int window_talk(struct mir_flow *flow, const struct app *app)
{
	return party_exchange(flow, app->keys.bytes, app->keys.bytes, PIECE, MIR_SECOND(2));
}

static int window_client(const struct app *app)
{
	struct mir_tcp_options options = { .receive_buffer = ROOM };
	struct mir_flow *flow;
	int rc = party_connect(app, &options, &flow);

	if (rc < 0)
		return rc;
	rc = window_talk(flow, app);
	mir_flow_close(flow);
	return rc;
}

const struct work window_work = { .name = "window",
	.serve = window_talk,
	.client = window_client,
	.options = { .receive_buffer = ROOM } };
