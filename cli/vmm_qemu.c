/* vmm_qemu.c: the command line of QEMU (qemu-system(1)). */
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "kvm.h"
#include "vmm.h"

/* Machines: what a virtio device is called there, and where the n-th goes. */
static const struct machine {
	const char *name;
	const char *options;
	const char *suffix; /* virtio-net-SUFFIX */
	const char *place;  /* of the n-th device */
	unsigned first;
} machines[] = {
	/* The bus that is not told would be the last one: devices in reverse.  Interrupts of bus 0,
	 * the first line of the second controller, QEMU raises on its third (ioapic_set_irq). */
	{ "microvm", ",rtc=on", "device", "bus=virtio-mmio-bus.", 1 },
	{ "pc", "", "pci,disable-legacy=on", "addr=", 4 },
	{ "q35", "", "pci,disable-legacy=on", "addr=", 4 },
};

static const struct machine *find_machine(const char *name)
{
	for (size_t i = 0; i < MIR_COUNT(machines); i++)
		if (str_eq(machines[i].name, name))
			return &machines[i];
	return NULL;
}

static bool choose_machine(struct vm *vm, const struct arguments *args)
{
	const char *name = argument_value(args, "machine");
	struct list names = { 0 };

	vm->machine = name ? name : machines[0].name;
	if (find_machine(vm->machine))
		return true;
	for (size_t i = 0; i < MIR_COUNT(machines); i++)
		list_add(&names, machines[i].name);
	diag_error(NULL, "'%s' is no machine that images start on", name);
	diag_expected("--machine=%s", list_join(&names, " or "));
	diag_suggest(name, &names);
	return false;
}

static bool choose_accel(struct vm *vm, const struct arguments *args)
{
	const char *wanted = argument_value(args, "accel"), *why;

	if (wanted && !str_eq(wanted, "kvm") && !str_eq(wanted, "tcg")) {
		diag_error(NULL, "'%s' is no accelerator", wanted);
		diag_expected("--accel=kvm, or --accel=tcg, which emulates the processor");
		return false;
	}
	vm->accel = wanted ? wanted : "kvm";
	if (wanted)
		return true;
	why = kvm_unusable();
	if (why) {
		vm->accel = "tcg";
		diag_info("QEMU emulates the processor (TCG), as KVM does not work here: %s", why);
		kvm_explain(why);
	}
	return true;
}

bool qemu_prepare(struct vm *vm, const struct arguments *args)
{
	return choose_machine(vm, args) && choose_accel(vm, args);
}

/* A value in a list of options: commas are doubled. */
static const char *value(const char *s)
{
	struct text t = { 0 };

	for (; *s; s++)
		text_addf(&t, *s == ',' ? ",," : "%c", *s);
	return text_str(&t);
}

static const char *place(const struct machine *machine, unsigned *n)
{
	return mem_fmt("%s%u", machine->place, machine->first + (*n)++);
}

static void network(const struct machine *machine, const struct attachment *a, unsigned n,
    unsigned *at, struct list *argv)
{
	list_add(argv, "-netdev");
	if (a->interface[0] == '@')
		list_addf(argv, "tap,id=net%u,fd=%s", n, a->interface + 1);
	else
		list_addf(
		    argv, "tap,id=net%u,ifname=%s,script=no,downscript=no", n, value(a->interface));
	list_add(argv, "-device");
	list_addf(argv, "virtio-net-%s,netdev=net%u,mac=%s,%s", machine->suffix, n, a->mac,
	    place(machine, at));
}

static void disk(const struct machine *machine, const struct attachment *a, unsigned n,
    unsigned *at, struct list *argv)
{
	struct text sector = { 0 };

	if (*a->sector)
		text_addf(
		    &sector, ",logical_block_size=%s,physical_block_size=%s", a->sector, a->sector);
	list_add(argv, "-drive");
	list_addf(argv, "if=none,id=disk%u,format=raw,discard=unmap%s,file=%s", n,
	    access(a->file, W_OK) < 0 && access(a->file, R_OK) == 0 ? ",readonly=on" : "",
	    value(a->file));
	list_add(argv, "-device");
	list_addf(argv, "virtio-blk-%s,drive=disk%u,serial=%s%s,%s", machine->suffix, n,
	    value(a->name), text_str(&sector), place(machine, at));
}

static void devices(const struct vm *vm, struct list *argv)
{
	const struct machine *machine = find_machine(vm->machine);
	unsigned at = 0;

	for (size_t i = 0; i < vm->devices.n; i++) {
		const struct attachment *a = &vm->devices.v[i];

		if (a->file)
			disk(machine, a, (unsigned)i, &at, argv);
		else
			network(machine, a, (unsigned)i, &at, argv);
	}
	list_add(argv, "-device");
	list_addf(argv, "virtio-rng-%s,%s", machine->suffix, place(machine, &at));
}

/* The console, the monitor and gdb are on descriptors, or on what a person has. */
static void ends(const struct vm *vm, struct list *argv)
{
	if (vm->shown) {
		list_split(argv, "-serial|stdio", '|');
	} else {
		list_add(argv, "-chardev");
		list_addf(argv, "socket,id=console,fd=%d", vm->console);
		list_split(argv, "-serial|chardev:console|-chardev", '|');
		list_addf(argv, "socket,id=monitor,fd=%d", vm->monitor);
		list_split(argv, "-mon|chardev=monitor,mode=control|-S", '|');
	}
	if (vm->gdb >= 0) {
		list_add(argv, "-chardev");
		list_addf(argv, "socket,id=gdb,fd=%d,server=on,wait=off", vm->gdb);
		list_split(argv, "-gdb|chardev:gdb", '|');
	} else if (vm->gdb_port) {
		list_add(argv, "-gdb");
		list_addf(argv, "tcp:127.0.0.1:%s", vm->gdb_port);
	}
}

void qemu_command(const struct vm *vm, struct list *argv)
{
	const struct machine *machine = find_machine(vm->machine);

	list_add(argv, vm->program);
	list_split(argv, "-nodefaults|-no-user-config|-no-reboot|-display|none|-name", '|');
	list_add(argv, value(vm->m->name));
	list_add(argv, "-machine");
	list_addf(argv, "%s,accel=%s%s", vm->machine, vm->accel, machine->options);
	list_add(argv, "-cpu");
	list_add(argv, str_eq(vm->accel, "kvm") ? "host" : "max");
	list_add(argv, "-m");
	list_addf(argv, "%llu", (unsigned long long)vm->mem_mib);
	list_split(argv, "-global|virtio-mmio.force-legacy=false|-device|isa-debug-exit", '|');
	ends(vm, argv);
	devices(vm, argv);
	for (size_t i = 0; i < vm->more.n; i++)
		list_add(argv, vm->more.v[i]);
	list_add(argv, "-kernel");
	list_add(argv, vm->m->image);
	list_add(argv, "-append");
	list_add(argv, vm->cmdline);
}
