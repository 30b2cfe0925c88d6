/* sandbox.c: what a tender gives up before its guest starts: new privileges, capabilities, being
 * looked into, the file system and the network by Landlock, and all other system calls by seccomp.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tender.h"

/* Landlock (Documentation/userspace-api/landlock.rst), which headers may be too old for. */
enum {
	LANDLOCK_CREATE = 444,
	LANDLOCK_RESTRICT = 446,
	LANDLOCK_ASK_VERSION = 1,
	LANDLOCK_FIRST_ACCESSES = 13, /* accesses to files of version 1 */
};

struct landlock {
	uint64_t files, ports, scopes; /* bits: what is forbidden unless a rule allows it */
};

static struct landlock landlock_all(long version)
{
	struct landlock all = { (1 << LANDLOCK_FIRST_ACCESSES) - 1, 0, 0 };

	if (version >= 2)
		all.files |= 1 << 13; /* into other folders */
	if (version >= 3)
		all.files |= 1 << 14; /* truncate */
	if (version >= 4)
		all.ports = 3; /* bind, connect */
	if (version >= 5)
		all.files |= 1 << 15; /* ioctl of devices */
	if (version >= 6)
		all.scopes = 3; /* abstract sockets and signals of others */
	return all;
}

/* Everything, and no rule that allows any of it.  Kernels without Landlock have seccomp. */
static void enter_landlock(void)
{
	long version = syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_ASK_VERSION);
	struct landlock all = landlock_all(version);
	long fd;

	if (version < 1)
		return;
	fd = syscall(LANDLOCK_CREATE, &all, sizeof(all), 0);
	if (fd < 0)
		die("cannot enter the sandbox: landlock_create_ruleset: %s", strerror(errno));
	if (syscall(LANDLOCK_RESTRICT, fd, 0) < 0)
		die("cannot enter the sandbox: landlock_restrict_self: %s", strerror(errno));
	close((int)fd);
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (syscall(SYS_capset, &head, none) < 0)
		die("cannot drop capabilities: %s", strerror(errno));
}

void sandbox_drop(void)
{
	drop_capabilities();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		die("cannot enter the sandbox: prctl: %s", strerror(errno));
	enter_landlock();
}

void sandbox_filter(const struct filter *filter, bool all_threads)
{
	static struct sock_filter code[FILTER_MAX];
	struct sock_fprog program = { .filter = code };

	program.len = (unsigned short)filter_compile(filter, code);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		all_threads ? SECCOMP_FILTER_FLAG_TSYNC : 0, &program) != 0)
		die("cannot enter the sandbox: seccomp: %s: the kernel must have "
		    "CONFIG_SECCOMP_FILTER, and a container must allow seccomp(2)",
		    strerror(errno));
}

enum { CLOSE_RANGE = 436 };

static void close_range_of(unsigned first, unsigned last)
{
	if (first > last || syscall(CLOSE_RANGE, first, last, 0) == 0)
		return;
	for (unsigned fd = first; fd <= last && fd < (unsigned)sysconf(_SC_OPEN_MAX); fd++)
		close((int)fd);
}

void sandbox_close_all_but(const int keep[], unsigned n)
{
	unsigned next = 3;

	for (;;) {
		unsigned lowest = UINT32_MAX;

		for (unsigned i = 0; i < n; i++)
			if (keep[i] >= (int)next && (unsigned)keep[i] < lowest)
				lowest = (unsigned)keep[i];
		if (lowest == UINT32_MAX)
			break;
		close_range_of(next, lowest - 1);
		next = lowest + 1;
	}
	close_range_of(next, UINT32_MAX);
}
