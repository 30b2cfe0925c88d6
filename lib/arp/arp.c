/* arp.c: the ARP device: the engine between an Ethernet, a timer and waiting fibers. */
#include <mir/arp_device.h>
#include <mir/log.h>

MIR_LOG_SOURCE(arp);

static struct mir_arp_device *dev_of(struct mir_arp *a)
{
	return mir_container(a, struct mir_arp_device, arp);
}

static void rearm(struct mir_arp_device *d)
{
	if (d->engine.next != (mir_timer_is_set(&d->timer) ? d->timer.deadline : MIR_NEVER))
		mir_timer_set(&d->timer, d->engine.next);
}

static void fire(struct mir_timer *t)
{
	struct mir_arp_device *d = mir_container(t, struct mir_arp_device, timer);
	struct mir_packet *p;

	mir_arp_engine_timeout(&d->engine, mir_now());
	rearm(d);
	while ((p = d->failed)) {
		d->failed = p->next;
		p->next = NULL;
		if (d->unreachable)
			d->unreachable(d->watcher, p);
		else
			mir_packet_unref(p);
	}
}

static void effect_message(void *arg, const struct mir_mac *dst, const uint8_t msg[MIR_ARP_LEN])
{
	struct mir_arp_device *d = arg;
	struct mir_packet *p = mir_packet_new();

	if (!p) {
		d->no_memory++;
		return;
	}
	memcpy(mir_packet_put(p, MIR_ARP_LEN), msg, MIR_ARP_LEN);
	mir_ethernet_send(d->eth, dst, MIR_ETHERTYPE_ARP, p);
}

static int effect_deliver(void *arg, const struct mir_mac *dst, struct mir_packet *p)
{
	struct mir_arp_device *d = arg;

	return mir_ethernet_send(d->eth, dst, MIR_ETHERTYPE_IPV4, p);
}

static void effect_failed(void *arg, struct mir_packet *p)
{
	struct mir_arp_device *d = arg;

	p->next = d->failed;
	d->failed = p;
}

static void effect_settled(void *arg)
{
	struct mir_arp_device *d = arg;

	mir_wake_all(&d->settled);
}

static void effect_conflict(void *arg, uint32_t addr, const struct mir_mac *claimant)
{
	struct mir_arp_device *d = arg;
	struct mir_ipaddr ip = mir_ip4(addr);
	char text[MIR_IPADDR_TEXT], mac[MIR_MAC_TEXT];

	if (mir_bucket_take(&d->complaints, mir_now(), MIR_ARP_DEFEND_NS, 1))
		mir_warn("%s: %s, our address, is also used by %s", d->eth->name,
		    mir_ipaddr_text(&ip, text), mir_mac_text(claimant, mac));
	if (d->conflict)
		d->conflict(d->watcher, ip, claimant);
}

static const struct mir_arp_effects effects = {
	.message = effect_message,
	.deliver = effect_deliver,
	.failed = effect_failed,
	.settled = effect_settled,
	.conflict = effect_conflict,
};

static void arp_input(void *arg, struct mir_packet *p, const struct mir_mac *src)
{
	struct mir_arp_device *d = arg;

	(void)src;
	mir_packet_pull_up(p, MIR_ARP_LEN);
	mir_arp_engine_input(&d->engine, p->data, p->len, mir_now());
	rearm(d);
	mir_packet_unref(p);
}

static int arp_send(struct mir_arp *a, struct mir_ipaddr next_hop, struct mir_packet *p)
{
	struct mir_arp_device *d = dev_of(a);
	int rc = mir_arp_engine_send(&d->engine, mir_ip4_of(&next_hop), p, mir_now());

	rearm(d);
	return rc;
}

static int arp_query(struct mir_arp *a, struct mir_ipaddr addr, struct mir_mac *out)
{
	struct mir_arp_device *d = dev_of(a);
	int rc;

	for (;;) {
		if (!d->arp.ops)
			return MIR_EHOSTUNREACH;
		rc = mir_arp_engine_query(&d->engine, mir_ip4_of(&addr), out, mir_now());
		rearm(d);
		if (rc != 0)
			return rc > 0 ? 0 : rc;
		rc = mir_wait(&d->settled);
		if (rc < 0)
			return rc;
	}
}

static int arp_add(struct mir_arp *a, struct mir_ipaddr addr)
{
	struct mir_arp_device *d = dev_of(a);
	int rc = mir_arp_engine_add(&d->engine, mir_ip4_of(&addr), mir_now());

	rearm(d);
	return rc;
}

static void arp_remove(struct mir_arp *a, struct mir_ipaddr addr)
{
	mir_arp_engine_remove(&dev_of(a)->engine, mir_ip4_of(&addr));
}

static int arp_probe(struct mir_arp *a, struct mir_ipaddr addr, int64_t wait_ns)
{
	struct mir_arp_device *d = dev_of(a);
	int place = mir_arp_engine_probe(&d->engine, mir_ip4_of(&addr), wait_ns, mir_now());
	int rc;

	if (place < 0)
		return place;
	rearm(d);
	while ((rc = mir_arp_engine_probed(&d->engine, place, mir_now())) == 0) {
		rc = mir_wait(&d->settled);
		if (rc == 0 && !d->arp.ops)
			rc = MIR_EHOSTUNREACH;
		if (rc < 0) {
			mir_arp_engine_probe_end(&d->engine, place);
			return rc;
		}
	}
	return rc > 0 ? 0 : rc;
}

static void arp_watch(
    struct mir_arp *a, mir_arp_conflict *conflict, mir_arp_unreachable *unreachable, void *arg)
{
	struct mir_arp_device *d = dev_of(a);

	d->conflict = conflict;
	d->unreachable = unreachable;
	d->watcher = arg;
}

static const struct mir_arp_ops arp_ops = {
	.name = "arp",
	.send = arp_send,
	.query = arp_query,
	.add = arp_add,
	.remove = arp_remove,
	.probe = arp_probe,
	.watch = arp_watch,
};

int mir_arp_device_start(struct mir_arp_device *d, const struct mir_arp_device_config *c)
{
	struct mir_hash_key key;

	memset(d, 0, sizeof(*d));
	d->arp.ops = &arp_ops;
	d->eth = c->eth;
	mir_random(&key, sizeof(key));
	mir_arp_engine_init(&d->engine, &c->eth->mac, &key, &effects, d);
	mir_timer_init(&d->timer, fire);
	return mir_ethernet_listen(c->eth, MIR_ETHERTYPE_ARP, arp_input, d);
}

void mir_arp_device_stop(struct mir_arp_device *d)
{
	mir_ethernet_listen(d->eth, MIR_ETHERTYPE_ARP, NULL, NULL);
	mir_timer_stop(&d->timer);
	mir_arp_engine_clear(&d->engine);
	d->arp.ops = NULL;
	mir_wake_all(&d->settled);
}
