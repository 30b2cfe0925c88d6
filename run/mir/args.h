/* args.h: boot arguments: typed, from a table, with their own help.
 *
 * The same parser serves images (from argv, or one string with shell-like quotes) and the tool.
 */
#ifndef MIR_ARGS_H
#define MIR_ARGS_H

#include <mir/addr.h>

/* A type of values.  Each is an object of its own, so that an image holds the parsers of those
 * types that its table names. */
struct mir_arg_type {
	/* As mir_arg_value.  choices: the argument's. */
	int (*parse)(const char *choices, const char *text, void *value);
	const char *expected; /* "a port, 0 to 65535" */
	const char *shown;    /* "IP", in the help; NULL: the choices */
};

extern const struct mir_arg_type mir_arg_bool, mir_arg_int, mir_arg_size, mir_arg_port,
    mir_arg_string, mir_arg_ip, mir_arg_cidr, mir_arg_duration, mir_arg_choice, mir_arg_logs;

#define MIR_ARG_BOOL     (&mir_arg_bool)     /* bool; --x alone is true, --no-x is false */
#define MIR_ARG_INT      (&mir_arg_int)      /* int64_t */
#define MIR_ARG_SIZE     (&mir_arg_size)     /* uint64_t; k M G */
#define MIR_ARG_PORT     (&mir_arg_port)     /* uint16_t */
#define MIR_ARG_STRING   (&mir_arg_string)   /* const char * */
#define MIR_ARG_IP       (&mir_arg_ip)       /* struct mir_ipaddr; "none" and "*" are any */
#define MIR_ARG_CIDR     (&mir_arg_cidr)     /* struct mir_cidr; "none" is all zero */
#define MIR_ARG_DURATION (&mir_arg_duration) /* int64_t ns; ns us ms s m h, seconds if bare */
#define MIR_ARG_CHOICE   (&mir_arg_choice)   /* const char *, one of choices */
#define MIR_ARG_LOGS     (&mir_arg_logs)     /* no value: given to mir_log_levels at once */

struct mir_arg {
	const char *name; /* "ipv4": --ipv4=... or --ipv4 ...; "net:service" */
	const struct mir_arg_type *type;
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
static inline int mir_arg_value(
    const struct mir_arg_type *type, const char *choices, const char *text, void *value)
{
	return type->parse(choices, text, value);
}

/* Splits a command line as a shell would (blanks, '...', "...", backslash) in place into at most
 * max words; MIR_EINVAL: an open quote; MIR_ELIMIT. */
int mir_args_split(char *line, char **words, int max);

#endif
