/* conf_site.c: what a .conf says of web sites: main-site, vhost-NAME, redirect. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

static const char host_form[] = "a name as example.org, or *.example.org for all below it";
static const char redirect_form[] =
    "FROM TO, perhaps with 301, 302, 303, 307 or 308 behind: /old/ /new/ 308";

void conf_take_site(struct conf *c, const struct statement *s)
{
	c->job = statement_value(s);
}

bool conf_has_site(const struct conf *c)
{
	return c->main == MAIN_SITE || c->n_vhosts || c->n_redirects;
}

/* Labels of letters, digits and '-', joined by dots, perhaps below "*." */
static bool good_host(const char *h)
{
	size_t label = 0;

	if (strlen(h) > 253)
		return false;
	if (str_starts(h, "*."))
		h += 2;
	for (; *h; h++) {
		unsigned char c = (unsigned char)*h;

		if (c == '.' ? !label || !h[1] || h[-1] == '-'
			     : c >= 128 || !(isalnum(c) || (c == '-' && label) || c == '_'))
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label && h[-1] != '-';
}

static char *lower(const char *s)
{
	char *copy = mem_str(s);

	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

static bool check_host(const struct place *at, const char *host)
{
	if (good_host(host))
		return true;
	diag_error(at, "not the name of a host");
	diag_found("'%s'", host);
	diag_expected("%s", host_form);
	if (strchr(host, ':'))
		diag_note("ports do not count: a request for any of them is meant");
	return false;
}

static void add_vhost(struct conf *c, const struct conf_vhost *v)
{
	for (size_t i = 0; i < c->n_vhosts; i++) {
		if (!str_eq(c->vhosts[i].host, v->host))
			continue;
		diag_error(&v->at_host, "the host '%s' is given a second time", v->host);
		diag_note("the first is in line %d: %s", c->vhosts[i].at_host.line,
		    str_trim(c->vhosts[i].at_host.source));
		diag_expected("one of them");
		return;
	}
	c->vhosts = mem_grow(c->vhosts, c->n_vhosts, &c->cap_vhosts, sizeof *c->vhosts);
	c->vhosts[c->n_vhosts++] = *v;
}

void conf_take_vhost(struct conf *c, const struct statement *s, const char *name)
{
	struct conf_vhost v = { .at_name = s->at_key };
	struct words hosts = { 0 };

	v.at_name.column += (int)(strlen(s->key) - strlen(name));
	v.at_name.width = (int)strlen(name);
	if (!strchr(name, '.'))
		v.store = mem_str(name);
	else if (!conf_function(&v.at_name, name, &v.function, &v.function_file))
		return;
	statement_items(s, &hosts);
	for (size_t i = 0; i < hosts.n; i++) {
		v.host = lower(hosts.v[i].s);
		v.at_host = hosts.v[i].at;
		if (check_host(&v.at_host, v.host))
			add_vhost(c, &v);
	}
}

static bool wrong(const struct place *at, const char *what, const char *found, const char *expected)
{
	diag_error(at, "%s", what);
	diag_found("'%s'", found);
	diag_expected("%s", expected);
	return false;
}

static bool printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f || *s == '"' ||
		    *s == '\\')
			return false;
	return true;
}

/* [HOST]/PATH, the path as it is after decoding. */
static bool take_from(struct conf_redirect *r, const struct word *w)
{
	const char *slash = strchr(w->s, '/');

	if (!slash)
		return wrong(&w->at, "no path in what is redirected", w->s,
		    "/PATH or HOST/PATH, as www.example.org/ for all of that host");
	if (slash != w->s) {
		r->host = lower(mem_strn(w->s, (size_t)(slash - w->s)));
		if (!check_host(&w->at, r->host))
			return false;
	}
	r->from = mem_str(slash);
	if (strpbrk(slash, "?#%") || strstr(slash, "//") || strstr(slash, "/../") ||
	    str_ends(slash, "/..") || !printable(slash))
		return wrong(&w->at, "a path that no request has", w->s,
		    "a path without '%', '?', '#', empty or '..' segments");
	return true;
}

