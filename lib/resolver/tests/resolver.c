/* resolver.c: the device against servers that answer, lie, are late, truncate, or are not there. */
#include "../../http/tests/pipe.h"
#include "answers.h"

#include <mir/packet.h>
#include <mir/resolver_device.h>
#include <mir/timer.h>
#include <stdio.h>
#include <stdlib.h>

/* A network of name servers: 10.0.0.1 and 10.0.0.2. */
static struct {
	bool silent[2], truncate, refuse, garble, spoof, old, dead;
	unsigned udp, tcp, ports, most_ports;
	int64_t delay;
	uint16_t last_port;
	unsigned same_ports;
} net;

struct fake_port {
	struct mir_udp_port port;
	struct mir_udp_handler handler;
	void *arg;
};

static void answer_to(const uint8_t *q, size_t len, bool tcp, struct dns_reply *r)
{
	if (net.old && mir_be16(q + 10)) {
		dns_begin(r, q, 1);
	} else if (net.truncate && !tcp) {
		dns_begin(r, q, 0x200);
	} else if (net.refuse) {
		dns_begin(r, q, 5);
	} else if (len > 20 && memcmp(q + 12, "\3www\4test", 10) == 0) {
		dns_begin(r, q, 0);
		dns_cname(r, "*", 60, "real.test");
	} else if (len > 20 && memcmp(q + 12, "\4real\4test", 11) == 0) {
		dns_begin(r, q, 0);
		dns_a(r, "*", 100, 0x0a000063);
	} else {
		dns_begin(r, q, 3);
		dns_soa(r, 60, 60);
	}
}

static struct mir_packet *packet(const void *p, size_t len)
{
	struct mir_packet *out = mir_packet_new();
	struct mir_slice s = mir_slice_copy(p, len);

	mir_packet_append(out, &s);
	return out;
}

struct delivery {
	struct mir_timer timer;
	struct fake_port *port;
	struct mir_endpoint from;
	struct dns_reply r;
};

static struct delivery *under_way[8];

static void deliver(struct mir_timer *t)
{
	struct delivery *d = mir_container(t, struct delivery, timer);
	struct mir_endpoint forged = { mir_ip4(0x0a000009), 53 };

	for (unsigned i = 0; i < MIR_COUNT(under_way); i++)
		if (under_way[i] == d)
			under_way[i] = NULL;
	if (net.spoof) {
		d->port->handler.input(d->port->arg, packet(d->r.b, d->r.len), &forged, &forged);
		for (unsigned i = 0; i < 40; i++) {
			uint8_t id = d->r.b[0];

			d->r.b[0] = (uint8_t)(id + 1 + i);
			d->port->handler.input(
			    d->port->arg, packet(d->r.b, d->r.len), &d->from, &d->from);
			d->r.b[0] = id;
		}
	}
	d->port->handler.input(d->port->arg,
	    packet(d->r.b, net.garble ? MIR_MIN(d->r.len, 30u) : d->r.len), &d->from, &d->from);
	free(d);
}

static int fake_bind(struct mir_udp *u, const struct mir_endpoint *local,
    const struct mir_udp_handler *h, void *arg, struct mir_udp_port **out)
{
	struct fake_port *p = calloc(1, sizeof(*p));

	p->port = (struct mir_udp_port){ u, *local };
	p->handler = *h;
	p->arg = arg;
	net.ports++;
	net.most_ports = MIR_MAX(net.most_ports, net.ports);
	*out = &p->port;
	return 0;
}

static int fake_send(struct mir_udp_port *port, const struct mir_ipaddr *src,
    const struct mir_endpoint *dst, struct mir_slice *data, unsigned n)
{
	unsigned server = (mir_ip4_of(&dst->addr) & 0xff) - 1;
	struct delivery *d;

	(void)src;
	net.udp++;
	if (net.dead) {
		mir_slices_unref(data, n);
		return MIR_ENETUNREACH;
	}
	if (server < 2 && !net.silent[server]) {
		d = calloc(1, sizeof(*d));
		d->port = mir_container(port, struct fake_port, port);
		d->from = *dst;
		answer_to(data[0].p, data[0].len, false, &d->r);
		mir_timer_init(&d->timer, deliver);
		mir_timer_set(&d->timer, mir_now() + net.delay);
		for (unsigned i = 0; i < MIR_COUNT(under_way); i++)
			if (!under_way[i]) {
				under_way[i] = d;
				break;
			}
	}
	mir_slices_unref(data, n);
	return 0;
}

