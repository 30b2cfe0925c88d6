/* new.c: `mirage new NAME`: a folder with a small application that builds and runs at once. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "diag.h"
#include "scaffold.h"

#define NAME_MAX_LEN 63 /* a host name (RFC 1035 section 2.3.4), which an image's name is too */

const struct option options_new[] = {
	{ "kind", 'k', "http|ip|noip", "web server (default), TCP server, or no network" },
	OPTION_END,
};

static bool valid_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > NAME_MAX_LEN || !isalpha((unsigned char)name[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] > 126 ||
		    (!isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '_'))
			return false;
	return true;
}

/* The text with @NAME@ replaced. */
static char *fill(const char *text, const char *name)
{
	struct text out = { 0 };
	const char *at;

	for (; (at = strstr(text, "@NAME@")); text = at + strlen("@NAME@")) {
		text_addn(&out, text, (size_t)(at - text));
		text_add(&out, name);
	}
	text_add(&out, text);
	return mem_str(text_str(&out));
}

static int write_files(const char *name, const struct scaffold *s)
{
	for (const struct scaffold_file *f = s->files; f->path; f++) {
		char *path = mem_fmt("%s/%s", name, fill(f->path, name));
		char *text = fill(f->text, name);
		int rc = file_write(path, text, strlen(text));

		if (rc < 0) {
			diag_error(NULL, "cannot write '%s': %s", path, strerror(-rc));
			return EXIT_FAILED;
		}
		printf("  %s\n", path);
	}
	return EXIT_OK;
}

static const struct scaffold *find_kind(const char *kind)
{
	struct list names = { 0 };

	for (const struct scaffold *s = scaffolds; s->kind; s++) {
		if (str_eq(s->kind, kind))
			return s;
		list_add(&names, s->kind);
	}
	diag_error(NULL, "there is no kind of application '%s'", kind);
	diag_expected("--kind=%s", list_join(&names, ", "));
	diag_suggest(kind, &names);
	return NULL;
}

int command_new(const struct arguments *args)
{
	const char *kind = argument_value(args, "kind"), *name;
	const struct scaffold *s = find_kind(kind ? kind : scaffolds[0].kind);
	int rc;

	if (!s)
		return EXIT_USAGE;
	if (args->words.n != 1) {
		diag_error(NULL, "new needs a name: mirage new NAME");
		return EXIT_USAGE;
	}
	name = args->words.v[0];
	if (!valid_name(name)) {
		diag_error(NULL, "not a name for an application: '%s'", name);
		diag_expected(
		    "a letter, then letters, digits, '-' and '_', at most %d", NAME_MAX_LEN);
		return EXIT_USAGE;
	}
	if (mkdir(name, 0777) < 0) {
		if (errno == EEXIST)
			diag_error(NULL, "'%s' is there already; nothing was changed", name);
		else
			diag_error(NULL, "cannot make the folder '%s': %s", name, strerror(errno));
		return EXIT_FAILED;
	}
	printf("%s, %s:\n", name, s->about);
	rc = write_files(name, s);
	if (rc == EXIT_OK)
		printf("Now:\n  cd %s\n  mirage run\n%s", name, fill(s->then, name));
	return rc;
}
