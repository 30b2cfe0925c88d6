/* args.c: boot arguments: from the vector into the table. */
#include <mir/args.h>
#include <mir/err.h>
#include <mir/log.h>
#include <mir/target.h>
#include <stdarg.h>
#include <mir/format.h>

#include "args.h"

enum { NAME_MAX_LEN = 64, TEXT = 512 };

void mir_args_say(const char *fmt, ...)
{
	char text[TEXT];
	va_list args;
	int n;

	va_start(args, fmt);
	n = mir_vformat(text, sizeof(text), fmt, args);
	va_end(args);
	if (n > 0)
		mir_target_console(text, MIR_MIN((size_t)n, sizeof(text) - 1));
}

/* The entry of the name of n characters. */
static struct mir_arg *find(struct mir_args *a, const char *name, size_t n)
{
	for (unsigned i = 0; i < a->n; i++) {
		if (strlen(a->table[i].name) == n && memcmp(a->table[i].name, name, n) == 0)
			return &a->table[i];
	}
	return NULL;
}

/* Insertions, deletions and replacements from a to b, and swaps of neighbours not counted apart;
 * texts longer than NAME_MAX_LEN are far from everything. */
static unsigned distance(const char *a, size_t alen, const char *b)
{
	unsigned row[NAME_MAX_LEN + 1];
	size_t blen = strlen(b);

	if (alen > NAME_MAX_LEN || blen > NAME_MAX_LEN)
		return NAME_MAX_LEN;
	for (unsigned j = 0; j <= blen; j++)
		row[j] = j;
	for (unsigned i = 1; i <= alen; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= blen; j++) {
			unsigned replace = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIR_MIN(replace, MIR_MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[blen];
}

static const char *nearest(const struct mir_args *a, const char *name, size_t n)
{
	unsigned best = (unsigned)(n / 3 + 2);
	const char *found = NULL;

	for (unsigned i = 0; i < a->n; i++) {
		unsigned d = distance(name, n, a->table[i].name);

		if (d < best) {
			best = d;
			found = a->table[i].name;
		}
	}
	return found;
}

static int bad(const struct mir_args *a)
{
	mir_args_say("%s: --help lists what there is\n", a->program);
	return MIR_ARGS_BAD + 1;
}

static int unknown(const struct mir_args *a, const char *name, size_t n)
{
	const char *near = nearest(a, name, n);

	mir_args_say("%s: unknown argument --%.*s", a->program, (int)MIR_MIN(n, 100u), name);
	if (near)
		mir_args_say("; did you mean --%s?", near);
	mir_args_say("\n");
	return bad(a);
}

static int set(struct mir_args *a, struct mir_arg *arg, const char *text)
{
	if (arg->type == MIR_ARG_LOGS) {
		const char *at = text;

		if (mir_log_levels(text, &at) == 0) {
			arg->given = true;
			return 0;
		}
		mir_args_say("%s: --%s: '%.80s' is not a log level: write [SOURCE:]LEVEL,... where "
			     "LEVEL is quiet, app, error, warning, info or debug\n",
		    a->program, arg->name, at);
		return bad(a);
	}
	if (mir_arg_value(arg->type, arg->choices, text, arg->value) < 0) {
		mir_args_say("%s: --%s: '%.80s' is not %s\n", a->program, arg->name, text,
		    arg->type->expected);
		if (arg->choices)
			mir_args_say(
			    "%s: --%s is one of %s\n", a->program, arg->name, arg->choices);
		return bad(a);
	}
	arg->given = true;
	return 0;
}

/* One argument, "--name..."; *next is the word after it and NULL once used. */
static int parse_one(struct mir_args *a, const char *word, char **next)
{
	const char *name = word + 2, *value = strchr(name, '=');
	size_t n = value ? (size_t)(value - name) : strlen(name);
	struct mir_arg *arg = find(a, name, n);

	if (!arg && !value && n > 3 && memcmp(name, "no-", 3) == 0) {
		arg = find(a, name + 3, n - 3);
		if (arg && arg->type == MIR_ARG_BOOL)
			return set(a, arg, "false");
		arg = NULL;
	}
	if (!arg)
		return unknown(a, name, n);
	if (value)
		return set(a, arg, value + 1);
	if (arg->type == MIR_ARG_BOOL)
		return set(a, arg, "true");
	if (!*next) {
		mir_args_say(
		    "%s: --%s wants a value: %s\n", a->program, arg->name, arg->type->expected);
		return bad(a);
	}
	value = *next;
	*next = NULL;
	return set(a, arg, value);
}

MIR_COLD int mir_args_parse(struct mir_args *a, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char *next = i + 1 < argc ? argv[i + 1] : NULL;
		bool had_next = next != NULL;
		int rc;

		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			mir_args_help(a);
			return 1;
		}
		if (strcmp(argv[i], "--version") == 0) {
			mir_args_say("%s %s\n", a->program, a->version ? a->version : "");
			return 1;
		}
		if (strncmp(argv[i], "--", 2) != 0 || argv[i][2] == '\0') {
			mir_args_say("%s: '%.80s' is not an argument: they begin with --\n",
			    a->program, argv[i]);
			return bad(a);
		}
		rc = parse_one(a, argv[i], &next);
		if (rc != 0)
			return rc;
		i += had_next && !next;
	}
	return 0;
}

/* Copies a quoted part up to its quote; false: there is none. */
static bool unquote(char **from, char **to)
{
	char quote = *(*from)++;

	while (**from && **from != quote) {
		if (quote == '"' && **from == '\\' && ((*from)[1] == '"' || (*from)[1] == '\\'))
			(*from)++;
		*(*to)++ = *(*from)++;
	}
	if (!**from)
		return false;
	(*from)++;
	return true;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

MIR_COLD int mir_args_split(char *line, char **words, int max)
{
	char *from = line, *to = line;
	int n = 0;

	for (;;) {
		bool more;

		while (blank(*from))
			from++;
		if (!*from)
			return n;
		if (n == max)
			return MIR_ELIMIT;
		words[n++] = to;
		while (*from && !blank(*from)) {
			if (*from == '\'' || *from == '"') {
				if (!unquote(&from, &to))
					return MIR_EINVAL;
				continue;
			}
			if (*from == '\\' && from[1])
				from++;
			*to++ = *from++;
		}
		more = *from != '\0';
		*to++ = '\0';
		if (!more)
			return n;
		from++;
	}
}
