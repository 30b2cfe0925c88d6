/* generate_site.c: the part of main.c that is about hosts and redirects. */
#include "configuration.h"

static bool is_site(const struct instance *in)
{
	return str_eq(in->device->provides, "SITE");
}

/* The object that the program would be handed as fs_NAME or kv_NAME. */
static const char *store_object(const struct configuration *c, const char *name)
{
	for (size_t i = 0; i < c->graph.n_roots; i++) {
		const struct root *r = &c->graph.roots[i];

		if (r->instance && str_eq(r->instance->group, name) &&
		    str_starts(r->signature, "KV"))
			return mem_fmt("&%s.%s", r->instance->id, r->instance->device->object);
	}
	return "NULL";
}

static void handlers(const struct configuration *c, struct text *out)
{
	struct list seen = { 0 };

	for (size_t i = 0; i < c->conf.n_vhosts; i++) {
		const struct conf_vhost *v = &c->conf.vhosts[i];

		if (v->function && list_add_new(&seen, v->function))
			text_addf(out,
			    "static int handle_%s(\n    void *arg, struct mir_http_request "
			    "*request, struct mir_http_response *response)\n{\n\treturn %s(arg, "
			    "request, response);\n}\n\n",
			    v->function, v->function);
	}
}

void generate_site_tables(
    const struct configuration *c, const struct instance *in, struct text *out)
{
	if (!is_site(in))
		return;
	handlers(c, out);
	text_add(out, c->conf.n_vhosts ? "static const struct mir_site_host hosts[] = {\n" : "");
	for (size_t i = 0; i < c->conf.n_vhosts; i++) {
		const struct conf_vhost *v = &c->conf.vhosts[i];

		text_addf(out, "\t{ .host = %s, ", str_c_quote(v->host));
		if (v->store)
			text_addf(out, ".store = %s },\n", store_object(c, v->store));
		else
			text_addf(
			    out, ".handler = handle_%s, .handler_arg = &app },\n", v->function);
	}
	text_add(out, c->conf.n_vhosts ? "};\n" : "");
	text_add(out,
	    c->conf.n_redirects ? "static const struct mir_site_redirect redirects[] = {\n" : "");
	for (size_t i = 0; i < c->conf.n_redirects; i++) {
		const struct conf_redirect *r = &c->conf.redirects[i];

		text_addf(out, "\t{ %s, %s, %s, %d },\n", r->host ? str_c_quote(r->host) : "NULL",
		    str_c_quote(r->from), str_c_quote(r->to), r->status);
	}
	text_add(out, c->conf.n_redirects ? "};\n" : "");
}

void generate_site_fields(
    const struct configuration *c, const struct instance *in, struct text *out)
{
	if (!is_site(in))
		return;
	if (c->conf.n_vhosts)
		text_add(out, "\t.hosts = hosts,\n\t.nhosts = MIR_COUNT(hosts),\n");
	if (c->conf.n_redirects)
		text_add(out, "\t.redirects = redirects,\n\t.nredirects = MIR_COUNT(redirects),\n");
	if (c->conf.function)
		text_add(out, "\t.handler = handle_request,\n\t.handler_arg = &app,\n");
	else if (!str_eq(c->conf.job, "none"))
		text_addf(out, "\t.store = %s,\n", store_object(c, c->conf.job));
}

void generate_site_handler(const struct configuration *c, struct text *out)
{
	for (size_t i = 0; i < c->graph.n_instances; i++) {
		if (!is_site(c->graph.instances[i]))
			continue;
		text_addf(out, "\t.handler = mir_site_handle,\n\t.handler_arg = &%s,\n",
		    c->graph.instances[i]->id);
		return;
	}
	text_add(out, "\t.handler = handle_request,\n\t.handler_arg = &app,\n");
}

void generate_site_prototypes(const struct configuration *c, struct text *out)
{
	struct list seen = { 0 };

	for (size_t i = 0; i < c->conf.n_vhosts; i++) {
		const struct conf_vhost *v = &c->conf.vhosts[i];

		if (v->function && !str_eq(v->function, c->conf.function) &&
		    list_add_new(&seen, v->function))
			text_addf(out,
			    "\n/* %s:%d: %s */\nint %s(const struct app *app, struct "
			    "mir_http_request *request,\n    struct mir_http_response "
			    "*response);\n",
			    path_base(c->conf.file), v->at_name.line,
			    comment_text(str_trim(v->at_name.source)), v->function);
	}
}
