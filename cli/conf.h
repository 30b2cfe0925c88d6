/* conf.h: a .conf file: what a program is and what it needs (docs/conf.md). */
#ifndef CLI_CONF_H
#define CLI_CONF_H

#include "statement.h"

enum conf_main { MAIN_NONE, MAIN_NOIP, MAIN_IP, MAIN_HTTP };

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

struct conf {
	const char *file;   /* as the user named it, for messages */
	const char *folder; /* that it is in */
	char *name;         /* of the image */

	enum conf_main main;
	char *job;           /* as written: "hello.main" */
	char *function;      /* hello_main */
	char *function_file; /* "hello.c", or NULL: in any of the sources */
	struct place at_main;

	struct conf_device *devices;
	size_t n_devices, cap_devices;
	struct conf_key *keys;
	size_t n_keys, cap_keys;
	struct conf_setting *settings;
	size_t n_settings, cap_settings;
	struct words needs;   /* clock, random, console, stack */
	struct words sources; /* patterns; *.c if none */
	struct words packages, allowed_licenses, modules, uses, devices_path, ports_path;
	struct list cflags, ldflags, xl;

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

/* The keys of the format by name, for "did you mean". */
void conf_key_names(struct list *out);

#endif
