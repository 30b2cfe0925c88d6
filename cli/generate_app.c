/* generate_app.c: mirage/app.h, what the program is handed. */
#include "configuration.h"
#include "value.h"
#include "version.h"

char *comment_text(const char *s)
{
	char *copy = mem_str(s);

	for (char *p = copy; *p; p++)
		if ((p[0] == '*' && p[1] == '/') || (p[0] == '/' && p[1] == '*'))
			p[0] = '+';
	return copy;
}

char *job_prototype(const struct conf *c)
{
	if (!c->function)
		return mem_str("");
	if (c->main == MAIN_HTTP)
		return mem_fmt("int %s(const struct app *app, struct mir_http_request *request,\n"
			       "    struct mir_http_response *response)",
		    c->function);
	if (c->main == MAIN_POSIX)
		return mem_str("int main(int argc, char **argv)");
	return mem_fmt("int %s(const struct app *app)", c->function);
}

static void includes(const struct configuration *c, struct text *out)
{
	struct list headers = { 0 };

	for (size_t i = 0; i < c->graph.n_roots; i++)
		if (signature_find(c->graph.roots[i].signature)->header)
			list_add_new(&headers, signature_find(c->graph.roots[i].signature)->header);
	for (size_t i = 0; i < c->graph.n_keys; i++)
		if (str_starts(value_c_type(c->graph.keys[i].type), "struct"))
			list_add_new(&headers, "mir/addr.h");
	list_sort(&headers);
	text_add(out, "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n");
	for (size_t i = 0; i < headers.n; i++)
		text_addf(out, "#include <%s>\n", headers.v[i]);
	text_add(out, headers.n ? "\n" : "");
}

static void members(const struct configuration *c, struct text *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->graph.n_roots; i++) {
		const struct root *r = &c->graph.roots[i];

		if (r->job || r->inner)
			continue;
		text_addf(out, "\t%s *%s; /* %s%s */\n", signature_find(r->signature)->type,
		    r->member, comment_text(r->origin),
		    str_eq(r->signature, "NETWORK") ? "; NULL on host sockets" : "");
		n++;
	}
	if (c->graph.n_keys) {
		text_add(out, "\tstruct {\n");
		for (size_t i = 0; i < c->graph.n_keys; i++)
			text_addf(out, "\t\t%s%s; /* --%s: %s */\n",
			    value_c_type(c->graph.keys[i].type), c->graph.keys[i].field,
			    c->graph.keys[i].option, comment_text(c->graph.keys[i].help));
		text_add(out, "\t} keys;\n");
	}
	if (!n && !c->graph.n_keys)
		text_add(out,
		    "\tconst char *name; /* of this instance; nothing else was asked for */\n");
}

void generate_app_h(const struct configuration *c, struct text *out)
{
	const char *conf = path_base(c->conf.file);

	text_addf(out, "/* mirage/app.h: " GENERATED_MARK MIRAGE_VERSION " from %s.\n", conf);
	text_addf(out,
	    " *\n * What the program '%s' is handed.  Change %s, not this file.\n */\n"
	    "#ifndef MIRAGE_APP_H\n#define MIRAGE_APP_H\n\n",
	    c->conf.name, conf);
	includes(c, out);
	text_add(out, "struct app {\n");
	members(c, out);
	text_add(out, "};\n");
	if (c->conf.function)
		text_addf(out,
		    "\n/* %s:%d: %s\n * The function must have just this type. */\n%s;\n", conf,
		    c->conf.at_main.line, comment_text(str_trim(c->conf.at_main.source)),
		    job_prototype(&c->conf));
	generate_site_prototypes(c, out);
	text_add(out, "\n#endif\n");
}
