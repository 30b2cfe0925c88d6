/* client_pool.c: connections of a client, in use and kept.
 *
 * A kept connection holds no fiber: what comes on it, its end or its time closes it.
 */
#include "client.h"

#include <mir/format.h>

#include <stdlib.h>

/* Who is at the other end: "s:443:www.example.com", or the proxy. */
static int key_of(
    const struct mir_http_client *c, const struct mir_http_url *u, char out[static MIR_HTTP_ORIGIN])
{
	struct mir_http_url proxy;
	struct mir_str host = u->host;
	char kind = u->secure ? 's' : 'c';
	uint16_t port = u->port;
	int n;

	if (!u->secure && mir_http_proxy_for(c, u, &proxy)) {
		host = proxy.host;
		port = proxy.port;
		kind = 'p';
	}
	n = mir_format(out, MIR_HTTP_ORIGIN, "%c:%u:%.*s", kind, port, (int)host.len, host.p);
	for (char *p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 32);
	return n < MIR_HTTP_ORIGIN ? 0 : MIR_EINVAL;
}

static void unlink_it(struct mir_http_link *l)
{
	struct mir_http_link **at = &l->client->links;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	l->client->n_links--;
	mir_wake_all(&l->client->changed);
}

static void free_link(struct mir_http_link *l, bool abort)
{
	mir_timer_stop(&l->timer);
	mir_unpost(&l->task);
	mir_slices_unref(l->input.s, l->input.n);
	if (l->h2) {
		l->h2->changed = NULL;
		l->h2->ops->close(l->h2);
	}
	if (l->flow && l->idle)
		mir_flow_when_readable(l->flow, NULL, NULL);
	if (l->flow && abort)
		mir_flow_abort(l->flow);
	else if (l->flow)
		mir_flow_close(l->flow);
	unlink_it(l);
	free(l);
}

/* Somebody may have come for it meanwhile. */
static void over(struct mir_task *t)
{
	struct mir_http_link *l = mir_container(t, struct mir_http_link, task);

	if (!l->users)
		free_link(l, false);
}

void mir_http_link_changed(void *link)
{
	struct mir_http_link *l = link;

	if (l->h2->ended && !l->users)
		mir_post(&l->task);
	mir_wake_all(&l->client->changed);
}

/* The other side closed it, or spoke unasked. */
static void spoke(void *arg)
{
	struct mir_http_link *l = arg;

	mir_post(&l->task);
}

static void expired(struct mir_timer *t)
{
	mir_post(&mir_container(t, struct mir_http_link, timer)->task);
}

static bool takes_another(const struct mir_http_link *l)
{
	return l->h2 ? !l->h2->ended && l->users < l->h2->max_streams : l->idle;
}

/* One that serves that key; NULL: any that is not in use. */
static struct mir_http_link *find_idle(struct mir_http_client *c, const char *key)
{
	for (struct mir_http_link *l = c->links; l; l = l->next)
		if (!l->task.posted &&
		    (key ? strcmp(l->key, key) == 0 && takes_another(l) : l->idle))
			return l;
	return NULL;
}

/* The last is the one that was kept first. */
static void close_oldest(struct mir_http_client *c)
{
	struct mir_http_link *oldest = NULL;

	for (struct mir_http_link *l = c->links; l; l = l->next)
		if (l->idle)
			oldest = l;
	if (oldest)
		free_link(oldest, false);
}

static unsigned count(const struct mir_http_client *c, const char *key, bool idle)
{
	unsigned n = 0;

	for (const struct mir_http_link *l = c->links; l; l = l->next)
		n += (!key || strcmp(l->key, key) == 0) && (!idle || l->idle);
	return n;
}

/* Waits until there may be one more, or one is free. */
static int wait_for_room(struct mir_http_client *c, const char *key)
{
	int64_t outer =
	    mir_deadline_set(mir_time_add(mir_now(), mir_http_timeout(c, c->connect_timeout_ns)));
	bool waited = false;
	int rc = 0;

	while (rc == 0 && !find_idle(c, key)) {
		if (c->max_per_host && count(c, key, false) >= c->max_per_host) {
			rc = mir_wait(&c->changed);
			waited = true;
			continue;
		}
		if (!c->max_connections || c->n_links < c->max_connections)
			break;
		if (find_idle(c, NULL)) {
			close_oldest(c);
			continue;
		}
		rc = mir_wait(&c->changed);
		waited = true;
	}
	c->stats.waited += waited;
	mir_deadline_restore(outer);
	return rc;
}

static struct mir_http_link *take_idle(struct mir_http_link *l)
{
	mir_timer_stop(&l->timer);
	if (l->flow)
		mir_flow_when_readable(l->flow, NULL, NULL);
	l->idle = false;
	l->users++;
	l->client->stats.reused++;
	return l;
}

static struct mir_http_link *new_link(struct mir_http_client *c, const char *key)
{
	struct mir_http_link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->client = c;
	l->users = 1;
	l->task.run = over;
	mir_timer_init(&l->timer, expired);
	memcpy(l->key, key, strlen(key) + 1);
	l->next = c->links;
	c->links = l;
	c->n_links++;
	return l;
}

int mir_http_link_get(
    struct mir_http_client *c, const struct mir_http_url *u, bool fresh, struct mir_http_link **out)
{
	char key[MIR_HTTP_ORIGIN];
	struct mir_http_link *l;
	int rc = key_of(c, u, key);

	if (rc == 0 && u->secure && !c->tls)
		rc = MIR_ENOSYS;
	/* A dead one may have dead brothers. */
	for (l = c->links; rc == 0 && fresh && l;) {
		struct mir_http_link *next = l->next;

		if (l->idle && strcmp(l->key, key) == 0)
			free_link(l, true);
		l = next;
	}
	if (rc == 0)
		rc = wait_for_room(c, key);
	if (rc < 0)
		return rc;
	if (!fresh && (l = find_idle(c, key))) {
		*out = take_idle(l);
		return 0;
	}
	if (!(l = new_link(c, key)))
		return MIR_ENOMEM;
	rc = mir_http_link_connect(l, u);
	if (rc < 0)
		free_link(l, true);
	else
		*out = l;
	return rc;
}

void mir_http_link_put(struct mir_http_link *l, bool usable)
{
	struct mir_http_client *c = l->client;

	if (--l->users) {
		mir_wake_all(&c->changed);
		return;
	}
	if (!usable || !c->max_idle || l->input.n || (l->h2 && l->h2->ended)) {
		free_link(l, false);
		return;
	}
	while (count(c, NULL, true) >= c->max_idle)
		close_oldest(c);
	unlink_it(l);
	l->next = c->links;
	c->links = l;
	c->n_links++;
	l->idle = true;
	l->used++;
	mir_timer_set(&l->timer,
	    mir_time_add(mir_now(), c->idle_timeout_ns ? c->idle_timeout_ns : MIR_SECOND(30)));
	if (l->flow)
		mir_flow_when_readable(l->flow, spoke, l);
	mir_wake_all(&c->changed);
}

void mir_http_link_abort(struct mir_http_link *l)
{
	if (l->h2)
		mir_http_link_put(l, true);
	else
		free_link(l, true);
}

void mir_http_client_close(struct mir_http_client *c)
{
	for (struct mir_http_link *l = c->links, *next; l; l = next) {
		next = l->next;
		if (l->idle)
			free_link(l, false);
	}
}
