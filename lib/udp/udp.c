/* udp.c: datagrams between ports (RFC 768, RFC 1122 section 4.1, RFC 6056). */
#include <mir/checksum.h>
#include <mir/udp_device.h>
#include <stdlib.h>

enum {
	HEADER = 8,
	LINEAR = 128,     /* data up to here is copied behind the header */
	RANDOM_TRIES = 32 /* for a free port; then one after the other */
};

struct mir_udp_bound {
	struct mir_udp_port port; /* first */
	struct mir_udp_bound *next;
	const struct mir_udp_handler *handler;
	void *arg;
};

static struct mir_udp_device *dev_of(struct mir_udp *u)
{
	return mir_container(u, struct mir_udp_device, udp);
}

static struct mir_udp_bound **bucket_of(struct mir_udp_device *d, uint16_t port)
{
	return &d->bucket[port % MIR_UDP_BUCKETS];
}

/* Who gets what comes to this address and port: a port bound to the address before one bound to
 * all. */
static struct mir_udp_bound *find(
    struct mir_udp_device *d, const struct mir_ipaddr *addr, uint16_t port)
{
	struct mir_udp_bound *any = NULL;

	for (struct mir_udp_bound *b = *bucket_of(d, port); b; b = b->next) {
		if (b->port.local.port != port)
			continue;
		if (mir_ipaddr_eq(&b->port.local.addr, addr))
			return b;
		if (mir_ipaddr_is_any(&b->port.local.addr))
			any = b;
	}
	return any;
}

/* Would a port bound to this address share datagrams with another? */
static bool taken(struct mir_udp_device *d, const struct mir_ipaddr *addr, uint16_t port)
{
	for (struct mir_udp_bound *b = *bucket_of(d, port); b; b = b->next)
		if (b->port.local.port == port &&
		    (mir_ipaddr_is_any(addr) || mir_ipaddr_is_any(&b->port.local.addr) ||
			mir_ipaddr_eq(&b->port.local.addr, addr)))
			return true;
	return false;
}

/* A free port of the ephemeral range, unpredictable (RFC 6056 section 3.3.2); 0: none. */
static uint16_t ephemeral(struct mir_udp_device *d, const struct mir_ipaddr *addr)
{
	const uint32_t range = 65536 - MIR_UDP_EPHEMERAL;
	uint32_t at = 0;

	for (unsigned i = 0; i < RANDOM_TRIES; i++) {
		at = mir_random_below(range);
		if (!taken(d, addr, (uint16_t)(MIR_UDP_EPHEMERAL + at)))
			return (uint16_t)(MIR_UDP_EPHEMERAL + at);
	}
	for (uint32_t i = 0; i < range; i++) {
		uint16_t port = (uint16_t)(MIR_UDP_EPHEMERAL + (at + i) % range);

		if (!taken(d, addr, port))
			return port;
	}
	return 0;
}

static int udp_bind(struct mir_udp *u, const struct mir_endpoint *local,
    const struct mir_udp_handler *handler, void *arg, struct mir_udp_port **out)
{
	struct mir_udp_device *d = dev_of(u);
	struct mir_udp_bound *b;
	uint16_t port = local->port;

	if (!mir_ipaddr_is_any(&local->addr) && !d->ip->ops->is_local(d->ip, local->addr))
		return MIR_EADDRNOTAVAIL;
	if (port && taken(d, &local->addr, port))
		return MIR_EADDRINUSE;
	if (d->bound == MIR_UDP_PORTS)
		return MIR_ELIMIT;
	if (!port)
		port = ephemeral(d, &local->addr);
	if (!port)
		return MIR_EADDRNOTAVAIL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return MIR_ENOMEM;
	b->port.udp = u;
	b->port.local = (struct mir_endpoint){ local->addr, port };
	b->handler = handler;
	b->arg = arg;
	b->next = *bucket_of(d, port);
	*bucket_of(d, port) = b;
	d->bound++;
	*out = &b->port;
	return 0;
}

static void udp_close(struct mir_udp_port *port)
{
	struct mir_udp_device *d = dev_of(port->udp);
	struct mir_udp_bound **at = bucket_of(d, port->local.port);
	struct mir_udp_bound *b;

	while (&(*at)->port != port)
		at = &(*at)->next;
	b = *at;
	*at = b->next;
	d->bound--;
	free(b);
}

/* A packet of the slices; they are gone in any case. */
static struct mir_packet *packet_of(struct mir_slice *data /* take */, unsigned n, size_t len)
{
	struct mir_packet *p = mir_packet_new();
	struct mir_slice one = { NULL, len, NULL };
	uint8_t *to = NULL;

	if (!p)
		goto out;
	if (len > LINEAR && n <= MIR_PACKET_SLICES) {
		for (unsigned i = 0; i < n; i++)
			mir_packet_append(p, &data[i]);
		return p;
	}
	if (len <= LINEAR) {
		to = mir_packet_put(p, len);
	} else {
		one.owner = mir_mem_new(len, &to);
		one.p = to;
		if (!one.owner || !mir_packet_append(p, &one)) {
			mir_packet_unref(p);
			p = NULL;
			goto out;
		}
	}
	for (unsigned i = 0; i < n; i++) {
		if (data[i].len)
			memcpy(to, data[i].p, data[i].len);
		to += data[i].len;
	}
out:
	mir_slices_unref(data, n);
	return p;
}

static void push_header(struct mir_packet *p, uint16_t from, const struct mir_endpoint *dst,
    const struct mir_ipaddr *src)
{
	uint16_t len = (uint16_t)(p->total + HEADER);
	uint8_t *h = mir_packet_push(p, HEADER);

	mir_put_be16(h, from);
	mir_put_be16(h + 2, dst->port);
	mir_put_be16(h + 4, len);
	mir_put_be16(h + 6, mir_sum_fold(mir_sum_pseudo(src, &dst->addr, MIR_IPPROTO_UDP, len)));
	p->csum = MIR_CSUM_PARTIAL;
	p->csum_start = (uint16_t)mir_packet_headroom(p);
	p->csum_offset = 6;
}

