/* command.h: the commands of the tool and how their arguments are parsed.
 *
 * A command is a row of the table in commands.c.  Its --help is made from its option table.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "text.h"

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1, /* the work could not be done */
	EXIT_USAGE = 2,  /* the command line is wrong */
};

struct option {
	const char *name; /* "dry-run", long form without dashes */
	char letter;      /* 't' for -t, or 0 */
	const char
	    *value; /* "FILE": takes a value (--name=V, --name V, -nV, -n V); NULL: a switch */
	const char *help;
};

#define OPTION_END                                                                                 \
	{                                                                                          \
		NULL, 0, NULL, NULL                                                                \
	}

/* The switches that choose a target, the same for configure, build, run, describe and query. */
#define OPTIONS_TARGET                                                                             \
	{ "target", 't', "TARGET", "build for TARGET" },                                           \
	    { "socket", 0, NULL, "same as -t unix --net=socket (the default)" },                   \
	    { "unix", 0, NULL, "same as -t unix --net=direct: our own TCP/IP on a tap device" },   \
	    { "xen", 0, NULL, "same as -t xen" },                                                  \
	    { "net", 0, "socket|direct", "network stack: the host's, or our own" },                \
	{                                                                                          \
		"arch", 0, "CPU", "the processor to build for: x86_64, aarch64"                    \
	}

struct given {
	const struct option *option;
	const char *value; /* NULL for a switch */
};

/* A parsed command line. */
struct arguments {
	const struct command *command;
	struct given *given; /* in the order of the command line */
	size_t n_given, cap_given;
	struct list keys;  /* "KEY=VALUE" of each --KEY=VALUE that is no option (if keys_allowed) */
	struct list words; /* what is not an option */
	struct list rest;  /* what comes after -- */
};

struct command {
	const char *name;
	const char *about; /* one line */
	const char *usage; /* what follows the name: "[options] NAME" */
	const char *more;  /* a paragraph or two for --help, or NULL */
	const struct option *options;
	bool keys_allowed; /* accept --KEY=VALUE besides the options */
	int (*run)(const struct arguments *);
	unsigned max_words; /* how many words besides the options */
	bool hidden;        /* not in the list of `mirage help` */
};

/* Fill `out` from argv[0..argc-1] (without the command's name); 0, or EXIT_USAGE after an error
 * was reported. */
int arguments_parse(const struct command *, int argc, char **argv, struct arguments *out);
bool argument_given(const struct arguments *, const char *option);
/* The last value given, or NULL. */
const char *argument_value(const struct arguments *, const char *option);

/* One function per command, in a file of its name (help: commands.c). */
int command_new(const struct arguments *);
int command_configure(const struct arguments *);
int command_depend(const struct arguments *);
int command_build(const struct arguments *);
int command_run(const struct arguments *);
int command_image(const struct arguments *);
int command_deploy(const struct arguments *);
int command_clean(const struct arguments *);
int command_describe(const struct arguments *);
int command_query(const struct arguments *);
int command_sim(const struct arguments *);
int command_ports(const struct arguments *);
int command_toolchain(const struct arguments *);
int command_crunch(const struct arguments *);
int command_cc_cached(const struct arguments *);
int command_sizes(const struct arguments *);
int command_symbols(const struct arguments *);
int command_help(const struct arguments *);

/* Option tables of the commands, beside their functions. */
extern const struct option options_new[], options_configure[], options_depend[], options_build[],
    options_run[], options_image[], options_deploy[], options_clean[], options_describe[],
    options_query[], options_ports[], options_toolchain[], options_sim[], options_crunch[],
    options_cc_cached[], options_sizes[], options_symbols[];
/* NULL-ended by name. */
extern const struct command commands[];

/* The command whose name starts with `name`, or NULL after an error (none, or several). */
const struct command *command_find(const char *name);
void command_print_help(const struct command *);

/* Run what the command line of the tool means; an exit code. */
int command_line(int argc, char **argv);

#endif
