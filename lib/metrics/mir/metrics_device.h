/* metrics_device.h: METRICS, and a listener that shows it. */
#ifndef MIR_METRICS_DEVICE_H
#define MIR_METRICS_DEVICE_H

#include <mir/http_server.h>
#include <mir/metrics.h>

struct mir_metrics_device_config {
	struct mir_stack *stack;
	struct mir_http_server *http; /* the program's, whose figures are shown; or NULL */
	uint16_t metrics_port;        /* 0: a free one */
	struct mir_ipaddr metrics_address;
	const char *metrics_path;
	const char *name;
};

enum { MIR_METRICS_OWN = 24 };

struct mir_metrics_device {
	struct mir_metrics metrics; /* the signature object */
	struct mir_metrics_device_config config;
	struct mir_http_server server;
	struct mir_metric own[MIR_METRICS_OWN];
	unsigned nown;
	int64_t started;
};

/* As mir_http_server_start. */
int mir_metrics_device_start(struct mir_metrics_device *, const struct mir_metrics_device_config *);
void mir_metrics_device_stop(struct mir_metrics_device *);

/* A handler that shows figures; arg: struct mir_metrics. */
int mir_metrics_handle(void *arg, struct mir_http_request *, struct mir_http_response *);

#endif
