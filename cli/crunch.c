/* crunch.c: `mirage crunch DIR OUT.o --name NAME`: a folder as a linkable object, and what it was
 * made from as OUT.o.d for make.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "crunch.h"
#include "diag.h"

const struct option options_crunch[] = {
	{ "name", 0, "NAME", "name of the store; the symbol is mir_crunch_NAME" },
	{ "symbol", 0, "SYMBOL", "another symbol" },
	{ "machine", 0, "MACHINE", "x86_64 or aarch64; default: this one" },
	OPTION_END,
};

/* Can make read this name back? What it cannot quote everywhere: pattern, wildcard, archive and
 * assignment characters, and the backslash that quotes. */
static bool make_can_name(const char *path)
{
	return !strpbrk(path, ":;=|*?[]()\\%~\n");
}

static void add_make_name(struct text *t, const char *path)
{
	for (; *path; path++) {
		if (*path == ' ' || *path == '#')
			text_addc(t, '\\');
		else if (*path == '$')
			text_addc(t, '$');
		text_addc(t, *path);
	}
}

/* Every folder (its time changes when files come and go) and file. Each is also a target with an
 * empty recipe, so that make goes on when one was deleted. A name that make cannot read makes the
 * object always out of date; it is left alone then if nothing has changed. *always tells. */
static void make_dependencies(
    const char *out, const struct list *depends, struct text *t, bool *always)
{
	*always = false;
	add_make_name(t, out);
	text_add(t, ":");
	for (size_t i = 0; i < depends->n; i++) {
		if (!make_can_name(depends->v[i])) {
			*always = true;
			continue;
		}
		text_add(t, " \\\n ");
		add_make_name(t, depends->v[i]);
	}
	if (*always)
		text_add(t, " \\\n mirage-crunch-always\nmirage-crunch-always:;");
	text_add(t, "\n");
	for (size_t i = 0; i < depends->n; i++) {
		if (!make_can_name(depends->v[i]))
			continue;
		add_make_name(t, depends->v[i]);
		text_add(t, ":;\n");
	}
}

static bool same_content(const char *a, const char *b)
{
	char buffer_a[16384], buffer_b[sizeof buffer_a];
	FILE *fa = fopen(a, "re"), *fb = fopen(b, "re");
	size_t na = 0, nb = 0;
	bool same = fa && fb;

	while (same) {
		na = fread(buffer_a, 1, sizeof buffer_a, fa);
		nb = fread(buffer_b, 1, sizeof buffer_b, fb);
		same = na == nb && memcmp(buffer_a, buffer_b, na) == 0;
		if (na < sizeof buffer_a)
			break;
	}
	if (fa)
		fclose(fa);
	if (fb)
		fclose(fb);
	return same;
}

static bool machine_of(const char *name, uint16_t *out)
{
#if defined(__aarch64__)
	*out = EM_AARCH64;
#else
	*out = EM_X86_64;
#endif
	if (!name)
		return true;
	*out = str_eq(name, "aarch64") ? EM_AARCH64 : EM_X86_64;
	return str_eq(name, "aarch64") || str_eq(name, "x86_64");
}

static int write_object(
    struct crunch_tree *tree, const struct crunch_object *object, const char *out)
{
	char *temporary = mem_fmt("%s.%ld.tmp", out, (long)getpid());
	struct text make = { 0 };
	bool always;
	int fd, rc;

	if ((rc = dir_make(path_dir(out))) < 0) {
		diag_error(NULL, "%s: %s", path_dir(out), strerror(-rc));
		return EXIT_FAILED;
	}
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		diag_error(NULL, "%s: %s", temporary, strerror(errno));
		return EXIT_FAILED;
	}
	rc = crunch_write(fd, out, tree, object);
	if (close(fd) < 0 && rc == 0) {
		diag_error(NULL, "%s: %s", out, strerror(errno));
		rc = -1;
	}
	make_dependencies(out, &tree->depends, &make, &always);
	if (rc == 0 && always && same_content(temporary, out)) {
		unlink(temporary);
	} else if (rc == 0 && rename(temporary, out) < 0) {
		diag_error(NULL, "%s: %s", out, strerror(errno));
		rc = -1;
	}
	if (rc < 0) {
		unlink(temporary);
		return EXIT_FAILED;
	}
	rc = file_write(mem_fmt("%s.d", out), make.s, make.len);
	if (rc < 0) {
		diag_error(NULL, "%s.d: %s", out, strerror(-rc));
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

int command_crunch(const struct arguments *args)
{
	const char *name = argument_value(args, "name"), *symbol = argument_value(args, "symbol");
	struct crunch_object object;
	struct crunch_tree tree = { 0 };

	if (args->words.n != 2 || (!name && !symbol)) {
		diag_error(NULL, "crunch needs a folder, the object to write, and --name NAME");
		return EXIT_USAGE;
	}
	if (!machine_of(argument_value(args, "machine"), &object.machine)) {
		diag_error(NULL, "unknown machine '%s'", argument_value(args, "machine"));
		diag_expected("x86_64 or aarch64");
		return EXIT_USAGE;
	}
	object.symbol = symbol ? symbol : mem_fmt("mir_crunch_%s", str_ident(name));
	if (!*object.symbol || !str_eq(object.symbol, str_ident(object.symbol))) {
		diag_error(NULL, "'%s' cannot be the name of a symbol", object.symbol);
		return EXIT_USAGE;
	}
	if (crunch_walk(args->words.v[0], &tree) < 0)
		return EXIT_FAILED;
	return write_object(&tree, &object, args->words.v[1]);
}
