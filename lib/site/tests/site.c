/* site.c: hosts and redirects: which one a request is for, and what is answered. */
#include "../../http/tests/bench.h"

#include <mir/kv_mem.h>
#include <mir/site.h>

static char buf[1 << 16];
static struct mir_kv_mem pages, blog;

static void hosts(void)
{
	static const struct {
		const char *pattern, *host;
		bool match;
	} table[] = {
		{ "example.org", "example.org", true },
		{ "example.org", "EXAMPLE.org", true },
		{ "example.org", "example.org:8080", true },
		{ "example.org", "example.org.", true },
		{ "example.org", "example.org.:80", true },
		{ "example.org", "example.orgx", false },
		{ "example.org", "xexample.org", false },
		{ "example.org", "www.example.org", false },
		{ "example.org", "", false },
		{ "example.org", ":80", false },
		{ "*.example.org", "www.example.org", true },
		{ "*.example.org", "a.b.example.org:1", true },
		{ "*.example.org", "example.org", false },
		{ "*.example.org", ".example.org", false },
		{ "*.example.org", "xexample.org", false },
		{ "10.0.0.2", "10.0.0.2:80", true },
		{ "10.0.0.2", "10.0.0.22", false },
	};

	for (size_t i = 0; i < MIR_COUNT(table); i++)
		ok(!!mir_site_host_match(table[i].pattern, mir_str(table[i].host)) ==
			table[i].match,
		    "%s, %s", table[i].pattern, table[i].host);
}

static void redirects(void)
{
	static const struct {
		const char *from, *to, *path, *query, *url;
	} table[] = {
		{ "/old", "/new", "/old", "", "/new" },
		{ "/old", "/new", "/old/", "", NULL },
		{ "/old", "/new", "/older", "", NULL },
		{ "/old", "/new", "/ol", "", NULL },
		{ "/old", "/new", "/old", "a=b", "/new?a=b" },
		{ "/old", "/new?x", "/old", "a=b", "/new?x" },
		{ "/old/", "/new/", "/old/a/b", "q", "/new/a/b?q" },
		{ "/old/", "/new/", "/old", "", "/new/" },
		{ "/old/", "/new/", "/old/", "", "/new/" },
		{ "/old/", "/new/", "/older", "", NULL },
		{ "/", "https://b.org/", "/a b%/c?", "", "https://b.org/a%20b%25/c%3F" },
		{ "/", "https://b.org/", "/", "x=1", "https://b.org/?x=1" },
		{ "/a/", "/", "/a/b.org", "", "/b.org" },
		{ "/", "/b/", "/\"<>\xc3\xa9", "", "/b/%22%3C%3E%C3%A9" },
	};
	char url[64];

	for (size_t i = 0; i < MIR_COUNT(table); i++) {
		struct mir_site_redirect r = { NULL, table[i].from, table[i].to, 301 };
		int64_t n = mir_site_redirect_to(
		    &r, mir_str(table[i].path), mir_str(table[i].query), url, sizeof(url));

		ok(table[i].url
			? n == (int64_t)strlen(table[i].url) && strcmp(url, table[i].url) == 0
			: n == 0,
		    "%s -> %s: %s: %s", table[i].from, table[i].to, table[i].path,
		    n > 0 ? url : "-");
	}
	for (size_t cap = 0; cap < 30; cap++) {
		struct mir_site_redirect r = { NULL, "/", "https://b.org/", 301 };
		int64_t n = mir_site_redirect_to(&r, mir_str("/ab "), mir_str("query"), url, cap);

		ok(cap > 25 ? n == 25 : n == MIR_ERANGE, "25 bytes into %zu: %lld", cap,
		    (long long)n);
	}
}

static int handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	(void)r;
	return mir_http_reply(w, 200, "text/plain", arg, strlen(arg));
}

