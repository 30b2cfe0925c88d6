/* descriptor.h: device descriptors and targets (docs/devices.md). */
#ifndef CLI_DESCRIPTOR_H
#define CLI_DESCRIPTOR_H

#include "statement.h"

struct descriptor_need {
	char *field;     /* eth */
	char *signature; /* ETHERNET */
	bool optional;   /* the field is NULL where nothing provides it */
	struct place at;
};

struct descriptor_key {
	char *name, *type, *def, *help;
	char *option; /* its pattern, or NULL: the name */
	bool boot;    /* key-: a boot argument; config-: a constant */
	struct place at;
};

/* when: KEY=A,B */
struct descriptor_when {
	char *key;
	struct list values;
};

struct descriptor_component {
	char *name, *licence, *package;
};

struct descriptor {
	char *name;
	bool library;   /* code only */
	char *provides; /* signature, "" for a library */
	char *about;
	char *type;   /* mir_ipv4, "" for a global object */
	char *object; /* member, or the name of the global object */
	char *header; /* mir/ipv4.h */
	char *folder; /* absolute; of the descriptor */
	char *embed;  /* config field that points at the embedded files, or "" */
	char *live;   /* config field that names the folder of fs-NAME, or "" */
	bool job;     /* HTTP: has a request handler and TYPE_run(), and need not be an object */
	bool shared;  /* one for all groups */
	char *licence;
	struct descriptor_need *needs;
	size_t n_needs, cap_needs;
	struct descriptor_key *keys;
	size_t n_keys, cap_keys;
	struct descriptor_when *whens;
	size_t n_whens, cap_whens;
	struct descriptor_component *components;
	size_t n_components, cap_components;
	struct list targets, sources, packages, modules, uses, include, cflags;
	struct place at; /* of its name */
};

struct descriptors {
	struct descriptor *v;
	size_t n, cap;
};

/* targets/T/target.conf */
struct target {
	char *name;
	char *about;
	char *folder;     /* absolute */
	struct list nets; /* the first is the default; empty: no choice */
	char *cc;
	struct list cflags, ldflags, sources, uses;
	struct list defaults; /* "KEY=VALUE" of default-KEY: VALUE */
};

/* Read one descriptor and add it; errors are reported and counted. */
unsigned descriptor_parse(const char *file, const char *data, size_t len, struct descriptors *out);
/* All descriptors for a target: lib/, targets/T, targets/T/HOST, then `folders`.  How many errors
 * were reported. */
unsigned descriptors_load(const char *share, const struct target *target,
    const struct list *folders, struct descriptors *out);
const struct descriptor *descriptor_find(const struct descriptors *, const char *name);

/* The names of the targets that there are. */
void target_list(const char *share, struct list *out);
/* False after an error was reported: no such target, or its description is broken. */
bool target_load(const char *share, const char *name, const struct place *at, struct target *out);

/* What {cpu} and {host} stand for in patterns of sources: x86_64, linux. */
const char *host_cpu(void);
const char *host_name(void);
/* The files of a list of patterns below `folder`, absolute.  Patterns without a match are added to
 * `missing`. */
void source_files(
    const char *folder, const struct list *patterns, struct list *out, struct list *missing);

#endif
