/* vmm_firecracker.c: Firecracker's configuration (docs/getting-started.md of Firecracker), and the
 * command line of cloud-hypervisor. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "json.h"
#include "vmm.h"

static void networks(const struct vm *vm, struct json *j)
{
	json_open(j, "network-interfaces", '[');
	for (size_t i = 0; i < vm->devices.n; i++) {
		const struct attachment *a = &vm->devices.v[i];

		if (a->file)
			continue;
		json_open(j, NULL, '{');
		json_string(j, "iface_id", a->name);
		json_string(j, "guest_mac", a->mac);
		json_string(j, "host_dev_name", a->interface);
		json_close(j);
	}
	json_close(j);
}

static void drives(const struct vm *vm, struct json *j)
{
	json_open(j, "drives", '[');
	for (size_t i = 0; i < vm->devices.n; i++) {
		const struct attachment *a = &vm->devices.v[i];

		if (!a->file)
			continue;
		json_open(j, NULL, '{');
		json_string(j, "drive_id", a->name);
		json_string(j, "path_on_host", a->file);
		json_bool(j, "is_root_device", false);
		json_bool(j, "is_read_only", access(a->file, W_OK) != 0);
		json_close(j);
	}
	json_close(j);
}

void firecracker_config(const struct vm *vm, struct text *out)
{
	struct json j = { .out = out };

	json_open(&j, NULL, '{');
	json_open(&j, "boot-source", '{');
	json_string(&j, "kernel_image_path", vm->m->image);
	json_string(&j, "boot_args", vm->cmdline);
	json_close(&j);
	json_open(&j, "machine-config", '{');
	json_number(&j, "vcpu_count", 1);
	json_number(&j, "mem_size_mib", (long long)vm->mem_mib);
	json_close(&j);
	drives(vm, &j);
	networks(vm, &j);
	json_open(&j, "entropy", '{');
	json_close(&j);
	json_close(&j);
}

/* The configuration is a file that only a descriptor holds: nothing is left behind. */
void firecracker_command(const struct vm *vm, struct list *argv)
{
	struct text t = { 0 };
	int fd = -1;

	list_add(argv, vm->program);
	list_split(argv, "--no-api|--config-file", '|');
	if (!vm->shown) {
		firecracker_config(vm, &t);
		fd = memfd_create("firecracker.json", 0);
		if (fd >= 0 && write(fd, t.s, t.len) != (ssize_t)t.len)
			fd = -1;
	}
	list_add(argv, vm->shown ? "FILE" : mem_fmt("/proc/self/fd/%d", fd));
	for (size_t i = 0; i < vm->more.n; i++)
		list_add(argv, vm->more.v[i]);
}

/* One option with all devices of a kind. */
static void cloud_devices(const struct vm *vm, bool disks, struct list *argv)
{
	bool any = false;

	for (size_t i = 0; i < vm->devices.n; i++) {
		const struct attachment *a = &vm->devices.v[i];

		if ((a->file != NULL) != disks)
			continue;
		if (!any)
			list_add(argv, disks ? "--disk" : "--net");
		any = true;
		if (disks)
			list_addf(argv, "path=%s,id=%s,readonly=%s", a->file, a->name,
			    access(a->file, W_OK) == 0 ? "off" : "on");
		else if (a->interface[0] == '@')
			list_addf(argv, "fd=%s,mac=%s", a->interface + 1, a->mac);
		else
			list_addf(argv, "tap=%s,mac=%s", a->interface, a->mac);
	}
}

void cloud_command(const struct vm *vm, struct list *argv)
{
	list_add(argv, vm->program);
	list_add(argv, "--kernel");
	list_add(argv, vm->m->image);
	list_add(argv, "--cmdline");
	list_add(argv, vm->cmdline);
	list_add(argv, "--memory");
	list_addf(argv, "size=%lluM", (unsigned long long)vm->mem_mib);
	list_split(argv, "--cpus|boot=1|--serial|tty|--console|off|--rng|src=/dev/urandom", '|');
	cloud_devices(vm, true, argv);
	cloud_devices(vm, false, argv);
	for (size_t i = 0; i < vm->more.n; i++)
		list_add(argv, vm->more.v[i]);
}
