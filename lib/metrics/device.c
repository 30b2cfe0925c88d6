/* device.c: figures of the runtime and of the HTTP server, and a listener that shows all. */
#include <mir/metrics_device.h>

#include <mir/mem.h>
#include <mir/packet.h>
#include <stdlib.h>

/* ---- the runtime's ---- */

static int64_t fibers(void *arg)
{
	struct mir_fiber_stats s;

	(void)arg;
	mir_fiber_stats(&s);
	return s.alive;
}

static int64_t switches(void *arg)
{
	struct mir_fiber_stats s;

	(void)arg;
	mir_fiber_stats(&s);
	return (int64_t)s.switches;
}

static int64_t buffers(void *arg)
{
	struct mir_mem_stats s;

	(void)arg;
	mir_mem_stats(&s);
	return (int64_t)s.bytes;
}

static int64_t packets(void *arg)
{
	struct mir_mem_stats s;

	(void)arg;
	mir_mem_stats(&s);
	return (int64_t)s.packets;
}

static int64_t no_memory(void *arg)
{
	struct mir_mem_stats s;

	(void)arg;
	mir_mem_stats(&s);
	return (int64_t)s.failed;
}

static int64_t uptime(void *arg)
{
	const struct mir_metrics_device *d = arg;

	return mir_now() - d->started;
}

static int64_t connections(void *arg)
{
	const struct mir_http_server *s = arg;

	return s->connections;
}

static void add(struct mir_metrics_device *d, struct mir_metric m)
{
	if (d->nown == MIR_METRICS_OWN)
		return;
	d->own[d->nown] = m;
	mir_metrics_add(&d->metrics, &d->own[d->nown++]);
}

static void add_runtime(struct mir_metrics_device *d)
{
	static const struct {
		const char *name, *help;
		enum mir_metric_kind kind;
		int64_t (*read)(void *);
		int64_t unit;
	} all[] = {
		{ "mirage_uptime_seconds", "time since the start", MIR_METRIC_GAUGE, uptime,
		    MIR_SECOND(1) },
		{ "mirage_fibers", "fibers alive", MIR_METRIC_GAUGE, fibers, 1 },
		{ "mirage_fiber_switches", "switches between fibers", MIR_METRIC_COUNTER, switches,
		    1 },
		{ "mirage_buffer_bytes", "bytes in packets and other counted memory",
		    MIR_METRIC_GAUGE, buffers, 1 },
		{ "mirage_packets", "packets alive", MIR_METRIC_GAUGE, packets, 1 },
		{ "mirage_out_of_memory", "requests that found no memory", MIR_METRIC_COUNTER,
		    no_memory, 1 },
	};

	for (size_t i = 0; i < MIR_COUNT(all); i++)
		add(d, (struct mir_metric){ .name = all[i].name,
			   .help = all[i].help,
			   .kind = all[i].kind,
			   .read = all[i].read,
			   .arg = d,
			   .unit = all[i].unit });
}

static void add_http(struct mir_metrics_device *d, struct mir_http_server *s)
{
	const struct {
		const char *name, *help;
		const uint64_t *counter;
	} all[] = {
		{ "http_connections", "connections accepted", &s->stats.accepted },
		{ "http_evicted", "idle connections closed to make room", &s->stats.evicted },
		{ "http_requests", "requests whose head was right", &s->stats.requests },
		{ "http_refused", "requests answered before a handler saw them",
		    &s->stats.refused },
		{ "http_timeouts", "connections given up because the client was slow",
		    &s->stats.timeouts },
		{ "http_cut", "answers that ended before their end", &s->stats.cut },
		{ "http_no_memory", "connections dropped for want of memory", &s->stats.no_memory },
		{ "http_insecure", "TLS handshakes that failed", &s->stats.insecure },
	};

	add(d, (struct mir_metric){ .name = "http_connections_open",
		   .help = "connections there are",
		   .kind = MIR_METRIC_GAUGE,
		   .read = connections,
		   .arg = s });
	for (size_t i = 0; i < MIR_COUNT(all); i++)
		add(d, (struct mir_metric){ .name = all[i].name,
			   .help = all[i].help,
			   .kind = MIR_METRIC_COUNTER,
			   .counter = all[i].counter });
}

/* ---- showing them ---- */

int mir_metrics_handle(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	static const char name[] = "application/openmetrics-text";
	struct mir_str accept = mir_http_header(r, "accept");
	bool open = false;
	char *text;
	size_t len;
	int rc;

	for (size_t i = 0; accept.p && i + sizeof(name) - 1 <= accept.len; i++)
		open |= memcmp(accept.p + i, name, sizeof(name) - 1) == 0;
	if (r->method != MIR_HTTP_GET && r->method != MIR_HTTP_HEAD) {
		mir_http_add(w, "Allow", "GET, HEAD");
		return mir_http_error(w, 405);
	}
	if (!(text = mir_metrics_text(arg, open, &len)))
		return MIR_ENOMEM;
	rc = mir_http_reply(w, 200,
	    open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		 : "text/plain; version=0.0.4; charset=utf-8",
	    text, len);
	free(text);
	return rc;
}

static int handle(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_metrics_device *d = arg;
	const char *path = d->config.metrics_path;

	if (r->path.len != strlen(path) || memcmp(r->path.p, path, r->path.len) != 0)
		return mir_http_error(w, 404);
	return mir_metrics_handle(&d->metrics, r, w);
}

int mir_metrics_device_start(
    struct mir_metrics_device *d, const struct mir_metrics_device_config *c)
{
	const struct mir_http_server_config http = { .stack = c->stack,
		.http_port = c->metrics_port,
		.http_address = c->metrics_address,
		.http_max_connections = 16,
		.handler = handle,
		.handler_arg = d,
		.name = "metrics" };

	*d = (struct mir_metrics_device){ .config = *c, .started = mir_now() };
	if (!c->metrics_path || !*c->metrics_path)
		d->config.metrics_path = "/metrics";
	add_runtime(d);
	if (c->http)
		add_http(d, c->http);
	return mir_http_server_start(&d->server, &http);
}

void mir_metrics_device_stop(struct mir_metrics_device *d)
{
	mir_http_server_stop(&d->server);
}
