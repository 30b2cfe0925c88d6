/* manifest.h: what a configuration came to, in mirage/T/manifest and in the ELF section
 * `.mirage.manifest` of the image.  Its format is that of a .conf, one `key: value` a line; it
 * names no folder of the machine it was made on.
 */
#ifndef CLI_MANIFEST_H
#define CLI_MANIFEST_H

#include "text.h"

#define MANIFEST_SECTION ".mirage.manifest"

struct manifest_device {
	char *instance;    /* ipv4_service */
	char *device;      /* ipv4 */
	char *signature;   /* IP */
	char *group;       /* service, or "" */
	char *network;     /* name of the network interface that it is, or "" */
	char *disk;        /* name of the disk that it is, or "" */
	char *licence;     /* ISC */
	char *why;         /* why it was chosen, one line */
	struct list needs; /* "eth=ethernet_service": field and instance */
};

struct manifest_key {
	char *option; /* ipv4, http-port, net:service: without dashes */
	char *type;   /* as in docs/devices.md */
	char *def;    /* its default in this configuration */
	char *help;
	char *owner; /* the instance it belongs to, "app" for key-NAME, "" for the runtime's own */
};

struct manifest_need {
	char *name; /* of a package or pkg-config module */
	char *who;  /* the device, or the .conf, that asks for it */
};

struct manifest_component {
	char *name, *licence, *package, *version; /* version "": not known */
	char *part; /* of the sizes of an image, where its code is: "libz"; several with "+"
		       between; "": not known */
};

/* Code of ours, by the part of the sizes where it is. */
struct manifest_part {
	char *part, *name, *licence; /* http, http-server, ISC */
};

/* An argument of `mirage run`, for the tender. */
struct manifest_run {
	char *option; /* net:service */
	char *name;   /* of the key: interface, net-mac, file, size */
	char *group;
	char *value;
	char *help;
};

/* What protects the image: under a tender with our extensions, and under others ("": the same). */
struct manifest_harden {
	char *name, *full, *plain;
};

struct manifest_fs {
	char *name, *folder; /* folder relative to the .conf */
};

struct manifest {
	char *tool;                      /* "0.1.0" */
	char *name;                      /* of the image */
	char *target;                    /* unix */
	char *net;                       /* socket, direct, or "" */
	char *arch;                      /* x86_64 */
	char *tender;                    /* mirage-hvt, or "" */
	char *hypervisor;                /* "qemu, firecracker", or "" */
	char *loader;                    /* multiboot, or "" */
	char *libc;                      /* musl, or "" */
	char *memory;                    /* "64M", or "" */
	char *folder;                    /* mirage/unix-socket: where main.c, build.mk, obj/ are */
	char *image;                     /* dist/hello */
	char *conf;                      /* hello.conf */
	char *main;                      /* noip, ip or http */
	char *job;                       /* hello.main, as in the .conf */
	char *compiler;                  /* cc */
	char *arguments;                 /* of configure, quoted for a shell */
	struct manifest_device *devices; /* in the order in which they start */
	size_t n_devices, cap_devices;
	struct manifest_key *keys;
	size_t n_keys, cap_keys;
	struct manifest_need *packages;
	size_t n_packages, cap_packages;
	struct manifest_need *ports; /* that are built for it, what they need in front of them */
	size_t n_ports, cap_ports;
	struct manifest_need *modules; /* pkg-config */
	size_t n_modules, cap_modules;
	struct manifest_component *components; /* third-party code in the image */
	size_t n_components, cap_components;
	struct manifest_part *parts;
	size_t n_parts, cap_parts;
	struct manifest_run *runs;
	size_t n_runs, cap_runs;
	struct manifest_harden *hardens;
	size_t n_hardens, cap_hardens;
	struct manifest_fs *fs; /* embedded folders */
	size_t n_fs, cap_fs;
	struct list sources;   /* the application's, relative to the .conf */
	struct list libraries; /* of the tree, relative to the share folder: lib/ipv4/ipv4.c */
	struct list files;     /* generated, relative to the .conf: mirage/app.h */
	struct list xl;        /* "memory = 512": for the Xen domain configuration */
};

/* Parse the text of a manifest; 0, or -EINVAL after an error was reported against `name`. */
int manifest_parse(const char *name, const char *data, size_t len, struct manifest *out);
/* The same from a file; -errno if it cannot be read (nothing reported then). */
int manifest_read(const char *path, struct manifest *out);
/* Append the text of `m`. */
void manifest_write(const struct manifest *m, struct text *out);

#endif
