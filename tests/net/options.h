/* options.h: the relay's command line. */
#ifndef MIR_TESTS_OPTIONS_H
#define MIR_TESTS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <mir/impair.h>

/* One direction. */
struct mir_relay_link {
	struct mir_impair_config impair;
	unsigned mtu; /* 0 = any */
	bool icmp;    /* tell the sender of what was too big */
	bool fragment;
};

struct mir_relay_options {
	const char *port[2];           /* a, b */
	struct mir_relay_link link[2]; /* a to b, b to a */
	const char *stats;             /* file, NULL = standard output */
	int64_t time_ns;               /* end after this, 0 = never */
	uint64_t decide;               /* only print the fates of so many frames */
};

/* Fill in the options.  0; or, with text printed, 1 + the exit status. */
int mir_relay_options_parse(struct mir_relay_options *, int argc, char **argv);

#endif
