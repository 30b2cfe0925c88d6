/* run_tender.c: start an image under its tender: options, disks, what the host must have. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptor.h"
#include "paths.h"
#include "process.h"
#include "run.h"
#include "value.h"

#define MIB (1ull << 20)

/* Options of `mirage run` that only a tender takes, as they are. */
static const char *const passed[] = { "dumpcore", "plain" };

bool no_tender(const struct arguments *args)
{
	for (size_t i = 0; i < args->n_given; i++) {
		const char *name = args->given[i].option->name;

		for (size_t j = 0; j < MIR_COUNT(passed); j++)
			if (str_eq(name, passed[j]))
				goto found;
		if (!str_eq(name, "mem") && !str_eq(name, "gdb-port") &&
		    !str_starts(name, "tender"))
			continue;
	found:
		diag_error(NULL, "--%s is for targets with a tender, as -t hvt and -t spt", name);
		diag_note("a boot argument of that name follows '--': mirage run -- --%s", name);
		return false;
	}
	return true;
}

/* ---- what the host must have ------------------------------------------------------- */

static const char *group_name(gid_t gid)
{
	const struct group *g = getgrgid(gid);

	return g ? g->gr_name : mem_fmt("%u", gid);
}

static bool check_device(const char *target, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	diag_error(NULL, "cannot open %s, which -t %s needs: %s", path, target, strerror(errno));
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
		diag_note(
		    "the processor's virtualisation is off in the firmware, the kernel's module is "
		    "not loaded (sudo modprobe kvm_intel, or kvm_amd), or this machine or "
		    "container is given none");
	else if ((errno == EACCES || errno == EPERM) && stat(path, &st) == 0)
		diag_note("it belongs to the group '%s'; to be in it from the next login on:\n"
			  "    sudo usermod -aG %s \"$USER\"",
		    group_name(st.st_gid), group_name(st.st_gid));
	diag_note(
	    "'mirage run -t spt' runs the same program in a sandbox that needs no such device");
	return false;
}

/* Is the lowest address that images use open to processes here? */
static bool check_address(const char *target, const char *text)
{
	unsigned long long lowest, wanted = strtoull(text, NULL, 0);
	struct text t = { 0 };

	if (file_read("/proc/sys/vm/mmap_min_addr", &t) < 0)
		return true;
	lowest = strtoull(text_str(&t), NULL, 10);
	if (lowest <= wanted)
		return true;
	diag_error(NULL, "memory at %s, where images of -t %s begin, is closed on this host", text,
	    target);
	diag_found("vm.mmap_min_addr = %llu", lowest);
	diag_expected("at most %llu: sudo sysctl vm.mmap_min_addr=%llu", wanted, wanted);
	return false;
}

/* ---- the tender and its options ---------------------------------------------------- */

static const char *find_program(const char *name)
{
	const char *beside = mem_fmt("%s/%s", path_dir(paths_tool()), name);

	if (!strchr(name, '/') && access(beside, X_OK) == 0)
		return beside;
	return process_found(name) ? name : NULL;
}

/* "16" is MiB, as the tender has it; "64M" a size. */
static bool memory_option(const char *text, bool plain_mib, struct list *out)
{
	bool plain = text[strspn(text, "0123456789")] == '\0';
	uint64_t bytes, limit = 1ull << 40;

	if (value_size(text, &bytes)) {
		if (plain && plain_mib)
			bytes = bytes < limit / MIB ? bytes * MIB : 0;
		if (bytes >= MIB && bytes <= limit) {
			list_addf(out, "--mem=%llu", (unsigned long long)(bytes / MIB));
			return true;
		}
	}
	diag_error(NULL, "'%s' is not memory for an image", text);
	diag_expected(plain_mib ? "MiB, as --mem=64, or a size from 1M to 1024G"
				: "a size of 1M or more, as memory: 64M");
	return false;
}

bool tender_find(const struct manifest *m, const struct arguments *args, struct tender *out)
{
	const char *name = argument_value(args, "tender"), *mem = argument_value(args, "mem");
	struct target t;

	name = name ? name : m->tender;
	out->program = find_program(name);
	if (!out->program) {
		diag_error(NULL, "the tender '%s', which runs images of -t %s, is not there", name,
		    m->target);
		diag_found("neither '%s/%s' nor '%s' in PATH", path_dir(paths_tool()), name, name);
		diag_expected("'make' in mirage's tree to build it, 'make install' to install it");
		return false;
	}
	if (!target_load(paths_share(), m->target, NULL, &t))
		return false;
	if (!str_eq(m->arch, host_cpu())) {
		diag_error(
		    NULL, "the image is for %s, and this machine is %s", m->arch, host_cpu());
		return false;
	}
	if (*t.host_device && !check_device(m->target, t.host_device))
		return false;
	if (*t.host_address && !check_address(m->target, t.host_address))
		return false;
	if (mem ? !memory_option(mem, true, &out->options)
		: *m->memory && !memory_option(m->memory, false, &out->options))
		return false;
	for (size_t i = 0; i < args->n_given; i++) {
		const struct given *g = &args->given[i];

		if (str_eq(g->option->name, "tender-option"))
			list_addf(&out->options, "%s%s", str_starts(g->value, "--") ? "" : "--",
			    g->value);
		for (size_t j = 0; j < MIR_COUNT(passed); j++)
			if (str_eq(g->option->name, passed[j]))
				list_addf(&out->options, "--%s%s%s", passed[j], g->value ? "=" : "",
				    g->value ? g->value : "");
	}
	return true;
}

/* ---- devices ----------------------------------------------------------------------- */

