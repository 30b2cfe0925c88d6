/* vmm_xl.c: Xen: its toolstack xl starts the domain that NAME.xl describes (xl(1)). */
#include <string.h>

#include "diag.h"
#include "process.h"
#include "vmm.h"

static int quietly(const struct vm *vm, const char *command, const char *name, struct text *said)
{
	char *argv[] = { mem_str(vm->program), mem_str(command), name ? mem_str(name) : NULL,
		NULL };

	return process_run(argv, said, said);
}

bool xl_prepare(struct vm *vm, const struct arguments *args)
{
	struct text said = { 0 };

	vm->config = mem_fmt("%s.xl", vm->m->name);
	vm->own_memory = argument_given(args, "mem");
	for (size_t i = 0; i < vm->devices.n; i++) {
		const struct attachment *a = &vm->devices.v[i];

		if (boot_argument(args, mem_fmt("%s:%s", a->file ? "block" : "net", a->name)))
			vm->own_devices = true;
	}
	if (vm->shown || quietly(vm, "info", NULL, &said) == 0)
		return true;
	diag_error(NULL, "there is no Xen here that '%s' can talk to", vm->program);
	diag_found("%s", *text_str(&said) ? str_trim(text_str(&said)) : "an error of 'xl info'");
	diag_expected("to be root in dom0: the system that Xen has started first");
	return false;
}

void xl_command(const struct vm *vm, struct list *argv)
{
	list_add(argv, vm->program);
	list_split(argv, "create|-q|-c", '|');
	list_add(argv, vm->config);
	for (size_t i = 0; i < vm->more.n; i++)
		list_add(argv, vm->more.v[i]);
	if (*vm->cmdline)
		list_addf(argv, "cmdline=%s", str_c_quote(vm->cmdline));
	if (vm->own_memory)
		list_addf(argv, "memory=%llu", (unsigned long long)vm->mem_mib);
	if (vm->own_devices && xl_networks(&vm->devices))
		list_addf(argv, "vif=%s", xl_networks(&vm->devices));
	if (vm->own_devices && xl_disks(&vm->devices))
		list_addf(argv, "disk=%s", xl_disks(&vm->devices));
}

void xl_end(const struct vm *vm, bool force)
{
	struct text said = { 0 };

	quietly(vm, force ? "destroy" : "shutdown", vm->m->name, &said);
}
