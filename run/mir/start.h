/* start.h: what generated main.c builds on. */
#ifndef MIR_START_H
#define MIR_START_H

#include <mir/args.h>
#include <mir/boot.h>
#include <mir/err.h>
#include <mir/fiber.h>
#include <mir/log.h>
#include <mir/loop.h>
#include <mir/time.h>

/* Written by the tool; run by targets/T/start.c on the first fiber. */
int mir_main(int argc, char **argv);

/* Says which device did not start and why; returns the exit status 1. */
int mir_start_failed(const char *device, int err) MIR_COLD;

/* The keys that every image has: --logs, --name, --delay, --boot-chart.  The macro takes their
 * defaults as the help shows them; what holds is what mir_common and mir_log_levels() were told
 * before. */
struct mir_common {
	const char *name;
	int64_t delay_ns;
	bool logs; /* nothing: --logs acts at once */
	bool boot_chart;
};
extern struct mir_common mir_common;

/* clang-format off */
#define MIR_COMMON_ARGS(logs_shown, name_shown, delay_shown)                                                                     \
	{ "logs", MIR_ARG_LOGS, &mir_common.logs, logs_shown, "log levels: [SOURCE:]quiet|app|error|warning|info|debug,...", "GENERAL", NULL, false }, \
	{ "name", MIR_ARG_STRING, &mir_common.name, name_shown, "name of this instance", "GENERAL", NULL, false },   \
	{ "delay", MIR_ARG_DURATION, &mir_common.delay_ns, delay_shown, "wait before starting", "GENERAL", NULL, false },                    \
	{ "boot-chart", MIR_ARG_BOOL, &mir_common.boot_chart, "false", "show how long each phase of the start took", "GENERAL", NULL, false }
/* clang-format on */

#endif
