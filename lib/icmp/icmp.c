/* icmp.c: echo, both ways (RFC 792, RFC 1122 section 3.2.2.6). */
#include <mir/checksum.h>
#include <mir/fiber.h>
#include <mir/hash.h>
#include <mir/icmp_device.h>

enum {
	HEADER = 8,
	ECHO_REPLY = 0,
	ECHO = 8,
	SECRET = 8,      /* bytes of the payload that only the asked host can know */
	LEN_MAX = 65507, /* 65535 without the headers */
	LINEAR = 96,     /* payload up to here is copied, not referred to */
	REPLY_BURST = 200
};

#define REPLY_EVERY_NS MIR_US(200)

/* A fiber that waits for a reply; on its stack. */
struct mir_icmp_echo {
	struct mir_icmp_echo *next;
	struct mir_waitq wait;
	struct mir_ipaddr dst;
	uint16_t id, seq, len;
	uint8_t secret[SECRET];
	int64_t sent;
	bool done;
	int rc;
	struct mir_icmp_reply reply;
};

/* An echo message without its payload. */
static struct mir_packet *message(uint8_t type, uint16_t id, uint16_t seq)
{
	struct mir_packet *p = mir_packet_new();
	uint8_t *h;

	if (!p)
		return NULL;
	h = mir_packet_put(p, HEADER);
	memset(h, 0, HEADER);
	h[0] = type;
	mir_put_be16(h + 4, id);
	mir_put_be16(h + 6, seq);
	return p;
}

static void seal(struct mir_packet *p)
{
	mir_put_be16(p->data + 2, mir_sum_finish(mir_sum_packet(p, 0, 0)));
}

static bool append_copy(struct mir_packet *p, const struct mir_packet *from, size_t len)
{
	struct mir_slice s = { NULL, len, NULL };
	uint8_t *bytes;

	s.owner = mir_mem_new(len, &bytes);
	if (!s.owner)
		return false;
	mir_packet_copy(from, 0, bytes, len);
	s.p = bytes;
	mir_packet_append(p, &s);
	return true;
}

/* The request's payload, moved to the reply if it is large. */
static bool take_payload(struct mir_packet *reply, struct mir_packet *p /* take */)
{
	bool good = true;

	if (p->total <= LINEAR) {
		mir_packet_copy(p, 0, mir_packet_put(reply, p->total), p->total);
	} else if (p->nslices == MIR_PACKET_SLICES) {
		good = append_copy(reply, p, p->total);
	} else {
		struct mir_slice s[MIR_PACKET_SLICES + 1];
		unsigned n = mir_packet_into_slices(p, s);

		for (unsigned i = 0; i < n; i++)
			mir_packet_append(reply, &s[i]);
		return true;
	}
	mir_packet_unref(p);
	return good;
}

static void answer(struct mir_icmp_device *d, struct mir_packet *p, const struct mir_ip_rx *rx)
{
	struct mir_ip_tx tx = { .src = rx->dst, .dst = rx->src, .proto = MIR_IPPROTO_ICMP };
	struct mir_packet *reply;

	if (rx->cast != MIR_UNICAST) {
		d->stats.rx_broadcast++;
		goto drop;
	}
	if (!mir_bucket_take(&d->reply_rate, mir_now(), REPLY_EVERY_NS, REPLY_BURST)) {
		d->stats.rx_limited++;
		goto drop;
	}
	tx.tos = rx->tos;
	reply = message(ECHO_REPLY, mir_be16(p->data + 4), mir_be16(p->data + 6));
	if (!reply) {
		d->stats.no_memory++;
		goto drop;
	}
	mir_packet_drop(p, HEADER);
	if (!take_payload(reply, p)) {
		d->stats.no_memory++;
		mir_packet_unref(reply);
		return;
	}
	seal(reply);
	d->stats.requests_answered++;
	mir_ip_send(d->ip, &tx, reply);
	return;
drop:
	mir_packet_unref(p);
}

static void finish(struct mir_icmp_echo *e, int rc)
{
	e->done = true;
	e->rc = rc;
	mir_wake_all(&e->wait);
}

static struct mir_icmp_echo *find(
    const struct mir_icmp_device *d, const struct mir_ipaddr *dst, uint16_t id, uint16_t seq)
{
	for (struct mir_icmp_echo *e = d->waiting; e; e = e->next)
		if (!e->done && e->id == id && e->seq == seq && mir_ipaddr_eq(&e->dst, dst))
			return e;
	return NULL;
}

static void reply_input(
    struct mir_icmp_device *d, const struct mir_packet *p, const struct mir_ip_rx *rx)
{
	struct mir_icmp_echo *e = find(d, &rx->src, mir_be16(p->data + 4), mir_be16(p->data + 6));
	size_t len = p->total - HEADER;
	uint8_t secret[SECRET];

	if (!e || len != e->len) {
		d->stats.rx_unexpected++;
		return;
	}
	mir_packet_copy(p, HEADER, secret, MIR_MIN(len, (size_t)SECRET));
	if (memcmp(secret, e->secret, MIR_MIN(len, (size_t)SECRET)) != 0) {
		d->stats.rx_unexpected++;
		return;
	}
	e->reply = (struct mir_icmp_reply){
		.rtt_ns = mir_now_precise() - e->sent,
		.from = rx->src,
		.ttl = rx->ttl,
		.len = (uint16_t)len,
	};
	d->stats.echoes_answered++;
	finish(e, 0);
}

