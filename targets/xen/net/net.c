/* net.c: a network of Xen: its back end, what is agreed with it, and how both come together.
 *
 * Xen's io/netif.h.  Rings have one page each: the protocol knows no more; what it has for more is
 * queues.
 */
#include <ctype.h>
#include <mir/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

MIR_LOG_SOURCE(net);

enum { MTU = 1500, MTU_MIN = 68, MTU_MAX = 65535 - MIR_XEN_ETHER - MIR_XEN_VLAN, TEXT = 64 };

static struct mir_xen_net *net_of(struct mir_xen_device *d)
{
	return mir_container(d, struct mir_xen_net, device);
}

void mir_xen_net_broken(struct mir_xen_net *x, const char *why)
{
	if (x->gone)
		return;
	x->gone = true;
	x->connected = false;
	mir_error("%s: the back end in domain %u breaks the protocol: %s; the network is given up",
	    x->net.name, x->device.domain, why);
}

/* ---- frames ---- */

static void drop(struct mir_xen_net *x, uint64_t *count, struct mir_packet *p /* take */)
{
	(*count)++;
	x->net.stats.tx_dropped++;
	mir_packet_unref(p);
}

static bool fits(const struct mir_xen_net *x, const struct mir_packet *p)
{
	uint32_t limit = (uint32_t)x->net.mtu + MIR_XEN_ETHER + MIR_XEN_VLAN;

	if (p->csum == MIR_CSUM_PARTIAL && !(x->able & MIR_NET_TX_CSUM))
		return false;
	if (p->gso != MIR_GSO_NONE)
		return p->gso == MIR_GSO_TCP4 && x->able & MIR_NET_TX_TSO4 &&
		       p->total <= UINT16_MAX;
	return p->total >= MIR_XEN_ETHER && p->total <= MIR_MIN(limit, (uint32_t)UINT16_MAX);
}

/* One flow stays in one queue: by the last bytes of both addresses and the ports of IPv4. */
static struct mir_xen_net_queue *queue_of(struct mir_xen_net *x, const struct mir_packet *p)
{
	unsigned h = 0;

	if (x->n_queues > 1 && p->len >= 38) {
		h = (unsigned)(p->data[29] ^ p->data[33]);
		h ^= (unsigned)(p->data[35] ^ p->data[37]);
	}
	return x->queue[h % x->n_queues];
}

static int net_send(struct mir_net *net, struct mir_packet *const frames[], unsigned n)
{
	struct mir_xen_net *x = mir_container(net, struct mir_xen_net, net);
	int sent = 0;

	for (unsigned i = 0; i < n; i++) {
		struct mir_packet *p = frames[i];
		uint32_t bytes = p->total;

		if (!x->connected) {
			drop(x, &x->drops.down, p);
		} else if (!fits(x, p)) {
			drop(x, &x->drops.oversize, p);
		} else if (mir_xen_net_tx_frame(queue_of(x, p), p)) {
			net->stats.tx_packets++;
			net->stats.tx_bytes += bytes;
			sent++;
		} else {
			net->stats.tx_dropped++;
		}
	}
	for (unsigned i = 0; i < x->n_queues && x->connected; i++)
		mir_xen_net_tx_push(x->queue[i]);
	return x->gone ? MIR_EDISCONN : sent;
}

static void net_listen(struct mir_net *net, mir_net_input *input, void *arg)
{
	struct mir_xen_net *x = mir_container(net, struct mir_xen_net, net);

	x->input = input;
	x->arg = arg;
}

static const struct mir_net_ops ops = { "network of Xen", net_send, net_listen };

static void work(struct mir_xen_net_queue *q)
{
	if (!q->net->connected)
		return;
	mir_xen_net_tx_done(q);
	if (!q->net->gone && mir_xen_net_rx_take(q) && !q->net->gone)
		mir_post(&q->again);
}

static void fired(struct mir_xen_event *e)
{
	work(mir_container(e, struct mir_xen_net_queue, event));
}