/* The source that the datagram will have; a host without an address speaks as 0.0.0.0. */
static struct mir_ipaddr source_of(
    struct mir_udp_port *port, const struct mir_ipaddr *src, const struct mir_ipaddr *dst)
{
	struct mir_ip *ip = dev_of(port->udp)->ip;
	struct mir_ipaddr chosen;

	if (src && !mir_ipaddr_is_any(src))
		return *src;
	if (!mir_ipaddr_is_any(&port->local.addr))
		return port->local.addr;
	if (ip->ops->source(ip, *dst, &chosen) < 0)
		return mir_ip4(0);
	return chosen;
}

static int udp_send(struct mir_udp_port *port, const struct mir_ipaddr *src,
    const struct mir_endpoint *dst, struct mir_slice *data, unsigned n)
{
	struct mir_udp_device *d = dev_of(port->udp);
	struct mir_ip_tx tx = { .dst = dst->addr, .proto = MIR_IPPROTO_UDP };
	size_t len = mir_slices_len(data, n);
	struct mir_packet *p;
	int rc;

	if (len > MIR_UDP_MAX || dst->port == 0) {
		mir_slices_unref(data, n);
		d->stats.tx_failed++;
		return dst->port ? MIR_EMSGSIZE : MIR_EINVAL;
	}
	p = packet_of(data, n, len);
	if (!p) {
		d->stats.tx_failed++;
		return MIR_ENOMEM;
	}
	tx.src = source_of(port, src, &dst->addr);
	push_header(p, port->local.port, dst, &tx.src);
	rc = mir_ip_send(d->ip, &tx, p);
	if (rc < 0)
		d->stats.tx_failed++;
	else
		d->stats.tx++;
	return rc;
}

/* Header and checksum; trims the packet to what UDP says. */
static bool check(struct mir_udp_device *d, struct mir_packet *p, const struct mir_ip_rx *rx)
{
	unsigned len;

	if (!mir_packet_pull_up(p, HEADER)) {
		d->stats.rx_malformed++;
		return false;
	}
	len = mir_be16(p->data + 4);
	if (len < HEADER || len > p->total || mir_be16(p->data + 2) == 0) {
		d->stats.rx_malformed++;
		return false;
	}
	mir_packet_trim(p, len);
	if (p->csum == MIR_CSUM_VALID || mir_be16(p->data + 6) == 0)
		return true;
	if (mir_sum_finish(mir_sum_packet(
		p, 0, mir_sum_pseudo(&rx->src, &rx->dst, MIR_IPPROTO_UDP, len))) != 0) {
		d->stats.rx_checksum++;
		return false;
	}
	return true;
}

/* The datagram as it was on the network again. */
static void report_closed(struct mir_udp_device *d, struct mir_packet *p)
{
	d->stats.rx_no_port++;
	mir_packet_push(p, mir_packet_headroom(p) - p->l3);
	d->ip->ops->report(d->ip, MIR_IP_PORT_UNREACHABLE, p);
}

static void udp_input(void *arg, struct mir_packet *p, const struct mir_ip_rx *rx)
{
	struct mir_udp_device *d = arg;
	struct mir_endpoint src = { .addr = rx->src }, dst = { .addr = rx->dst };
	struct mir_udp_bound *b;

	d->stats.rx++;
	if (!check(d, p, rx)) {
		mir_packet_unref(p);
		return;
	}
	src.port = mir_be16(p->data);
	dst.port = mir_be16(p->data + 2);
	b = find(d, &dst.addr, dst.port);
	if (!b) {
		report_closed(d, p);
		mir_packet_unref(p);
		return;
	}
	mir_packet_pull(p, HEADER);
	b->handler->input(b->arg, p, &src, &dst);
}

static bool udp_plausible(void *arg, const struct mir_ip_error *err, const uint8_t *l4, size_t len)
{
	(void)len;
	return find(arg, &err->src, mir_be16(l4)) != NULL;
}

static void udp_error(void *arg, const struct mir_ip_error *err, const uint8_t *l4, size_t len)
{
	struct mir_udp_device *d = arg;
	struct mir_udp_bound *b = find(d, &err->src, mir_be16(l4));
	struct mir_endpoint peer = { err->dst, mir_be16(l4 + 2) };

	(void)len;
	if (!b || !b->handler->error) {
		d->stats.errors_unknown++;
		return;
	}
	d->stats.errors++;
	b->handler->error(b->arg, err, &peer);
}

static const struct mir_udp_ops udp_ops = {
	.name = "udp",
	.bind = udp_bind,
	.send = udp_send,
	.close = udp_close,
};

static const struct mir_ip_proto udp_proto = {
	.input = udp_input,
	.error = udp_error,
	.plausible = udp_plausible,
};

int mir_udp_device_start(struct mir_udp_device *d, const struct mir_udp_device_config *c)
{
	memset(d, 0, sizeof(*d));
	d->udp.ops = &udp_ops;
	d->ip = c->ip;
	return c->ip->ops->listen(c->ip, MIR_IPPROTO_UDP, &udp_proto, d);
}

void mir_udp_device_stop(struct mir_udp_device *d)
{
	d->ip->ops->listen(d->ip, MIR_IPPROTO_UDP, NULL, NULL);
	for (unsigned i = 0; i < MIR_UDP_BUCKETS; i++)
		while (d->bucket[i])
			udp_close(&d->bucket[i]->port);
}
