/* metrics.h: figures with names: counters, gauges, histograms; as text for Prometheus.
 *
 *     static struct mir_metric orders = MIR_COUNTER("shop_orders", "orders taken",
 * "kind=\"book\""); mir_metrics_add(app->metrics, &orders); orders.value++;
 *
 * A figure is a variable of whoever counts: to change it is to assign.  Nothing is allocated.
 */
#ifndef MIR_METRICS_H
#define MIR_METRICS_H

#include <mir/cc.h>
#include <mir/err.h>
#include <stddef.h>

struct mir_metrics;

enum mir_metric_kind { MIR_METRIC_COUNTER, MIR_METRIC_GAUGE, MIR_METRIC_HISTOGRAM };

/* Figures of one name differ in their labels. */
struct mir_metric {
	const char *name; /* letters, digits, '_'; a counter's without "_total" */
	const char *help; /* one line */
	const char
	    *labels; /* "method=\"GET\",host=\"a\"", escaped as Prometheus wants; NULL: none */
	enum mir_metric_kind kind;
	int64_t value;              /* of a counter or gauge, unless: */
	const uint64_t *counter;    /* where it is counted */
	int64_t (*read)(void *arg); /* asked when the text is made.  Does not block. */
	void *arg;
	int64_t unit; /* how many of value make one: 1000000000 for nanoseconds shown as seconds; 0:
			 1 */
	/* Of a histogram: upper bounds in order, and counts[nbounds + 1], the last for what is
	 * over. */
	const int64_t *bounds;
	uint64_t *counts;
	unsigned nbounds;
	int64_t sum;
	struct mir_metric *next;
};

#define MIR_COUNTER(n, h, l)                                                                       \
	{                                                                                          \
		.name = (n), .help = (h), .labels = (l), .kind = MIR_METRIC_COUNTER                \
	}
#define MIR_GAUGE(n, h, l)                                                                         \
	{                                                                                          \
		.name = (n), .help = (h), .labels = (l), .kind = MIR_METRIC_GAUGE                  \
	}

/* All figures of an image; all zero is empty. */
struct mir_metrics {
	struct mir_metric *first;
};

/* The metric is the registry's until it is removed.  MIR_EINVAL: its name, or one name with two
 * kinds; MIR_EEXIST: name and labels are there already. */
int mir_metrics_add(struct mir_metrics *, struct mir_metric *);
void mir_metrics_remove(struct mir_metrics *, struct mir_metric *);

/* A value for a histogram. */
void mir_metric_observe(struct mir_metric *, int64_t value);

/* The text in fresh memory, the caller's to free(): exposition format 0.0.4, or OpenMetrics 1.0.
 * NULL: no memory. */
char *mir_metrics_text(const struct mir_metrics *, bool openmetrics, size_t *len);

#endif
