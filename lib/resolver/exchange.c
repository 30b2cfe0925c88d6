/* exchange.c: questions over UDP and TCP, as a lookup wants them. */
#include "internal.h"

#include <mir/log.h>

MIR_LOG_SOURCE(dns);

/* A question that is under way over UDP. */
struct question {
	struct mir_resolver_device *device;
	struct mir_dns_lookup *lookup;
	struct mir_waitq changed;
	uint8_t bytes[4096];
};

static uint16_t new_id(void)
{
	return (uint16_t)mir_random_u32();
}

static void input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	struct question *q = arg;
	struct mir_dns_lookup *l = q->lookup;
	const struct mir_endpoint *server = &l->plan.server[l->server];
	size_t len = p->total;

	(void)dst;
	if (l->step != MIR_DNS_ASK_UDP || len > sizeof(q->bytes) || src->port != server->port ||
	    !mir_ipaddr_eq(&src->addr, &server->addr)) {
		q->device->stats.strays++;
		mir_packet_unref(p);
		return;
	}
	mir_packet_copy(p, 0, q->bytes, len);
	mir_packet_unref(p);
	mir_dns_lookup_reply(l, q->bytes, len, new_id(), mir_now());
	mir_wake_all(&q->changed);
}

static void refused(void *arg, const struct mir_ip_error *e, const struct mir_endpoint *peer)
{
	struct question *q = arg;
	struct mir_dns_lookup *l = q->lookup;
	const struct mir_endpoint *server = &l->plan.server[l->server];

	if (l->step != MIR_DNS_ASK_UDP || e->kind == MIR_IP_TOO_BIG ||
	    !mir_ipaddr_eq(&peer->addr, &server->addr) || peer->port != server->port)
		return;
	mir_dns_lookup_failed(l, true, new_id(), mir_now());
	mir_wake_all(&q->changed);
}

static const struct mir_udp_handler handler = { .input = input, .error = refused };

/* Waits for what changes the lookup, until its deadline. */
static int wait_udp(struct question *q, unsigned asked)
{
	struct mir_dns_lookup *l = q->lookup;

	while (l->step == MIR_DNS_ASK_UDP && l->asked == asked) {
		int64_t outer = mir_deadline_set(l->deadline);
		int rc = mir_wait(&q->changed);

		mir_deadline_restore(outer);
		if (rc == MIR_ECANCELED || (rc == MIR_ETIMEDOUT && mir_now() < l->deadline))
			return rc;
		if (rc < 0 && l->asked == asked && l->step != MIR_DNS_DONE)
			mir_dns_lookup_failed(l, false, new_id(), mir_now());
	}
	return 0;
}

/* Each question goes out from a port of its own, drawn by the stack (RFC 5452 section 9.2). */
static int ask_udp(struct mir_resolver_device *d, struct mir_dns_lookup *l)
{
	struct question q = { .device = d, .lookup = l };
	struct mir_endpoint local = { MIR_IPADDR_ANY, 0 };
	struct mir_slice s = mir_slice_copy(l->question, l->question_len);
	struct mir_udp_port *port;
	unsigned asked = l->asked;
	int rc;

	if (!s.owner)
		return MIR_ENOMEM;
	rc = mir_udp_bind(d->config.stack->udp, &local, &handler, &q, &port);
	if (rc < 0) {
		mir_slice_unref(&s);
		return rc;
	}
	rc = mir_udp_send(port, NULL, &l->plan.server[l->server], &s, 1);
	if (rc < 0) {
		mir_dns_lookup_failed(l, false, new_id(), mir_now());
		rc = 0;
	} else {
		rc = wait_udp(&q, asked);
	}
	mir_udp_close(port);
	return rc;
}

/* Reads until there are `want` bytes in all. */
static int read_to(struct mir_flow *f, uint8_t *buf, size_t *len, size_t want, size_t room)
{
	while (*len < want) {
		struct mir_slice s;
		int rc = mir_flow_read(f, &s, 1);

		if (rc <= 0)
			return rc ? rc : MIR_ECONNRESET;
		if (s.len > room - *len)
			rc = MIR_EPROTO;
		else
			memcpy(buf + *len, s.p, s.len);
		*len += rc < 0 ? 0 : s.len;
		mir_slice_unref(&s);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* RFC 1035 section 4.2.2, RFC 7766: the length goes in front, and in one write with the rest. */
static int converse(struct mir_flow *f, struct mir_dns_lookup *l, struct mir_slice *out)
{
	uint8_t *p, text[2 + MIR_DNS_QUESTION];
	size_t len = 0;
	struct mir_mem *mem;
	int rc;

	mir_put_be16(text, (uint16_t)l->question_len);
	memcpy(text + 2, l->question, l->question_len);
	if (!(mem = mir_mem_new(2 + 65535, &p)))
		return MIR_ENOMEM;
	rc = mir_flow_write_copy(f, text, 2 + l->question_len);
	if (rc == 0)
		rc = read_to(f, p, &len, 2, 2 + 65535);
	if (rc == 0)
		rc = read_to(f, p, &len, 2 + (size_t)mir_be16(p), 2 + 65535);
	if (rc < 0) {
		mir_mem_unref(mem);
		return rc;
	}
	*out = (struct mir_slice){ p + 2, mir_be16(p), mem };
	return 0;
}

static int ask_tcp(struct mir_resolver_device *d, struct mir_dns_lookup *l)
{
	struct mir_tcp_options o = { .nodelay = true };
	struct mir_slice answer = { NULL, 0, NULL };
	int64_t outer = mir_deadline_set(l->deadline);
	struct mir_tcp_flow *flow;
	int rc;

	d->stats.tcp++;
	rc = mir_tcp_connect(d->config.stack->tcp, NULL, &l->plan.server[l->server], &o, &flow);
	if (rc == 0) {
		rc = converse(&flow->flow, l, &answer);
		mir_flow_close(&flow->flow);
	}
	mir_deadline_restore(outer);
	if (rc == MIR_ECANCELED || (rc == MIR_ETIMEDOUT && outer < l->deadline) || rc == MIR_ENOMEM)
		return rc;
	if (rc < 0)
		mir_dns_lookup_failed(l, rc == MIR_ECONNREFUSED, new_id(), mir_now());
	else
		mir_dns_lookup_reply(l, answer.p, answer.len, new_id(), mir_now());
	mir_slice_unref(&answer);
	return 0;
}

int mir_dns_exchange(struct mir_resolver_device *d, struct mir_dns_lookup *l)
{
	int rc = 0;

	while (rc == 0 && l->step != MIR_DNS_DONE) {
		d->stats.questions++;
		rc = l->step == MIR_DNS_ASK_UDP ? ask_udp(d, l) : ask_tcp(d, l);
	}
	return rc;
}
