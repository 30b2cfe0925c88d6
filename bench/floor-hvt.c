/* floor-hvt.c: the least that a KVM tender can do: a machine, a CPU, memory, one instruction, one
 * line, the end.
 *
 *	floor-hvt MIB
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CODE = 0x1000, HLT = 0xf4 };

static void check(int condition)
{
	if (!condition)
		_exit(1);
}

int main(int argc, char **argv)
{
	size_t size = (size_t)(argc > 1 ? atoi(argv[1]) : 2) << 20;
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = ioctl(kvm, KVM_CREATE_VM, 0);
	uint8_t *mem = mmap(
	    NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct kvm_userspace_memory_region region = {
		.memory_size = size,
		.userspace_addr = (uintptr_t)mem,
	};
	struct kvm_regs regs = { .rip = CODE, .rflags = 2 };
	struct kvm_sregs sregs;
	int cpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	struct kvm_run *run = mmap(NULL, (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
	    PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);

	check(mem != MAP_FAILED && run != MAP_FAILED);
	mem[CODE] = HLT;
	check(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0);
	check(ioctl(cpu, KVM_GET_SREGS, &sregs) == 0);
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	check(ioctl(cpu, KVM_SET_SREGS, &sregs) == 0 && ioctl(cpu, KVM_SET_REGS, &regs) == 0);
	check(ioctl(cpu, KVM_RUN, 0) == 0 && run->exit_reason == KVM_EXIT_HLT);
	check(write(STDOUT_FILENO, "hello\n", 6) == 6);
	_exit(0);
}
