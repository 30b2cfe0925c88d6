/* store.c: requests to xenstore, their answers, and watches. */
#include "store.h"

#include <mir/err.h>
#include <mir/log.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "event.h"
#include "message.h"

MIR_LOG_SOURCE(xenstore);

enum { TRIES = 16, TOKEN = 12 };

struct request {
	struct request *next;
	uint32_t id;
	int result; /* bytes of the answer, or an error */
	char *buf;  /* of the caller; NULL: the answer does not matter */
	size_t cap;
	bool done;
	struct mir_waitq answered;
};

static struct {
	struct mir_xenstore_page *page;
	struct mir_xen_event event;
	struct mir_xen_message in;
	uint8_t out[sizeof(struct mir_xenstore_head) + MIR_XENSTORE_PAYLOAD];
	size_t out_len, out_at; /* what of `out` has to go, and has gone */
	struct mir_waitq out_free, idle;
	struct request *waiting; /* for their answers */
	struct mir_xen_watch *watches;
	uint32_t id, token;
	uint32_t epoch; /* counts suspensions: transactions do not outlive one */
	bool held;      /* nothing goes out */
} s;

struct mir_xen_store_stats mir_xen_store_stats;

static void finish(struct request *r, int result)
{
	r->result = result;
	r->done = true;
	mir_wake_all(&r->answered);
}

static void unlink_request(struct request *r)
{
	struct request **at = &s.waiting;

	while (*at && *at != r)
		at = &(*at)->next;
	if (*at)
		*at = r->next;
	if (!s.waiting)
		mir_wake_all(&s.idle);
}

/* The server cannot be understood: everyone who waits gets to know, and no one will again. */
static void broken(const char *why)
{
	if (!mir_xen_store_stats.broken)
		mir_error("xenstore breaks the protocol: %s; nothing more is read of it", why);
	mir_xen_store_stats.broken = true;
	for (struct request *r = s.waiting; r; r = r->next)
		finish(r, MIR_EDISCONN);
	mir_wake_all(&s.out_free);
}

static void copy_out(uint8_t *ring, uint32_t at, const uint8_t *p, size_t n)
{
	size_t first = MIR_MIN(n, (size_t)MIR_XENSTORE_RING - at % MIR_XENSTORE_RING);

	memcpy(ring + at % MIR_XENSTORE_RING, p, first);
	memcpy(ring, p + first, n - first);
}

/* As much of what waits as there is room for. */
static void push(void)
{
	uint32_t prod = s.page->req_prod, used = prod - mir_xen_get(&s.page->req_cons);
	size_t n;

	if (used > MIR_XENSTORE_RING) {
		broken("it has read more than there was");
		return;
	}
	n = MIR_MIN(s.out_len - s.out_at, (size_t)(MIR_XENSTORE_RING - used));
	if (n == 0)
		return;
	copy_out(s.page->req, prod, s.out + s.out_at, n);
	s.out_at += n;
	mir_xen_put(&s.page->req_prod, prod + (uint32_t)n);
	mir_xen_event_notify(&s.event);
	if (s.out_at == s.out_len) {
		s.out_at = s.out_len = 0;
		mir_wake_one(&s.out_free);
	}
}

static void take_event(void)
{
	uint32_t token;

	mir_xen_store_stats.events++;
	if (mir_xen_message_token(s.in.body, s.in.head.len, &token)) {
		for (struct mir_xen_watch *w = s.watches; w; w = w->next) {
			if (w->token != token)
				continue;
			w->fired++;
			mir_wake_all(&w->changed);
			if (w->changed_at)
				w->changed_at(w);
			return;
		}
	}
	mir_xen_store_stats.strays++;
}

static void take_answer(void)
{
	struct request *r = s.waiting;
	size_t len = s.in.head.len;

	while (r && (r->id != s.in.head.id || r->done))
		r = r->next;
	if (!r) {
		mir_xen_store_stats.strays++;
	} else if (s.in.head.type == MIR_XENSTORE_ERROR) {
		finish(r, mir_xen_message_error(s.in.body));
	} else if (!r->buf) {
		finish(r, 0);
	} else if (len >= r->cap) {
		finish(r, MIR_EFBIG);
	} else {
		memcpy(r->buf, s.in.body, len + 1);
		finish(r, (int)len);
	}
}

