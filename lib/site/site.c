/* site.c: by its host a request finds the store or the handler that it is for. */
#include <mir/site.h>

int mir_site_start(struct mir_site *s, const struct mir_site_config *c)
{
	*s = (struct mir_site){ .config = *c };
	s->files = (struct mir_http_serve_options){
		.cache_control =
		    c->site_cache_control && *c->site_cache_control ? c->site_cache_control : NULL,
		.index = c->site_index && *c->site_index ? c->site_index : NULL,
		.not_found = c->site_not_found && *c->site_not_found ? c->site_not_found : NULL,
	};
	return 0;
}

void mir_site_stop(struct mir_site *s)
{
	(void)s;
}

static uint8_t lower(char c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* The name alone. */
static struct mir_str without_port(struct mir_str h)
{
	size_t n = h.len;

	while (n && h.p[n - 1] >= '0' && h.p[n - 1] <= '9')
		n--;
	if (n && h.p[n - 1] == ':')
		h.len = n - 1;
	if (h.len > 1 && h.p[h.len - 1] == '.')
		h.len--;
	return h;
}

size_t mir_site_host_match(const char *pattern, struct mir_str host)
{
	bool below = pattern[0] == '*';
	size_t len = strlen(pattern += below);

	host = without_port(host);
	if (below ? host.len <= len : host.len != len)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (lower(host.p[host.len - len + i]) != (uint8_t)pattern[i])
			return 0;
	/* A name in full goes before any that ends so. */
	return below ? len : len + 1;
}

static const struct mir_site_host *find(const struct mir_site_config *c, struct mir_str host)
{
	const struct mir_site_host *best = NULL;
	size_t longest = 0;

	for (unsigned i = 0; i < c->nhosts; i++) {
		size_t n = mir_site_host_match(c->hosts[i].host, host);

		if (n > longest) {
			longest = n;
			best = &c->hosts[i];
		}
	}
	return best;
}

/* 1: answered. */
static int redirected(
    const struct mir_site_config *c, struct mir_http_request *r, struct mir_http_response *w)
{
	char url[4096];

	for (unsigned i = 0; i < c->nredirects; i++) {
		const struct mir_site_redirect *to = &c->redirects[i];
		int64_t n;
		int rc;

		if (to->host && !mir_site_host_match(to->host, r->host))
			continue;
		n = mir_site_redirect_to(to, r->path, r->query, url, sizeof(url));
		if (n == 0)
			continue;
		if (n < 0)
			rc = mir_http_error(w, 414);
		else if ((rc = mir_http_add(w, "Location", url)) == 0)
			rc = mir_http_error(w, to->status);
		return rc < 0 ? rc : 1;
	}
	return 0;
}

int mir_site_handle(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	const struct mir_site *s = arg;
	const struct mir_site_config *c = &s->config;
	const struct mir_site_host *h;
	int rc = redirected(c, r, w);

	if (rc)
		return rc < 0 ? rc : 0;
	h = find(c, r->host);
	if (h && h->handler)
		return h->handler(h->handler_arg, r, w);
	if (h)
		return mir_http_serve_with(h->store, "", &s->files, r, w);
	if (c->site_unknown_host && c->site_unknown_host[0] == '4')
		return mir_http_error(w, c->site_unknown_host[1] == '2' ? 421 : 404);
	if (c->store)
		return mir_http_serve_with(c->store, "", &s->files, r, w);
	return c->handler ? c->handler(c->handler_arg, r, w) : mir_http_error(w, 404);
}
