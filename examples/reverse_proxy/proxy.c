/* proxy.c: every request is passed on to one of the servers. */
#include "mirage/app.h"

#include <mir/http_proxy.h>
#include <mir/log.h>

MIR_LOG_SOURCE(proxy);

static struct mir_http_client client;
static struct mir_http_proxy proxy;

static int start(const struct app *app)
{
	struct mir_endpoint servers[MIR_HTTP_UPSTREAMS];
	struct mir_http_proxy_config config = {
		.client = &client,
		.tcp = app->stack->tcp,
		.servers = servers,
		.max_requests = (unsigned)app->keys.requests,
		.health_path = *app->keys.health ? app->keys.health : NULL,
		.trust_forwarded = app->keys.trust,
	};
	int n = mir_http_proxy_servers(app->keys.servers, servers, MIR_HTTP_UPSTREAMS);

	if (n <= 0) {
		mir_error("--servers=%s: not a list of at most %d ADDRESS:PORT", app->keys.servers,
		    MIR_HTTP_UPSTREAMS);
		return MIR_EINVAL;
	}
	config.nservers = (unsigned)n;
	client = (struct mir_http_client){
		.tcp = app->stack->tcp,
		.timeout_ns = app->keys.patience,
		.max_idle = 64,
	};
	return mir_http_proxy_start(&proxy, &config);
}

int proxy_main(const struct app *app, struct mir_http_request *req, struct mir_http_response *res)
{
	int rc;

	/* With the first request. */
	if (!proxy.config.nservers && (rc = start(app)) < 0)
		return rc;
	return mir_http_proxy_handle(&proxy, req, res);
}
