/* arguments.c: parse a command's arguments by its option table, and print its help. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "diag.h"

struct parser {
	const struct command *command;
	struct arguments *out;
	char **argv;
	int argc, next;
};

static const struct option *find_long(const struct command *c, const char *name, size_t n)
{
	for (const struct option *o = c->options; o->name; o++)
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return o;
	return NULL;
}

static const struct option *find_letter(const struct command *c, char letter)
{
	for (const struct option *o = c->options; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static int usage_error(const struct parser *p)
{
	diag_note("'mirage %s --help' lists the options", p->command->name);
	return EXIT_USAGE;
}

static int unknown(const struct parser *p, const char *word)
{
	struct list names = { 0 };

	diag_error(NULL, "unknown option '%s' of 'mirage %s'", word, p->command->name);
	for (const struct option *o = p->command->options; o->name; o++)
		list_addf(&names, "--%s", o->name);
	diag_suggest(mem_strn(word, strcspn(word, "=")), &names);
	return usage_error(p);
}

/* `value` is what stood behind '=' or the letter, or NULL. */
static int take(struct parser *p, const struct option *o, const char *value)
{
	struct arguments *a = p->out;

	if (!o->value && value) {
		diag_error(NULL, "option '--%s' takes no value", o->name);
		diag_found("'%s'", value);
		return usage_error(p);
	}
	if (o->value && !value) {
		if (p->next >= p->argc) {
			diag_error(NULL, "option '--%s' needs a value", o->name);
			diag_expected("--%s=%s", o->name, o->value);
			return usage_error(p);
		}
		value = p->argv[p->next++];
	}
	a->given = mem_grow(a->given, a->n_given, &a->cap_given, sizeof *a->given);
	a->given[a->n_given++] = (struct given){ o, value };
	return 0;
}

static int parse_long(struct parser *p, const char *word)
{
	size_t n = strcspn(word + 2, "=");
	const char *value = word[2 + n] ? word + 3 + n : NULL;
	const struct option *o = find_long(p->command, word + 2, n);

	if (o)
		return take(p, o, value);
	if (p->command->keys_allowed && n && value) {
		list_add(&p->out->keys, word + 2);
		return 0;
	}
	if (p->command->keys_allowed && n) {
		struct list names = { 0 };

		for (const struct option *each = p->command->options; each->name; each++)
			list_addf(&names, "--%s", each->name);
		if (!diag_nearest(word, &names)) {
			diag_error(NULL, "option '%s' needs a value", word);
			diag_expected("%s=VALUE", word);
			return usage_error(p);
		}
	}
	return unknown(p, word);
}

static int parse_letters(struct parser *p, const char *word)
{
	for (const char *s = word + 1; *s; s++) {
		const struct option *o = find_letter(p->command, *s);
		int rc;

		if (!o)
			return unknown(p, mem_fmt("-%c", *s));
		if ((rc = take(p, o, o->value && s[1] ? s + 1 : NULL)))
			return rc;
		if (o->value)
			break;
	}
	return 0;
}

int arguments_parse(const struct command *c, int argc, char **argv, struct arguments *out)
{
	struct parser p = { .command = c, .out = out, .argv = argv, .argc = argc };
	int rc = 0;

	*out = (struct arguments){ .command = c };
	while (rc == 0 && p.next < argc) {
		const char *word = argv[p.next++];

		if (str_eq(word, "--")) {
			while (p.next < argc)
				list_add(&out->rest, argv[p.next++]);
		} else if (str_starts(word, "--")) {
			rc = parse_long(&p, word);
		} else if (word[0] == '-' && word[1]) {
			rc = parse_letters(&p, word);
		} else if (out->words.n < c->max_words) {
			list_add(&out->words, word);
		} else {
			diag_error(
			    NULL, "'mirage %s' does not know what to do with '%s'", c->name, word);
			if (str_eq(c->name, "run"))
				diag_note("boot arguments follow '--': mirage run -- %s", word);
			rc = usage_error(&p);
		}
	}
	return rc;
}

const char *argument_value(const struct arguments *a, const char *option)
{
	for (size_t i = a->n_given; i-- > 0;)
		if (str_eq(a->given[i].option->name, option))
			return a->given[i].value;
	return NULL;
}

bool argument_given(const struct arguments *a, const char *option)
{
	for (size_t i = 0; i < a->n_given; i++)
		if (str_eq(a->given[i].option->name, option))
			return true;
	return false;
}

void command_print_help(const struct command *c)
{
	printf("Usage: mirage %s %s\n\n%s.\n", c->name, c->usage, c->about);
	if (c->more)
		printf("\n%s\n", c->more);
	printf("\nOptions:\n");
	for (const struct option *o = c->options; o->name; o++) {
		char *left = mem_fmt("%s--%s%s%s", o->letter ? mem_fmt("-%c, ", o->letter) : "    ",
		    o->name, o->value ? "=" : "", o->value ? o->value : "");

		printf(
		    strlen(left) <= 25 ? "  %-25s %s\n" : "  %s\n                            %s\n",
		    left, o->help);
	}
	if (c->keys_allowed)
		printf("  %-25s %s\n", "    --KEY=VALUE",
		    str_eq(c->name, "run") ? "a boot argument, as after --"
					   : "any key of the application or its devices");
	printf("  %-25s %s\n", "    --help", "print this help");
}
