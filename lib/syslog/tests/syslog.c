/* syslog.c: messages, and a queue whose collector comes and goes. */
#include "../../http/tests/bench.h"

#include <mir/log.h>
#include <mir/start.h>
#include <mir/syslog.h>

MIR_LOG_SOURCE(tests);

static char out[MIR_SYSLOG_MESSAGE];

static const char *message(const char *line, size_t len, size_t cap)
{
	size_t n =
	    mir_syslog_message(line, len, INT64_C(1795312859123000000), 16, "my image", out, cap);

	ok(n <= cap, "%zu of %zu bytes", n, cap);
	return out;
}

static void messages(void)
{
	static const struct {
		const char *line, *message;
	} table[] = {
		{ "2026-11-21 14:31:07.123 WRN tcp: a: b\n",
		    "<132>1 2026-11-21T14:31:07.123Z my_image mirage - tcp - a: b" },
		{ "2026-11-21 14:31:07.123 ERR x: y",
		    "<131>1 2026-11-21T14:31:07.123Z my_image mirage - x - y" },
		{ "2026-11-21 14:31:07.123 DBG x\n",
		    "<135>1 2026-11-21T14:31:07.123Z my_image mirage - - - x" },
		{ "{\"a\":1}\n",
		    "<134>1 2026-11-22T02:00:59.123Z my_image mirage - - - {\"a\":1}" },
		{ "", "<134>1 2026-11-22T02:00:59.123Z my_image mirage - - - " },
		{ "2026-11-21 14:31:07.123 XXX x: y",
		    "<134>1 2026-11-22T02:00:59.123Z my_image mirage - - - "
		    "2026-11-21 14:31:07.123 XXX x: y" },
	};

	for (size_t i = 0; i < MIR_COUNT(table); i++)
		ok(strcmp(message(table[i].line, strlen(table[i].line), sizeof(out)),
		       table[i].message) == 0,
		    "%s", out);
	for (size_t len = 0; len < 40; len++)
		message(table[0].line, MIR_MIN(len, strlen(table[0].line)), sizeof(out));
	for (size_t cap = 1; cap < 80; cap++)
		message(table[0].line, strlen(table[0].line), cap);
}

static void urls(void)
{
	static const struct {
		const char *url, *host;
		int how;
		uint16_t port;
	} table[] = {
		{ "udp://10.0.0.1", "10.0.0.1", MIR_SYSLOG_UDP, 514 },
		{ "tcp://logs.example.org", "logs.example.org", MIR_SYSLOG_TCP, 601 },
		{ "tls://logs:1234", "logs", MIR_SYSLOG_TLS, 1234 },
		{ "udp://", NULL, 0, 0 },
		{ "10.0.0.1:514", NULL, 0, 0 },
		{ "http://x", NULL, 0, 0 },
		{ "udp://a:0", NULL, 0, 0 },
		{ "udp://a:65536", NULL, 0, 0 },
		{ "udp://a:99999999999", NULL, 0, 0 },
		{ "udp://a:b", NULL, 0, 0 },
		{ "udp://:514", NULL, 0, 0 },
		{ "udp://a/b", NULL, 0, 0 },
		{ "udp://u@a", NULL, 0, 0 },
	};

	for (size_t i = 0; i < MIR_COUNT(table); i++) {
		enum mir_syslog_how how = MIR_SYSLOG_UDP;
		char host[MIR_SYSLOG_HOST] = "";
		uint16_t port = 0;
		int rc = mir_syslog_parse(table[i].url, &how, host, &port);

		ok(table[i].host ? rc == 0 && strcmp(host, table[i].host) == 0 &&
				       (int)how == table[i].how && port == table[i].port
				 : rc == MIR_EINVAL,
		    "%s", table[i].url);
	}
}

/* A collector: TCP connections are pipes, datagrams are kept. */
static bool absent;
static struct pipe_end *collector;
static char buf[1 << 20];
static size_t datagrams;

struct pipe_flow {
	struct mir_tcp_flow tcp;
	struct pipe_end *end;
};

static int wrap_write(struct mir_flow *f, struct mir_slice *data, unsigned n)
{
	return mir_flow_write(&mir_container(f, struct pipe_flow, tcp.flow)->end->flow, data, n);
}

static void wrap_close(struct mir_flow *f)
{
	mir_flow_close(&mir_container(f, struct pipe_flow, tcp.flow)->end->flow);
	free(mir_container(f, struct pipe_flow, tcp.flow));
}

static const struct mir_flow_ops wrap_ops = {
	.name = "pipe", .write = wrap_write, .close = wrap_close, .abort = wrap_close
};

