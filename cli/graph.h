/* graph.h: the devices of a configuration: which implementation meets which need. */
#ifndef CLI_GRAPH_H
#define CLI_GRAPH_H

#include "conf.h"
#include "descriptor.h"

/* A key of an instance, or of the application. */
struct key {
	const char *name;   /* ipv4-gateway */
	const char *field;  /* ipv4_gateway */
	const char *option; /* lan-ipv4-gateway */
	const char *type, *help;
	const char *value; /* its default in this configuration */
	bool boot, run;    /* as in the descriptor */
};

struct instance {
	const struct descriptor *device;
	const char *id;          /* ipv4_service */
	const char *group;       /* "" where shared by all */
	struct instance **needs; /* as in the descriptor; NULL: optional and not there */
	struct key *keys;        /* as in the descriptor */
	const char *why;
	bool resolving;
};

/* What the program is handed: a member of struct app. */
struct root {
	const char *member;        /* fs_static */
	const char *signature;     /* KV_RO */
	const char *origin;        /* "fs-static: site (www.conf:4)" */
	struct instance *instance; /* NULL: not there on this target */
	bool job;                  /* HTTP: runs the program instead */
	bool inner;                /* SITE, POSIX: there, but not handed to the program */
};

/* The arguments that every image has (mir/start.h). */
enum { KEY_LOGS, KEY_NAME, KEY_DELAY, COMMON_KEYS };

struct graph {
	const char *name; /* of the image */
	const struct conf *conf;
	const struct target *target;
	const char *net;             /* socket, direct, or "" */
	const struct list *settings; /* "KEY=VALUE" of the command line */
	struct descriptors descriptors;
	struct instance **instances; /* in the order in which they start */
	size_t n_instances, cap_instances;
	struct root *roots;
	size_t n_roots, cap_roots;
	struct key common[COMMON_KEYS];
	bool symbols;       /* names of functions stay in the image */
	const char *memory; /* of the machine that runs it, a size, or NULL */
	struct key *keys;   /* of the application */
	size_t n_keys, cap_keys;
	const struct descriptor **libraries; /* all whose sources belong to the image */
	size_t n_libraries, cap_libraries;
	struct list unmet; /* "SIGNATURE GROUP" of needs that were reported */
	struct list used;  /* options and choices that were looked up */
};

/* Resolve.  conf, target, net, settings and descriptors are set; the rest is filled.  How many
 * errors were reported. */
unsigned graph_resolve(struct graph *);

/* The C type and the header of what provides a signature: "struct mir_kv", "mir/kv.h". */
struct signature {
	const char *name, *type, *header;
};
const struct signature *signature_find(const char *name);

/* graph_keys.c: fill in->keys; false after an error. */
bool graph_keys(struct graph *, struct instance *in);
/* The keys of every image and those of the application; then complain about settings that nothing
 * took. */
void graph_app_keys(struct graph *);
void graph_check_settings(struct graph *);
/* Complain about choices (kv_ro, static-kv_ro) that no device makes. */
void graph_check_choices(const struct graph *);
/* The value of a choice (kv_ro, block, net) for a group, "" if there is none. */
const char *graph_choice(struct graph *, const char *group, const char *key);

#endif
