/* vmm.c: the hypervisors that there are, which one runs an image, and with what. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "descriptor.h"
#include "diag.h"
#include "kvm.h"
#include "process.h"
#include "tap.h"
#include "vmm.h"

enum { MEMORY_MIB = 512, DISK_SERIAL_MAX = 20 };

const struct vmm vmms[] = {
	{ .name = "qemu",
	    .program = "qemu-system-{arch}",
	    .package = "the package qemu-system-x86: sudo apt-get install qemu-system-x86",
	    .monitor = true,
	    .prepare = qemu_prepare,
	    .command = qemu_command },
	{ .name = "firecracker",
	    .program = "firecracker",
	    .package = "a release of Firecracker in PATH; Debian has none",
	    .kvm_only = true,
	    .named_taps = true,
	    .command = firecracker_command },
	{ .name = "cloud-hypervisor",
	    .program = "cloud-hypervisor",
	    .package = "a release of Cloud Hypervisor in PATH; Debian has none",
	    .kvm_only = true,
	    .command = cloud_command },
	{ .name = "xl",
	    .program = "xl",
	    .package = "it in dom0 of a Xen host: sudo apt-get install xen-utils-common",
	    .own_networks = true,
	    .prepare = xl_prepare,
	    .command = xl_command,
	    .end = xl_end },
	{ .name = NULL },
};

char *vmm_quote(const struct list *words)
{
	struct text t = { 0 };

	for (size_t i = 0; i < words->n; i++) {
		const char *w = words->v[i];
		bool plain = *w && !w[strcspn(w, " \t\r\n\"'\\")];

		text_addf(&t, "%s%s", i ? " " : "", plain ? "" : "\"");
		for (; *w; w++)
			text_addf(&t, *w == '"' || *w == '\\' ? "\\%c" : "%c", *w);
		text_add(&t, plain ? "" : "\"");
	}
	return mem_str(text_str(&t));
}

/* ---- which one ------------------------------------------------------------------------- */

static const struct vmm *find_row(const char *wanted, const struct list *of)
{
	const char *name = path_base(wanted);

	for (const struct vmm *v = vmms; v->name; v++)
		if (list_has(of, v->name) && str_starts(name, v->name))
			return v;
	diag_error(NULL, "'%s' is no hypervisor that runs images of this target", wanted);
	diag_expected("%s, or a path to one of them", list_join(of, " or "));
	diag_suggest(name, of);
	return NULL;
}

bool vmm_wants_taps(const struct manifest *m, const struct arguments *args)
{
	struct list of = { 0 };

	list_split(&of, m->hypervisor, ',');
	for (const struct vmm *v = vmms; v->name && !argument_given(args, "dry-run"); v++)
		if (of.n && str_eq(v->name, of.v[0]))
			return !v->own_networks;
	return false;
}

static const struct vmm *choose(const struct arguments *args, struct vm *vm)
{
	const char *wanted = argument_value(args, "vmm");
	const struct vmm *v;
	struct list of = { 0 };

	list_split(&of, vm->m->hypervisor, ',');
	v = find_row(wanted ? wanted : of.v[0], &of);
	if (!v)
		return NULL;
	vm->program =
	    wanted && strchr(wanted, '/') ? wanted : replace_all(v->program, "{arch}", vm->m->arch);
	if (vm->shown || process_found(vm->program))
		return v;
	diag_error(
	    NULL, "'%s', which runs images of -t %s, is not there", vm->program, vm->m->target);
	diag_expected("%s", v->package);
	return NULL;
}

void kvm_explain(const char *why)
{
	if (strstr(why, strerror(EACCES)))
		diag_note("to be in its group from the next login on: sudo usermod -aG kvm "
			  "\"$USER\"");
}

static bool check_kvm(const struct vmm *v, const struct arguments *args)
{
	const char *accel = argument_value(args, "accel"), *why;

	if (!v->kvm_only || str_eq(accel, "kvm"))
		return true;
	if (accel) {
		diag_error(NULL, "%s knows KVM only; --vmm=qemu emulates the processor", v->name);
		return false;
	}
	why = kvm_unusable();
	if (!why)
		return true;
	diag_error(NULL, "%s needs KVM, which does not work here: %s", v->name, why);
	kvm_explain(why);
	diag_note("'--vmm=qemu' emulates the processor; '--accel=kvm' tries in spite of it");
	return false;
}

/* ---- with what ------------------------------------------------------------------------- */

