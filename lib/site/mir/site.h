/* site.h: several web sites behind one server: hosts, redirects, files.
 *
 * A request goes by its host to a store or a handler; before that, redirects are looked at.  What
 * a .conf says of it (main-site, vhost-NAME, redirect) becomes the tables here.
 */
#ifndef MIR_SITE_H
#define MIR_SITE_H

#include <mir/http_server.h>

/* A host and what answers for it: a store, or else a handler. */
struct mir_site_host {
	const char *host; /* small letters: "example.org", or "*.example.org" for all below it */
	struct mir_kv *store;
	mir_http_handler *handler;
	void *handler_arg;
};

/* from "/old/" is that path and all below it, the rest of which is put behind `to`, which ends in
 * "/" too; from "/old" is that path alone.  The query goes along unless `to` has one. */
struct mir_site_redirect {
	const char *host; /* as above; NULL: any */
	const char *from; /* decoded: "/a b/" */
	const char *to;   /* "/new/", "https://example.org/new/" */
	uint16_t status;  /* 301, 302, 303, 307 or 308 */
};

/* The tables outlive the site.  A longer name goes before a shorter one, a redirect before those
 * behind it. */
struct mir_site_config {
	const struct mir_site_host *hosts;
	unsigned nhosts;
	const struct mir_site_redirect *redirects;
	unsigned nredirects;
	struct mir_kv *store; /* for any other host; NULL: the handler */
	mir_http_handler *handler;
	void *handler_arg;
	const char *site_unknown_host;  /* "serve": as above; "421", "404": that answer */
	const char *site_cache_control; /* sent with files; NULL or "": none */
	const char *site_not_found;     /* key of the page for a 404; NULL or "": a plain text */
	const char *site_index;         /* of a folder; NULL or "": index.html */
	const char *name;
};

struct mir_site {
	struct mir_site_config config;
	struct mir_http_serve_options files;
};

/* Copies the config.  0. */
int mir_site_start(struct mir_site *, const struct mir_site_config *);
void mir_site_stop(struct mir_site *);

/* A handler; arg: the site. */
int mir_site_handle(void *arg, struct mir_http_request *, struct mir_http_response *);

/* Whether `pattern`, as in struct mir_site_host, is for this host; a port, and a dot at the end, do
 * not count.  How many bytes agree, 0: none. */
size_t mir_site_host_match(const char *pattern, struct mir_str host);

/* Where a request for `path` (decoded) with that query goes by this redirect: the length of the
 * URL in out, zero-ended; 0: the redirect is for others; MIR_ERANGE: over cap. */
int64_t mir_site_redirect_to(const struct mir_site_redirect *, struct mir_str path,
    struct mir_str query, char *out, size_t cap);

#endif
