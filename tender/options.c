/* options.c: the command line: what Solo5's tenders take, and --plain. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tender.h"

enum { MIB = 1 << 20, MEM_MAX = 1 << 20 /* MiB */, GDB_PORT = 1234 };

static const char help_text[] =
    "usage: %s [OPTION ...] [--] IMAGE [ARGUMENT ...]\n"
    "\n"
    "Runs an image that was built for %s. What follows IMAGE is the image's own command line.\n"
    "\n"
    "  --mem=MIB                     memory of the image, 512 unless given\n"
    "  --net:NAME=INTERFACE          the tap device behind its network NAME\n"
    "  --net:NAME=@FD                the same, already open as descriptor FD\n"
    "  --net-mac:NAME=MAC            its address; random unless given\n"
    "  --block:NAME=PATH             the file or device behind its disk NAME; PATH or @FD\n"
    "  --block-sector-size:NAME=N    bytes of a block of it, 512 unless given\n"
    "  --plain                       offer nothing beyond the ABI of Solo5\n"
    "  --gdb                         wait for gdb before the image starts\n"
    "  --gdb-port=PORT               where gdb connects on 127.0.0.1, 1234 unless given; or @FD\n"
    "  --dumpcore=DIR                write a core file there if the image aborts\n"
    "%s"
    "  --help, --version\n";

static const char spt_text[] = "  --x-exec-heap                 heap and stack are executable\n";

static const char *abi_name(uint32_t target)
{
	return target == MIR_ABI_SPT ? "spt" : "hvt";
}

static _Noreturn void help(uint32_t target)
{
	printf(help_text, tender_name, abi_name(target), target == MIR_ABI_SPT ? spt_text : "");
	_exit(fflush(stdout) == 0 ? 0 : 1);
}

static _Noreturn void version(uint32_t target)
{
	printf("%s %s\nABI version %d of %s, extensions version %d\n", tender_name, MIRAGE_VERSION,
	    target == MIR_ABI_SPT ? MIR_ABI_SPT_VERSION : MIR_ABI_HVT_VERSION, abi_name(target),
	    MIR_EXT_VERSION);
	_exit(fflush(stdout) == 0 ? 0 : 1);
}

/* A decimal number from min to max; `what` is the option that it belongs to. */
static uint64_t number(const char *what, const char *text, uint64_t min, uint64_t max)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || v < min || v > max)
		die("%s=%s: a number from %llu to %llu is wanted", what, text,
		    (unsigned long long)min, (unsigned long long)max);
	return v;
}

/* What follows `name` and "=" in arg, or NULL: another option. */
static const char *value_of(const char *arg, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(arg, name, len) != 0)
		return NULL;
	if (arg[len] == '=' && arg[len + 1] != '\0')
		return arg + len + 1;
	if (arg[len] == '=' || arg[len] == '\0')
		die("%s: a value is wanted: %s=...", arg, name);
	return NULL;
}

/* What was said of the device so far; `name` is not ended. */
static struct attach *attach_of(
    struct options *o, const char *name, size_t len, enum mir_mft_type type)
{
	struct attach *a;

	for (a = o->attach; a < o->attach + o->n_attach; a++)
		if (a->type == type && strncmp(a->name, name, len) == 0 && a->name[len] == '\0')
			return a;
	if (o->n_attach == TENDER_DEVICES)
		die("options for more than %d devices", TENDER_DEVICES);
	o->n_attach++;
	*a = (struct attach){ .name = strndup(name, len), .type = type };
	if (!a->name)
		die("out of memory");
	return a;
}

static const struct device_option {
	const char *prefix;
	enum mir_mft_type type;
	size_t field;
} device_options[] = {
	{ "--net", MIR_MFT_NET, offsetof(struct attach, what) },
	{ "--net-mac", MIR_MFT_NET, offsetof(struct attach, mac) },
	{ "--block", MIR_MFT_BLOCK, offsetof(struct attach, what) },
	{ "--block-sector-size", MIR_MFT_BLOCK, offsetof(struct attach, sector) },
};

/* "PREFIX:NAME=VALUE" */
static bool device_option(struct options *o, const char *arg)
{
	const size_t n = sizeof(device_options) / sizeof(device_options[0]);

	for (const struct device_option *d = device_options; d < device_options + n; d++) {
		const char *name = arg + strlen(d->prefix) + 1, *equals, **field;

		if (strncmp(arg, d->prefix, strlen(d->prefix)) != 0 || name[-1] != ':')
			continue;
		equals = strchr(name, '=');
		if (!equals || equals == name || equals[1] == '\0')
			die("%s: %s:NAME=VALUE is wanted", arg, d->prefix);
		if (equals - name >= MIR_MFT_NAME)
			die("%s: the name is longer than %d bytes", arg, MIR_MFT_NAME - 1);
		field =
		    (const char **)((char *)attach_of(o, name, (size_t)(equals - name), d->type) +
				    d->field);
		if (*field)
			die("%s: it is given twice", arg);
		*field = equals + 1;
		return true;
	}
	return false;
}

/* A port, or "@FD": a socket that listens already, so that gdb need not wait until we do. */
static void gdb_port(struct options *o, const char *text)
{
	if (text[0] == '@')
		o->gdb_fd = (int)number("--gdb-port", text + 1, 3, INT_MAX);
	else
		o->gdb_port = (uint16_t)number("--gdb-port", text, 1, UINT16_MAX);
}

static bool flag(struct options *o, const char *arg, uint32_t target)
{
	const char *value;

	if (strcmp(arg, "--help") == 0)
		help(target);
	else if (strcmp(arg, "--version") == 0)
		version(target);
	else if (strcmp(arg, "--plain") == 0)
		o->plain = true;
	else if (strcmp(arg, "--gdb") == 0)
		o->gdb = true;
	else if (target == MIR_ABI_SPT && strcmp(arg, "--x-exec-heap") == 0)
		o->x_exec_heap = true;
	else if (target == MIR_ABI_SPT && strcmp(arg, "--x-no-sandbox") == 0)
		o->x_no_sandbox = true;
	else if ((value = value_of(arg, "--mem")))
		o->mem = number("--mem", value, 1, MEM_MAX) * MIB;
	else if ((value = value_of(arg, "--gdb-port")))
		gdb_port(o, value);
	else if ((value = value_of(arg, "--dumpcore")))
		o->dumpcore = value;
	else
		return false;
	return true;
}

void options_parse(int argc, char **argv, uint32_t target, struct options *o)
{
	int i;

	tender_name = target == MIR_ABI_SPT ? "mirage-spt" : "mirage-hvt";
	*o = (struct options){
		.mem = (uint64_t)TENDER_MEM_DEFAULT * MIB, .gdb_port = GDB_PORT, .gdb_fd = -1
	};
	for (i = 1; i < argc && argv[i][0] == '-' && strcmp(argv[i], "--") != 0; i++)
		if (!flag(o, argv[i], target) && !device_option(o, argv[i]))
			die("unknown option '%s'; --help lists them all", argv[i]);
	if (i < argc && strcmp(argv[i], "--") == 0)
		i++;
	if (i >= argc)
		die("no image given: %s [OPTION ...] [--] IMAGE [ARGUMENT ...]", tender_name);
	o->image = argv[i];
	o->args = argv + i + 1;
	o->n_args = argc - i - 1;
}
