/* listen.c: listeners (RFC 9293 section 3.10.1, passive OPEN). */
#include "core.h"

#include <stdlib.h>

enum { BACKLOG = 1024, BACKLOG_MAX = 65536, FIRST_FREE = 32768, LAST_FREE = 65535 };

static struct mir_tcp_port **bucket(struct mir_tcp_core *c, uint16_t port)
{
	return &c->ports[port % MIR_TCP_PORT_BUCKETS];
}

struct mir_tcp_port *mir_tcp_port_find(
    struct mir_tcp_core *c, const struct mir_ipaddr *addr, uint16_t port)
{
	struct mir_tcp_port *any = NULL;

	for (struct mir_tcp_port *p = *bucket(c, port); p; p = p->next) {
		if (p->listener.local.port != port)
			continue;
		if (mir_ipaddr_eq(&p->listener.local.addr, addr))
			return p;
		if (mir_ipaddr_is_any(&p->listener.local.addr))
			any = p;
	}
	return any;
}

static bool taken(struct mir_tcp_core *c, const struct mir_endpoint *local)
{
	const struct mir_tcp_port *p = mir_tcp_port_find(c, &local->addr, local->port);

	return p && mir_ipaddr_eq(&p->listener.local.addr, &local->addr);
}

static int choose_free(struct mir_tcp_core *c, struct mir_endpoint *local)
{
	uint32_t count = LAST_FREE - FIRST_FREE + 1, start = mir_random_below(count);

	for (uint32_t i = 0; i < count; i++) {
		local->port = (uint16_t)(FIRST_FREE + (start + i) % count);
		if (!taken(c, local))
			return 0;
	}
	return MIR_EADDRNOTAVAIL;
}

int mir_tcp_listen_op(struct mir_tcp *tcp, const struct mir_endpoint *local, unsigned backlog,
    const struct mir_tcp_options *options, mir_tcp_accept *accept, void *arg,
    struct mir_tcp_listener **out)
{
	struct mir_tcp_core *c = mir_container(tcp, struct mir_tcp_device, tcp)->core;
	struct mir_endpoint where = *local;
	struct mir_tcp_port *p;
	int rc = 0;

	if (!mir_ipaddr_is_any(&where.addr) && !c->ip->ops->is_local(c->ip, where.addr))
		return MIR_EADDRNOTAVAIL;
	if (where.port == 0)
		rc = choose_free(c, &where);
	else if (taken(c, &where))
		rc = MIR_EADDRINUSE;
	if (rc < 0)
		return rc;
	p = calloc(1, sizeof(*p));
	if (!p)
		return MIR_ENOMEM;
	p->listener = (struct mir_tcp_listener){ tcp, where };
	p->core = c;
	p->accept = accept;
	p->arg = arg;
	p->backlog = MIR_MIN(backlog ? backlog : BACKLOG, (unsigned)BACKLOG_MAX);
	if (options)
		p->options = *options;
	p->next = *bucket(c, where.port);
	*bucket(c, where.port) = p;
	c->env.stats.listeners++;
	*out = &p->listener;
	return 0;
}

void mir_tcp_unlisten_op(struct mir_tcp_listener *listener)
{
	struct mir_tcp_port *p = mir_container(listener, struct mir_tcp_port, listener);
	struct mir_tcp_port **link = bucket(p->core, listener->local.port);

	for (unsigned i = 0; i < 2 * MIR_TCP_TRIES; i++) {
		struct mir_tcp_half_list *list = &p->tries[i & 1][i / 2];

		while (list->head)
			mir_tcp_half_remove(list->head);
	}
	while (*link != p)
		link = &(*link)->next;
	*link = p->next;
	p->core->env.stats.listeners--;
	free(p);
}

void mir_tcp_pause_op(struct mir_tcp_listener *listener, bool paused)
{
	mir_container(listener, struct mir_tcp_port, listener)->paused = paused;
}
