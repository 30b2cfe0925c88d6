/* metrics.c: figures, their text in both forms, and the listener's handler. */
#include "../../http/tests/bench.h"

#include <mir/metrics_device.h>

static char buf[1 << 16];

static void check_text(const struct mir_metrics *all, bool open, const char *want)
{
	size_t len = 0;
	char *text = mir_metrics_text(all, open, &len);

	ok(text && len == strlen(text) && strcmp(text, want) == 0, "%s", text);
	free(text);
}

static void texts(void)
{
	static const int64_t bounds[] = { MIR_MS(5), MIR_MS(100), MIR_SECOND(2) };
	static uint64_t counts[4];
	struct mir_metric a = MIR_COUNTER("orders", "taken \"so\" far\\", "kind=\"a\""),
			  b = MIR_GAUGE("heat", "in degrees", NULL),
			  c = MIR_COUNTER("orders", "not shown", "kind=\"b\""),
			  d = { .name = "took_seconds",
				  .help = "time",
				  .kind = MIR_METRIC_HISTOGRAM,
				  .unit = MIR_SECOND(1),
				  .bounds = bounds,
				  .counts = counts,
				  .nbounds = 3 },
			  twin = MIR_COUNTER("orders", "x", "kind=\"a\""),
			  other = MIR_GAUGE("orders", "x", NULL), bad = MIR_GAUGE("a-b", "x", NULL);
	struct mir_metrics all = { NULL };

	check_text(&all, false, "");
	ok(mir_metrics_add(&all, &a) == 0 && mir_metrics_add(&all, &b) == 0 &&
		mir_metrics_add(&all, &c) == 0 && mir_metrics_add(&all, &d) == 0,
	    "four figures");
	ok(mir_metrics_add(&all, &twin) == MIR_EEXIST, "one twice");
	ok(mir_metrics_add(&all, &other) == MIR_EINVAL, "one name, two kinds");
	ok(mir_metrics_add(&all, &bad) == MIR_EINVAL, "not a name");
	a.value = 3;
	b.value = -15;
	b.unit = 10;
	mir_metric_observe(&d, MIR_MS(5));
	mir_metric_observe(&d, MIR_MS(6));
	mir_metric_observe(&d, MIR_SECOND(3));
	check_text(&all, false,
	    "# HELP orders_total taken \"so\" far\\\\\n# TYPE orders_total counter\n"
	    "orders_total{kind=\"a\"} 3\norders_total{kind=\"b\"} 0\n"
	    "# HELP heat in degrees\n# TYPE heat gauge\nheat -1.5\n"
	    "# HELP took_seconds time\n# TYPE took_seconds histogram\n"
	    "took_seconds_bucket{le=\"0.005\"} 1\ntook_seconds_bucket{le=\"0.1\"} 2\n"
	    "took_seconds_bucket{le=\"2\"} 2\ntook_seconds_bucket{le=\"+Inf\"} 3\n"
	    "took_seconds_sum 3.011\ntook_seconds_count 3\n");
	mir_metrics_remove(&all, &d);
	mir_metrics_remove(&all, &c);
	mir_metrics_remove(&all, &b);
	check_text(&all, true,
	    "# HELP orders taken \\\"so\\\" far\\\\\n# TYPE orders counter\n"
	    "orders_total{kind=\"a\"} 3\n# EOF\n");
}

static void handler(void)
{
	struct mir_metrics_device d;
	struct mir_metrics_device_config c = { .name = "test" };
	struct mir_http_server program = { .connections = 7 };

	c.http = &program;
	program.stats.requests = 12;
	ok(mir_metrics_device_start(&d, &c) == 0, "starts");
	ok(bench_ask(&d.server, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", buf, sizeof(buf)) ==
		    200 &&
		strstr(buf, "\nmirage_fibers ") && strstr(buf, "\nhttp_connections_open 7\n") &&
		strstr(buf, "\nhttp_requests_total 12\n") && strstr(buf, "version=0.0.4"),
	    "the figures of runtime and server");
	bench_ask(&d.server,
	    "GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: application/openmetrics-text;"
	    "version=1.0.0,text/plain\r\n\r\n",
	    buf, sizeof(buf));
	ok(strstr(buf, "application/openmetrics-text; version=1.0.0") &&
		strstr(buf, "# TYPE http_requests counter\n") && strstr(buf, "\n# EOF\n"),
	    "OpenMetrics for those who ask");
	ok(bench_ask(&d.server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", buf, sizeof(buf)) == 404,
	    "nothing else is there");
	ok(bench_ask(&d.server, "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
	       buf, sizeof(buf)) == 405,
	    "nor any other method");
	mir_metrics_device_stop(&d);
}

int main(void)
{
	RUN(texts);
	RUN(handler);
	return mir_test_end();
}
