/* args.h: boot arguments: typed, from a table, with their own help.
 *
 * The same parser serves images (from argv, or one string with shell-like quotes) and the tool.
 */
#ifndef MIR_ARGS_H
#define MIR_ARGS_H

#include <mir/addr.h>

enum mir_arg_type {
	MIR_ARG_BOOL,     /* bool; --x alone is true, --no-x is false */
	MIR_ARG_INT,      /* int64_t */
	MIR_ARG_SIZE,     /* uint64_t; k M G */
	MIR_ARG_PORT,     /* uint16_t */
	MIR_ARG_STRING,   /* const char * */
	MIR_ARG_IP,       /* struct mir_ipaddr; "none" and "*" are any */
	MIR_ARG_CIDR,     /* struct mir_cidr; "none" is all zero */
	MIR_ARG_DURATION, /* int64_t nanoseconds; ns us ms s m h, seconds if bare */
	MIR_ARG_CHOICE,   /* const char *, one of choices */
	MIR_ARG_LOGS,     /* no value: given to mir_log_levels at once */
};

struct mir_arg {
	const char *name; /* "ipv4": --ipv4=... or --ipv4 ...; "net:service" */
	enum mir_arg_type type;
	void *value;       /* where it goes; holds the default beforehand */
	const char *shown; /* the default, for the help */
	const char *help;
	const char *section; /* heading in the help: "NETWORK" */
	const char *choices; /* "a|b|c" */
	bool given;          /* set by the parser */
};

struct mir_args {
	const char *program; /* name of the image */
	const char *about;   /* one line, may be NULL */
	const char *version;
	struct mir_arg *table;
	unsigned n;
};

enum { MIR_ARGS_BAD = 64 }; /* exit status of a bad boot argument */

/* Parses argv[1..].  0: go on.  Otherwise end with status rc - 1: --help and --version have been
 * answered on the console (rc 1), or a bad argument has been explained there, with the nearest
 * known name (rc MIR_ARGS_BAD + 1). */
int mir_args_parse(struct mir_args *, int argc, char **argv);

/* Parses one value of a type into *value; MIR_EINVAL. */
int mir_arg_value(enum mir_arg_type, const char *choices, const char *text, void *value);

/* Splits a command line as a shell would (blanks, '...', "...", backslash) in place into at most
 * max words; MIR_EINVAL: an open quote; MIR_ELIMIT. */
int mir_args_split(char *line, char **words, int max);

#endif
