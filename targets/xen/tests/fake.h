/* A Xen in memory: hypercalls, event channels, grants, and a xenstore with its server; for tests
 * and fuzzers, which are the back ends.  Everything happens in tasks of the loop.
 */
#include <mir/err.h>
#include <mir/fiber.h>
#include <mir/loop.h>
#include <mir/panic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../bus.h"
#include "../control.h"
#include "../event.h"
#include "../grant.h"

enum {
	FAKE_NODES = 256,
	FAKE_WATCHES = 32,
	FAKE_PAGES = 4096,
	FAKE_STORE_PORT = 1,
	FAKE_BACK = 7, /* domain of the back ends */
};

struct fake_node {
	char path[200], value[200];
};

static struct fake {
	struct mir_xen_shared shared;
	struct mir_xenstore_page store;
	_Alignas(4096) uint8_t window[MIR_XEN_GRANT_FRAMES * MIR_XEN_PAGE];
	const void *page[FAKE_PAGES]; /* by frame number */
	uint32_t n_pages;
	int64_t pages_alive;
	uint32_t next_port;
	struct fake_node node[FAKE_NODES];
	struct fake_watch {
		char path[200], token[40];
	} watch[FAKE_WATCHES];
	uint8_t request[5000], reply[40000];
	size_t request_len, reply_len;
	struct mir_task serve, upcall;
	unsigned conflicts;    /* ends of transactions that are to fail */
	unsigned requests[32]; /* by type */
	bool mute;             /* the server reads nothing */
	bool suspended;        /* what the next suspension returns: false: 0 */
	uint64_t params[64];
	uint32_t sent[64]; /* notifications by port */
	void (*on_send)(uint32_t port);
	void (*on_write)(const char *path, const char *value);
	void (*on_suspend)(void);
} fake;

/* ---- memory ---- */