static void again(struct mir_task *t)
{
	work(mir_container(t, struct mir_xen_net_queue, again));
}

/* ---- queues ---- */

static int queue_open(struct mir_xen_net_queue *q, uint16_t domain)
{
	int ref;

	mir_xen_ring_init(
	    &q->tx, q->tx_page, MIR_XEN_PAGE, (uint32_t)sizeof(struct mir_xen_tx_request));
	mir_xen_ring_init(
	    &q->rx, q->rx_page, MIR_XEN_PAGE, (uint32_t)sizeof(struct mir_xen_rx_request));
	ref = mir_xen_grant(domain, q->tx_page, false);
	if (ref < 0)
		return ref;
	q->tx_ref = (uint32_t)ref;
	ref = mir_xen_grant(domain, q->rx_page, false);
	if (ref < 0)
		return ref;
	q->rx_ref = (uint32_t)ref;
	q->event.fire = fired;
	mir_xen_net_tx_begin(q);
	mir_xen_net_rx_begin(q);
	return mir_xen_event_alloc(&q->event, domain);
}

/* forget: grants and events have gone with a suspension. */
static void queue_close(struct mir_xen_net_queue *q, bool forget)
{
	mir_unpost(&q->again);
	mir_xen_event_close(&q->event);
	mir_xen_net_tx_end(q, forget);
	mir_xen_net_rx_end(q, forget);
	if (!forget && q->tx_ref != MIR_XEN_GRANT_NONE) {
		mir_xen_grant_drop(q->tx_ref, q->tx_page, NULL);
		q->tx_page = NULL;
	}
	if (!forget && q->rx_ref != MIR_XEN_GRANT_NONE) {
		mir_xen_grant_drop(q->rx_ref, q->rx_page, NULL);
		q->rx_page = NULL;
	}
	q->tx_ref = q->rx_ref = MIR_XEN_GRANT_NONE;
}

static void queue_free(struct mir_xen_net_queue *q)
{
	for (unsigned i = 0; i < MIR_XEN_NET_RING; i++) {
		if (q->tx_slot[i].page)
			mir_xen_pages_free(q->tx_slot[i].page, 1);
	}
	if (q->tx_page)
		mir_xen_pages_free(q->tx_page, 1);
	if (q->rx_page)
		mir_xen_pages_free(q->rx_page, 1);
	free(q);
}

static int queues_new(struct mir_xen_net *x, unsigned n)
{
	x->n_queues = n;
	for (unsigned i = 0; i < n; i++) {
		struct mir_xen_net_queue *q = x->queue[i];

		if (!q)
			q = x->queue[i] = calloc(1, sizeof(*q));
		if (!q)
			return MIR_ENOMEM;
		q->net = x;
		q->again.run = again;
		if ((!q->tx_page && !(q->tx_page = mir_xen_pages_new(1))) ||
		    (!q->rx_page && !(q->rx_page = mir_xen_pages_new(1))))
			return MIR_ENOMEM;
	}
	return 0;
}

/* ---- agreement ---- */

static int take_mac(struct mir_xen_net *x)
{
	char text[TEXT];
	unsigned b[6];
	int rc = mir_xen_device_text(&x->device, false, "mac", text, sizeof(text)), end = 0;

	if (rc < 0)
		return rc;
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		&end) != 6 ||
	    text[end] != '\0' || b[0] & 1) {
		mir_error("%s: its hardware address is '%s'", x->net.name, text);
		return MIR_EPROTO;
	}
	for (unsigned i = 0; i < 6; i++)
		x->net.mac.b[i] = (uint8_t)b[i];
	return 0;
}

static int take_mtu(struct mir_xen_net *x)
{
	char path[MIR_XEN_PATH];
	uint64_t mtu = MTU;
	int rc;

	snprintf(path, sizeof(path), "%s/mtu", x->device.node);
	rc = mir_xen_store_number(MIR_XEN_ALONE, path, &mtu);
	if (rc == MIR_ENOENT)
		mtu = MTU;
	else if (rc < 0)
		return rc;
	if (mtu < MTU_MIN || mtu > MTU_MAX) {
		mir_error("%s: its mtu is %llu", x->net.name, (unsigned long long)mtu);
		return MIR_EPROTO;
	}
	x->net.mtu = (uint16_t)mtu;
	return 0;
}

