/* dhcp.c: the DHCP client: the engine between UDP, IP and a timer. */
#include <mir/dhcp_device.h>
#include <mir/hash.h>
#include <mir/log.h>
#include <mir/start.h>

MIR_LOG_SOURCE(dhcp);

enum { CLIENT_PORT = 68, SERVER_PORT = 67, MTU_MIN = 576 };

static const struct mir_cidr default_route = { { { [10] = 0xff, [11] = 0xff } }, 0 };

static void send_message(struct mir_dhcp_device *d)
{
	struct mir_endpoint dst = { mir_ip4(d->out.to ? d->out.to : 0xffffffff), SERVER_PORT };
	struct mir_ipaddr src = d->addr ? mir_ip4(d->addr) : MIR_IPADDR_ANY;
	struct mir_slice s;

	if (d->out.len == 0)
		return;
	s = mir_slice_copy(d->out.message, d->out.len);
	if (!s.owner || mir_udp_send(d->port, &src, &dst, &s, 1) < 0)
		d->send_failed++;
}

static void drop_route(struct mir_dhcp_device *d)
{
	if (d->router)
		d->config.ip->ops->remove_route(d->config.ip, default_route);
	d->router = 0;
}

static void drop_address(struct mir_dhcp_device *d)
{
	uint32_t addr = d->addr;

	d->addr = 0;
	if (addr)
		d->config.ip->ops->remove_address(d->config.ip, mir_ip4(addr));
}

static void set_route(struct mir_dhcp_device *d, uint32_t router)
{
	struct mir_ipaddr hop = mir_ip4(router);
	char text[MIR_IPADDR_TEXT];
	int rc;

	if (router == d->router)
		return;
	drop_route(d);
	if (!router)
		return;
	rc = d->config.ip->ops->add_route(d->config.ip, default_route, hop);
	if (rc == 0)
		d->router = router;
	else if (rc != MIR_EEXIST)
		mir_warn("%s: router %s of the lease: %s", d->config.name,
		    mir_ipaddr_text(&hop, text), mir_strerror(rc));
}

static void act(struct mir_dhcp_device *d);

static void step(
    struct mir_dhcp_device *d, enum mir_dhcp_event event, const uint8_t *msg, size_t len)
{
	mir_dhcp_engine_step(&d->engine, event, msg, len, mir_now(), &d->out);
	act(d);
}

static void probe_fiber(void *arg)
{
	struct mir_dhcp_device *d = arg;
	struct mir_ipaddr addr = mir_ip4(d->probed);
	int rc = d->config.arp->ops->probe(d->config.arp, addr, d->config.dhcp_probe);

	d->probing = NULL;
	if (rc == MIR_EADDRINUSE && d->addr == d->probed) {
		char text[MIR_IPADDR_TEXT];

		mir_warn("%s: %s, which the server gave us, is in use; declined", d->config.name,
		    mir_ipaddr_text(&addr, text));
		step(d, MIR_DHCP_TAKEN, NULL, 0);
	}
	mir_wake_all(&d->probe_end);
}

/* Watches for another host with the address, while it is used already: nobody waits for that. */
static void start_probe(struct mir_dhcp_device *d)
{
	if (d->config.dhcp_probe <= 0 || d->probing)
		return;
	d->probed = d->addr;
	d->probing = mir_spawn("dhcp probe", probe_fiber, d);
}

static void tell(const struct mir_dhcp_device *d)
{
	const struct mir_dhcp_lease *l = &d->engine.lease;
	struct mir_ipaddr addr = mir_ip4(l->addr), server = mir_ip4(l->server);
	struct mir_ipaddr router = mir_ip4(l->router[0]);
	char a[MIR_IPADDR_TEXT], s[MIR_IPADDR_TEXT], r[MIR_IPADDR_TEXT];

	mir_info("%s: %s/%u from %s, gateway %s, for %lld s", d->config.name,
	    mir_ipaddr_text(&addr, a), l->len, mir_ipaddr_text(&server, s),
	    l->nrouters ? mir_ipaddr_text(&router, r) : "none",
	    l->duration_ns == MIR_NEVER ? -1ll : (long long)(l->duration_ns / MIR_SECOND(1)));
	if (l->len_guessed)
		mir_warn("%s: the server named no netmask: /%u taken from the address's class",
		    d->config.name, l->len);
}

/* A new address comes before the old one goes, so that there always is one. */
static void apply_lease(struct mir_dhcp_device *d)
{
	const struct mir_dhcp_lease *l = &d->engine.lease;
	struct mir_cidr cidr = { mir_ip4(l->addr), l->len };
	uint32_t old = d->addr;
	int rc;

	if (l->mtu >= MTU_MIN && l->mtu < d->config.eth->mtu)
		d->config.eth->mtu = l->mtu;
	if (l->addr == old && l->len != d->len) {
		drop_address(d);
		old = 0;
	}
	if (l->addr != old) {
		rc = d->config.ip->ops->add_address(d->config.ip, cidr);
		if (rc < 0 && rc != MIR_EEXIST) {
			mir_error(
			    "%s: the address of the lease: %s", d->config.name, mir_strerror(rc));
			drop_route(d);
			drop_address(d);
			return;
		}
		d->addr = l->addr;
		d->len = l->len;
		if (old)
			d->config.ip->ops->remove_address(d->config.ip, mir_ip4(old));
	}
	set_route(d, l->nrouters ? l->router[0] : 0);
	if (l->addr != old) {
		tell(d);
		start_probe(d);
	}
}

