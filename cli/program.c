/* program.c: a program that mirage-cc has linked, to be linked again with the devices of an image
 * (main-posix: PATH).  What it was linked of is in its section .mirage.link: "mirage-link 1", the
 * processor, then objects, archives and flags of the linker, a line each (libc/link.sh).
 */
#include <errno.h>
#include <string.h>

#include "configuration.h"
#include "elf_section.h"

static const char *compiler_name(const struct configuration *c)
{
	return mem_fmt("%s-mirage-cc", c->arch);
}

/* Its lines; false after an error. */
static bool read_note(const struct configuration *c, struct list *lines)
{
	const struct conf *conf = &c->conf;
	const char *note;
	size_t len;
	int rc;

	if (!file_exists(conf->program)) {
		diag_error(&conf->at_program, "there is no file '%s'", conf->program);
		diag_expected(
		    "'main', or the path of a program that %s has linked", compiler_name(c));
		return false;
	}
	rc = elf_section_read(conf->program, ".mirage.link", &note, &len);
	if (rc == 0) {
		list_split(lines, mem_strn(note, len), '\n');
		if (lines->n >= 2 && str_eq(lines->v[0], "mirage-link 1"))
			return true;
		diag_error(&conf->at_program, "'%s' was linked by another version", conf->program);
		diag_expected("it to be linked again by %s", compiler_name(c));
	} else if (rc == -ENOENT || rc == -ENOEXEC) {
		diag_error(&conf->at_program, "'%s' was not linked by %s", conf->program,
		    compiler_name(c));
		diag_expected("a program that was: 'mirage toolchain' is for its build");
	} else {
		diag_error(&conf->at_program, "cannot read '%s': %s", conf->program, strerror(-rc));
	}
	return false;
}

void program_read(struct configuration *c)
{
	const struct conf *conf = &c->conf;
	struct list lines = { 0 };

	if (!c->target.freestanding || !read_note(c, &lines))
		return;
	if (!str_eq(lines.v[1], c->arch)) {
		diag_error(&conf->at_program, "'%s' is for %s, the image for %s", conf->program,
		    lines.v[1], c->arch);
		diag_expected("it to be linked by %s", compiler_name(c));
		return;
	}
	for (size_t i = 2; i < lines.n; i++) {
		const char *word = lines.v[i];

		if (str_eq(word, "incomplete")) {
			diag_error(&conf->at_program, "'%s' does not know what it was linked of",
			    conf->program);
			diag_expected("a link without -x and without files of arguments");
			return;
		}
		if (word[0] == '/' && !file_exists(word)) {
			diag_error(&conf->at_program, "what '%s' was linked of is gone: %s",
			    conf->program, word);
			diag_expected("it to be built again");
			return;
		}
		list_add(&c->linked, word);
	}
}
