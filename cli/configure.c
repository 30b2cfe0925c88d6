/* configure.c: `mirage configure`, and finding the configuration that other commands mean. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "configuration.h"
#include "depend.h"
#include "paths.h"

const struct option options_configure[] = {
	OPTIONS_TARGET,
	{ "file", 'f', "FILE", "the description, where the folder has several" },
	{ "output", 'o', "NAME", "name of the image, instead of that of the .conf" },
	{ "depend", 0, NULL, "install what is missing at once" },
	{ "dry-run", 0, NULL, "only print which files would be written" },
	OPTION_END,
};

static const char last_request[] = "mirage/arguments";

/* The last configuration, or the default one. */
static int load_last(struct request *out)
{
	int rc = request_load(last_request, out);

	/* A .conf that is gone says nothing about those that are there. */
	if (out->file && !file_exists(out->file))
		out->file = NULL;
	return rc == -EINVAL ? EXIT_FAILED : 0;
}

/* Sources that packages bring are needed to build, not to configure. */
static int check_missing(const struct configuration *c, bool building)
{
	struct list names = { 0 };

	for (size_t i = 0; i < c->missing_modules.n; i++)
		list_add(&names, c->missing_modules.v[i]);
	for (size_t i = 0; i < c->missing.n; i++)
		list_add(&names, c->missing.v[i]);
	if (!names.n)
		return 0;
	if (!building) {
		diag_info("packages are still missing; 'mirage depend' installs them");
		return 0;
	}
	diag_error(NULL, "files of packages are missing");
	diag_found("no %s", list_join(&names, ", no "));
	for (size_t i = 0; i < c->manifest.n_packages; i++)
		diag_note("%s, for %s", c->manifest.packages[i].name, c->manifest.packages[i].who);
	diag_expected("'mirage depend' to have installed them");
	return EXIT_FAILED;
}

/* Which request the switches of a command mean, and whether it becomes the last one. */
static int find_request(const struct arguments *a, struct request *out, bool *last)
{
	struct request asked, saved;
	struct target target;
	bool empty, none;
	int rc;

	*last = false;
	if ((rc = request_from_arguments(a, &asked, &empty)))
		return rc;
	none = !file_exists(last_request);
	if ((rc = load_last(&saved)))
		return rc;
	asked.keys = (struct list){ 0 };
	if (!asked.target && !asked.net && !asked.arch) {
		*out = saved;
		return 0;
	}
	*last = none;
	asked.target = asked.target                 ? asked.target
		       : asked.arch && saved.target ? saved.target
						    : "unix";
	rc = -ENOENT;
	if (paths_share()) {
		const char *arch;

		if (!target_load(paths_share(), asked.target, NULL, &target) ||
		    !(arch = target_arch(&target, asked.arch)))
			return EXIT_FAILED;
		if (!asked.net && target.nets.n)
			asked.net = target.nets.v[0];
		/* What was configured for this target before. */
		rc = request_load(mem_fmt("%s/arguments",
				      target_folder(&target, asked.net ? asked.net : "", arch)),
		    out);
	}
	if (rc == -EINVAL)
		return EXIT_FAILED;
	if (rc < 0) {
		*out = asked;
		out->file = saved.file;
		out->output = saved.output;
	}
	return 0;
}

static int load(
    const struct arguments *a, struct configuration *c, struct manifest *out, bool building)
{
	struct write_options options = { 0 };
	struct list ports = { 0 };
	struct request r;
	int rc;

	if ((rc = find_request(a, &r, &options.last)) || (rc = configuration_make(&r, c)))
		return rc;
	/* Unlike the command, this keeps what someone edited. */
	if ((rc = configuration_write(c, &options)))
		return rc;
	if (manifest_read(mem_fmt("%s/manifest", c->folder), out) < 0)
		return EXIT_FAILED;
	if (building)
		depend_ports_missing(out, &ports);
	if (ports.n) {
		diag_error(NULL, "%s: not built for %s", list_join(&ports, ", "), out->arch);
		diag_expected(
		    "'mirage depend' to have built what it needs, once for all applications");
		return EXIT_FAILED;
	}
	if (building && !depend_libc_there(out)) {
		diag_error(NULL, "the C library for %s on %s is not built", out->target, out->arch);
		diag_expected("'mirage depend' to have built it, once for all applications");
		return EXIT_FAILED;
	}
	return check_missing(c, building);
}

int configuration_load(const struct arguments *args, struct manifest *out)
{
	struct configuration c;

	return load(args, &c, out, false);
}

int configuration_to_build(
    const struct arguments *args, struct configuration *c, struct manifest *out)
{
	return load(args, c, out, true);
}

int configuration_describe(
    const struct arguments *args, struct configuration *c, struct manifest *out)
{
	struct request r;
	bool last;
	int rc;

	if ((rc = find_request(args, &r, &last)) || (rc = configuration_make(&r, c)))
		return rc;
	configuration_manifest(c, out);
	return 0;
}

static void summary(const struct configuration *c)
{
	size_t devices = c->graph.n_instances;

	printf("configured %s for %s%s%s: %zu device%s, %zu sources, %s/\n", c->name,
	    c->target.name, *c->net ? " with net=" : "", c->net, devices, devices == 1 ? "" : "s",
	    c->n_units, c->folder);
}

int command_configure(const struct arguments *a)
{
	struct write_options options = {
		.force = true, .last = true, .dry_run = argument_given(a, "dry-run")
	};
	struct configuration c;
	struct request r;
	bool empty;
	int rc;

	if ((rc = request_from_arguments(a, &r, &empty)))
		return rc;
	if (empty && (rc = load_last(&r)))
		return rc;
	if ((rc = configuration_make(&r, &c)) || (rc = configuration_write(&c, &options)))
		return rc;
	if (options.dry_run)
		return EXIT_OK;
	summary(&c);
	if (*c.target.libc && !c.missing.n) {
		struct manifest m;

		configuration_manifest(&c, &m);
		if (!depend_libc_there(&m) && !argument_given(a, "depend"))
			diag_info("the C library is not built yet; 'mirage depend' does it");
	}
	if (argument_given(a, "depend")) {
		struct arguments depend = { .command = command_find("depend") };

		return command_depend(&depend);
	}
	return check_missing(&c, false);
}