/* What has come, at most a ring of it: the rest is for the next event. */
static void pull(void)
{
	uint32_t cons = s.page->rsp_cons, have = mir_xen_get(&s.page->rsp_prod) - cons;

	if (have > MIR_XENSTORE_RING) {
		broken("it has written more than there is room for");
		return;
	}
	while (have > 0) {
		uint32_t at = cons % MIR_XENSTORE_RING;
		int n = mir_xen_message_feed(
		    &s.in, s.page->rsp + at, MIR_MIN(have, (uint32_t)MIR_XENSTORE_RING - at));

		if (n < 0) {
			broken("a message is longer than any can be");
			return;
		}
		cons += (uint32_t)n;
		have -= (uint32_t)n;
		if (!mir_xen_message_whole(&s.in))
			continue;
		if (s.in.head.type == MIR_XENSTORE_WATCH_EVENT)
			take_event();
		else
			take_answer();
		mir_xen_message_clear(&s.in);
	}
	mir_xen_put(&s.page->rsp_cons, cons);
	mir_xen_event_notify(&s.event);
}

static void fired(struct mir_xen_event *e)
{
	(void)e;
	if (mir_xen_store_stats.broken)
		return;
	if (mir_xen_get(&s.page->rsp_prod) != s.page->rsp_cons)
		pull();
	if (!mir_xen_store_stats.broken)
		push();
}

static int take_page(void)
{
	uint64_t frame, port;
	int rc = mir_xen_param(MIR_XEN_PARAM_STORE_FRAME, &frame);

	if (rc == 0)
		rc = mir_xen_param(MIR_XEN_PARAM_STORE_PORT, &port);
	if (rc < 0)
		return rc;
	s.page = mir_xen_page_at(frame);
	s.event.fire = fired;
	s.event.port = 0;
	return s.page ? mir_xen_event_take(&s.event, port) : MIR_EPROTO;
}

int mir_xen_store_start(void)
{
	memset(&s, 0, sizeof(s));
	mir_xen_store_stats = (struct mir_xen_store_stats){ .requests = 0 };
	return take_page();
}

int mir_xen_store_again(void)
{
	mir_xen_message_clear(&s.in);
	s.epoch++;
	mir_xen_store_resume();
	return take_page();
}

int mir_xen_store_quiesce(void)
{
	int rc = 0;

	s.held = true;
	while (rc == 0 && s.waiting && !mir_xen_store_stats.broken)
		rc = mir_wait(&s.idle);
	if (rc < 0)
		mir_xen_store_resume();
	return rc;
}

void mir_xen_store_resume(void)
{
	s.held = false;
	mir_wake_all(&s.out_free);
}

/* A part of a request: text, or bytes. */
struct part {
	const void *p;
	size_t len;
};

static struct part text(const char *t)
{
	return (struct part){ t, strlen(t) + 1 };
}

/* Places the request in `out` when that is free.  Blocks. */
static int place(struct request *r, enum mir_xenstore_type type, uint32_t tx,
    const struct part *part, unsigned n)
{
	struct mir_xenstore_head head = { .type = (uint32_t)type, .tx = tx };
	int rc = 0;

	for (unsigned i = 0; i < n; i++) {
		if (part[i].len > MIR_XENSTORE_PAYLOAD - head.len)
			return MIR_EFBIG;
		head.len += (uint32_t)part[i].len;
	}
	while (rc == 0 && (s.out_len > 0 || s.held) && !mir_xen_store_stats.broken)
		rc = mir_wait(&s.out_free);
	if (rc == 0 && mir_xen_store_stats.broken)
		rc = MIR_EDISCONN;
	if (rc < 0)
		return rc;
	head.id = r->id = ++s.id;
	memcpy(s.out, &head, sizeof(head));
	s.out_len = sizeof(head);
	for (unsigned i = 0; i < n; i++) {
		memcpy(s.out + s.out_len, part[i].p, part[i].len);
		s.out_len += part[i].len;
	}
	return 0;
}

static int ask(enum mir_xenstore_type type, uint32_t tx, const struct part *part, unsigned n,
    char *buf, size_t cap)
{
	struct request r = { .buf = buf, .cap = cap };
	int rc;

	if (!s.page)
		return MIR_ENODEV;
	rc = place(&r, type, tx, part, n);
	if (rc < 0) {
		mir_wake_one(&s.out_free); /* it may have been for us */
		return rc;
	}
	mir_xen_store_stats.requests++;
	r.next = s.waiting;
	s.waiting = &r;
	push();
	while (rc == 0 && !r.done)
		rc = mir_wait(&r.answered);
	unlink_request(&r);
	return r.done ? r.result : rc;
}

int mir_xen_store_read(uint32_t tx, const char *path, char *buf, size_t cap)
{
	struct part part = text(path);

	return ask(MIR_XENSTORE_READ, tx, &part, 1, buf, cap);
}

