/* generate_main.c: mirage/T/main.c, the devices joined as a person would do it. */
#include <string.h>

#include "configuration.h"
#include "value.h"
#include "version.h"

static bool is_global(const struct instance *in)
{
	return !*in->device->type;
}

const struct instance *instance_of(const struct configuration *c, const char *signature)
{
	for (size_t i = 0; i < c->graph.n_instances; i++)
		if (str_eq(c->graph.instances[i]->device->provides, signature))
			return c->graph.instances[i];
	return NULL;
}

const char *instance_object(const struct instance *in)
{
	if (!in)
		return "NULL";
	if (is_global(in))
		return mem_fmt("&%s", in->device->object);
	if (!*in->device->object)
		return mem_fmt("&%s", in->id);
	return mem_fmt("&%s.%s", in->id, in->device->object);
}

static void includes(const struct configuration *c, struct text *out)
{
	struct list headers = { 0 };

	for (size_t i = 0; i < c->graph.n_instances; i++)
		list_add_new(&headers, c->graph.instances[i]->device->header);
	list_sort(&headers);
	text_add(out, "#include <mir/start.h>\n");
	for (size_t i = 0; i < headers.n; i++)
		text_addf(out, "#include <%s>\n", headers.v[i]);
	text_add(out, "\n#include \"mirage/app.h\"\n\n");
}

static const struct root *job_of(const struct configuration *c)
{
	for (size_t i = 0; i < c->graph.n_roots; i++)
		if (c->graph.roots[i].job)
			return &c->graph.roots[i];
	return NULL;
}

static void embedded(const struct configuration *c, struct text *out)
{
	bool any = false;

	for (size_t i = 0; i < c->graph.n_instances; i++) {
		const struct instance *in = c->graph.instances[i];

		if (!*in->device->embed)
			continue;
		text_add(out, any ? "" : "/* Files compiled in, by `mirage crunch`. */\n");
		text_addf(out, "extern const struct mir_crunch_index mir_crunch_%s;\n",
		    str_ident(in->group));
		any = true;
	}
	text_add(out, any ? "\n" : "");
}

static void needs(const struct instance *in, struct text *out)
{
	for (size_t i = 0; i < in->device->n_needs; i++)
		text_addf(out, "\t.%s = %s,\n", str_ident(in->device->needs[i].field),
		    instance_object(in->needs[i]));
}

static void values(const struct key *keys, size_t n, const char *indent, struct text *out)
{
	for (size_t i = 0; i < n; i++) {
		const char *c = value_c(keys[i].type, keys[i].value);

		if (keys[i].run)
			continue;
		text_addf(out, "%s.%s = %s,", indent, keys[i].field, c);
		/* Say what an address or a time is in words. */
		if (!str_eq(c, keys[i].value) && c[0] != '"')
			text_addf(out, " /* %s */", comment_text(keys[i].value));
		text_add(out, "\n");
	}
}

static void instance(const struct configuration *c, const struct instance *in, struct text *out)
{
	const struct conf_setting *files = conf_setting(&c->conf, mem_fmt("fs-%s", in->group));
	const struct descriptor *d = in->device;
	const char *name = *in->group ? in->group : d->name;

	if (is_global(in))
		return;
	generate_site_tables(c, in, out);
	if (d->bare)
		generate_posix_before(c, out);
	text_addf(out, "/* %s */\nstatic struct %s %s;\n",
	    comment_text(*d->about ? d->about : d->name), d->type, in->id);
	text_addf(out, "static struct %s_config %s_config = {\n", d->type, in->id);
	needs(in, out);
	if (*d->embed)
		text_addf(out, "\t.%s = &mir_crunch_%s,\n", d->embed, str_ident(in->group));
	if (*d->live)
		text_addf(
		    out, "\t.%s = %s,\n", d->live, files ? str_c_quote(files->value) : "NULL");
	values(in->keys, d->n_keys, "\t", out);
	if (d->bare)
		generate_posix_members(c, out);
	if (d->job)
		generate_site_handler(c, out);
	generate_site_fields(c, in, out);
	text_addf(out, "\t.name = %s,\n};\n\n", str_c_quote(name));
}

/* Has anything in main.c to do with what the program is handed? */
static bool uses_app(const struct configuration *c)
{
	for (size_t i = 0; i < c->conf.n_vhosts; i++)
		if (c->conf.vhosts[i].function)
			return true;
	return c->conf.function || c->graph.n_keys;
}

static void application(const struct configuration *c, struct text *out)
{
	bool any = c->graph.n_keys;

	if (c->conf.main == MAIN_POSIX)
		return;
	text_add(out, "/* What the program is handed. */\nstatic struct app app = {\n");
	for (size_t i = 0; i < c->graph.n_roots; i++) {
		const struct root *r = &c->graph.roots[i];

		if (r->job || r->inner)
			continue;
		text_addf(out, "\t.%s = %s,\n", r->member, instance_object(r->instance));
		any = true;
	}
	if (c->graph.n_keys) {
		text_add(out, "\t.keys = {\n");
		values(c->graph.keys, c->graph.n_keys, "\t\t", out);
		text_add(out, "\t},\n");
	}
	if (!any)
		text_addf(out, "\t.name = %s,\n", str_c_quote(c->name));
	text_add(out, "};\n\n");
}

