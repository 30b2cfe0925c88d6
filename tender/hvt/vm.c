/* vm.c: the machine (Linux: Documentation/virt/kvm/api.rst). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hvt.h"

/* Guest memory begins at a multiple of this, so that a filter of system calls can tell it by bits
 * of an address; as much again behind it is out of bounds. */
#define MEMORY_SPAN 0x100000000ull

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; older ones do without */
#endif

enum { POPULATE = 256 << 10 };

/* ---- making it ---- */

static _Noreturn void no_kvm(int error)
{
	if (error == ENOENT)
		die("/dev/kvm: it is not there: this host offers no virtual machines (load "
		    "kvm_intel "
		    "or kvm_amd), or use the target spt");
	if (error == EACCES || error == EPERM)
		die("/dev/kvm: no permission: join the group 'kvm', or use the target spt");
	die("/dev/kvm: %s", strerror(error));
}

void vm_open(struct vm *vm)
{
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		no_kvm(errno);
	if (ioctl(vm->kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		die("/dev/kvm speaks another version of its interface than %d", KVM_API_VERSION);
	do
		vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	while (vm->fd < 0 && errno == EINTR);
	if (vm->fd < 0)
		die("no virtual machine: %s", strerror(errno));
}

void vm_make_memory(struct vm *vm)
{
	uint8_t *all = mmap(
	    NULL, 3 * MEMORY_SPAN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uintptr_t start = ((uintptr_t)all + MEMORY_SPAN - 1) & ~(uintptr_t)(MEMORY_SPAN - 1);

	if (all == MAP_FAILED ||
	    mprotect((void *)start, vm->guest.mapped, PROT_READ | PROT_WRITE) < 0)
		die("no memory for the image: %s", strerror(errno));
	vm->guest.mem = (uint8_t *)start;
}

void vm_give_memory(struct vm *vm)
{
	const struct guest *g = &vm->guest;
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = 0,
		.memory_size = g->mapped,
		.userspace_addr = (uintptr_t)g->mem,
	};

	for (unsigned i = 0; i < g->image->n_seg; i++) {
		const struct segment *s = &g->image->seg[i];

		if (!s->write && mprotect(g->mem + s->vaddr, s->memsz, PROT_READ) < 0)
			die("mprotect: %s", strerror(errno));
	}
	/* What the image touches first, its tables and stack: cheaper here than by an exit each. */
	madvise(g->mem + g->image->end, POPULATE, MADV_POPULATE_WRITE);
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		die("the virtual machine does not take %llu MiB of memory: %s",
		    (unsigned long long)(g->mapped >> 20), strerror(errno));
}

void vm_make_cpu(struct vm *vm)
{
	int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	vm->cpu = ioctl(vm->fd, KVM_CREATE_VCPU, 0);
	if (vm->cpu < 0 || size < (int)sizeof(*vm->run))
		die("the virtual machine gets no CPU: %s", strerror(errno));
	vm->run_size = (size_t)size;
	vm->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->cpu, 0);
	if (vm->run == MAP_FAILED)
		die("the virtual machine's CPU: %s", strerror(errno));
}

/* ---- running it ---- */

const char *vm_where(const struct vm *vm)
{
	static char text[32];

	snprintf(text, sizeof(text), "pc=0x%llx", (unsigned long long)cpu_pc(vm));
	return text;
}

void vm_die(const struct vm *vm, const char *what)
{
	die("%s: %s", what, vm_where(vm));
}

static _Noreturn void translation_fault(const struct vm *vm, uint64_t address)
{
	if (address == UINT64_MAX)
		die("host/guest translation fault: %s", vm_where(vm));
	die("host/guest translation fault: %s, address=0x%llx", vm_where(vm),
	    (unsigned long long)address);
}

/* Memory that the guest touches outside of what it has, or in a way that it may not. */
static _Noreturn void bad_access(const struct vm *vm)
{
	uint64_t address = vm->run->mmio.phys_addr;

	if (address < vm->guest.mapped)
		translation_fault(vm, address);
	die("the image used physical address 0x%llx, where there is nothing: %s",
	    (unsigned long long)address, vm_where(vm));
}

static void hypercall(struct vm *vm)
{
	struct cpu_call c = cpu_decode(vm->run);
	const char *wrong;

	if (c.is_kick)
		return; /* an image that kicks a ring that it has not got */
	if (!c.is_call && vm->run->exit_reason == KVM_EXIT_MMIO)
		bad_access(vm);
	if (!c.is_call)
		die("the image used port 0x%x, where there is nothing: %s", vm->run->io.port,
		    vm_where(vm));
	if (c.call == MIR_HVT_TRAP && (vm->guest.features & MIR_EXT_TRAP))
		wrong = debug_trap(vm, c.at);
	else
		wrong = guest_call(&vm->guest, c.call, c.at);
	if (wrong)
		die("the image made %s: hypercall %llu at 0x%llx, %s", wrong,
		    (unsigned long long)c.call, (unsigned long long)c.at, vm_where(vm));
}

static void handle_exit(struct vm *vm)
{
	const struct kvm_run *run = vm->run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
	case KVM_EXIT_MMIO: hypercall(vm); break;
	case KVM_EXIT_DEBUG: debug_exit(vm); break;
	case KVM_EXIT_INTR: break;
	case KVM_EXIT_HLT: vm_die(vm, "the image stopped its CPU (HLT)");
	case KVM_EXIT_SHUTDOWN: vm_die(vm, "the image crashed (triple fault)");
	case KVM_EXIT_INTERNAL_ERROR:
		if (debug_at_break(vm)) {
			debug_exit(vm);
			break;
		}
		die("KVM cannot go on with the image (internal error %u): %s",
		    run->internal.suberror, vm_where(vm));
	case KVM_EXIT_FAIL_ENTRY:
		die("the CPU refused to enter the image (reason 0x%llx): %s",
		    (unsigned long long)run->fail_entry.hardware_entry_failure_reason,
		    vm_where(vm));
	default: die("unhandled exit %u of KVM: %s", run->exit_reason, vm_where(vm));
	}
}

int vm_run(struct vm *vm)
{
	while (!vm->guest.halted) {
		/* A signal ends KVM_RUN; its handler has done what there was to do. */
		if (ioctl(vm->cpu, KVM_RUN, 0) == 0)
			handle_exit(vm);
		else if (errno == EFAULT)
			translation_fault(vm, UINT64_MAX);
		else if (errno == EINTR || errno == EAGAIN)
			debug_interrupted(vm);
		else
			die("KVM cannot run the image: %s: %s", strerror(errno), vm_where(vm));
	}
	debug_halt(vm);
	return vm->guest.status;
}
