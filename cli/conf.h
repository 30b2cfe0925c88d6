/* conf.h: a .conf file: what a program is and what it needs (docs/conf.md). */
#ifndef CLI_CONF_H
#define CLI_CONF_H

#include "statement.h"

enum conf_main { MAIN_NONE, MAIN_NOIP, MAIN_IP, MAIN_HTTP, MAIN_SITE, MAIN_POSIX };

/* A device that the .conf names: fs-NAME, kv-NAME, block-NAME, net-NAME. */
enum conf_kind { CONF_FS, CONF_KV, CONF_BLOCK, CONF_NET };

struct conf_device {
	enum conf_kind kind;
	char *name;
	char *value;
	struct place at_key, at_value;
};

/* key-NAME: TYPE DEFAULT "help": an argument of the program's own. */
struct conf_key {
	char *name, *type, *def, *help;
	struct place at;
};

/* A value for a key of a device, by its option name. */
struct conf_setting {
	char *option, *value;
	struct place at_key, at_value;
	bool known; /* a key of the format, as http-port: need not match a device */
};

/* vhost-NAME: HOST, ...: one of the hosts; NAME is a store, or a function that answers. */
struct conf_vhost {
	char *host;
	char *store;                    /* or NULL: */
	char *function, *function_file; /* as of the main */
	struct place at_name, at_host;
};

/* redirect: FROM TO [STATUS] */
struct conf_redirect {
	char *host; /* NULL: any */
	char *from, *to;
	int status;
	struct place at;
};

struct conf {
	const char *file;   /* as the user named it, for messages */
	const char *folder; /* that it is in */
	char *name;         /* of the image */

	enum conf_main main;
	char *job;           /* as written: "hello.main"; of main-site a store, or "none" */
	char *function;      /* hello_main; NULL: main-site */
	char *function_file; /* "hello.c", or NULL: in any of the sources */
	struct place at_main;
	char *program; /* main-posix: a file that mirage-cc has linked; NULL: the sources have it */
	struct place at_program;

	struct conf_device *devices;
	size_t n_devices, cap_devices;
	struct conf_key *keys;
	size_t n_keys, cap_keys;
	struct conf_setting *settings;
	size_t n_settings, cap_settings;
	struct conf_vhost *vhosts;
	size_t n_vhosts, cap_vhosts;
	struct conf_redirect *redirects;
	size_t n_redirects, cap_redirects;
	struct words needs;   /* clock, random, console, stack, tls, posix */
	struct words sources; /* patterns; *.c if none */
	struct words packages, allowed_licenses, modules, uses, devices_path, ports_path;
	struct list cflags, ldflags, xl;
	struct list arguments;   /* of a POSIX program, before those of the start */
	struct list environment; /* NAME=value */

	char *compiler; /* gcc-12, or NULL */
	char *target;   /* named by the compiler line, or NULL */
	struct place at_compiler;
};

/* Find the one .conf in `folder`, or check that `wanted` is a file; its path, or NULL after an
 * error was reported. */
char *conf_find(const char *folder, const char *wanted);

/* Read and check a .conf: everything that can be said without knowing the devices.  Reports all
 * errors and returns how many. */
unsigned conf_parse(const char *file, const char *data, size_t len, struct conf *out);
unsigned conf_read(const char *file, struct conf *out);

/* The setting for an option, or NULL. */
const struct conf_setting *conf_setting(const struct conf *, const char *option);
/* conf_whole.c, for conf_parse(): make dhcp, ipv4 and ipv4-gateway of ip-use-dhcp, ip-address,
 * ip-netmask and ip-gateway; report what is missing or does not go together. */
void conf_finish_ip(struct conf *);
void conf_check_whole(struct conf *);

/* conf.c, for conf_site.c: "hello.main" is hello_main in hello.c; false after an error. */
bool conf_function(const struct place *at, const char *job, char **function, char **file);

/* conf_site.c: lines about hosts and redirects; whether they go with the rest. */
void conf_take_site(struct conf *, const struct statement *);
void conf_take_vhost(struct conf *, const struct statement *, const char *name);
void conf_take_redirect(struct conf *, const struct statement *, const char *rest);
void conf_check_site(const struct conf *);
/* Does a server choose by host or path before the program does? */
bool conf_has_site(const struct conf *);

/* Does `needs: NEED` take a network? */
bool conf_needs_network(const char *need);

/* The keys of the format by name, for "did you mean". */
void conf_key_names(struct list *out);

#endif