static void handler(const struct configuration *c, struct text *out)
{
	if (uses_app(c))
		text_add(out, "static struct app app;\n\n");
	if (!c->conf.function)
		return;
	text_addf(out,
	    "static int handle_request(\n    void *arg, struct mir_http_request *request, "
	    "struct mir_http_response *response)\n{\n\treturn %s(arg, request, response);\n}\n\n",
	    c->conf.function);
}

static void argument(const struct key *k, const char *target, const char *section, struct text *out)
{
	char *choices = value_choices(k->type);

	text_addf(out, "\t{\n\t\t.name = %s,\n\t\t.type = MIR_ARG_%s,\n\t\t.value = &%s.%s,\n",
	    str_c_quote(k->option), value_arg(k->type), target, k->field);
	text_addf(out, "\t\t.shown = %s,\n\t\t.help = %s,\n\t\t.section = \"%s\",\n",
	    str_c_quote(k->value), str_c_quote(k->help), section);
	if (choices)
		text_addf(out, "\t\t.choices = %s,\n", str_c_quote(choices));
	text_add(out, "\t},\n");
}

/* Headings of the help, by signature. */
static const char *section_of(const struct instance *in)
{
	const char *s = in->device->provides;

	if (str_eq(s, "HTTP") || str_eq(s, "SITE"))
		return "HTTP";
	if (str_starts(s, "KV") || str_eq(s, "BLOCK"))
		return "STORAGE";
	if (str_eq(s, "CLOCK") || str_eq(s, "RANDOM") || str_eq(s, "CONSOLE"))
		return "DEVICES";
	return "NETWORK";
}

/* Who holds the value of an option first: keys that share it are filled in after parsing. */
static const char *first_holder(const struct configuration *c, const char *option)
{
	for (size_t i = 0; i < c->graph.n_keys; i++)
		if (str_eq(c->graph.keys[i].option, option))
			return mem_fmt("app.keys.%s", c->graph.keys[i].field);
	for (size_t i = 0; i < c->graph.n_instances; i++) {
		const struct instance *in = c->graph.instances[i];

		for (size_t j = 0; j < in->device->n_keys; j++)
			if (in->keys[j].boot && str_eq(in->keys[j].option, option))
				return mem_fmt("%s_config.%s", in->id, in->keys[j].field);
	}
	return "";
}

static void arguments(const struct configuration *c, struct text *out)
{
	struct list seen = { 0 };

	text_addf(out,
	    "/* Boot arguments: dist/%s --help explains them. */\n"
	    "static struct mir_arg table[] = {\n\tMIR_COMMON_ARGS(%s, %s, %s),\n",
	    c->name, str_c_quote(c->graph.common[KEY_LOGS].value),
	    str_c_quote(c->graph.common[KEY_NAME].value),
	    str_c_quote(c->graph.common[KEY_DELAY].value));
	for (size_t i = 0; i < c->graph.n_keys; i++) {
		argument(&c->graph.keys[i], "app.keys", "APPLICATION", out);
		list_add(&seen, c->graph.keys[i].option);
	}
	for (size_t i = 0; i < c->graph.n_instances; i++) {
		const struct instance *in = c->graph.instances[i];

		for (size_t j = 0; j < in->device->n_keys; j++)
			if (in->keys[j].boot && list_add_new(&seen, in->keys[j].option))
				argument(&in->keys[j], mem_fmt("%s_config", in->id), section_of(in),
				    out);
	}
	text_addf(out,
	    "};\n\nstatic struct mir_args boot = {\n\t.program = %s,\n\t.version = "
	    "\"(mirage " MIRAGE_VERSION ")\",\n\t.table = table,\n\t.n = MIR_COUNT(table),\n};\n\n",
	    str_c_quote(c->name));
}

/* One option, several devices. */
static void shared_options(const struct configuration *c, struct text *out)
{
	for (size_t i = 0; i < c->graph.n_instances; i++) {
		const struct instance *in = c->graph.instances[i];

		for (size_t j = 0; j < in->device->n_keys; j++) {
			const char *mine = mem_fmt("%s_config.%s", in->id, in->keys[j].field);
			const char *first;

			if (!in->keys[j].boot)
				continue;
			first = first_holder(c, in->keys[j].option);
			if (!str_eq(first, mine))
				text_addf(out, "\t%s = %s;\n", mine, first);
		}
	}
}