static char api[] = "api", other[] = "other";
static const struct mir_site_host table_hosts[] = {
	{ "blog.org", &blog.kv, NULL, NULL },
	{ "*.blog.org", &blog.kv, NULL, NULL },
	{ "api.blog.org", NULL, handler, api },
};
static const struct mir_site_redirect table_redirects[] = {
	{ NULL, "/old/", "/new/", 301 },
	{ "www.blog.org", "/", "https://blog.org/", 308 },
};

static void sites(void)
{
	static const struct {
		const char *unknown, *request, *answer;
	} table[] = {
		{ "serve", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "pages" },
		{ "serve", "GET / HTTP/1.0\r\n\r\n", "pages" },
		{ "421", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", " 421 " },
		{ "404", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", " 404 " },
		{ "421", "GET / HTTP/1.1\r\nHost: Blog.org:80\r\n\r\n", "blog" },
		{ "421", "GET http://blog.org/ HTTP/1.1\r\nHost: a\r\n\r\n", "blog" },
		{ "421", "GET / HTTP/1.1\r\nHost: x.blog.org\r\n\r\n", "blog" },
		{ "421", "GET / HTTP/1.1\r\nHost: api.blog.org\r\n\r\n", "api" },
		{ "421", "POST /x HTTP/1.1\r\nHost: api.blog.org\r\nContent-Length: 0\r\n\r\n",
		    "api" },
		{ "421", "GET / HTTP/1.1\r\nHost: www.blog.org\r\n\r\n",
		    "Location: https://blog.org/\r\n" },
		{ "421", "GET /a?b HTTP/1.1\r\nHost: www.blog.org\r\n\r\n", " 308 " },
		{ "421", "GET /old/x HTTP/1.1\r\nHost: blog.org\r\n\r\n", "Location: /new/x\r\n" },
		{ "serve", "GET /none HTTP/1.1\r\nHost: blog.org\r\n\r\n", "not here" },
		{ "serve", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "Cache-Control: max-age=1\r\n" },
		{ "serve", "GET /folder/ HTTP/1.1\r\nHost: a\r\n\r\n", " 404 " },
	};
	struct mir_kv_mem_config store = { .size = 100000, .name = "store" };
	struct mir_site site;
	struct mir_site_config config = { .hosts = table_hosts,
		.nhosts = MIR_COUNT(table_hosts),
		.redirects = table_redirects,
		.nredirects = MIR_COUNT(table_redirects),
		.store = &pages.kv,
		.site_cache_control = "max-age=1",
		.site_not_found = "/404.html" };
	struct mir_http_server_config http = { .handler = mir_site_handle, .handler_arg = &site };
	struct mir_http_server server;

	mir_kv_mem_start(&pages, &store);
	mir_kv_mem_start(&blog, &store);
	mir_kv_set(&pages.kv, mir_str("/index.html"), "pages", 5);
	mir_kv_set(&pages.kv, mir_str("/folder/x"), "secret", 6);
	mir_kv_set(&blog.kv, mir_str("/index.html"), "blog", 4);
	mir_kv_set(&blog.kv, mir_str("/404.html"), "not here", 8);
	mir_http_server_start(&server, &http);
	for (size_t i = 0; i < MIR_COUNT(table); i++) {
		config.site_unknown_host = table[i].unknown;
		mir_site_start(&site, &config);
		bench_ask(&server, table[i].request, buf, sizeof(buf));
		ok(strstr(buf, table[i].answer) != NULL, "%s: %s", bench_name(table[i].request),
		    table[i].answer);
	}
	config.store = NULL;
	config.handler = handler;
	config.handler_arg = other;
	mir_site_start(&site, &config);
	bench_ask(&server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", buf, sizeof(buf));
	ok(strstr(buf, "other") != NULL, "a handler for all other hosts");
	mir_site_stop(&site);
	mir_http_server_stop(&server);
	mir_kv_mem_stop(&pages);
	mir_kv_mem_stop(&blog);
}

int main(void)
{
	RUN(hosts);
	RUN(redirects);
	RUN(sites);
	return mir_test_end();
}