/* The value of a run-NAME key of a group, "" if there is none. */
static const char *run_value(
    const struct manifest *m, const struct arguments *args, const char *group, const char *name)
{
	for (size_t i = 0; i < m->n_runs; i++) {
		const char *given;

		if (!str_eq(m->runs[i].group, group) || !str_eq(m->runs[i].name, name))
			continue;
		given = boot_argument(args, m->runs[i].option);
		return given ? given : m->runs[i].value;
	}
	return "";
}

static bool has_run(const struct manifest *m, const char *group, const char *name)
{
	for (size_t i = 0; i < m->n_runs; i++)
		if (str_eq(m->runs[i].group, group) && str_eq(m->runs[i].name, name))
			return true;
	return false;
}

/* A file that is not there is made, where its size is known. */
static bool make_disk(const char *group, const char *path, const char *size)
{
	uint64_t bytes;
	int fd, rc = 0;

	if (path[0] == '@' || file_exists(path) || access(path, F_OK) == 0 || errno != ENOENT)
		return true;
	if (!value_size(size, &bytes)) {
		diag_error(NULL, "disk '%s': '%s' is not a size", group, size);
		diag_expected("%s", value_check("size", size));
		return false;
	}
	if (!bytes) {
		diag_error(NULL, "disk '%s': there is no '%s'", group, path);
		diag_note("with its size it is made: %s-size: 64M in the .conf, or --%s-size=64M",
		    group, group);
		return false;
	}
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
		rc = errno;
	if (fd >= 0)
		close(fd);
	if (rc == 0) {
		diag_info("disk '%s': made %s, %s", group, path, size);
		return true;
	}
	if (fd >= 0)
		unlink(path);
	diag_error(NULL, "disk '%s': cannot make '%s': %s", group, path, strerror(rc));
	return false;
}

static bool disk_options(
    const struct manifest *m, const struct arguments *args, const char *group, struct list *argv)
{
	const char *file = run_value(m, args, group, "file");
	const char *sector = run_value(m, args, group, "sector-size");

	if (!*file || str_eq(file, "default")) {
		diag_error(NULL, "disk '%s': no file is named", group);
		diag_expected("--block:%s=FILE, or 'block-%s: FILE' in the .conf", group, group);
		return false;
	}
	if (!make_disk(group, file, run_value(m, args, group, "size")))
		return false;
	list_addf(argv, "--block:%s=%s", group, file);
	if (*sector && !str_eq(sector, "0"))
		list_addf(argv, "--block-sector-size:%s=%s", group, sector);
	return true;
}

static void net_options(
    const struct manifest *m, const struct arguments *args, const char *group, struct list *argv)
{
	const char *interface = run_value(m, args, group, "interface");
	const char *mac = run_value(m, args, group, "net-mac");

	if (*interface)
		list_addf(argv, "--net:%s=%s", group, interface);
	if (*mac)
		list_addf(argv, "--net-mac:%s=%s", group, mac);
}

/* Is it an argument of the run, which the image does not see? */
static bool is_run_option(const struct manifest *m, const char *word)
{
	size_t n = strcspn(word, "=");

	for (size_t i = 0; i < m->n_runs; i++)
		if (strlen(m->runs[i].option) == n && memcmp(m->runs[i].option, word, n) == 0)
			return true;
	return false;
}

/* The arguments of the image: what is given, without what is for the tender. */
static void image_arguments(const struct manifest *m, const struct arguments *args,
    const struct list *boot, struct list *argv)
{
	for (size_t i = 0; i < boot->n; i++)
		list_add(argv, boot->v[i]);
	for (size_t i = 0; i < args->keys.n; i++)
		if (!is_run_option(m, args->keys.v[i]))
			list_addf(argv, "--%s", args->keys.v[i]);
	for (size_t i = 0; i < args->rest.n; i++) {
		const char *word = args->rest.v[i];

		if (!str_starts(word, "--") || !is_run_option(m, word + 2))
			list_add(argv, word);
		else if (!strchr(word, '=') && i + 1 < args->rest.n)
			i++; /* its value */
	}
}

int tender_start(const struct tender *t, const struct manifest *m, const struct arguments *args,
    const struct list *nets, const struct list *boot)
{
	struct list argv = { 0 };

	list_add(&argv, t->program);
	if (!debug_options(args, &argv))
		return EXIT_RUN;
	for (size_t i = 0; i < t->options.n; i++)
		list_add(&argv, t->options.v[i]);
	for (size_t i = 0; i < nets->n; i++)
		list_add(&argv, nets->v[i]);
	for (size_t i = 0; i < m->n_devices; i++) {
		const struct manifest_device *d = &m->devices[i];

		if (*d->network)
			net_options(m, args, d->network, &argv);
		if (*d->disk && has_run(m, d->disk, "file") &&
		    !disk_options(m, args, d->disk, &argv))
			return EXIT_RUN;
	}
	list_add(&argv, "--");
	list_add(&argv, m->image);
	image_arguments(m, args, boot, &argv);
	return debug_tender(m, args, &argv);
}

void tender_answer(const struct manifest *m, bool version)
{
	if (version) {
		printf("%s (mirage %s)\n", m->name, m->tool);
		return;
	}
	printf("Boot arguments of %s:\n", m->name);
	for (size_t i = 0; i < m->n_keys; i++)
		printf("  --%-24s %s (%s)\n", mem_fmt("%s=%s", m->keys[i].option, m->keys[i].def),
		    m->keys[i].help, m->keys[i].type);
	printf("\nArguments of 'mirage run', for its devices:\n");
	for (size_t i = 0; i < m->n_runs; i++)
		printf("  --%-24s %s\n", mem_fmt("%s=%s", m->runs[i].option, m->runs[i].value),
		    m->runs[i].help);
}
