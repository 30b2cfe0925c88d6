/* engine.c: any row of answers to an order.  Records: kind, then a text behind its length. */
#include <mir/panic.h>
#include <string.h>

#include "../engine.h"

static const uint8_t *input;
static size_t left;

static uint8_t take(void)
{
	return left ? (left--, *input++) : 0;
}

static void answer(struct mir_acme_engine *e, uint8_t kind, int64_t now)
{
	static const unsigned status[] = { 200, 201, 400, 429, 500, 200, 200, 200 };
	char body[4096];
	size_t len = (size_t)take() << 4 | (take() & 15);
	struct mir_acme_answer a = { .status = status[kind & 7],
		.nonce = kind & 8 ? "" : "nonce",
		.location = kind & 16 ? "" : "https://x/y",
		.retry_after = kind & 32 ? 7 : -1,
		.body = body };

	len = MIR_MIN(MIR_MIN(len, left), sizeof(body) - 1);
	memcpy(body, input, len);
	body[len] = 0;
	input += len;
	left -= len;
	a.len = len;
	mir_acme_answered(e, &a, now);
}

static void check(const struct mir_acme_engine *e)
{
	mir_check(memchr(e->url, 0, sizeof(e->url)) && memchr(e->nonce, 0, sizeof(e->nonce)));
	mir_check(memchr(e->payload, 0, sizeof(e->payload)) && memchr(e->why, 0, sizeof(e->why)));
	mir_check(e->want != MIR_ACME_POST || e->nonce[0]);
	mir_check(e->authorizations <= MIR_ACME_NAMES && e->at <= e->authorizations);
	mir_check(e->want != MIR_ACME_SHOW || e->token[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mir_acme_plan plan = { .directory = "https://x/dir",
		.email = "a@b",
		.challenge = "http-01",
		.csr = "AAAA",
		.name = { "a.test", "b.test" },
		.n = 2 };
	static struct mir_acme_engine e;
	int64_t now = 0;

	input = data;
	left = size;
	mir_acme_begin(&e, &plan);
	while (left && e.want != MIR_ACME_DONE && e.want != MIR_ACME_FAILED) {
		now += MIR_SECOND(1);
		if (e.want == MIR_ACME_SHOW) {
			mir_acme_shown(&e);
		} else if (e.want == MIR_ACME_SLEEP) {
			mir_acme_slept(&e);
		} else {
			uint8_t kind = take();

			if (kind == 255)
				mir_acme_unanswered(&e, "gone", now);
			else
				answer(&e, kind, now);
		}
		check(&e);
	}
	return 0;
}
