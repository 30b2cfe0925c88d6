/* client_call.c: one request on one connection, and its answer. */
#include "client.h"

#include <stdlib.h>

/* Reads heads until one that is not an interim answer.  *any: bytes have come. */
static int read_head(struct mir_http_call *c, bool head, bool *any)
{
	struct mir_http_client *client = c->client;
	struct mir_http_input *in = &c->link->input;
	int64_t deadline =
	    mir_http_by(mir_http_timeout(client, client->head_timeout_ns), c->deadline);
	size_t max = client->max_header ? client->max_header : 65536;
	int rc;

	for (unsigned interim = 0; interim < 16; interim++) {
		struct mir_http_scan scan = { 0, 0 };
		int64_t len;

		while ((len = mir_http_input_head(in, &scan, max)) == 0) {
			rc = mir_http_fill(in, deadline);
			if (rc <= 0)
				return rc ? rc : MIR_ECONNRESET;
			*any = true;
		}
		if (len < 0)
			return len == -431 || len == -414 ? MIR_ELIMIT
			       : len == -503              ? MIR_ENOMEM
							  : MIR_EPROTO;
		c->bytes = mir_slice_sub(&in->s[0], 0, (size_t)len);
		mir_http_input_drop(in, (size_t)len);
		rc = mir_http_parse_answer(&c->head, c->bytes.p, (size_t)len, head);
		if (rc < 0 || c->head.status >= 200)
			return rc;
		if (c->head.status == 101)
			return MIR_EPROTO;
		mir_slice_unref(&c->bytes);
	}
	return MIR_EPROTO;
}

/* The body is read: the connection can serve another request, if nothing came behind it. */
static void give_back(struct mir_http_call *c)
{
	bool whole;

	if (c->h2) {
		c->link->h2->ops->close_answer(c->h2);
		mir_http_link_put(c->link, true);
		c->h2 = NULL;
		c->link = NULL;
	}
	if (!c->link)
		return;
	whole = c->done && c->head.keep_alive && !c->unsent && c->left != MIR_HTTP_UNTIL_CLOSE;
	if (c->done && !c->unsent)
		mir_http_link_put(c->link, whole);
	else
		mir_http_link_abort(c->link);
	c->link = NULL;
}

static void set_answer(struct mir_http_call *c)
{
	const struct mir_http_head *h = &c->head;

	c->answer = (struct mir_http_answer){ h->status, h->headers, h->nheaders,
		h->chunked ? -1 : h->content_length, NULL, c->link->tls_version, false };
	c->left = h->chunked              ? -1
		  : h->content_length < 0 ? MIR_HTTP_UNTIL_CLOSE
					  : h->content_length;
	c->done = c->left == 0;
	if (c->done)
		give_back(c);
}

