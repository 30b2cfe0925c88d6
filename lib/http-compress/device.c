/* device.c: which codings are offered. */
#include "internal.h"

#include <mir/log.h>

MIR_LOG_SOURCE(http);

static const struct mir_http_compress_ops ops = { "http-compress", mir_http_compress_begin };

/* Offers a coding; false: the image does not have it. */
static bool offer(struct mir_http_compress_device *d, struct mir_str name)
{
	const struct mir_coder *all[MIR_HTTP_CODERS] = { d->config.gzip, d->config.zstd };
	const struct mir_coder *found = NULL;

	for (unsigned i = 0; i < MIR_HTTP_CODERS; i++)
		if (all[i] && mir_http_ieq(name, all[i]->coding))
			found = all[i];
	for (unsigned i = 0; i < d->n_coders; i++)
		if (d->coders[i].coder == found)
			return true;
	if (found)
		d->coders[d->n_coders++].coder = found;
	return found != NULL;
}

int mir_http_compress_device_start(
    struct mir_http_compress_device *d, const struct mir_http_compress_device_config *config)
{
	struct mir_str rest = mir_str(config->http_compress ? config->http_compress : ""), name;

	*d = (struct mir_http_compress_device){ .compress.ops = &ops, .config = *config };
	if (d->config.http_compress_max <= 0)
		d->config.http_compress_max = 32;
	if (config->http_compress_level < 0 || config->http_compress_level > 9) {
		mir_error(
		    "http-compress-level=%lld: not 0 to 9", (long long)config->http_compress_level);
		return MIR_EINVAL;
	}
	while (mir_http_next(&rest, &name))
		if (!offer(d, name)) {
			mir_error("http-compress: '%.*s' is not in this image, which has%s%s%s",
			    (int)name.len, name.p, config->gzip ? " gzip" : "",
			    config->zstd ? " zstd" : "",
			    config->gzip || config->zstd ? "" : " none");
			return MIR_EINVAL;
		}
	return 0;
}

void mir_http_compress_device_stop(struct mir_http_compress_device *d)
{
	for (unsigned i = 0; i < d->n_coders; i++)
		while (d->coders[i].idle) {
			struct mir_http_compress_context *c = d->coders[i].idle;

			d->coders[i].idle = c->next;
			d->coders[i].n_idle--;
			mir_http_compress_free(c);
		}
}