void *mir_xen_pages_new(size_t n)
{
	void *p = mmap(
	    NULL, n * MIR_XEN_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mir_check(p != MAP_FAILED);
	fake.pages_alive += (int64_t)n;
	return p;
}

void mir_xen_pages_free(void *p, size_t n)
{
	for (uint32_t i = 0; i < fake.n_pages; i++) {
		if (fake.page[i] >= p &&
		    (const uint8_t *)fake.page[i] < (uint8_t *)p + n * MIR_XEN_PAGE)
			fake.page[i] = NULL;
	}
	madvise(p, n * MIR_XEN_PAGE, MADV_DONTNEED); /* a back end may still look */
	fake.pages_alive -= (int64_t)n;
}

uint32_t mir_xen_frame(const void *p)
{
	const uint8_t *page = (const uint8_t *)p - (uintptr_t)p % MIR_XEN_PAGE;

	for (uint32_t i = 0; i < fake.n_pages; i++) {
		if (fake.page[i] == page)
			return i;
	}
	for (uint32_t i = 0; i < fake.n_pages; i++) {
		if (!fake.page[i]) {
			fake.page[i] = page;
			return i;
		}
	}
	mir_check(fake.n_pages < FAKE_PAGES);
	fake.page[fake.n_pages] = page;
	return fake.n_pages++;
}

void *mir_xen_window(size_t n, uint64_t *frame)
{
	*frame = 0x1000;
	return n <= MIR_XEN_GRANT_FRAMES ? fake.window : NULL;
}

void *mir_xen_page_at(uint64_t frame)
{
	return frame == 1 ? &fake.store : NULL;
}

/* ---- what a back end does ---- */

/* The page of a reference, as the domain may reach it; NULL: it may not. */
static MIR_UNUSED uint8_t *fake_page(uint32_t ref, bool write)
{
	struct mir_xen_grant_entry e;

	if (ref >= sizeof(fake.window) / sizeof(e))
		return NULL;
	memcpy(&e, fake.window + ref * sizeof(e), sizeof(e));
	if (!(e.flags & MIR_XEN_GRANT_ACCESS) || e.dom != FAKE_BACK ||
	    (write && e.flags & MIR_XEN_GRANT_READONLY) || e.frame >= fake.n_pages)
		return NULL;
	return (uint8_t *)(uintptr_t)fake.page[e.frame];
}

static void MIR_UNUSED fake_mapped(uint32_t ref, bool mapped)
{
	struct mir_xen_grant_entry *e = (struct mir_xen_grant_entry *)(void *)fake.window + ref;

	e->flags = (uint16_t)(mapped ? e->flags | MIR_XEN_GRANT_READING
				     : e->flags & ~MIR_XEN_GRANT_READING);
}

static void fake_upcall(struct mir_task *t)
{
	(void)t;
	mir_xen_events_poll();
}

static void fake_raise(uint32_t port)
{
	fake.shared.pending[port / 64] |= 1ull << (port % 64);
	if (fake.shared.mask[port / 64] >> (port % 64) & 1)
		return;
	fake.shared.vcpu[0].pending_sel |= 1ull << (port / 64);
	fake.shared.vcpu[0].upcall_pending = 1;
	mir_post(&fake.upcall);
}

/* ---- xenstore ---- */

static void fake_copy(char *to, size_t cap, const char *from)
{
	size_t n = MIR_MIN(strlen(from), cap - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}

static const char *fake_absolute(const char *path, char *buf, size_t cap)
{
	if (path[0] == '/')
		return path;
	snprintf(buf, cap, "/local/domain/5/%s", path);
	return buf;
}

static struct fake_node *fake_find(const char *path)
{
	char buf[400];

	path = fake_absolute(path, buf, sizeof(buf));
	for (unsigned i = 0; i < FAKE_NODES; i++) {
		if (strcmp(fake.node[i].path, path) == 0 && path[0])
			return &fake.node[i];
	}
	return NULL;
}

static void fake_reply(uint32_t type, uint32_t id, uint32_t tx, const void *body, size_t len)
{
	struct mir_xenstore_head head = { type, id, tx, (uint32_t)len };

	if (fake.reply_len + sizeof(head) + len > sizeof(fake.reply))
		return;
	memcpy(fake.reply + fake.reply_len, &head, sizeof(head));
	memcpy(fake.reply + fake.reply_len + sizeof(head), body, len);
	fake.reply_len += sizeof(head) + len;
	mir_post(&fake.serve);
}

static void fake_event(const struct fake_watch *w, const char *path)
{
	char body[500];
	size_t a = strlen(path) + 1, b = strlen(w->token) + 1;

	memcpy(body, path, a);
	memcpy(body + a, w->token, b);
	fake_reply(MIR_XENSTORE_WATCH_EVENT, 0, 0, body, a + b);
}

static void fake_set(const char *path, const char *value)
{
	char buf[400], other[400];
	struct fake_node *node = fake_find(path);

	path = fake_absolute(path, buf, sizeof(buf));
	for (unsigned i = 0; !node && i < FAKE_NODES; i++) {
		if (!fake.node[i].path[0])
			node = &fake.node[i];
	}
	mir_check(node != NULL);
	fake_copy(node->path, sizeof(node->path), path);
	fake_copy(node->value, sizeof(node->value), value);
	for (unsigned i = 0; i < FAKE_WATCHES; i++) {
		const char *watched = fake_absolute(fake.watch[i].path, other, sizeof(other));
		size_t n = strlen(watched);

		if (fake.watch[i].path[0] && strncmp(path, watched, n) == 0 &&
		    (path[n] == '\0' || path[n] == '/'))
			fake_event(&fake.watch[i], path);
	}
}

static const char *fake_get(const char *path)
{
	struct fake_node *node = fake_find(path);

	return node ? node->value : "";
}

static void fake_unset(const char *path)
{
	struct fake_node *node = fake_find(path);

	if (node)
		node->path[0] = '\0';
}

static size_t fake_list(const char *path, char *out, size_t cap)
{
	char buf[400];
	size_t n, len = 0;

	path = fake_absolute(path, buf, sizeof(buf));
	n = strlen(path);
	for (unsigned i = 0; i < FAKE_NODES; i++) {
		const char *p = fake.node[i].path;
		size_t part;
		bool known = false;

		if (strncmp(p, path, n) != 0 || p[n] != '/')
			continue;
		p += n + 1;
		part = strcspn(p, "/");
		for (size_t at = 0; at < len; at += strlen(out + at) + 1)
			known |= strlen(out + at) == part && memcmp(out + at, p, part) == 0;
		if (known || len + part + 1 > cap)
			continue;
		memcpy(out + len, p, part);
		out[len + part] = '\0';
		len += part + 1;
	}
	return len;
}

static void fake_watch_change(const char *path, const char *token, bool on)
{
	for (unsigned i = 0; i < FAKE_WATCHES; i++) {
		struct fake_watch *w = &fake.watch[i];

		if (on && !w->path[0]) {
			fake_copy(w->path, sizeof(w->path), path);
			fake_copy(w->token, sizeof(w->token), token);
			fake_event(w, path);
			return;
		}
		if (!on && strcmp(w->path, path) == 0 && strcmp(w->token, token) == 0)
			w->path[0] = '\0';
	}
}

static void fake_error(const struct mir_xenstore_head *h, const char *name)
{
	fake_reply(MIR_XENSTORE_ERROR, h->id, h->tx, name, strlen(name) + 1);
}

static void fake_serve_one(const struct mir_xenstore_head *h, char *body)
{
	struct fake_node *node;
	char list[2000];
	const char *second = body + strlen(body) + 1;

	fake.requests[h->type % 32]++;
	switch (h->type) {
	case MIR_XENSTORE_READ:
		node = fake_find(body);
		if (node)
			fake_reply(h->type, h->id, h->tx, node->value, strlen(node->value));
		else
			fake_error(h, "ENOENT");
		break;
	case MIR_XENSTORE_WRITE:
		fake_set(body, second);
		fake_reply(h->type, h->id, h->tx, "OK", 3);
		if (fake.on_write)
			fake.on_write(body, second);
		break;
	case MIR_XENSTORE_DIRECTORY: {
		size_t len = fake_list(body, list, sizeof(list));

		if (len == 0)
			fake_error(h, "ENOENT");
		else
			fake_reply(h->type, h->id, h->tx, list, len);
		break;
	}
	case MIR_XENSTORE_BEGIN: fake_reply(h->type, h->id, h->tx, "77", 3); break;
	case MIR_XENSTORE_END:
		if (fake.conflicts > 0) {
			fake.conflicts--;
			fake_error(h, "EAGAIN");
		} else {
			fake_reply(h->type, h->id, h->tx, "OK", 3);
		}
		break;
	case MIR_XENSTORE_WATCH:
		fake_reply(h->type, h->id, h->tx, "OK", 3);
		fake_watch_change(body, second, true);
		break;
	case MIR_XENSTORE_UNWATCH:
		fake_watch_change(body, second, false);
		fake_reply(h->type, h->id, h->tx, "OK", 3);
		break;
	case MIR_XENSTORE_RM:
		fake_unset(body);
		fake_reply(h->type, h->id, h->tx, "OK", 3);
		break;
	default: fake_error(h, "EINVAL"); break;
	}
}

static void fake_serve(struct mir_task *t)
{
	struct mir_xenstore_page *p = &fake.store;
	struct mir_xenstore_head h;
	char body[MIR_XENSTORE_PAYLOAD + 2];
	bool moved = false;

	(void)t;
	if (fake.mute || p->req_prod - p->req_cons > MIR_XENSTORE_RING)
		return;
	for (; p->req_cons != p->req_prod; p->req_cons++, moved = true) {
		mir_check(fake.request_len < sizeof(fake.request));
		fake.request[fake.request_len++] = p->req[p->req_cons % MIR_XENSTORE_RING];
		if (fake.request_len < sizeof(h))
			continue;
		memcpy(&h, fake.request, sizeof(h));
		if (h.len > MIR_XENSTORE_PAYLOAD) { /* a fuzzer has written over it */
			fake.request_len = 0;
			continue;
		}
		if (fake.request_len < sizeof(h) + h.len)
			continue;
		memset(body, 0, sizeof(body));
		memcpy(body, fake.request + sizeof(h), h.len);
		fake.request_len = 0;
		fake_serve_one(&h, body);
	}
	for (; fake.reply_len > 0 && p->rsp_prod - p->rsp_cons < MIR_XENSTORE_RING; moved = true) {
		p->rsp[p->rsp_prod++ % MIR_XENSTORE_RING] = fake.reply[0];
		memmove(fake.reply, fake.reply + 1, --fake.reply_len);
	}
	if (moved)
		fake_raise(FAKE_STORE_PORT);
}

/* ---- hypercalls ---- */

static int64_t fake_event_op(unsigned op, void *arg)
{
	struct mir_xen_alloc *alloc = arg;
	struct mir_xen_port *port = arg;

	switch (op) {
	case MIR_XEN_EVENT_ALLOC: alloc->port = fake.next_port++; return 0;
	case MIR_XEN_EVENT_SEND:
		fake.sent[port->port % 64]++;
		if (port->port == FAKE_STORE_PORT)
			mir_post(&fake.serve);
		else if (fake.on_send)
			fake.on_send(port->port);
		return 0;
	case MIR_XEN_EVENT_UNMASK:
		fake.shared.mask[port->port / 64] &= ~(1ull << (port->port % 64));
		if (fake.shared.pending[port->port / 64] >> (port->port % 64) & 1)
			fake_raise(port->port);
		return 0;
	case MIR_XEN_EVENT_CLOSE:
		fake.shared.pending[port->port / 64] &= ~(1ull << (port->port % 64));
		return 0;
	default: return MIR_ENOSYS;
	}
}

static int64_t fake_grant_op(unsigned op, void *arg)
{
	struct mir_xen_grant_size *size = arg;

	if (op == MIR_XEN_GRANT_SIZE)
		size->frames_max = 4;
	return op == MIR_XEN_GRANT_SIZE || op == MIR_XEN_GRANT_SET_VERSION ? 0 : MIR_ENOSYS;
}

int64_t mir_xen_call(enum mir_xen_hypercall what, uint64_t a, uint64_t b, uint64_t c)
{
	void *arg = (void *)(uintptr_t)b;
	struct mir_xen_hvm_param *param = arg;

	(void)c;
	switch (what) {
	case MIR_XEN_EVENT: return fake_event_op((unsigned)a, arg);
	case MIR_XEN_GRANT: return fake_grant_op((unsigned)a, arg);
	case MIR_XEN_MEMORY: return 0;
	case MIR_XEN_HVM:
		if (a == MIR_XEN_HVM_GET)
			param->value = fake.params[param->index % 64];
		return 0;
	case MIR_XEN_SCHED:
		if (a == MIR_XEN_SCHED_SHUTDOWN && fake.on_suspend)
			fake.on_suspend();
		return fake.suspended ? 1 : 0;
	default: return MIR_ENOSYS;
	}
}

/* ---- the machine around control.c ---- */

void mir_xen_machine_before(void)
{
}

int mir_xen_machine_again(void)
{
	memset(&fake.shared, 0, sizeof(fake.shared));
	memset(fake.window, 0, sizeof(fake.window));
	memset(&fake.store, 0, sizeof(fake.store));
	memset(fake.watch, 0, sizeof(fake.watch));
	fake.request_len = fake.reply_len = 0;
	mir_xen_events_begin(&fake.shared);
	return mir_xen_grants_again();
}

int mir_xen_ready(void)
{
	return 0;
}

void mir_xen_balloon(uint64_t kib)
{
	(void)kib;
}

static void fake_begin(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.next_port = 2;
	fake.params[MIR_XEN_PARAM_STORE_FRAME] = 1;
	fake.params[MIR_XEN_PARAM_STORE_PORT] = FAKE_STORE_PORT;
	fake.serve.run = fake_serve;
	fake.upcall.run = fake_upcall;
	mir_xen_events_begin(&fake.shared);
	mir_check(mir_xen_grants_start() == 0);
	mir_check(mir_xen_store_start() == 0);
}

static void MIR_UNUSED fake_end(void)
{
	for (unsigned i = 0; i < 20; i++)
		mir_yield();
	mir_unpost(&fake.serve);
	mir_unpost(&fake.upcall);
}

/* A device of that kind with its back end, which waits. */
static void MIR_UNUSED fake_device(const char *kind, unsigned id)
{
	char path[200], value[100];

	snprintf(path, sizeof(path), "device/%s/%u/backend", kind, id);
	snprintf(value, sizeof(value), "/local/domain/7/backend/%s/5/%u", kind, id);
	fake_set(path, value);
	snprintf(path, sizeof(path), "device/%s/%u/backend-id", kind, id);
	fake_set(path, "7");
	snprintf(path, sizeof(path), "device/%s/%u/state", kind, id);
	fake_set(path, "1");
	snprintf(path, sizeof(path), "%s/state", value);
	fake_set(path, "2");
}

/* A key of the back end of device 0 of that kind. */
static void MIR_UNUSED fake_offer(const char *kind, const char *key, const char *value)
{
	char path[200];

	snprintf(path, sizeof(path), "/local/domain/7/backend/%s/5/0/%s", kind, key);
	fake_set(path, value);
}

static uint32_t MIR_UNUSED fake_number(const char *kind, const char *key)
{
	char path[200];

	snprintf(path, sizeof(path), "device/%s/0/%s", kind, key);
	return (uint32_t)strtoul(fake_get(path), NULL, 10);
}
