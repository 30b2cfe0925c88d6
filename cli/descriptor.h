/* descriptor.h: device descriptors and targets (docs/devices.md). */
#ifndef CLI_DESCRIPTOR_H
#define CLI_DESCRIPTOR_H

#include "statement.h"

struct descriptor_need {
	char *field;     /* eth */
	char *signature; /* ETHERNET */
	bool optional;   /* the field is NULL where nothing provides it */
	bool present;    /* the same, and it is no reason for there being one */
	char *of;        /* the key that names which store it is, or NULL */
	struct place at;
};

struct descriptor_key {
	char *name, *type, *def, *help;
	char *option; /* its pattern, or NULL: the name */
	bool boot;    /* key-: a boot argument; config-: a constant */
	bool run;     /* run-: an argument of `mirage run`, which the image does not see */
	struct place at;
};

/* when: KEY=A,B; KEY=*: whatever it is */
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
	char *type;     /* mir_ipv4, "" for a global object */
	char *object;   /* member, or the name of the global object */
	char *header;   /* mir/ipv4.h */
	char *folder;   /* absolute; of the descriptor */
	char *embed;    /* config field that points at the embedded files, or "" */
	char *live;     /* config field that names the folder of fs-NAME, or "" */
	bool job;       /* HTTP: has a request handler and TYPE_run(), and need not be an object */
	bool bare;      /* POSIX: no object; the C library finds it */
	bool shared;    /* one for all groups */
	bool attached;  /* the tender does: it is in the notes of the image */
	bool announced; /* TYPE_announce is called for all before the first starts */
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
	struct list hot;      /* those of the sources that are compiled for speed, not for size */
	struct list replaces; /* sources of the target that are left out */
	struct place at;      /* of its name */
};

struct descriptors {
	struct descriptor *v;
	size_t n, cap;
};

/* harden-NAME: "what our tender gives" "what others give" */
struct target_harden {
	char *name, *full, *plain;
};

/* targets/T/target.conf */
struct target {
	char *name;
	char *about;
	char *folder;       /* absolute */
	struct list nets;   /* the first is the default; empty: no choice */
	struct list archs;  /* processors; empty: only the host's */
	struct list shares; /* folders beside it whose devices and headers it has too */
	char *cc;
	struct list cflags, ldflags, sources, hot, uses, packages;
	struct list defaults; /* "KEY=VALUE" of default-KEY: VALUE */
	struct descriptor_component *components;
	size_t n_components, cap_components;

	/* Of a target without an operating system beneath. */
	bool freestanding;
	char *suffix;                     /* ".hvt" of dist/NAME.hvt, or "" */
	char *script;                     /* of the linker, in its folder, or "" */
	char *tender;                     /* the program that runs images, or "" */
	struct list hypervisors;          /* that run them, the first unless told */
	char *loader;                     /* how a boot loader starts them: multiboot, or "" */
	char *libc;                       /* the C library that `mirage depend` builds, or "" */
	unsigned abi_target, abi_version; /* mir/note.h; 0: no notes */
	unsigned extensions;              /* MIR_EXT_*: of its images */
	char *host_device;                /* that a run needs: /dev/kvm, or "" */
	char *host_address;               /* that a run must be able to map, or "" */
	struct target_harden *hardens;
	size_t n_hardens, cap_hardens;
};

/* component: NAME LICENSE PACKAGE; false after an error was reported. */
bool descriptor_component(const struct statement *, struct descriptor_component *out);
/* Read one descriptor and add it; errors are reported and counted. */
unsigned descriptor_parse(const char *file, const char *data, size_t len, struct descriptors *out);
/* All descriptors for a target: lib/, targets/T, targets/T/HOST, then `folders`.  How many errors
 * were reported. */
unsigned descriptors_load(const char *share, const struct target *target,
    const struct list *folders, struct descriptors *out);
/* Those of the other targets, for messages. */
void descriptors_elsewhere(const struct target *, struct descriptors *out);
const struct descriptor *descriptor_find(const struct descriptors *, const char *name);

/* The names of the targets that there are. */
void target_list(const char *share, struct list *out);
/* False after an error was reported: no such target, or its description is broken. */
bool target_load(const char *share, const char *name, const struct place *at, struct target *out);

/* The processor to build for: `wanted`, or (NULL) the host's, or the target's first; NULL after an
 * error was reported. */
const char *target_arch(const struct target *, const char *wanted);
/* Where what is generated for it goes: mirage/hvt, mirage/unix-direct, mirage/hvt-aarch64. */
char *target_folder(const struct target *, const char *net, const char *arch);
/* "hvt" of MIR_ABI_HVT, NULL: unknown; "argv entropy" of MIR_EXT_*. */
const char *abi_name(unsigned target);
char *extension_names(unsigned features);

/* The host's processor and system: x86_64, linux. */
const char *host_cpu(void);
const char *host_name(void);
/* Each `from` in `s` replaced. */
char *replace_all(const char *s, const char *from, const char *to);
/* The files of a list of patterns below `folder`, absolute; {cpu} in them is `cpu`, {host} the
 * host's system.  Patterns without a match are added to `missing`. */
void source_files(const char *folder, const struct list *patterns, const char *cpu,
    struct list *out, struct list *missing);

#endif
