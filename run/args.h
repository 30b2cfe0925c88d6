/* args.h: what args.c, args_value.c and args_help.c share. */
#ifndef MIR_RUN_ARGS_H
#define MIR_RUN_ARGS_H

#include <mir/args.h>

/* A printf to the console. */
void mir_args_say(const char *fmt, ...) MIR_PRINTF(1, 2);

void mir_args_help(const struct mir_args *);

#endif
