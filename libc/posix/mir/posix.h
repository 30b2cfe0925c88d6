/* posix.h: POSIX files, descriptors and all that belongs to them, over the devices of an image.
 *
 * The C library finds what is started here: it is no object that a program is handed.  A store
 * NAME is the folder /NAME, one named `root` is /; a disk NAME is the file /dev/NAME.
 */
#ifndef MIR_POSIX_H
#define MIR_POSIX_H

#include <mir/args.h>
#include <mir/block.h>
#include <mir/kv.h>
#include <mir/stack.h>

/* A store or a disk by its name; the other is NULL. */
struct mir_posix_device {
	const char *name;
	struct mir_kv *kv;
	struct mir_block *block;
};

struct mir_posix {
	int argc;
	char **argv;
};

struct mir_posix_config {
	struct mir_stack *stack; /* NULL: no network */
	const struct mir_posix_device *devices;
	unsigned n_devices;
	const char *const *environment; /* "NAME=value", ends with NULL; may be NULL */
	const char *const *arguments;   /* of the program, before those of the start; the same */
	int argc;                       /* what the program gets, by mir_posix_arguments */
	char **argv;
	const char *dns_server; /* of /etc/resolv.conf; "" or NULL: those that the stack knows */
	uint64_t tmp_size;      /* of /tmp, where no store has that name */
	void (*stop)(void);     /* all devices of the image, when the program ends itself */
	const char *name;
};

/* Takes what is no boot argument of the image, and all behind a "--", out of argv: config->argc and
 * ->argv, behind the program's name and config->arguments, in memory of their own.  MIR_ENOMEM. */
int mir_posix_arguments(
    struct mir_posix_config *, const struct mir_args *boot, int *argc, char **argv);

/* MIR_ENOMEM.  MIR_EEXIST: a store or a disk has a name that is taken. */
int mir_posix_start(struct mir_posix *, const struct mir_posix_config *);

/* Closes all descriptors. */
void mir_posix_stop(struct mir_posix *);

/* Runs main(argc, argv) of the program, then what exit() does; the exit status. */
int mir_posix_run(struct mir_posix *);

#endif
