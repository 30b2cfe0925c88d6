/* generate_posix.c: the parts of main.c that belong to the device that provides POSIX. */
#include "configuration.h"

static bool is_store(const char *signature)
{
	return str_eq(signature, "KV_RO") || str_eq(signature, "KV_RW");
}

/* The folders and disks that the C library finds: fs-, kv- and block- of the .conf. */
static size_t devices(const struct configuration *c, struct text *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->graph.n_roots; i++) {
		const struct root *r = &c->graph.roots[i];
		const char *member = is_store(r->signature)          ? "kv"
				     : str_eq(r->signature, "BLOCK") ? "block"
								     : NULL;

		if (!member || !r->instance)
			continue;
		text_add(out, n++ ? ""
				  : "/* What the C library finds: folders of these names, disks "
				    "below /dev. */\n"
				    "static const struct mir_posix_device posix_devices[] = {\n");
		text_addf(out, "\t{ .name = %s, .%s = %s },\n", str_c_quote(r->instance->group),
		    member, instance_object(r->instance));
	}
	text_add(out, n ? "};\n\n" : "");
	return n;
}

static void strings(const char *what, const struct list *l, struct text *out)
{
	text_addf(out, "static const char *const %s[] = {\n", what);
	for (size_t i = 0; i < l->n; i++)
		text_addf(out, "\t%s,\n", str_c_quote(l->v[i]));
	text_add(out, "\tNULL,\n};\n\n");
}

void generate_posix_before(const struct configuration *c, struct text *out)
{
	text_add(out, "static void stop(void);\n\n");
	if (c->conf.environment.n)
		strings("posix_environment", &c->conf.environment, out);
	if (c->conf.arguments.n)
		strings("posix_arguments", &c->conf.arguments, out);
	devices(c, out);
}

void generate_posix_members(const struct configuration *c, struct text *out)
{
	struct text ignored = { 0 };

	if (devices(c, &ignored))
		text_add(out, "\t.devices = posix_devices,\n"
			      "\t.n_devices = MIR_COUNT(posix_devices),\n");
	if (c->conf.environment.n)
		text_add(out, "\t.environment = posix_environment,\n");
	if (c->conf.arguments.n)
		text_add(out, "\t.arguments = posix_arguments,\n");
	text_add(out, "\t.stop = stop,\n");
}

void generate_posix_arguments(
    const struct configuration *c, const struct instance *in, struct text *out)
{
	if (c->conf.main == MAIN_POSIX)
		text_addf(out,
		    "\t/* What is no boot argument goes to the program, and all behind a --. */\n"
		    "\trc = mir_posix_arguments(&%s_config, &boot, &argc, argv);\n"
		    "\tif (rc < 0)\n\t\treturn mir_start_failed(\"arguments\", rc);\n",
		    in->id);
}
