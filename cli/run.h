/* run.h: what `mirage run` does besides networks: tenders, which run the images of targets without
 * an operating system beneath.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "command.h"
#include "manifest.h"

enum { EXIT_RUN = 125 }; /* run itself failed */

#define OPTIONS_TENDER                                                                             \
	{ "mem", 0, "MIB", "hvt, spt: memory of the image, 512 MiB unless told" },                 \
	    { "gdb", 0, NULL, "start the image under gdb, which stops at the program's main" },    \
	    { "gdb-port", 0, "PORT", "hvt, spt: wait for a gdb in another terminal" },             \
	    { "dumpcore", 0, "DIR", "hvt, spt: where a core file goes if the image aborts" },      \
	    { "plain", 0, NULL, "hvt, spt: offer nothing beyond the ABI of Solo5" },               \
	    { "tender", 0, "PROGRAM", "hvt, spt: start PROGRAM in place of mirage-hvt" },          \
	{                                                                                          \
		"tender-option", 0, "OPTION", "hvt, spt: another option of the tender"             \
	}

struct tender {
	const char *program; /* its path */
	struct list options; /* of the command line */
};

/* run.c: the value of a boot argument on the command line, the last one given, or NULL. */
const char *boot_argument(const struct arguments *, const char *option);

/* Find the tender and what it needs of the host; false after an error was reported. */
bool tender_find(const struct manifest *, const struct arguments *, struct tender *out);
/* No tender: do the options say so, too?  False after an error was reported. */
bool no_tender(const struct arguments *);
/* What the image would say to --help or --version: it could not start without its devices. */
void tender_answer(const struct manifest *, bool version);
/* ---- run_debug.c ---- */

/* The tender's options for --gdb and --gdb-port; false after an error was reported. */
bool debug_options(const struct arguments *, struct list *argv);
/* Become the tender, or gdb with the tender beside it; returns only after an error was reported:
 * EXIT_RUN. */
int debug_tender(const struct manifest *, const struct arguments *, const struct list *argv);
/* Become gdb with a host process. The same. */
int debug_process(const struct manifest *, const struct list *argv);

/* ---- run_tender.c ---- */

/* Become the tender.  `nets`: options for networks that were made; `boot`: arguments of the image
 * that tell of them.  Returns only after an error was reported: EXIT_RUN. */
int tender_start(const struct tender *, const struct manifest *, const struct arguments *,
    const struct list *nets, const struct list *boot);

#endif