static void fake_close(struct mir_udp_port *port)
{
	struct fake_port *p = mir_container(port, struct fake_port, port);

	for (unsigned i = 0; i < MIR_COUNT(under_way); i++)
		if (under_way[i] && under_way[i]->port == p) {
			mir_timer_stop(&under_way[i]->timer);
			free(under_way[i]);
			under_way[i] = NULL;
		}
	net.ports--;
	free(p);
}

static const struct mir_udp_ops udp_ops = { "fake", fake_bind, fake_send, fake_close };
static struct mir_udp udp = { &udp_ops };

/* A server over TCP: one pipe for each connection, wrapped as a flow with addresses. */
struct fake_flow {
	struct mir_tcp_flow tcp;
	struct pipe_end *end;
};

static int wrap_read(struct mir_flow *f, struct mir_slice *out, unsigned max)
{
	return mir_flow_read(&mir_container(f, struct fake_flow, tcp.flow)->end->flow, out, max);
}

static int wrap_write(struct mir_flow *f, struct mir_slice *data, unsigned n)
{
	return mir_flow_write(&mir_container(f, struct fake_flow, tcp.flow)->end->flow, data, n);
}

static void wrap_close(struct mir_flow *f)
{
	struct fake_flow *w = mir_container(f, struct fake_flow, tcp.flow);

	mir_flow_close(&w->end->flow);
	free(w);
}

static const struct mir_flow_ops wrap_ops = { .name = "wrapped",
	.read = wrap_read,
	.write = wrap_write,
	.close = wrap_close,
	.abort = wrap_close };

static void serve_tcp(void *arg)
{
	struct pipe_end *e = arg;
	struct dns_reply r;
	struct mir_slice s;
	uint8_t length[2];

	if (mir_flow_read(&e->flow, &s, 1) == 1) {
		answer_to(s.p + 2, s.len - 2, true, &r);
		mir_slice_unref(&s);
		mir_put_be16(length, (uint16_t)r.len);
		mir_flow_write_copy(&e->flow, length, 1);
		mir_yield();
		mir_flow_write_copy(&e->flow, length + 1, 1);
		mir_flow_write_copy(&e->flow, r.b, r.len);
	}
	mir_flow_close(&e->flow);
}

static int fake_connect(struct mir_tcp *t, const struct mir_endpoint *local,
    const struct mir_endpoint *peer, const struct mir_tcp_options *o, struct mir_tcp_flow **out)
{
	struct fake_flow *f;
	struct pipe_end *server;

	(void)local;
	(void)o;
	net.tcp++;
	if (net.dead)
		return MIR_ECONNREFUSED;
	f = calloc(1, sizeof(*f));
	f->tcp = (struct mir_tcp_flow){ { &wrap_ops }, t, *peer, *peer };
	pipe_new(4096, &f->end, &server);
	mir_spawn("server", serve_tcp, server);
	*out = &f->tcp;
	return 0;
}

static const struct mir_tcp_ops tcp_ops = { .name = "fake", .connect = fake_connect };
static struct mir_tcp tcp = { &tcp_ops };

static unsigned told(struct mir_stack *s, struct mir_ipaddr *out, unsigned max)
{
	(void)s;
	(void)max;
	out[0] = mir_ip4(0x0a000001);
	return 1;
}

static struct mir_stack stack = { .name = "fake", .udp = &udp, .tcp = &tcp };
static struct mir_resolver_device device;

static void start(const char *servers, int64_t cache)
{
	struct mir_resolver_device_config c = { .stack = &stack,
		.dns_server = servers,
		.hosts = "10.0.0.7 known.test",
		.dns_cache = cache,
		.name = "test" };

	memset(&net, 0, sizeof(net));
	net.delay = MIR_MS(5);
	ok(mir_resolver_device_start(&device, &c) == 0, "starts");
}

static int find(const char *host)
{
	struct mir_ipaddr a[4];
	int rc = mir_resolver_addresses(&device.resolver, host, a, 4);

	return rc == 1 && mir_ip4_of(&a[0]) == 0x0a000063 ? 1 : rc > 0 ? 100 : rc;
}