/* RFC 9110 section 9.2.2. */
static bool idempotent(const char *method)
{
	static const char *const all[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" };

	for (size_t i = 0; i < MIR_COUNT(all); i++)
		if (strcmp(method, all[i]) == 0)
			return true;
	return false;
}

/* One attempt.  *again: it failed because a kept connection was dead, and may be repeated. */
static int attempt(struct mir_http_call *c, const struct mir_http_url *u,
    const struct mir_http_ask *a, bool fresh, bool *again)
{
	int64_t outer = mir_deadline_set(c->deadline);
	bool started = false, any = false;
	int rc = mir_http_link_get(c->client, u, fresh, &c->link);

	*again = false;
	if (rc == 0 && c->link->h2) {
		rc = mir_http_h2_call(c, u, a);
		/* MIR_EAGAIN: the server has not looked at it. */
		*again = (rc == MIR_EAGAIN || rc == MIR_ECONNRESET) && !a->body &&
			 (rc == MIR_EAGAIN || (c->link->used && idempotent(a->method)));
	} else if (rc == 0) {
		rc = mir_http_send_request(c, u, a, &started);
		/* A server that has seen enough may answer and not read the rest of a body. */
		if (rc == 0 || (a->body && (rc == MIR_ECONNRESET || rc == MIR_EPIPE)))
			rc = read_head(c, strcmp(a->method, "HEAD") == 0, &any);
		*again = (rc == MIR_ECONNRESET || rc == MIR_EPIPE || rc == MIR_ECONNABORTED) &&
			 c->link->used && !any && !started && idempotent(a->method);
	}
	mir_deadline_restore(outer);
	if (rc < 0 && c->link) {
		mir_slice_unref(&c->bytes);
		mir_http_link_abort(c->link);
		c->link = NULL;
	}
	return rc;
}

int mir_http_call(struct mir_http_client *client, const struct mir_http_url *u,
    const struct mir_http_ask *a, int64_t deadline, struct mir_http_call **out)
{
	struct mir_http_call *c = malloc(sizeof(*c));
	bool again;
	int rc;

	if (!c)
		return MIR_ENOMEM;
	memset(c, 0, offsetof(struct mir_http_call, head));
	c->client = client;
	c->deadline = deadline;
	rc = attempt(c, u, a, false, &again);
	if (rc < 0 && again) {
		client->stats.repeated++;
		rc = attempt(c, u, a, true, &again);
	}
	if (rc < 0) {
		free(c);
		return rc;
	}
	if (!c->h2)
		set_answer(c);
	*out = c;
	return 0;
}

static struct mir_http_call *call_of(struct mir_http_answer *a)
{
	return mir_container(a, struct mir_http_call, answer);
}

/* What the input holds of the body. */
static int take(struct mir_http_call *c, struct mir_slice *out, unsigned max)
{
	struct mir_http_input *in = &c->link->input;
	int64_t all = INT64_MAX;
	int rc;

	if (c->left == MIR_HTTP_UNTIL_CLOSE)
		return (int)mir_http_input_take(in, out, max, &all);
	if (c->left == -1) {
		rc = mir_http_chunks(&c->head, &in->s[0], out, max);
		if (rc >= 0)
			mir_http_input_drop(in, 0);
		c->done = c->head.complete;
		return rc;
	}
	rc = (int)mir_http_input_take(in, out, max, &c->left);
	c->done = c->left == 0;
	return rc;
}

/* Waits for more: 1: there is; 0: the body has ended; negative: as mir_http_answer_read. */
static int more(struct mir_http_call *c)
{
	int rc = mir_http_fill(&c->link->input,
	    mir_http_by(mir_http_timeout(c->client, c->client->body_timeout_ns), c->deadline));

	if (rc > 0)
		return 1;
	if (rc == 0 && c->left == MIR_HTTP_UNTIL_CLOSE) {
		c->done = true;
		return 0;
	}
	if (rc != MIR_ETIMEDOUT && rc != MIR_ECANCELED)
		c->error = rc ? rc : MIR_ECONNRESET;
	return rc ? rc : MIR_ECONNRESET;
}

int mir_http_answer_read(struct mir_http_answer *a, struct mir_slice *out, unsigned max)
{
	struct mir_http_call *c = call_of(a);
	int rc = 0;

	if (!max)
		return MIR_EINVAL;
	if (c->h2)
		return mir_http_h2_read(c, out, max);
	while (!c->done && !c->error) {
		if (!c->link->input.n && (rc = more(c)) <= 0)
			break;
		rc = take(c, out, max);
		if (rc < 0)
			c->error = rc;
		if (rc != 0)
			break;
	}
	if (c->done)
		give_back(c);
	return c->error ? c->error : c->done && rc < 0 ? 0 : rc;
}

void mir_http_answer_close(struct mir_http_answer *a)
{
	struct mir_http_call *c;

	if (!a)
		return;
	c = call_of(a);
	give_back(c);
	mir_slice_unref(&c->bytes);
	free(c->url);
	free(c);
}

struct mir_str mir_http_answer_header(const struct mir_http_answer *a, const char *name)
{
	return mir_http_find(a->headers, a->nheaders, name);
}
