/* device.c: TCP as a device: start, stop, statistics, addresses that go away. */
#include "core.h"

#include <stdlib.h>

static void run_hook(struct mir_hook *hook)
{
	struct mir_tcp_device *d = mir_container(hook, struct mir_tcp_device, hook);

	if (d->core)
		mir_tcp_flush(d->core);
}

struct sweep {
	struct mir_tcp_core *core;
	const struct mir_ipaddr *addr; /* NULL: all */
	int error;
};

static void sweep_node(void *arg, struct mir_tcp_node *n)
{
	struct sweep *s = arg;

	if (s->addr && !mir_ipaddr_eq(&n->tuple.local, s->addr))
		return;
	switch (n->kind) {
	case MIR_TCP_NODE_FLOW:
		mir_tcp_conn_reset(mir_container(n, struct mir_tcp_conn, node), s->error);
		break;
	case MIR_TCP_NODE_HALF:
		mir_tcp_half_remove(mir_container(n, struct mir_tcp_half, node));
		break;
	case MIR_TCP_NODE_WAIT:
		mir_tcp_wait_remove(s->core, mir_container(n, struct mir_tcp_wait, node));
		break;
	}
}

static void address_changed(
    struct mir_ip_watch *watch, enum mir_ip_event event, struct mir_cidr cidr)
{
	struct mir_tcp_device *d = mir_container(watch, struct mir_tcp_device, watch);
	struct sweep s = { d->core, &cidr.addr, MIR_ENETDOWN };

	if (d->core && event == MIR_IP_REMOVED)
		mir_tcp_table_each(&d->core->table, sweep_node, &s);
}

static const struct mir_tcp_ops ops = {
	.name = "tcp",
	.connect = mir_tcp_connect_op,
	.listen = mir_tcp_listen_op,
	.unlisten = mir_tcp_unlisten_op,
	.pause = mir_tcp_pause_op,
	.set = mir_tcp_set_op,
};

static void set_config(struct mir_tcp_core *core, const struct mir_tcp_device_config *config)
{
	struct mir_tcp_device_config *c = &core->config;

	*c = *config;
	c->tcp_memory = c->tcp_memory ? c->tcp_memory : 64u << 20;
	c->tcp_send = MIR_MIN(c->tcp_send ? c->tcp_send : 4u << 20, 1u << 30);
	c->tcp_receive = MIR_MIN(c->tcp_receive ? c->tcp_receive : 4u << 20, 1u << 30);
	c->tcp_connections = c->tcp_connections ? c->tcp_connections : 65536;
	c->tcp_time_wait = c->tcp_time_wait ? c->tcp_time_wait : MIR_SECOND(10);
	core->env.budget.limit = c->tcp_memory;
	core->env.cc = mir_tcp_cc_find(c->tcp_congestion);
	core->ecn_ask = c->tcp_ecn && strcmp(c->tcp_ecn, "on") == 0;
	core->ecn_agree = !c->tcp_ecn || strcmp(c->tcp_ecn, "off") != 0;
}

int mir_tcp_device_start(struct mir_tcp_device *d, const struct mir_tcp_device_config *config)
{
	struct mir_tcp_core *core = calloc(1, sizeof(*core));
	int rc;

	if (!core)
		return MIR_ENOMEM;
	core->device = d;
	core->ip = config->ip;
	core->output_tail = &core->output;
	set_config(core, config);
	core->env.fast = config->tcp_fast_open ? calloc(1, sizeof(*core->env.fast)) : NULL;
	if (config->tcp_fast_open && !core->env.fast) {
		free(core);
		return MIR_ENOMEM;
	}
	mir_random(&core->isn_key, sizeof(core->isn_key));
	mir_random(&core->port_key, sizeof(core->port_key));
	mir_random(&core->ts_key, sizeof(core->ts_key));
	mir_random(&core->cookie_key, sizeof(core->cookie_key));
	mir_timer_init(&core->half_timer, mir_tcp_half_fire);
	mir_timer_init(&core->wait_timer, mir_tcp_wait_fire);
	mir_timer_init(&core->pressure_timer, mir_tcp_pressure_fire);
	rc = mir_tcp_table_init(&core->table);
	if (rc == 0)
		rc = core->ip->ops->listen(core->ip, MIR_IPPROTO_TCP, &mir_tcp_ip_proto, core);
	if (rc < 0) {
		mir_tcp_table_release(&core->table);
		free(core->env.fast);
		free(core);
		return rc;
	}
	*d = (struct mir_tcp_device){
		.tcp.ops = &ops,
		.ip = config->ip,
		.name = config->name,
		.core = core,
		.watch.changed = address_changed,
		.hook = { .run = run_hook, .rank = 10 },
	};
	core->ip->ops->watch(core->ip, &d->watch);
	if (MIR_CHECKED)
		mir_tcp_audit(d);
	return 0;
}

void mir_tcp_device_stop(struct mir_tcp_device *d)
{
	struct mir_tcp_core *core = d->core;
	struct sweep s = { core, NULL, MIR_ECONNABORTED };

	if (MIR_CHECKED)
		mir_checker_remove(&d->checker);
	mir_tcp_table_each(&core->table, sweep_node, &s);
	mir_tcp_flush(core);
	core->ip->ops->listen(core->ip, MIR_IPPROTO_TCP, NULL, NULL);
	for (unsigned i = 0; i < MIR_TCP_PORT_BUCKETS; i++) {
		while (core->ports[i])
			mir_tcp_unlisten_op(&core->ports[i]->listener);
	}
	mir_tcp_wait_release(core);
	mir_timer_stop(&core->half_timer);
	mir_timer_stop(&core->pressure_timer);
	mir_tcp_table_release(&core->table);
	free(core->env.fast);
	core->env.fast = NULL;
	core->device = NULL;
	if (core->flows == 0) /* else with the last of them */
		free(core);
	d->core = NULL;
}

void mir_tcp_device_stats(const struct mir_tcp_device *d, struct mir_tcp_stats *out)
{
	const struct mir_budget *b = &d->core->env.budget;

	*out = d->core->env.stats;
	out->memory_used = b->used;
	out->memory_limit = b->limit;
	out->memory_refused = b->refused;
}
