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

/* Options of `mirage run` that only a tender takes, as they are. */
static const char *const passed[] = { "dumpcore", "plain" };

/* Which options of `mirage run` are for which kinds of targets. */
static const struct {
	const char *name;
	unsigned kinds;
} options[] = {
	{ "mem", RUN_TENDER | RUN_HYPERVISOR },
	{ "gdb-port", RUN_TENDER | RUN_HYPERVISOR },
	{ "dumpcore", RUN_TENDER },
	{ "plain", RUN_TENDER },
	{ "tender", RUN_TENDER },
	{ "tender-option", RUN_TENDER },
	{ "vmm", RUN_HYPERVISOR },
	{ "machine", RUN_HYPERVISOR },
	{ "accel", RUN_HYPERVISOR },
	{ "vmm-option", RUN_HYPERVISOR },
	{ "dry-run", RUN_HYPERVISOR },
};

enum run_kind run_kind(const struct manifest *m)
{
	return *m->tender ? RUN_TENDER : *m->hypervisor ? RUN_HYPERVISOR : RUN_PROCESS;
}

bool run_options_fit(const struct arguments *args, enum run_kind kind)
{
	static const char *const of[] = { [RUN_TENDER] = "a tender, as -t hvt and -t spt",
		[RUN_HYPERVISOR] = "a hypervisor, as -t virtio and -t xen",
		[RUN_TENDER | RUN_HYPERVISOR] = "a tender or a hypervisor" };

	for (size_t i = 0; i < args->n_given; i++)
		for (size_t j = 0; j < MIR_COUNT(options); j++) {
			const char *name = options[j].name;

			if (options[j].kinds & kind || !str_eq(args->given[i].option->name, name))
				continue;
			diag_error(NULL, "--%s is for targets with %s", name, of[options[j].kinds]);
			diag_note(
			    "a boot argument of that name follows '--': mirage run -- --%s", name);
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

bool tender_find(const struct manifest *m, const struct arguments *args, struct tender *out)
{
	const char *name = argument_value(args, "tender");
	struct target t;
	uint64_t mib;

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
	if (!memory_wanted(m, args, &mib))
		return false;
	if (mib)
		list_addf(&out->options, "--mem=%llu", (unsigned long long)mib);
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

static void attach(const struct attachment *a, struct list *argv)
{
	if (a->interface && *a->interface)
		list_addf(argv, "--net:%s=%s", a->name, a->interface);
	if (a->mac && *a->mac)
		list_addf(argv, "--net-mac:%s=%s", a->name, a->mac);
	if (!a->file)
		return;
	list_addf(argv, "--block:%s=%s", a->name, a->file);
	if (*a->sector)
		list_addf(argv, "--block-sector-size:%s=%s", a->name, a->sector);
}

int tender_start(const struct tender *t, const struct manifest *m, const struct arguments *args,
    const struct list *nets, const struct list *boot)
{
	struct attachments all = { 0 };
	struct list argv = { 0 };

	list_add(&argv, t->program);
	if (!debug_options(args, &argv))
		return EXIT_RUN;
	for (size_t i = 0; i < t->options.n; i++)
		list_add(&argv, t->options.v[i]);
	for (size_t i = 0; i < nets->n; i++)
		list_add(&argv, nets->v[i]);
	if (!attachments_find(m, args, &all))
		return EXIT_RUN;
	for (size_t i = 0; i < all.n; i++)
		attach(&all.v[i], &argv);
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