/* Does what the engine has decided. */
static void act(struct mir_dhcp_device *d)
{
	bool changed = d->out.drop || d->out.apply;

	if (d->out.release)
		send_message(d);
	if (d->out.drop) {
		drop_route(d);
		drop_address(d);
	}
	if (d->out.apply)
		apply_lease(d);
	if (!d->out.release)
		send_message(d);
	mir_timer_set(&d->timer, d->engine.next);
	if (changed)
		mir_wake_all(&d->changed);
}

static void fire(struct mir_timer *t)
{
	step(mir_container(t, struct mir_dhcp_device, timer), MIR_DHCP_TIMEOUT, NULL, 0);
}

static void input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	struct mir_dhcp_device *d = arg;
	uint8_t msg[MIR_DHCP_MESSAGE];
	size_t len = p->total;

	(void)dst;
	if (src->port != SERVER_PORT || len > sizeof(msg)) {
		d->engine.stats.rx_refused++;
		mir_packet_unref(p);
		return;
	}
	mir_packet_copy(p, 0, msg, len);
	mir_packet_unref(p);
	step(d, MIR_DHCP_RECEIVED, msg, len);
}

static const struct mir_udp_handler handler = { .input = input };

/* A conflict while we probe ends as the probe does, only sooner. */
static void changed(struct mir_ip_watch *w, enum mir_ip_event event, struct mir_cidr cidr)
{
	struct mir_dhcp_device *d = mir_container(w, struct mir_dhcp_device, watch);

	if (event == MIR_IP_REMOVED && d->addr && mir_ip4_of(&cidr.addr) == d->addr) {
		mir_warn("%s: the address of the lease was removed", d->config.name);
		d->addr = 0;
	}
}

static struct mir_dhcp_device *dev_of(struct mir_dhcp *dhcp)
{
	return mir_container(dhcp, struct mir_dhcp_device, dhcp);
}

static int dhcp_wait(struct mir_dhcp *dhcp)
{
	struct mir_dhcp_device *d = dev_of(dhcp);

	while (dhcp->enabled && d->addr == 0) {
		int rc = mir_wait(&d->changed);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int dhcp_grant(struct mir_dhcp *dhcp, struct mir_dhcp_grant *out)
{
	const struct mir_dhcp_engine *e = &dev_of(dhcp)->engine;
	const struct mir_dhcp_lease *l = &e->lease;

	if (l->addr == 0 || dev_of(dhcp)->addr == 0)
		return MIR_ENOENT;
	*out = (struct mir_dhcp_grant){
		.address = { mir_ip4(l->addr), l->len },
		.server = mir_ip4(l->server),
		.gateway = l->nrouters ? mir_ip4(l->router[0]) : MIR_IPADDR_ANY,
		.n_name_servers = l->ndns,
		.domain = l->domain,
		.renew_at = e->t1,
		.expires_at = e->expiry,
	};
	for (unsigned i = 0; i < l->ndns; i++)
		out->name_server[i] = mir_ip4(l->dns[i]);
	return 0;
}

static const struct mir_dhcp_ops dhcp_ops = {
	.name = "dhcp",
	.wait = dhcp_wait,
	.grant = dhcp_grant,
};

int mir_dhcp_device_start(struct mir_dhcp_device *d, const struct mir_dhcp_device_config *c)
{
	struct mir_endpoint local = { MIR_IPADDR_ANY, CLIENT_PORT };
	struct mir_cidr given;
	uint64_t seed;
	int rc;

	memset(d, 0, sizeof(*d));
	d->config = *c;
	d->dhcp.ops = &dhcp_ops;
	mir_timer_init(&d->timer, fire);
	mir_random(&seed, sizeof(seed));
	mir_dhcp_engine_init(&d->engine, &c->eth->mac, mir_common.name, seed);
	if (!c->dhcp)
		return 0;
	if (c->ip->ops->address(c->ip, 0, &given) == 0) {
		mir_info("%s: an address is given, so DHCP is not asked", c->name);
		return 0;
	}
	rc = mir_udp_bind(c->udp, &local, &handler, d, &d->port);
	if (rc < 0)
		return rc;
	d->watch.changed = changed;
	c->ip->ops->watch(c->ip, &d->watch);
	d->dhcp.enabled = true;
	step(d, MIR_DHCP_START, NULL, 0);
	return 0;
}

void mir_dhcp_device_stop(struct mir_dhcp_device *d)
{
	if (!d->dhcp.enabled)
		return;
	step(d, MIR_DHCP_STOP, NULL, 0);
	d->dhcp.enabled = false;
	if (d->probing)
		mir_cancel(d->probing);
	while (d->probing && mir_wait(&d->probe_end) == 0)
		;
	mir_timer_stop(&d->timer);
	mir_udp_close(d->port);
	d->port = NULL;
	mir_wake_all(&d->changed);
}
