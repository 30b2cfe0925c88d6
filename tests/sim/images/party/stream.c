/* stream.c: streams whose bytes their position tells, with a digest at the end. */
#include "party.h"

#include <mir/digest.h>
#include <stdlib.h>
#include <string.h>

int party_send(struct mir_flow *flow, uint64_t n, size_t piece)
{
	struct mir_sha256 sha;
	uint8_t digest[MIR_SHA256_LEN];

	mir_sha256_init(&sha);
	for (uint64_t sent = 0; sent < n;) {
		size_t len = (size_t)MIR_MIN(n - sent, (uint64_t)piece);
		struct mir_slice s = { .len = len };
		uint8_t *mem;
		int rc;

		s.owner = mir_mem_new(len, &mem);
		if (!s.owner) {
			rc = mir_sleep(MIR_MS(10)); /* somebody will give some back */
			if (rc < 0)
				return rc;
			continue;
		}
		s.p = mem;
		for (size_t i = 0; i < len; i++)
			mem[i] = party_byte(sent + i);
		mir_sha256_update(&sha, mem, len);
		rc = mir_flow_write(flow, &s, 1);
		if (rc < 0)
			return rc;
		sent += len;
	}
	mir_sha256_final(&sha, digest);
	return mir_flow_write_copy(flow, digest, sizeof(digest));
}

/* The last bytes that came, which may be the digest, and the digest of all before. */
struct tail {
	struct mir_sha256 sha;
	uint8_t bytes[MIR_SHA256_LEN];
	uint64_t n; /* all */
};

static bool take(struct tail *t, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++, t->n++) {
		uint8_t *slot = &t->bytes[t->n % MIR_SHA256_LEN];

		if (t->n >= MIR_SHA256_LEN) {
			if (*slot != party_byte(t->n - MIR_SHA256_LEN))
				return false;
			mir_sha256_update(&t->sha, slot, 1);
		}
		*slot = p[i];
	}
	return true;
}

static bool digest_is_right(struct tail *t)
{
	uint8_t digest[MIR_SHA256_LEN];

	mir_sha256_final(&t->sha, digest);
	for (uint64_t i = 0; i < MIR_SHA256_LEN; i++) {
		if (t->bytes[(t->n + i) % MIR_SHA256_LEN] != digest[i])
			return false;
	}
	return true;
}

int64_t party_receive(struct mir_flow *flow, int64_t pause)
{
	struct tail tail = { .n = 0 };
	struct mir_slice s[8];
	bool good = true;
	int n;

	mir_sha256_init(&tail.sha);
	while ((n = mir_flow_read(flow, s, MIR_COUNT(s))) > 0) {
		for (int i = 0; i < n && good; i++)
			good = take(&tail, s[i].p, s[i].len);
		mir_slices_unref(s, (unsigned)n);
		if (pause)
			mir_sleep((int64_t)mir_random_below((uint32_t)(pause / 1000)) * 1000);
	}
	if (n < 0)
		return n;
	if (!good)
		party_fail("byte %llu is not what was sent",
		    (unsigned long long)(tail.n - MIR_SHA256_LEN));
	if (!good || tail.n < MIR_SHA256_LEN || !digest_is_right(&tail))
		return MIR_EPROTO;
	return (int64_t)(tail.n - MIR_SHA256_LEN);
}

struct writer {
	struct mir_flow *flow;
	uint64_t n;
	size_t piece;
	int rc;
};

static void write_all(void *arg)
{
	struct writer *w = arg;

	w->rc = party_send(w->flow, w->n, w->piece);
	if (w->rc == 0)
		w->rc = mir_flow_shutdown(w->flow, MIR_FLOW_WRITE);
}

int party_exchange(
    struct mir_flow *flow, uint64_t send, uint64_t receive, size_t piece, int64_t pause)
{
	struct writer w = { flow, send, piece, 0 };
	struct mir_fiber *f = mir_spawn_joinable("writer", write_all, &w);
	int64_t n;
	int rc;

	if (!f)
		return MIR_ENOMEM;
	n = party_receive(flow, pause);
	if (n < 0)
		mir_cancel(f);
	while ((rc = mir_join(f)) < 0) {
		mir_cancel(f);
		mir_shutdown_acknowledge();
	}
	if (n < 0 || w.rc < 0)
		return n < 0 ? (int)n : w.rc;
	if ((uint64_t)n != receive) {
		party_fail("%lld bytes came, not %llu", (long long)n, (unsigned long long)receive);
		return MIR_EPROTO;
	}
	return 0;
}

struct lane {
	const struct app *app;
	void (*fn)(const struct app *, unsigned i);
	unsigned *next;
	int64_t deadline;
};

static void run_lane(void *arg)
{
	struct lane *l = arg;
	unsigned count = (unsigned)l->app->keys.count;

	mir_deadline_set(l->deadline);
	while (*l->next < count && !party_failed() && !mir_cancelled())
		l->fn(l->app, (*l->next)++);
}

void party_abreast(const struct app *app, void (*fn)(const struct app *, unsigned i))
{
	enum { LANES = 64 };
	struct mir_fiber *f[LANES];
	unsigned next = 0, n = 0;
	struct lane lane = { app, fn, &next, mir_now() + app->keys.patience };

	while (n < MIR_MIN((unsigned)app->keys.abreast, (unsigned)LANES)) {
		f[n] = mir_spawn_joinable("lane", run_lane, &lane);
		if (!f[n])
			break;
		n++;
	}
	for (unsigned i = 0; i < n; i++) {
		while (mir_join(f[i]) < 0) {
			party_fail("a lane does not come to its end");
			mir_cancel(f[i]);
			mir_shutdown_acknowledge();
			mir_deadline_restore(MIR_NEVER);
		}
	}
}