/* An address of our own: locally administered (IEEE 802, bit 1 of the first byte). */
static const char *random_mac(void)
{
	unsigned char b[5] = { 0 };

	while (getrandom(b, sizeof(b), 0) < 0 && errno == EINTR)
		continue;
	return mem_fmt("02:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4]);
}

/* "@5" of "--net:service=@5" in `nets`. */
static const char *made_for(const struct list *nets, const char *name)
{
	const char *option = mem_fmt("--net:%s=", name);

	for (size_t i = 0; i < nets->n; i++)
		if (str_starts(nets->v[i], option))
			return nets->v[i] + strlen(option);
	return NULL;
}

/* 5 of "@5". */
static int descriptor_of(const char *interface)
{
	return (int)strtol(interface + 1, NULL, 10);
}

static bool join_networks(const struct vmm *v, struct vm *vm, const struct list *nets)
{
	for (size_t i = 0; i < vm->devices.n && !v->own_networks; i++) {
		struct attachment *a = &vm->devices.v[i];
		const char *made = a->file ? NULL : made_for(nets, a->name);

		if (a->file)
			continue;
		a->interface = made ? made : *a->interface ? a->interface : "mir0";
		if (!*a->mac)
			a->mac = vm->shown ? mem_fmt("02:00:00:00:00:%02x", (unsigned)i + 1)
					   : random_mac();
		if (a->interface[0] != '@' || fcntl(descriptor_of(a->interface), F_SETFD, 0) == 0)
			continue;
		diag_error(NULL, "network '%s': '%s' is no open descriptor", a->name, a->interface);
		return false;
	}
	return true;
}

/* Those who open a tap by its name can have none that somebody else holds: it is made to last, and
 * removed in the end. */
static bool let_go(struct vm *vm, struct list *kept)
{
	for (size_t i = 0; i < vm->devices.n; i++) {
		struct attachment *a = &vm->devices.v[i];
		char name[16];
		int rc;

		if (a->file || a->interface[0] != '@')
			continue;
		rc = tap_keep(descriptor_of(a->interface), name);
		if (rc < 0) {
			diag_error(NULL, "network '%s': cannot keep its device: %s", a->name,
			    strerror(-rc));
			return false;
		}
		a->interface = mem_str(name);
		list_add(kept, name);
	}
	return true;
}

static void print_command(const struct vmm *v, const struct vm *vm, const struct list *argv)
{
	struct text config = { 0 };

	for (size_t i = 0; i < argv->n; i++)
		printf("%s%s", i ? " " : "", str_sh_quote(argv->v[i]));
	printf("\n");
	if (v->command == firecracker_command) {
		firecracker_config(vm, &config);
		printf("# FILE:\n%s", text_str(&config));
	}
}

static bool prepare(struct vm *vm, const struct vmm *v, const struct arguments *args)
{
	if (!check_kvm(v, args) || !memory_wanted(vm->m, args, &vm->mem_mib) ||
	    !attachments_find(vm->m, args, &vm->devices))
		return false;
	if (!vm->mem_mib)
		vm->mem_mib = MEMORY_MIB;
	for (size_t i = 0; i < args->n_given; i++)
		if (str_eq(args->given[i].option->name, "vmm-option"))
			list_add(&vm->more, args->given[i].value);
	return !v->prepare || v->prepare(vm, args);
}

static bool is_key(const struct manifest *m, const char *option)
{
	for (size_t i = 0; i < m->n_keys; i++)
		if (str_eq(m->keys[i].option, option))
			return true;
	return false;
}

/* Which device is which, where the image can be told: nothing is left to the order in which it
 * finds them. */
static void tell_devices(const struct vmm *v, const struct vm *vm, struct list *words)
{
	for (size_t i = 0; i < vm->devices.n; i++) {
		const struct attachment *a = &vm->devices.v[i];
		const char *option = mem_fmt("%s:%s", a->file ? "block" : "net", a->name);

		if (!is_key(vm->m, option) || v->own_networks)
			continue;
		if (!a->file)
			list_addf(words, "--%s=mac:%s", option, a->mac);
		else if (v->monitor && strlen(a->name) <= DISK_SERIAL_MAX)
			list_addf(words, "--%s=serial:%s", option, a->name);
	}
}

struct follow_arguments {
	const struct vmm *v;
	struct vm *vm;
	struct list *argv;
};

static int follow(void *arg)
{
	struct follow_arguments *a = arg;

	return vmm_follow(a->v, a->vm, a->argv);
}

static bool can_debug(const struct vmm *v, const struct arguments *args)
{
	if (v->monitor || (!argument_given(args, "gdb") && !argument_value(args, "gdb-port")))
		return true;
	diag_error(NULL, "%s has no door for gdb; --vmm=qemu has", v->name);
	return false;
}

int vmm_run(const struct manifest *m, const struct arguments *args, const struct list *nets,
    const struct list *boot)
{
	struct vm vm = { .m = m,
		.machine = "",
		.accel = "",
		.shown = argument_given(args, "dry-run"),
		.console = -1,
		.monitor = -1,
		.gdb = -1 };
	struct list words = { 0 }, argv = { 0 }, kept = { 0 };
	const struct vmm *v = choose(args, &vm);
	int rc = EXIT_RUN;

	if (!v || !can_debug(v, args) || !prepare(&vm, v, args) || !join_networks(v, &vm, nets))
		return EXIT_RUN;
	tell_devices(v, &vm, &words);
	image_arguments(m, args, boot, &words);
	vm.cmdline = vmm_quote(&words);
	if (vm.shown) {
		v->command(&vm, &argv);
		print_command(v, &vm, &argv);
		return 0;
	}
	if (!debug_wanted(args, v->monitor, &vm.gdb, &vm.gdb_port))
		return EXIT_RUN;
	if (!v->named_taps || let_go(&vm, &kept))
		rc = debug_beside(m, args, follow, &(struct follow_arguments){ v, &vm, &argv });
	for (size_t i = 0; i < kept.n; i++)
		tap_remove(kept.v[i]);
	return rc;
}
