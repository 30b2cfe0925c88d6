/* depend.c: `mirage depend`: install the Debian packages that the build needs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "configure.h"
#include "depend.h"
#include "diag.h"
#include "paths.h"
#include "port.h"
#include "process.h"

const struct option options_depend[] = {
	OPTIONS_TARGET,
	{ "dry-run", 0, NULL, "only print what would be installed" },
	OPTION_END,
};

/* The names of those packages that dpkg knows as installed, each with blanks around it. */
static int installed(const struct manifest *m, struct text *out)
{
	struct list argv = { 0 };
	struct text ignored = { 0 };
	int rc;

	list_add(&argv, "dpkg-query");
	list_add(&argv, "-W");
	list_add(&argv, "-f= ${Package}:${db:Status-Status} ");
	list_add(&argv, "--");
	for (size_t i = 0; i < m->n_packages; i++)
		list_add(&argv, m->packages[i].name);
	rc = process_run(argv.v, out, &ignored);
	return rc == 1 ? 0 : rc; /* 1: some are not known */
}

static int missing_packages(const struct manifest *m, struct list *names, struct list *why)
{
	struct text have = { 0 };

	if (m->n_packages == 0)
		return 0;
	if (installed(m, &have) != 0) {
		diag_error(NULL, "cannot ask dpkg which packages are installed");
		diag_expected(
		    "a Debian system; on others install what 'mirage query packages' lists");
		return -1;
	}
	for (size_t i = 0; i < m->n_packages; i++) {
		const struct manifest_need *p = &m->packages[i];

		if (strstr(text_str(&have), mem_fmt(" %s:installed ", p->name)))
			continue;
		if (list_add_new(names, p->name))
			list_add(why, p->who ? p->who : "");
	}
	return 0;
}

void depend_ports_missing(const struct manifest *m, struct list *names)
{
	for (size_t i = 0; i < m->n_ports; i++)
		if (!port_built(m->ports[i].name, m->arch))
			list_add(names, m->ports[i].name);
}

static int make_ports(const struct manifest *m, bool dry_run)
{
	struct list names = { 0 };

	depend_ports_missing(m, &names);
	if (!names.n)
		return EXIT_OK;
	printf("%s needs %s for %s, built from Debian's source packages%s\n", m->name,
	    list_join(&names, ", "), m->arch, dry_run ? "." : ":");
	return dry_run ? EXIT_OK : port_build(&names, m->arch);
}

/* Modules are brought by packages, so this is asked when those are there. */
static int check_modules(const struct manifest *m)
{
	struct list ports = { 0 };
	int rc = EXIT_OK;

	for (size_t i = 0; i < m->n_ports; i++)
		list_add(&ports, m->ports[i].name);
	for (size_t i = 0; i < m->n_modules; i++) {
		struct text ignored = { 0 };

		if (port_pkg_config(*m->libc ? m->arch : NULL, &ports, m->modules[i].name,
			"--exists", &ignored) == 0)
			continue;
		diag_error(
		    NULL, "no package has brought the pkg-config module '%s'", m->modules[i].name);
		diag_found("it in %s", m->modules[i].who);
		diag_expected("a package that has it, in `packages:`");
		rc = EXIT_FAILED;
	}
	return rc;
}

static int run_apt(const char *sudo, const char *words, const struct list *names)
{
	struct list argv = { 0 };

	if (*sudo)
		list_add(&argv, sudo);
	list_split(&argv, words, ' ');
	for (size_t i = 0; names && i < names->n; i++)
		list_add(&argv, names->v[i]);
	return process_run(argv.v, NULL, NULL);
}

static int install(const struct list *names)
{
	static const char command[] =
	    "env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends --";
	const char *sudo = geteuid() == 0 ? "" : "sudo";

	if (*sudo && !process_found("sudo")) {
		diag_error(NULL, "installing packages needs root, and there is no sudo");
		diag_expected("root to call: apt-get install %s", list_join(names, " "));
		return EXIT_FAILED;
	}
	if (*sudo)
		printf("Installing them with sudo, which may ask for your password.\n");
	fflush(NULL);
	if (run_apt(sudo, command, names) == 0)
		return EXIT_OK;
	/* Lists of packages that are missing or too old are the common reason. */
	printf("Trying again with fresh lists of packages.\n");
	fflush(NULL);
	if (run_apt(sudo, "apt-get update -q", NULL) == 0 && run_apt(sudo, command, names) == 0)
		return EXIT_OK;
	diag_error(NULL, "apt-get could not install %s", list_join(names, ", "));
	diag_note("what it printed above says why");
	return EXIT_FAILED;
}

char *depend_libc_folder(const struct manifest *m)
{
	const char *share = *m->libc ? paths_share() : NULL;
	char *argv[] = { mem_fmt("%s/libc/build.sh", share ? share : ""), mem_str("--find"),
		m->arch, NULL };
	struct text out = { 0 }, ignored = { 0 };

	if (!share || process_run(argv, &out, &ignored) != 0)
		return NULL;
	return str_trim(text_str(&out));
}

bool depend_libc_there(const struct manifest *m)
{
	return !*m->libc || depend_libc_folder(m) != NULL;
}

/* The C library of targets that have no system beneath; its recipe shows its own progress. */
static int make_libc(const struct manifest *m, bool dry_run)
{
	char *argv[] = { NULL, m->arch, NULL };
	int rc;

	if (depend_libc_there(m))
		return EXIT_OK;
	printf("%s needs the C library %s for %s, built from Debian's source package%s\n", m->name,
	    m->libc, m->arch, dry_run ? "." : ":");
	if (dry_run)
		return EXIT_OK;
	if (!paths_share())
		return EXIT_FAILED;
	argv[0] = mem_fmt("%s/libc/build.sh", paths_share());
	fflush(NULL);
	rc = process_run(argv, NULL, NULL);
	if (rc == 0)
		return EXIT_OK;
	diag_error(NULL, "the C library was not built%s%s", rc < 0 ? ": " : "",
	    rc < 0 ? strerror(-rc) : "");
	diag_note("what was printed above says why");
	return EXIT_FAILED;
}

int depend_install(const struct manifest *m, bool dry_run)
{
	struct list names = { 0 }, why = { 0 };
	int rc;

	if (missing_packages(m, &names, &why) < 0)
		return EXIT_FAILED;
	if (names.n) {
		printf("%s needs %zu Debian package%s that %s not installed:\n", m->name, names.n,
		    names.n == 1 ? "" : "s", names.n == 1 ? "is" : "are");
		for (size_t i = 0; i < names.n; i++)
			printf("  %-24s for %s\n", names.v[i], why.v[i]);
	}
	if (dry_run)
		return make_libc(m, true) || make_ports(m, true);
	if ((names.n && (rc = install(&names))) || (rc = make_libc(m, false)) ||
	    (rc = make_ports(m, false)))
		return rc;
	return check_modules(m);
}

int command_depend(const struct arguments *args)
{
	struct manifest m = { 0 };
	int rc = configuration_load(args, &m);

	return rc ? rc : depend_install(&m, argument_given(args, "dry-run"));
}