int mir_xen_store_number(uint32_t tx, const char *path, uint64_t *value)
{
	char buf[32];
	int rc = mir_xen_store_read(tx, path, buf, sizeof(buf));

	if (rc == MIR_EFBIG)
		return MIR_EPROTO;
	if (rc < 0)
		return rc;
	return mir_xen_number(buf, value) ? 0 : MIR_EPROTO;
}

int mir_xen_store_list(uint32_t tx, const char *path, char *buf, size_t cap)
{
	struct part part = text(path);

	return ask(MIR_XENSTORE_DIRECTORY, tx, &part, 1, buf, cap);
}

int mir_xen_store_write(uint32_t tx, const char *path, const char *value)
{
	struct part part[] = { text(path), { value, strlen(value) } };

	return ask(MIR_XENSTORE_WRITE, tx, part, 2, NULL, 0);
}

int mir_xen_store_printf(uint32_t tx, const char *path, const char *fmt, ...)
{
	char value[MIR_XEN_VALUE];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	return n < (int)sizeof(value) ? mir_xen_store_write(tx, path, value) : MIR_EFBIG;
}

int mir_xen_store_remove(uint32_t tx, const char *path)
{
	struct part part = text(path);

	return ask(MIR_XENSTORE_RM, tx, &part, 1, NULL, 0);
}

int mir_xen_store_share(uint32_t tx, const char *path, uint16_t owner, uint16_t reader)
{
	char mine[16], other[16];
	struct part part[] = { text(path), { mine, 0 }, { other, 0 } };

	part[1].len = (size_t)snprintf(mine, sizeof(mine), "n%u", owner) + 1;
	part[2].len = (size_t)snprintf(other, sizeof(other), "r%u", reader) + 1;
	return ask(MIR_XENSTORE_SET_PERMS, tx, part, 3, NULL, 0);
}

int mir_xen_store_begin(uint32_t *tx)
{
	struct part part = text("");
	char buf[32];
	uint64_t v;
	int rc = ask(MIR_XENSTORE_BEGIN, MIR_XEN_ALONE, &part, 1, buf, sizeof(buf));

	if (rc < 0)
		return rc;
	if (!mir_xen_number(buf, &v) || v == MIR_XEN_ALONE || v > UINT32_MAX)
		return MIR_EPROTO;
	*tx = (uint32_t)v;
	return 0;
}

int mir_xen_store_end(uint32_t tx, bool commit)
{
	struct part part = text(commit ? "T" : "F");

	return ask(MIR_XENSTORE_END, tx, &part, 1, NULL, 0);
}

int mir_xen_store_transaction(int (*body)(uint32_t tx, void *arg), void *arg)
{
	int rc = MIR_EAGAIN;

	for (unsigned i = 0; i < TRIES && rc == MIR_EAGAIN; i++) {
		uint32_t tx, epoch = s.epoch;
		int ended;

		rc = mir_xen_store_begin(&tx);
		if (rc < 0)
			continue;
		rc = body(tx, arg);
		ended = mir_xen_store_end(tx, rc >= 0);
		if (rc >= 0)
			rc = ended;
		if (rc < 0 && epoch != s.epoch)
			rc = MIR_EAGAIN;
	}
	return rc;
}

static int watch(const struct mir_xen_watch *w, enum mir_xenstore_type type)
{
	char token[TOKEN];
	struct part part[] = { text(w->path), { token, 0 } };

	part[1].len = (size_t)snprintf(token, sizeof(token), "%u", w->token) + 1;
	return ask(type, MIR_XEN_ALONE, part, 2, NULL, 0);
}

int mir_xen_watch_start(struct mir_xen_watch *w, const char *path)
{
	size_t len = strlen(path);
	int rc;

	if (len >= sizeof(w->path))
		return MIR_EFBIG;
	memcpy(w->path, path, len + 1);
	w->token = ++s.token;
	w->fired = 0;
	w->next = s.watches;
	s.watches = w;
	rc = watch(w, MIR_XENSTORE_WATCH);
	if (rc < 0)
		mir_xen_watch_stop(w);
	return rc;
}

void mir_xen_watch_stop(struct mir_xen_watch *w)
{
	struct mir_xen_watch **at = &s.watches;

	while (*at && *at != w)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = w->next;
	watch(w, MIR_XENSTORE_UNWATCH);
	mir_wake_all(&w->changed);
}

int mir_xen_store_rewatch(void)
{
	int rc = 0;

	for (const struct mir_xen_watch *w = s.watches; w && rc == 0; w = w->next)
		rc = watch(w, MIR_XENSTORE_WATCH);
	return rc;
}