static void answers(void)
{
	struct mir_ipaddr a[1];

	start("10.0.0.1,10.0.0.2", 16);
	ok(find("www.test") == 1 && net.udp == 2, "an alias is followed");
	ok(find("WWW.test.") == 1 && net.udp == 2, "and kept");
	ok(find("real.test") == 1 && net.udp == 3, "of another name nothing is known");
	mir_sleep(MIR_SECOND(61));
	ok(find("www.test") == 1 && net.udp == 5, "an answer ends");
	ok(find("none.test") == MIR_ENOENT && find("none.test") == MIR_ENOENT && net.udp == 6,
	    "what is not there is kept too");
	ok(mir_resolver_addresses(&device.resolver, "known.test", a, 1) == 1 &&
		mir_ip4_of(a) == 0x0a000007 && net.udp == 6,
	    "a host that is known");
	ok(mir_resolver_addresses(&device.resolver, "192.0.2.5", a, 1) == 1 &&
		mir_ip4_of(a) == 0xc0000205 && net.udp == 6,
	    "an address");
	ok(find("192.0.2.500") == MIR_EINVAL && find("") == MIR_EINVAL, "not names");
	mir_resolver_device_stop(&device);
	ok(net.ports == 0, "all ports are closed");
}

static void failures(void)
{
	int64_t began;

	start("10.0.0.1,10.0.0.2", 0);
	net.silent[0] = true;
	began = mir_now();
	ok(find("real.test") == 1 && mir_now() - began < MIR_SECOND(3), "the second server");
	net.silent[1] = true;
	began = mir_now();
	ok(find("real.test") == MIR_ETIMEDOUT && mir_now() - began >= MIR_SECOND(28), "none");
	net.silent[0] = net.silent[1] = false;
	net.refuse = true;
	ok(find("real.test") == MIR_EPROTO, "all refuse");
	net.refuse = false;
	net.garble = true;
	ok(find("real.test") == MIR_EPROTO, "nonsense");
	net.garble = false;
	net.old = true;
	net.udp = 0;
	ok(find("real.test") == 1 && net.udp == 2, "without EDNS");
	net.old = false;
	net.truncate = true;
	ok(find("real.test") == 1 && net.tcp == 1, "over TCP");
	net.truncate = false;
	net.spoof = true;
	net.tcp = 0;
	ok(find("real.test") == 1 && net.tcp == 1, "guesses lead to TCP");
	ok(device.stats.strays == 26, "what comes from elsewhere counts for nothing (%llu)",
	    (unsigned long long)device.stats.strays);
	net.spoof = false;
	net.dead = true;
	ok(find("real.test") == MIR_ETIMEDOUT, "no network");
	mir_resolver_device_stop(&device);
	ok(net.ports == 0, "all ports are closed");
}

static void deadline(void)
{
	int64_t outer;

	start("10.0.0.1", 16);
	net.silent[0] = true;
	outer = mir_deadline_set(mir_now() + MIR_MS(500));
	ok(find("real.test") == MIR_ETIMEDOUT, "the fiber's deadline");
	mir_deadline_restore(outer);
	net.silent[0] = false;
	ok(find("real.test") == 1, "is not kept");
	mir_resolver_device_stop(&device);
}

static unsigned found;

static void finder(void *arg)
{
	found += find(arg) == 1;
}

static void together(void)
{
	struct mir_fiber *f[20];

	start(NULL, 0);
	ok(find("real.test") == MIR_ENETUNREACH, "nobody names a server");
	stack.name_servers = told;
	found = 0;
	for (unsigned i = 0; i < 20; i++)
		f[i] = mir_spawn_joinable("finder", finder, (void *)(uintptr_t) "real.test");
	mir_yield();
	mir_cancel(f[0]);
	for (unsigned i = 0; i < 20; i++)
		mir_join(f[i]);
	ok(found == 19 && net.udp == 2 && net.most_ports == 1,
	    "one question for all, and another fiber takes over: %u, %u", found, net.udp);
	stack.name_servers = NULL;
	mir_resolver_device_stop(&device);
}

static void cache_is_bounded(void)
{
	char name[32];

	start("10.0.0.1", 4);
	for (unsigned i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		find(name);
		find("real.test");
	}
	ok(net.udp == 51, "four entries, and what is used stays: %u", net.udp);
	mir_resolver_device_stop(&device);
}

static void bad_keys(void)
{
	struct mir_resolver_device_config c = {
		.stack = &stack, .dns_server = "x", .name = "test"
	};

	ok(mir_resolver_device_start(&device, &c) == MIR_EINVAL, "a bad server");
	c.dns_server = "";
	c.hosts = "10.0.0.1";
	ok(mir_resolver_device_start(&device, &c) == MIR_EINVAL, "a bad host");
}

int main(void)
{
	RUN(answers);
	RUN(failures);
	RUN(deadline);
	RUN(together);
	RUN(cache_is_bounded);
	RUN(bad_keys);
	return mir_test_end();
}