/* Devices that must know of each other, to be told apart. */
static void announcements(const struct configuration *c, struct text *out)
{
	bool any = false;

	for (size_t i = 0; i < c->graph.n_instances; i++) {
		const struct instance *in = c->graph.instances[i];

		if (is_global(in) || !in->device->announced)
			continue;
		text_add(out, any ? "" : "\n\t/* Which are there is known before one starts. */\n");
		text_addf(out, "\t%s_announce(&%s_config);\n", in->device->type, in->id);
		any = true;
	}
}

static void start(const struct configuration *c, struct text *out)
{
	const struct key *common = c->graph.common;
	const struct instance *posix = instance_of(c, "POSIX");

	text_addf(out,
	    "MIR_COLD int mir_main(int argc, char **argv)\n{\n\tint rc, status;\n\n"
	    "\tmir_common.name = %s;\n",
	    str_c_quote(common[KEY_NAME].value));
	if (!str_eq(common[KEY_DELAY].value, "0s"))
		text_addf(out, "\tmir_common.delay_ns = %s; /* %s */\n",
		    value_c("duration", common[KEY_DELAY].value), common[KEY_DELAY].value);
	if (!str_eq(common[KEY_LOGS].value, "info"))
		text_addf(
		    out, "\tmir_log_levels(%s, NULL);\n", str_c_quote(common[KEY_LOGS].value));
	if (posix)
		generate_posix_arguments(c, posix, out);
	text_addf(out, "\trc = mir_args_parse(&boot, argc, argv);\n"
		       "\tif (rc)\n\t\treturn rc - 1; /* help or an error was printed */\n"
		       "\tmir_boot_phase(\"arguments\");\n");
	shared_options(c, out);
	text_add(out,
	    "\tif (mir_common.delay_ns > 0 && (rc = mir_sleep(mir_common.delay_ns)) < 0)\n"
	    "\t\treturn mir_start_failed(\"delay\", rc);\n");
	announcements(c, out);
	if (c->graph.n_instances)
		text_add(out, "\n");
	for (size_t i = 0; i < c->graph.n_instances; i++) {
		const struct instance *in = c->graph.instances[i];

		if (!is_global(in))
			text_addf(out,
			    "\tif ((rc = %s_start(&%s, &%s_config)) < 0)\n"
			    "\t\treturn mir_start_failed(\"%s\", rc);\n"
			    "\tmir_boot_phase(\"%s\");\n",
			    in->device->type, in->id, in->id, in->id, in->id);
	}
}

/* In reverse order. */
static void stops(const struct configuration *c, struct text *out)
{
	for (size_t i = c->graph.n_instances; i-- > 0;) {
		const struct instance *in = c->graph.instances[i];

		if (!is_global(in))
			text_addf(out, "\t%s_stop(&%s);\n", in->device->type, in->id);
	}
}

static void run(const struct configuration *c, struct text *out)
{
	const struct root *job = job_of(c);

	if (job)
		text_addf(out,
		    "\t/* %s answers requests until the image is asked to end. */\n"
		    "\tstatus = %s_run(&%s);\n",
		    c->conf.function ? c->conf.function : "The server", job->instance->device->type,
		    job->instance->id);
	else if (c->conf.main == MAIN_POSIX)
		text_addf(out, "\tstatus = mir_posix_run(&%s);\n", instance_of(c, "POSIX")->id);
	else
		text_addf(out, "\tstatus = %s(&app);\n", c->conf.function);
}

static void finish(const struct configuration *c, struct text *out)
{
	bool posix = instance_of(c, "POSIX") != NULL;

	text_add(out, "\tmir_boot_end();\n\n\tif (mir_common.boot_chart)\n\t\tmir_boot_chart();\n");
	run(c, out);
	text_add(out,
	    "\n\t/* In reverse order; after a request to end, blocking calls work again. */\n");
	if (posix) {
		text_add(out, "\tstop();\n\treturn status;\n}\n\n"
			      "/* By mir_main, or by exit(). */\n"
			      "static MIR_COLD void stop(void)\n{\n");
	}
	text_add(out, "\tmir_shutdown_acknowledge();\n");
	stops(c, out);
	text_add(out, posix ? "}\n" : "\treturn status;\n}\n");
}

void generate_main_c(const struct configuration *c, struct text *out)
{
	const char *conf = path_base(c->conf.file);

	text_addf(
	    out, "/* %s/main.c: " GENERATED_MARK MIRAGE_VERSION " from %s.\n", c->folder, conf);
	text_addf(out,
	    " *\n * Joins the devices of %s, starts them in order of their needs, and runs\n"
	    " * %s.  'mirage describe' draws the same.\n */\n",
	    c->name, c->conf.function ? mem_fmt("%s()", c->conf.function) : "the server");
	includes(c, out);
	embedded(c, out);
	if (job_of(c))
		handler(c, out);
	for (size_t i = 0; i < c->graph.n_instances; i++)
		instance(c, c->graph.instances[i], out);
	if (uses_app(c))
		application(c, out);
	arguments(c, out);
	start(c, out);
	finish(c, out);
}
