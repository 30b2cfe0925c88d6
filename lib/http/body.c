/* body.c: bodies of requests (RFC 9112 sections 6, 7), as they come from the flow. */
#include "internal.h"

int64_t mir_http_patience(const struct mir_http_server *s, uint64_t bytes, int64_t waited)
{
	int64_t all = s->config.http_body_timeout, credit = all;

	if (s->config.http_min_rate) {
		uint64_t seconds = bytes / s->config.http_min_rate;

		credit = mir_time_add(all, MIR_SECOND(MIR_MIN(seconds, 1000000u))) - waited;
	}
	return MIR_MAX(0, MIR_MIN(all, credit));
}

void mir_http_body_init(struct mir_http_exchange *x)
{
	x->body_left = x->head.chunked ? -1 : MIR_MAX(x->head.content_length, 0);
	x->body_done = x->body_left == 0;
	x->expecting = x->head.expect && !x->body_done;
}

/* Sees to it that there is input. */
static int more(struct mir_http_exchange *x)
{
	int64_t before = mir_now(), deadline;
	int rc;

	if (x->input.n)
		return 0;
	deadline =
	    mir_time_add(before, mir_http_patience(x->server, x->received, x->receive_waited));
	rc = mir_http_fill(&x->input, deadline);
	x->receive_waited += mir_now() - before;
	if (rc == MIR_ETIMEDOUT && mir_now() >= deadline) {
		x->server->stats.timeouts++;
		x->body_error = rc;
	}
	return rc > 0 ? 0 : rc ? rc : MIR_ECONNRESET;
}

static int send_continue(struct mir_http_exchange *x)
{
	static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct mir_slice s = mir_slice_static(line, sizeof(line) - 1);

	if (!x->expecting)
		return 0;
	x->expecting = false;
	/* A client that sends already, or that has its answer, needs no permission. */
	if (x->input.n || (x->response.begun && !x->head_waits))
		return 0;
	return mir_http_send(x, &s, 1);
}

/* Moves chunks to out; 0: more input is needed, or that was the end. */
static int read_chunks(struct mir_http_exchange *x, struct mir_slice *out, unsigned max)
{
	int n = mir_http_chunks(&x->head, &x->input.s[0], out, max);

	if (n < 0)
		return n;
	x->body_done = x->head.complete;
	mir_http_input_drop(&x->input, 0);
	return n;
}

static int read_body(struct mir_http_exchange *x, struct mir_slice *out, unsigned max)
{
	int rc;

	if ((rc = send_continue(x)) < 0)
		return rc;
	while (!x->body_done) {
		if ((rc = more(x)) < 0)
			return rc;
		if (x->body_left < 0) {
			rc = read_chunks(x, out, max);
		} else {
			rc = (int)mir_http_input_take(&x->input, out, max, &x->body_left);
			x->body_done = x->body_left == 0;
		}
		if (rc)
			return rc;
	}
	return 0;
}

int mir_http_read_within_limit(
    struct mir_http_request *r, mir_http_read_some *some, struct mir_slice *out, unsigned max)
{
	struct mir_http_exchange *x = mir_container(r, struct mir_http_exchange, request);
	uint64_t limit = x->server->config.http_max_body;
	int rc;

	if (x->body_error)
		return x->body_error;
	if (!max)
		return MIR_EINVAL;
	rc = some(x, out, max);
	if (rc > 0) {
		x->received += mir_slices_len(out, (unsigned)rc);
		if (limit && x->received > limit) {
			mir_slices_unref(out, (unsigned)rc);
			rc = MIR_EFBIG;
		}
	}
	if (rc < 0 && rc != MIR_ETIMEDOUT && rc != MIR_ECANCELED)
		x->body_error = rc;
	return rc;
}

static int request_read(struct mir_http_request *r, struct mir_slice *out, unsigned max)
{
	return mir_http_read_within_limit(r, read_body, out, max);
}

const struct mir_http_request_ops mir_http_request_ops = { request_read };

bool mir_http_body_drain(struct mir_http_exchange *x)
{
	struct mir_slice s[MIR_HTTP_IN];
	size_t total = 0;
	int rc;

	if (x->body_done)
		return true;
	/* A client told neither to send nor not to: what comes next may be either. */
	if (x->expecting || x->body_left > MIR_HTTP_DRAIN)
		return false;
	while ((rc = request_read(&x->request, s, MIR_HTTP_IN)) > 0) {
		total += mir_slices_len(s, (unsigned)rc);
		mir_slices_unref(s, (unsigned)rc);
		if (total > MIR_HTTP_DRAIN)
			return false;
	}
	return rc == 0;
}
