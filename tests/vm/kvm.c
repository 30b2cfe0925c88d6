/* kvm.c: is there a /dev/kvm that makes a machine, and what kind?  Prints "svm", "vmx", "pvm"
 * (which interprets what a guest does in ring 0) or why not, with status 1.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int has_flag(const char *name)
{
	char line[8192];
	FILE *f = fopen("/proc/cpuinfo", "r");
	int found = 0;

	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, "flags", 5) && strstr(line, name);
	if (f)
		fclose(f);
	return found;
}

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm;

	if (kvm < 0) {
		perror("/dev/kvm");
		return 1;
	}
	if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION) {
		fprintf(stderr, "/dev/kvm: another version of KVM's interface\n");
		return 1;
	}
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0 || ioctl(vm, KVM_CREATE_VCPU, 0) < 0) {
		perror("/dev/kvm: no machine");
		return 1;
	}
	puts(has_flag(" svm") ? "svm" : has_flag(" vmx") ? "vmx" : "pvm");
	return 0;
}
