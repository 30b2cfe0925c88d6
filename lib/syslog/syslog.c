/* syslog.c: the queue of lines, and the fiber that takes them to the collector. */
#include <mir/syslog.h>

#include <mir/format.h>
#include <mir/log.h>
#include <mir/mem.h>
#include <mir/start.h>
#include <mir/target.h>
#include <stdlib.h>
#include <string.h>

MIR_LOG_SOURCE(syslog);

enum { LENGTH = 2, LINE = 4096 };

static void put(struct mir_syslog *s, const uint8_t *p, size_t n)
{
	size_t at = (s->head + s->used) % s->size, first = MIR_MIN(n, s->size - at);

	memcpy(s->queue + at, p, first);
	memcpy(s->queue, p + first, n - first);
	s->used += n;
}

static void look_at(const struct mir_syslog *s, size_t from, uint8_t *out, size_t n)
{
	size_t at = (s->head + from) % s->size, first = MIR_MIN(n, s->size - at);

	memcpy(out, s->queue + at, first);
	memcpy(out + first, s->queue, n - first);
}

static void drop_front(struct mir_syslog *s, size_t n)
{
	s->head = (s->head + n) % s->size;
	s->used -= n;
}

/* A line of the log.  Never blocks. */
static void line(void *arg, const char *text, size_t len)
{
	struct mir_syslog *s = arg;
	size_t n = MIR_MIN(len, (size_t)LINE);
	const uint8_t length[LENGTH] = { (uint8_t)(n >> 8), (uint8_t)n };

	if (s->config.syslog_console || s->busy)
		mir_target_console(text, len);
	if (s->busy)
		return;
	if (n + LENGTH > s->size - s->used) {
		s->dropped++;
		return;
	}
	put(s, length, LENGTH);
	put(s, (const uint8_t *)text, n);
	mir_wake_all(&s->wake);
}

static void no_input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	(void)arg;
	(void)src;
	(void)dst;
	mir_packet_unref(p);
}

static int address(struct mir_syslog *s)
{
	int n;

	s->to.port = s->port;
	if (mir_ipaddr_parse(s->host, &s->to.addr) == 0)
		return 0;
	if (!s->config.resolver)
		return MIR_EINVAL;
	n = mir_resolver_addresses(s->config.resolver, s->host, &s->to.addr, 1);
	return n < 0 ? n : 0;
}

/* Sees to it that there is a way to the collector.  Blocks. */
static int reach(struct mir_syslog *s)
{
	static const struct mir_udp_handler handler = { .input = no_input };
	struct mir_endpoint local = { .port = 0 };
	struct mir_tcp_flow *tcp;
	struct mir_tls_flow *tls;
	int rc;

	if (s->flow || s->port_of)
		return 0;
	if ((rc = address(s)) < 0)
		return rc;
	if (s->how == MIR_SYSLOG_UDP)
		return mir_udp_bind(s->config.stack->udp, &local, &handler, s, &s->port_of);
	rc = mir_tcp_connect(s->config.stack->tcp, NULL, &s->to, NULL, &tcp);
	if (rc == 0 && s->how == MIR_SYSLOG_TLS) {
		rc = mir_tls_client(s->config.tls, &tcp->flow, s->host, NULL, &tls);
		s->flow = rc == 0 ? &tls->flow : NULL;
	} else if (rc == 0) {
		s->flow = &tcp->flow;
	}
	s->reconnects += rc == 0;
	return rc;
}

static void leave(struct mir_syslog *s)
{
	if (s->flow)
		mir_flow_abort(s->flow);
	s->flow = NULL;
}

/* One message, octets counted over streams.  Blocks. */
static int send_message(struct mir_syslog *s, const char *text, size_t len)
{
	char count[16];
	struct mir_slice m[2];

	m[1] = mir_slice_copy(text, len);
	if (!m[1].owner)
		return MIR_ENOMEM;
	if (s->how == MIR_SYSLOG_UDP)
		return mir_udp_send(s->port_of, &MIR_IPADDR_ANY, &s->to, &m[1], 1);
	m[0] = mir_slice_copy(count, (size_t)mir_format(count, sizeof(count), "%zu ", len));
	if (!m[0].owner) {
		mir_slice_unref(&m[1]);
		return MIR_ENOMEM;
	}
	return mir_flow_write(s->flow, m, 2);
}