/* What the back end offers.  The stack is told once: after a move to a host that has less, frames
 * that count on more are dropped. */
static int take_offers(struct mir_xen_net *x, uint64_t *queues)
{
	struct mir_xen_device *d = &x->device;
	uint64_t rx_copy, sg, tso4, no_csum;
	int rc;

	if ((rc = mir_xen_device_offer(d, "feature-rx-copy", 1, 0, &rx_copy)) < 0 ||
	    (rc = mir_xen_device_offer(d, "feature-sg", 1, 0, &sg)) < 0 ||
	    (rc = mir_xen_device_offer(d, "feature-gso-tcpv4", 1, 0, &tso4)) < 0 ||
	    (rc = mir_xen_device_offer(d, "feature-no-csum-offload", 1, 0, &no_csum)) < 0 ||
	    (rc = mir_xen_device_offer(d, "multi-queue-max-queues", UINT32_MAX, 1, queues)) < 0)
		return rc;
	if (!rx_copy) {
		mir_error("%s: the back end cannot copy frames to us (feature-rx-copy); pages are "
			  "not handed over",
		    x->net.name);
		return MIR_ENOSYS;
	}
	x->able = MIR_NET_RX_CSUM | MIR_NET_RX_GRO4;
	if (!no_csum)
		x->able |= MIR_NET_TX_CSUM;
	if (!no_csum && sg && tso4)
		x->able |= MIR_NET_TX_TSO4;
	if (x->net.offloads == 0)
		x->net.offloads = x->able;
	x->net.max_slices = MIR_PACKET_SLICES;
	*queues = MIR_MAX(MIR_MIN(*queues, (uint64_t)x->wanted_queues), 1ull);
	return 0;
}

static int write_queue(struct mir_xen_net *x, uint32_t tx, unsigned i)
{
	const struct mir_xen_net_queue *q = x->queue[i];
	const struct {
		const char *key;
		uint32_t value;
	} keys[] = { { "tx-ring-ref", q->tx_ref }, { "rx-ring-ref", q->rx_ref },
		{ "event-channel", q->event.port } };
	int rc = 0;

	for (unsigned k = 0; k < MIR_COUNT(keys) && rc == 0; k++) {
		char key[TEXT];

		if (x->n_queues > 1)
			snprintf(key, sizeof(key), "queue-%u/%s", i, keys[k].key);
		else
			snprintf(key, sizeof(key), "%s", keys[k].key);
		rc = mir_xen_device_write(&x->device, tx, key, "%u", keys[k].value);
	}
	return rc;
}

static int publish(uint32_t tx, void *arg)
{
	static const struct {
		const char *key, *value;
	} keys[] = { { "request-rx-copy", "1" }, { "feature-rx-notify", "1" },
		{ "feature-sg", "1" }, { "feature-gso-tcpv4", "1" },
		{ "feature-no-csum-offload", "0" } };
	struct mir_xen_net *x = arg;
	int rc = 0;

	for (unsigned i = 0; i < MIR_COUNT(keys) && rc == 0; i++)
		rc = mir_xen_device_write(&x->device, tx, keys[i].key, "%s", keys[i].value);
	if (rc == 0 && x->n_queues > 1)
		rc = mir_xen_device_write(
		    &x->device, tx, "multi-queue-num-queues", "%u", x->n_queues);
	for (unsigned i = 0; i < x->n_queues && rc == 0; i++)
		rc = write_queue(x, tx, i);
	return rc < 0 ? rc : mir_xen_device_state(&x->device, tx, MIR_XENBUS_CONNECTED);
}

