/* configuration.h: everything that configure knows before it writes files. */
#ifndef CLI_CONFIGURATION_H
#define CLI_CONFIGURATION_H

#include "configure.h"
#include "graph.h"

/* What was asked for: by a command line, or by a saved one. */
struct request {
	const char *file;   /* -f, or NULL */
	const char *output; /* -o, or NULL */
	const char *target; /* "unix", or NULL */
	const char *net;    /* "direct", or NULL */
	const char *arch;   /* "aarch64", or NULL */
	struct list keys;   /* "ipv4=10.0.0.2/24" */
};

/* A source file and the object made of it. */
struct unit {
	const char *source; /* as make sees it */
	const char *object; /* below obj/ */
	const char *flags;  /* the file below obj/ with its compiler's flags */
	bool app;           /* the application's own: warnings, mirage/app.h */
	bool shared;        /* of the share folder: the same for all applications, and cached */
};

/* The flags of a device's sources, or of the target's. */
struct flag_set {
	const char *file; /* below obj/: flags-target, http-server.flags, http-server-hot.flags */
	struct list include, cflags;
	bool modules; /* and those of pkg-config */
	bool hot;     /* for speed, not for size */
};

struct configuration {
	struct request request;
	struct conf conf;
	struct target target;
	struct graph graph;
	const char *share;  /* absolute */
	const char *folder; /* mirage/unix-socket */
	const char *net;    /* "" if the target has no choice */
	const char *arch;   /* x86_64 */
	const char *name;   /* of the image */
	const char *file;   /* its file: hello, hello.hvt, hello-aarch64.hvt */
	const char *compiler;
	struct unit *units;
	size_t n_units, cap_units;
	struct flag_set *sets;
	size_t n_sets, cap_sets;
	struct list include; /* folders of all libraries */
	struct list cflags;  /* of all libraries */
	struct list modules; /* flags of pkg-config modules */
	struct list
	    ports; /* third-party libraries, also where the host's packages stand for them */
	struct list ldflags;
	struct list linked;  /* of a program: objects, archives, flags of the linker */
	struct list missing; /* patterns of sources that match nothing yet */
	struct list missing_modules;
	struct manifest manifest;
};

/* Read a request from a command line; EXIT_USAGE after an error.  *empty: it asks for nothing. */
int request_from_arguments(const struct arguments *, struct request *out, bool *empty);
/* Read a saved one; 0, -ENOENT, or -EINVAL after an error was reported. */
int request_load(const char *file, struct request *out);
void request_save(const struct request *, struct text *out);
/* As it would be typed, quoted for a shell. */
char *request_text(const struct request *);

/* Resolve a request in the current folder: 0, or an exit code after errors were reported. */
int configuration_make(const struct request *, struct configuration *out);

/* As configuration_load() of configure.h, with all that is known; packages that are missing are an
 * error. */
int configuration_to_build(const struct arguments *, struct configuration *, struct manifest *);

/* The same without writing anything. */
int configuration_describe(const struct arguments *, struct configuration *, struct manifest *);

/* The manifest of a configuration. */
void configuration_manifest(const struct configuration *, struct manifest *out);

/* Write the generated files.  force: a file that someone edited is an error, else it is kept with a
 * warning.  dry_run: only say what would be written.  last: this becomes the configuration that
 * is repeated.  0 or an exit code. */
struct write_options {
	bool force, dry_run, last;
};
int configuration_write(const struct configuration *, const struct write_options *);

/* generate_*.c: the text of each generated file. */
void generate_app_h(const struct configuration *, struct text *out);
void generate_main_c(const struct configuration *, struct text *out);
void generate_build_mk(const struct configuration *, struct text *out);
void generate_notes_s(const struct configuration *, struct text *out);
void generate_manifest_s(const struct configuration *, struct text *out);
void generate_xl(const struct configuration *, struct text *out);
void generate_libvirt(const struct configuration *, struct text *out);
void generate_makefile(const struct configuration *, struct text *out);
/* The response files of the compiler and the linker: flags for the application's sources or for
 * those of devices outside the share folder, and for one set. */
void generate_flags(const struct configuration *, bool app, struct text *out);
void generate_flag_set(const struct configuration *, const struct flag_set *, struct text *out);
void generate_objects(const struct configuration *, struct text *out);

/* Can the devices of the graph be named in the notes?  False after an error was reported. */
bool notes_check(const struct configuration *);

/* generate_site.c: tables in front of the device that provides SITE, what its config and the
 * server's say of them, and functions that answer for hosts of their own. */
void generate_site_tables(const struct configuration *, const struct instance *, struct text *out);
void generate_site_fields(const struct configuration *, const struct instance *, struct text *out);
void generate_site_handler(const struct configuration *, struct text *out);
void generate_site_prototypes(const struct configuration *, struct text *out);
/* The instance that provides a signature for all, or NULL. */
const struct instance *instance_of(const struct configuration *, const char *signature);
/* A pointer to its object, in C; NULL where there is none. */
const char *instance_object(const struct instance *);

/* generate_posix.c: what is written before the configuration of the device that provides POSIX,
 * into it, and before the boot arguments are read. */
void generate_posix_before(const struct configuration *, struct text *out);
void generate_posix_members(const struct configuration *, struct text *out);
void generate_posix_arguments(
    const struct configuration *, const struct instance *, struct text *out);

/* program.c: of what the program of main-posix was linked, into c->linked. */
void program_read(struct configuration *);

/* A text of the user's inside a C comment, which it must neither end nor open. */
char *comment_text(const char *);
/* The prototype that the job must have, without ';'; main-site has none. */
char *job_prototype(const struct conf *);

#endif