static int send_line(struct mir_syslog *s, const char *text, size_t len)
{
	char message[MIR_SYSLOG_MESSAGE];
	size_t n = mir_syslog_message(text, len, mir_wall(), (unsigned)s->config.syslog_facility,
	    mir_common.name ? mir_common.name : "mirage", message, sizeof(message));

	return send_message(s, message, n);
}

/* The first line of the queue; it stays there until it was sent.  Blocks. */
static int send_first(struct mir_syslog *s)
{
	uint8_t length[LENGTH];
	char text[LINE];
	size_t n;
	int rc = reach(s);

	if (rc == 0 && s->dropped > s->told) {
		n = (size_t)mir_format(text, sizeof(text), "%llu lines were dropped",
		    (unsigned long long)(s->dropped - s->told));
		if ((rc = send_line(s, text, n)) == 0)
			s->told = s->dropped;
	}
	if (rc < 0)
		return rc;
	look_at(s, 0, length, LENGTH);
	n = (size_t)length[0] << 8 | length[1];
	look_at(s, LENGTH, (uint8_t *)text, n);
	rc = send_line(s, text, n);
	if (rc == 0) {
		drop_front(s, LENGTH + n);
		s->sent++;
	}
	return rc;
}

static void run(void *arg)
{
	struct mir_syslog *s = arg;
	int64_t pause = MIR_SECOND(1), outer;
	int rc = 0;

	while (rc == 0) {
		if (!s->used) {
			rc = mir_wait(&s->wake);
			continue;
		}
		outer = mir_deadline_set(mir_time_add(mir_now(), MIR_SECOND(30)));
		rc = send_first(s);
		mir_deadline_restore(outer);
		if (rc == 0) {
			pause = MIR_SECOND(1);
			continue;
		}
		leave(s);
		if (rc == MIR_ECANCELED)
			break;
		/* About the way there the console is told. */
		s->busy = true;
		mir_warn("%s port %u: %s; again in %u s", s->host, s->port, mir_strerror(rc),
		    (unsigned)(pause / MIR_SECOND(1)));
		s->busy = false;
		rc = mir_sleep(pause);
		pause = MIR_MIN(2 * pause, MIR_SECOND(60));
	}
}

int mir_syslog_start(struct mir_syslog *s, const struct mir_syslog_config *c)
{
	*s = (struct mir_syslog){ .config = *c };
	if (!c->syslog || !*c->syslog)
		return 0;
	if (mir_syslog_parse(c->syslog, &s->how, s->host, &s->port) < 0) {
		mir_error("--syslog=%s: not udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT",
		    c->syslog);
		return MIR_EINVAL;
	}
	if (s->how == MIR_SYSLOG_TLS && !c->tls) {
		mir_error("--syslog=%s: there is no TLS in this image (tls-store)", c->syslog);
		return MIR_EINVAL;
	}
	s->size = (size_t)MIR_MAX(c->syslog_queue ? c->syslog_queue : 65536, LINE + LENGTH);
	if (!(s->queue = malloc(s->size)))
		return MIR_ENOMEM;
	if (!(s->fiber = mir_spawn_joinable("syslog", run, s))) {
		free(s->queue);
		return MIR_ENOMEM;
	}
	mir_log_sink(line, s);
	return 0;
}

void mir_syslog_stop(struct mir_syslog *s)
{
	int64_t until = mir_time_add(mir_now(), MIR_SECOND(2));

	if (!s->fiber)
		return;
	while (s->used && mir_now() < until && mir_sleep(MIR_MS(20)) == 0)
		continue;
	mir_log_sink(NULL, NULL);
	mir_cancel(s->fiber);
	mir_join(s->fiber);
	if (s->flow)
		mir_flow_close(s->flow);
	if (s->port_of)
		mir_udp_close(s->port_of);
	free(s->queue);
	s->fiber = NULL;
}
