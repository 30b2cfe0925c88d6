/* sizes.c: from the map of GNU ld to a sum for each part of the image.
 *
 *	.text           0x0000000000100000     0x4f2a
 *	 .text.tcp_input
 *	                0x0000000000101230      0x845 mirage/hvt/obj/lib/tcp/tcp_in.o
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "diag.h"
#include "sizes.h"

const struct option options_sizes[] = { OPTION_END };

enum { NOT_LOADED = SIZE_KINDS };

/* What a section of the image is by its name. */
static unsigned kind_of(const char *section)
{
	static const struct {
		const char *prefix;
		unsigned kind;
	} all[] = { { ".text", SIZE_CODE }, { ".data.rel.ro", SIZE_CONSTANT },
		{ ".init_array", SIZE_DATA }, { ".fini_array", SIZE_DATA },
		{ ".preinit_array", SIZE_DATA }, { ".init", SIZE_CODE }, { ".fini", SIZE_CODE },
		{ ".plt", SIZE_CODE }, { ".rodata", SIZE_CONSTANT }, { ".eh_frame", SIZE_CONSTANT },
		{ ".interp", SIZE_CONSTANT }, { ".note", SIZE_CONSTANT }, { ".rel", SIZE_CONSTANT },
		{ ".dyn", SIZE_CONSTANT }, { ".gnu.", SIZE_CONSTANT },
		{ ".gcc_except", SIZE_CONSTANT }, { ".bss", SIZE_ZERO }, { ".tbss", SIZE_ZERO },
		{ ".debug", NOT_LOADED }, { ".comment", NOT_LOADED }, { ".mirage", NOT_LOADED },
		{ ".stab", NOT_LOADED }, { "/DISCARD/", NOT_LOADED },
		{ ".gnu_debuglink", NOT_LOADED } };

	if (str_eq(section, ".relro") || str_starts(section, ".relro."))
		return SIZE_DATA;
	for (size_t i = 0; i < MIR_COUNT(all); i++)
		if (str_starts(section, all[i].prefix))
			return all[i].kind;
	return section[0] == '.' ? SIZE_DATA : NOT_LOADED;
}

static char *first_folder(const char *path)
{
	return mem_strn(path, strcspn(path, "/"));
}

char *sizes_part(const char *path)
{
	const char *p = strstr(path, "/obj/"), *archive = strstr(path, ".a(");

	if (str_starts(path, "mirage/") && p) {
		p += strlen("/obj/");
		if (str_starts(p, "lib/") || str_starts(p, "ext/"))
			return first_folder(p + 4);
		if (str_starts(p, "targets/"))
			return mem_fmt("target %s", first_folder(p + 8));
		if (str_starts(p, "app/"))
			return mem_str("application");
		if (str_starts(p, "run/"))
			return mem_str("runtime");
		return mem_str(strchr(p, '/') ? first_folder(p) : "generated");
	}
	if (str_starts(path, "mirage/") && strstr(path, "/fs/"))
		return mem_str("files");
	if (strstr(path, "crt") && str_ends(path, ".o"))
		return mem_str("C start");
	if (archive)
		return mem_str(path_base(mem_strn(path, (size_t)(archive - path))));
	return mem_str(str_ends(path, ".o") ? path_base(path) : "linker");
}

static struct size_row *row_of(struct sizes *s, const char *part)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->v[i].part, part))
			return &s->v[i];
	s->v = mem_grow(s->v, s->n, &s->cap, sizeof *s->v);
	s->v[s->n] = (struct size_row){ .part = mem_str(part) };
	return &s->v[s->n++];
}

/* "  0x0000000000101230      0x845 PATH": what a piece is and where it comes from. */
static bool read_piece(const char *s, unsigned long long *size, const char **path)
{
	char *end;

	s += strspn(s, " ");
	if (!str_starts(s, "0x"))
		return false;
	strtoull(s, &end, 16);
	s = end + strspn(end, " ");
	if (!str_starts(s, "0x"))
		return false;
	*size = strtoull(s, &end, 16);
	*path = end + strspn(end, " ");
	return **path != '\0';
}

static void take_line(struct sizes *out, const char *line, unsigned *kind)
{
	unsigned long long size;
	const char *path, *rest = line;

	if (line[0] != ' ') { /* a section of the image */
		if (line[0] == '.' || line[0] == '/')
			*kind = kind_of(mem_strn(line, strcspn(line, " ")));
		return;
	}
	if (line[1] == '*') /* a pattern, or filling */
		return;
	if (line[1] != ' ') /* ".text.NAME" or "COMMON", perhaps alone in its line */
		rest = line + 1 + strcspn(line + 1, " ");
	if (*kind != NOT_LOADED && read_piece(rest, &size, &path) && size)
		row_of(out, sizes_part(path))->bytes[*kind] += size;
}

static int by_size(const void *a, const void *b)
{
	const struct size_row *x = a, *y = b;
	unsigned long long m = 0, n = 0;

	for (int i = 0; i < SIZE_ZERO; i++) {
		m += x->bytes[i];
		n += y->bytes[i];
	}
	return m < n ? 1 : m > n ? -1 : strcmp(x->part, y->part);
}

void sizes_read_map(const char *map, struct sizes *out)
{
	const char *s = strstr(map, "\nLinker script and memory map");
	unsigned kind = NOT_LOADED;

	*out = (struct sizes){ 0 };
	for (s = s ? s + 1 : ""; *s;) {
		size_t n = strcspn(s, "\n");

		take_line(out, mem_strn(s, n), &kind);
		s += n + (s[n] == '\n');
	}
	if (out->n)
		qsort(out->v, out->n, sizeof *out->v, by_size);
}

void sizes_write(const struct sizes *s, struct text *out)
{
	for (size_t i = 0; i < s->n; i++) {
		for (int k = 0; k < SIZE_KINDS; k++)
			text_addf(out, "%llu ", s->v[i].bytes[k]);
		text_addf(out, "%s\n", s->v[i].part);
	}
}

void sizes_parse(const char *data, size_t len, struct sizes *out)
{
	const char *s = mem_strn(data, len);

	*out = (struct sizes){ 0 };
	for (; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		struct size_row row;
		const char *p = s;
		int k = 0;

		for (; k < SIZE_KINDS && *p >= '0' && *p <= '9'; k++) {
			char *end;

			row.bytes[k] = strtoull(p, &end, 10);
			p = *end == ' ' ? end + 1 : "";
		}
		if (k < SIZE_KINDS || !*p || *p == '\n')
			continue;
		row.part = mem_strn(p, strcspn(p, "\n"));
		out->v = mem_grow(out->v, out->n, &out->cap, sizeof *out->v);
		out->v[out->n++] = row;
	}
}

int command_sizes(const struct arguments *a)
{
	struct text map = { 0 }, out = { 0 };
	struct sizes s;
	int rc;

	if (a->words.n != 2) {
		diag_error(NULL, "'mirage sizes' needs a linker's map and a file to write");
		return EXIT_USAGE;
	}
	if ((rc = file_read(a->words.v[0], &map)) == 0) {
		sizes_read_map(text_str(&map), &s);
		sizes_write(&s, &out);
		rc = file_write(a->words.v[1], text_str(&out), out.len);
	}
	if (rc >= 0)
		return EXIT_OK;
	diag_error(NULL, "'%s', '%s': %s", a->words.v[0], a->words.v[1], strerror(-rc));
	return EXIT_FAILED;
}