static void disconnect(struct mir_xen_net *x, bool forget)
{
	x->connected = false;
	for (unsigned i = 0; i < MIR_XEN_NET_QUEUES; i++) {
		if (x->queue[i])
			queue_close(x->queue[i], forget);
	}
}

static int connect(struct mir_xen_net *x)
{
	uint64_t queues = 1;
	int rc = mir_xen_device_attach(&x->device);

	if (rc == 0)
		rc = mir_xen_device_wait(&x->device, MIR_XENBUS_INIT_WAIT, MIR_XENBUS_CONNECTED);
	if (rc >= 0)
		rc = take_offers(x, &queues);
	if (rc == 0)
		rc = queues_new(x, (unsigned)queues);
	for (unsigned i = 0; i < x->n_queues && rc == 0; i++)
		rc = queue_open(x->queue[i], x->device.domain);
	if (rc == 0)
		rc = mir_xen_store_transaction(publish, x);
	if (rc == 0)
		rc = mir_xen_device_wait(&x->device, MIR_XENBUS_CONNECTED, MIR_XENBUS_CONNECTED);
	if (rc < 0)
		return rc;
	x->connected = true;
	x->gone = false;
	for (unsigned i = 0; i < x->n_queues; i++) {
		mir_xen_net_rx_fill(x->queue[i]);
		work(x->queue[i]);
	}
	return 0;
}

/* ---- changes ---- */

static void changed(struct mir_xen_device *d, enum mir_xenbus_state state)
{
	struct mir_xen_net *x = net_of(d);

	if (state < MIR_XENBUS_CLOSING || !x->connected)
		return;
	x->gone = true;
	disconnect(x, false);
	mir_error("%s: the host has removed the device", x->net.name);
	mir_xen_device_state(d, MIR_XEN_ALONE, MIR_XENBUS_CLOSED);
}

static void resume(struct mir_xen_device *d)
{
	struct mir_xen_net *x = net_of(d);
	int rc;

	disconnect(x, true);
	rc = connect(x);
	if (rc < 0) {
		x->gone = true;
		disconnect(x, false);
		mir_error("%s: is gone after the suspension: %s", x->net.name, mir_strerror(rc));
	}
}

static const struct mir_xen_device_ops device_ops = { changed, resume };

int mir_xen_net_start(struct mir_xen_net *x, const struct mir_xen_net_config *config)
{
	char mac[MIR_MAC_TEXT];
	int rc;

	*x = (struct mir_xen_net){
		.net = { .ops = &ops, .name = config->name },
		.device = { .ops = &device_ops, .name = config->name, .kind = "vif" },
		.copy = (uint32_t)MIR_MAX(MIR_MIN(config->net_copy, UINT16_MAX), 0),
		.wanted_queues =
		    (unsigned)MIR_MAX(MIR_MIN(config->net_queues, MIR_XEN_NET_QUEUES), 1),
	};
	rc = mir_xen_device_find(&x->device, config->device ? config->device : "");
	if (rc < 0)
		return rc;
	mir_xen_device_add(&x->device);
	rc = take_mac(x);
	if (rc == 0)
		rc = take_mtu(x);
	if (rc == 0)
		rc = connect(x);
	if (rc < 0) {
		mir_xen_net_stop(x);
		return rc;
	}
	mir_info("%s: vif %u, back end in domain %u, %s, mtu %u, queues %u%s", x->net.name,
	    x->device.id, x->device.domain, mir_mac_text(&x->net.mac, mac), x->net.mtu, x->n_queues,
	    x->net.offloads & MIR_NET_TX_TSO4 ? ", offloads" : "");
	return 0;
}

void mir_xen_net_stop(struct mir_xen_net *x)
{
	if (x->connected)
		mir_xen_device_state(&x->device, MIR_XEN_ALONE, MIR_XENBUS_CLOSING);
	disconnect(x, false);
	mir_xen_device_remove(&x->device);
	for (unsigned i = 0; i < MIR_XEN_NET_QUEUES; i++) {
		if (x->queue[i])
			queue_free(x->queue[i]);
		x->queue[i] = NULL;
	}
}