static void icmp_input(void *arg, struct mir_packet *p, const struct mir_ip_rx *rx)
{
	struct mir_icmp_device *d = arg;

	d->stats.rx++;
	if (!mir_packet_pull_up(p, HEADER)) {
		d->stats.rx_malformed++;
	} else if (p->csum != MIR_CSUM_VALID && mir_sum_finish(mir_sum_packet(p, 0, 0)) != 0) {
		d->stats.rx_checksum++;
	} else if (p->data[1] != 0) {
		d->stats.rx_malformed++;
	} else if (p->data[0] == ECHO) {
		answer(d, p, rx);
		return;
	} else if (p->data[0] == ECHO_REPLY) {
		reply_input(d, p, rx);
	} else {
		d->stats.rx_unknown++;
	}
	mir_packet_unref(p);
}

static struct mir_icmp_echo *quoted(
    const struct mir_icmp_device *d, const struct mir_ip_error *err, const uint8_t *l4)
{
	return l4[0] == ECHO ? find(d, &err->dst, mir_be16(l4 + 4), mir_be16(l4 + 6)) : NULL;
}

static bool icmp_plausible(void *arg, const struct mir_ip_error *err, const uint8_t *l4, size_t len)
{
	(void)len;
	return quoted(arg, err, l4) != NULL;
}

static void icmp_error(void *arg, const struct mir_ip_error *err, const uint8_t *l4, size_t len)
{
	struct mir_icmp_echo *e = quoted(arg, err, l4);

	(void)len;
	if (!e)
		return;
	switch (err->kind) {
	case MIR_IP_NET_UNREACHABLE: finish(e, MIR_ENETUNREACH); break;
	case MIR_IP_TOO_BIG: finish(e, MIR_EMSGSIZE); break;
	case MIR_IP_PARAMETER: finish(e, MIR_EPROTO); break;
	case MIR_IP_PROHIBITED: finish(e, MIR_EACCES); break;
	default: finish(e, MIR_EHOSTUNREACH); break;
	}
}

/* The secret, then a pattern that shows shifted or lost bytes. */
static struct mir_packet *request(const struct mir_icmp_echo *e)
{
	struct mir_packet *p = message(ECHO, e->id, e->seq);
	struct mir_slice s = { NULL, e->len, NULL };
	uint8_t *bytes;

	if (!p || e->len == 0)
		return p;
	s.owner = mir_mem_new(e->len, &bytes);
	if (!s.owner) {
		mir_packet_unref(p);
		return NULL;
	}
	for (size_t i = 0; i < e->len; i++)
		bytes[i] = i < SECRET ? e->secret[i] : (uint8_t)i;
	s.p = bytes;
	mir_packet_append(p, &s);
	return p;
}

static int send_request(struct mir_icmp_device *d, struct mir_icmp_echo *e)
{
	struct mir_ip_tx tx = { .dst = e->dst, .proto = MIR_IPPROTO_ICMP };
	struct mir_packet *p = request(e);

	if (!p) {
		d->stats.no_memory++;
		return MIR_ENOMEM;
	}
	seal(p);
	d->stats.echoes_sent++;
	e->sent = mir_now_precise();
	return mir_ip_send(d->ip, &tx, p);
}

static int icmp_echo(struct mir_icmp *icmp, struct mir_ipaddr dst, uint16_t seq, uint16_t len,
    struct mir_icmp_reply *out)
{
	struct mir_icmp_device *d = mir_container(icmp, struct mir_icmp_device, icmp);
	struct mir_icmp_echo e = { .dst = dst, .seq = seq, .len = len };
	struct mir_icmp_echo **at;
	int rc;

	if (len > LEN_MAX)
		return MIR_EMSGSIZE;
	mir_random(&e.id, sizeof(e.id));
	mir_random(e.secret, sizeof(e.secret));
	e.next = d->waiting;
	d->waiting = &e;
	rc = send_request(d, &e);
	while (rc == 0 && !e.done)
		rc = mir_wait(&e.wait);
	if (e.done)
		rc = e.rc;
	for (at = &d->waiting; *at != &e; at = &(*at)->next)
		;
	*at = e.next;
	if (rc == 0)
		*out = e.reply;
	return rc;
}

static const struct mir_icmp_ops icmp_ops = { .name = "icmp", .echo = icmp_echo };

static const struct mir_ip_proto icmp_proto = {
	.input = icmp_input,
	.error = icmp_error,
	.plausible = icmp_plausible,
};

int mir_icmp_device_start(struct mir_icmp_device *d, const struct mir_icmp_device_config *c)
{
	memset(d, 0, sizeof(*d));
	d->icmp.ops = &icmp_ops;
	d->ip = c->ip;
	return c->ip->ops->listen(c->ip, MIR_IPPROTO_ICMP, &icmp_proto, d);
}

void mir_icmp_device_stop(struct mir_icmp_device *d)
{
	d->ip->ops->listen(d->ip, MIR_IPPROTO_ICMP, NULL, NULL);
	for (struct mir_icmp_echo *e = d->waiting; e; e = e->next)
		finish(e, MIR_ENETDOWN);
}
