/* dispatch.c: which answer a request gets: the rendered page /about, or a file of the site. */
#include "mirage/app.h"

#include <mir/format.h>
#include <mir/http_server.h>
#include <mir/start.h>
#include <string.h>

#include "template.h"

static struct {
	int64_t since; /* time of the first request */
	uint64_t requests;
} served;

/* "2 d 3 h", "5 min 12 s": the two largest units. */
static void duration_text(int64_t seconds, char *out, size_t cap)
{
	if (seconds >= 86400)
		mir_format(
		    out, cap, "%d d %d h", (int)(seconds / 86400), (int)(seconds / 3600 % 24));
	else if (seconds >= 3600)
		mir_format(
		    out, cap, "%d h %d min", (int)(seconds / 3600), (int)(seconds / 60 % 60));
	else if (seconds >= 60)
		mir_format(out, cap, "%d min %d s", (int)(seconds / 60), (int)(seconds % 60));
	else
		mir_format(out, cap, "%d s", (int)seconds);
}

static int about(const struct app *app, struct mir_http_request *req, struct mir_http_response *res)
{
	char requests[24], uptime[32], peer[MIR_ENDPOINT_TEXT];
	const struct template_value values[] = {
		{ "title", app->keys.title },
		{ "name", mir_common.name },
		{ "stack", app->stack->name },
		{ "requests", requests },
		{ "uptime", uptime },
		{ "peer", mir_endpoint_text(&req->peer, peer) },
		{ NULL, NULL },
	};

	if (req->method != MIR_HTTP_GET && req->method != MIR_HTTP_HEAD) {
		mir_http_add(res, "allow", "GET, HEAD");
		return mir_http_error(res, 405);
	}
	mir_format(requests, sizeof(requests), "%llu", (unsigned long long)served.requests);
	duration_text((mir_clock_monotonic(app->clock) - served.since) / INT64_C(1000000000),
	    uptime, sizeof(uptime));
	mir_http_add(res, "cache-control", "no-store");
	return template_reply(app->fs_template, mir_str("/about.html"), values, res);
}

int dispatch_main(
    const struct app *app, struct mir_http_request *req, struct mir_http_response *res)
{
	static const struct mir_http_serve_options site = {
		.cache_control = "max-age=60",
		.not_found = "/404.html",
	};

	if (served.requests++ == 0)
		served.since = mir_clock_monotonic(app->clock);
	if (req->path.len == 6 && memcmp(req->path.p, "/about", 6) == 0)
		return about(app, req, res);
	return mir_http_serve_with(app->fs_static, "", &site, req, res);
}