static int connect_pipe(struct mir_tcp *t, const struct mir_endpoint *local,
    const struct mir_endpoint *peer, const struct mir_tcp_options *o, struct mir_tcp_flow **flow)
{
	struct pipe_flow *f;

	(void)local;
	(void)o;
	if (absent)
		return MIR_ECONNREFUSED;
	f = calloc(1, sizeof(*f));
	f->tcp = (struct mir_tcp_flow){ { &wrap_ops }, t, bench_local, *peer };
	pipe_new(1 << 20, &f->end, &collector);
	*flow = &f->tcp;
	return 0;
}

static struct mir_udp_port udp_port;

static int udp_bind(struct mir_udp *u, const struct mir_endpoint *local,
    const struct mir_udp_handler *h, void *arg, struct mir_udp_port **port)
{
	(void)local;
	(void)h;
	(void)arg;
	udp_port.udp = u;
	*port = &udp_port;
	return 0;
}

static int udp_send(struct mir_udp_port *p, const struct mir_ipaddr *src,
    const struct mir_endpoint *dst, struct mir_slice *data, unsigned n)
{
	size_t len = strlen(buf);

	(void)p;
	(void)src;
	ok(dst->port == 514 && n == 1, "a datagram for port 514");
	memcpy(buf + len, data->p, data->len);
	buf[len + data->len] = 0;
	datagrams++;
	mir_slices_unref(data, n);
	return 0;
}

static void udp_close(struct mir_udp_port *p)
{
	(void)p;
}

static const struct mir_tcp_ops tcp_ops = { .name = "pipes", .connect = connect_pipe };
static const struct mir_udp_ops udp_ops = { "kept", udp_bind, udp_send, udp_close };
static struct mir_tcp tcp = { &tcp_ops };
static struct mir_udp udp = { &udp_ops };
static struct mir_stack stack = { .name = "test", .tcp = &tcp, .udp = &udp };

static void over_tcp(void)
{
	struct mir_syslog_config c = {
		.stack = &stack, .syslog = "tcp://10.0.0.1", .syslog_facility = 16
	};
	struct mir_syslog s;
	unsigned n = 0;

	absent = false;
	mir_common.name = "test";
	ok(mir_syslog_start(&s, &c) == 0, "starts");
	mir_log_text("one\n", 4);
	mir_log_text("two\n", 4);
	mir_sleep(MIR_MS(10));
	bench_receive(collector, buf, sizeof(buf), MIR_MS(10));
	ok(strncmp(buf, "53 <134>1 ", 10) == 0 && strstr(buf, " - one53 <134>1 ") &&
		strcmp(buf + strlen(buf) - 6, " - two") == 0,
	    "two messages, their octets counted: %s", bench_name(buf));
	mir_flow_abort(&collector->flow);
	absent = true;
	mir_log_text("lost?\n", 6);
	mir_sleep(MIR_MS(10));
	for (int i = 0; i < 30000; i++)
		mir_log_text("many\n", 5);
	mir_sleep(MIR_SECOND(5));
	ok(s.dropped > 20000 && s.used <= s.size, "what does not fit is counted: %llu",
	    (unsigned long long)s.dropped);
	absent = false;
	mir_sleep(MIR_SECOND(10));
	bench_receive(collector, buf, sizeof(buf), MIR_MS(10));
	ok(s.used == 0, "the rest goes out when the collector is back");
	n = bench_count(buf, " - many");
	ok(n + s.dropped == 30000 && strstr(buf, " - lost?") && strstr(buf, " lines were dropped"),
	    "all are there or counted: %u", n);
	mir_log_text("last\n", 5);
	mir_syslog_stop(&s);
	bench_receive(collector, buf, sizeof(buf), MIR_MS(10));
	ok(strstr(buf, " - last") && collector->ended, "the last words go out at the end");
	mir_flow_close(&collector->flow);
}

static void over_udp(void)
{
	struct mir_syslog_config c = {
		.stack = &stack, .syslog = "udp://10.0.0.1", .syslog_facility = 16
	};
	struct mir_syslog s;

	buf[0] = 0;
	ok(mir_syslog_start(&s, &c) == 0, "starts");
	mir_warn("a warning");
	mir_sleep(MIR_MS(10));
	ok(datagrams == 1 && strncmp(buf, "<132>1 20", 9) == 0 &&
		strstr(buf, "Z test mirage - tests - a warning"),
	    "%s", buf);
	mir_syslog_stop(&s);
	c.syslog = "";
	ok(mir_syslog_start(&s, &c) == 0, "none is wanted");
	mir_syslog_stop(&s);
	c.syslog = "tls://a";
	ok(mir_syslog_start(&s, &c) == MIR_EINVAL, "TLS without TLS");
	c.syslog = "nonsense";
	ok(mir_syslog_start(&s, &c) == MIR_EINVAL, "nonsense");
}

int main(void)
{
	RUN(messages);
	RUN(urls);
	RUN(over_tcp);
	RUN(over_udp);
	return mir_test_end();
}