static bool take_to(struct conf_redirect *r, const struct word *w)
{
	const char *host = str_starts(w->s, "https://")  ? w->s + 8
			   : str_starts(w->s, "http://") ? w->s + 7
							 : NULL;

	r->to = w->s;
	if (!printable(w->s) || (host ? !*host || *host == '/' || !strchr(host, '/')
				      : w->s[0] != '/' || w->s[1] == '/'))
		return wrong(&w->at, "not a place to go to", w->s,
		    "/PATH, https://HOST/PATH or http://HOST/PATH");
	if (str_ends(r->from, "/") && !str_ends(r->to, "/"))
		return wrong(&w->at, "a whole folder goes to one page", w->s,
		    mem_fmt("'%s/': what is below '%s' goes below that; or FROM without '/' at "
			    "its end, for that page alone",
			w->s, r->from));
	if (!host && !r->host &&
	    (str_ends(r->from, "/") ? str_starts(r->to, r->from) : str_eq(r->to, r->from)))
		return wrong(
		    &w->at, "a redirect into itself", w->s, "a place that is not redirected again");
	return true;
}

void conf_take_redirect(struct conf *c, const struct statement *s, const char *rest)
{
	struct conf_redirect r = { .status = 301, .at = s->at_value };
	struct words w = { 0 };

	(void)rest;
	statement_words(s, &w);
	if (w.n < 2 || w.n > 3) {
		wrong(&s->at_value, w.n < 2 ? "a redirect to nowhere" : "more than a redirect",
		    s->value, redirect_form);
		return;
	}
	if (w.n == 3) {
		static const char *const known[] = { "301", "302", "303", "307", "308" };
		bool good = false;

		for (size_t i = 0; i < MIR_COUNT(known); i++)
			good |= str_eq(w.v[2].s, known[i]);
		if (!good) {
			wrong(&w.v[2].at, "not a status of redirects", w.v[2].s, redirect_form);
			return;
		}
		r.status = atoi(w.v[2].s);
	}
	if (!take_from(&r, &w.v[0]) || !take_to(&r, &w.v[1]))
		return;
	c->redirects =
	    mem_grow(c->redirects, c->n_redirects, &c->cap_redirects, sizeof *c->redirects);
	c->redirects[c->n_redirects++] = r;
}

/* The store of a site, an fs-NAME or kv-NAME of the file. */
static void check_store(const struct conf *c, const struct place *at, const char *name)
{
	struct list names = { 0 };

	for (size_t i = 0; i < c->n_devices; i++)
		if (c->devices[i].kind == CONF_FS || c->devices[i].kind == CONF_KV)
			list_add(&names, c->devices[i].name);
	if (list_has(&names, name))
		return;
	diag_error(at, "there is no store '%s'", name);
	diag_expected(
	    "%s", names.n ? list_join(&names, " or ") : mem_fmt("a line as 'fs-%s: FOLDER'", name));
	diag_suggest(name, &names);
}

void conf_check_site(const struct conf *c)
{
	struct place at = c->at_main;

	if (c->main == MAIN_SITE && !str_eq(c->job, "none"))
		check_store(c, &at, c->job);
	for (size_t i = 0; i < c->n_vhosts; i++) {
		const struct conf_vhost *v = &c->vhosts[i];

		if (v->store && (!i || c->vhosts[i - 1].at_name.line != v->at_name.line))
			check_store(c, &v->at_name, v->store);
	}
	if (!conf_has_site(c) || c->main == MAIN_SITE || c->main == MAIN_HTTP ||
	    c->main == MAIN_NONE)
		return;
	diag_error(c->n_vhosts ? &c->vhosts[0].at_name : &c->redirects[0].at,
	    "a line about web sites, but the main has no server");
	diag_found("'%s'", c->at_main.source);
	diag_expected("main-site or main-http");
}
