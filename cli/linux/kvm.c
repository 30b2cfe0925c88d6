/* kvm.c: a machine of KVM with one page, to see whether it runs (Documentation/virt/kvm/api.rst of
 * the kernel).
 *
 * Some kernels have a /dev/kvm that interprets what a guest does in ring 0, knows only a part of
 * the instructions, and gives up at the others: kernels do not start there, or take minutes.
 * An SSE instruction in ring 0 tells them from the others.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kvm.h"
#include "../text.h"

#ifdef __x86_64__

#include <linux/kvm.h>

#define CODE_AT 0x1000u

/* pxor %xmm0,%xmm0; movd %xmm0,%eax; hlt, in 32 bits */
static const unsigned char code[] = { 0x66, 0x0f, 0xef, 0xc0, 0x66, 0x0f, 0x7e, 0xc0, 0xf4 };

static bool set_registers(int cpu)
{
	struct kvm_regs regs = { .rip = CODE_AT, .rflags = 2 };
	struct kvm_segment flat = { .limit = 0xffffffff, .g = 1, .db = 1, .s = 1, .present = 1 };
	struct kvm_sregs s;

	if (ioctl(cpu, KVM_GET_SREGS, &s) < 0)
		return false;
	flat.selector = 16;
	flat.type = 3; /* data, accessed */
	s.ds = s.es = s.fs = s.gs = s.ss = flat;
	flat.selector = 8;
	flat.type = 11; /* code, accessed */
	s.cs = flat;
	s.cr0 |= 1;     /* PE */
	s.cr4 |= 0x600; /* OSFXSR, OSXMMEXCPT */
	return ioctl(cpu, KVM_SET_SREGS, &s) == 0 && ioctl(cpu, KVM_SET_REGS, &regs) == 0;
}

static const char *run(int cpu, size_t len)
{
	struct kvm_run *r = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
	const char *why = NULL;

	if (r == MAP_FAILED)
		return mem_fmt("KVM shows no state: %s", strerror(errno));
	if (ioctl(cpu, KVM_RUN, 0) < 0)
		why = mem_fmt("KVM runs nothing: %s", strerror(errno));
	else if (r->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		why = "this /dev/kvm interprets what a kernel does, and only a part of it";
	else if (r->exit_reason != KVM_EXIT_HLT)
		why = mem_fmt("KVM stops with reason %u", r->exit_reason);
	munmap(r, len);
	return why;
}

static const char *try_machine(int kvm, int vm, void *page)
{
	struct kvm_userspace_memory_region memory = {
		.guest_phys_addr = CODE_AT, .memory_size = 0x1000, .userspace_addr = (uintptr_t)page
	};
	int len = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), cpu;
	const char *why;

	memcpy(page, code, sizeof(code));
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &memory) < 0 || len < 0)
		return mem_fmt("KVM takes no memory: %s", strerror(errno));
	cpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (cpu < 0)
		return mem_fmt("KVM makes no processor: %s", strerror(errno));
	why = set_registers(cpu) ? run(cpu, (size_t)len)
				 : mem_fmt("KVM sets no registers: %s", strerror(errno));
	close(cpu);
	return why;
}

const char *kvm_unusable(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm;
	const char *why;
	void *page;

	if (kvm < 0)
		return errno == ENOENT ? "there is no /dev/kvm"
				       : mem_fmt("cannot open /dev/kvm: %s", strerror(errno));
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	page = mmap(NULL, 0x1000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm < 0)
		why = mem_fmt("KVM makes no machine: %s", strerror(errno));
	else if (page == MAP_FAILED)
		why = "no memory";
	else
		why = try_machine(kvm, vm, page);
	if (page != MAP_FAILED)
		munmap(page, 0x1000);
	if (vm >= 0)
		close(vm);
	close(kvm);
	return why;
}

#else

const char *kvm_unusable(void)
{
	return "machines of this target are for x86_64";
}

#endif
