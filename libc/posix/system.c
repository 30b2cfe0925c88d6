/* system.c: what a program asks of its system. */
#define _GNU_SOURCE
#include <errno.h>
#include <mir/pages.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>

#include "../libc.h"
#include "calls.h"
#include "file.h"

enum { LIMITS = 16, STACK = 1024 * 1024, SELF = 1, TICK = 10000000 /* ns; 100 in a second */ };

static char host_name[65] = "mirage";

long mir_sys_uname(struct utsname *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->sysname, "Mirage", sizeof("Mirage"));
	memcpy(out->nodename, host_name, sizeof(host_name));
	/* Programs that look at it want to know what Linux it is like. */
	memcpy(out->release, "5.10.0", sizeof("5.10.0"));
	memcpy(out->version, "#1", sizeof("#1"));
#if defined(__x86_64__)
	memcpy(out->machine, "x86_64", sizeof("x86_64"));
#elif defined(__aarch64__)
	memcpy(out->machine, "aarch64", sizeof("aarch64"));
#endif
	return 0;
}

long mir_sys_sethostname(const char *name, size_t len)
{
	if (len > sizeof(host_name) - 1)
		return -EINVAL;
	memset(host_name, 0, sizeof(host_name));
	memcpy(host_name, name, len);
	return 0;
}

long mir_sys_sysinfo(struct sysinfo *out)
{
	const struct mir_pages *p = mir_target_pages();

	memset(out, 0, sizeof(*out));
	out->uptime = (long)((mir_target_monotonic() - mir_libc_began) / MIR_SECOND(1));
	out->totalram = p->n;
	out->freeram = p->n - p->used;
	out->procs = 1;
	out->mem_unit = MIR_PAGE;
	return 0;
}

/* ---- limits: only that of descriptors can be set ---- */

static struct rlimit limit_of(int what)
{
	switch (what) {
	case RLIMIT_NOFILE: return (struct rlimit){ (rlim_t)mir_fd_limit, MIR_FD_MOST };
	case RLIMIT_STACK: return (struct rlimit){ STACK, STACK };
	case RLIMIT_CORE: return (struct rlimit){ 0, 0 };
	}
	return (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
}

static long set_limit(int what, const struct rlimit *to)
{
	if (to->rlim_cur > to->rlim_max)
		return -EINVAL;
	if (to->rlim_max > limit_of(what).rlim_max)
		return -EPERM;
	if (what == RLIMIT_NOFILE)
		mir_fd_limit = (int)to->rlim_cur;
	return 0;
}

long mir_sys_prlimit64(int pid, int what, const struct rlimit *to, struct rlimit *old)
{
	if (pid != 0 && pid != mir_sys_getpid())
		return -ESRCH;
	if (what < 0 || what >= LIMITS)
		return -EINVAL;
	if (old)
		*old = limit_of(what);
	return to ? set_limit(what, to) : 0;
}

long mir_sys_getrlimit(int what, struct rlimit *out)
{
	return mir_sys_prlimit64(0, what, NULL, out);
}

long mir_sys_setrlimit(int what, const struct rlimit *to)
{
	return mir_sys_prlimit64(0, what, to, NULL);
}

/* ---- what was used: the processor is ours alone ---- */

long mir_sys_getrusage(int who, struct rusage *out)
{
	int64_t used = mir_target_monotonic() - mir_libc_began;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != SELF)
		return -EINVAL;
	/* musl has more behind what the system fills in. */
	memset(out, 0, offsetof(struct rusage, ru_nivcsw) + sizeof(out->ru_nivcsw));
	if (who == RUSAGE_CHILDREN)
		return 0;
	out->ru_utime.tv_sec = used / MIR_SECOND(1);
	out->ru_utime.tv_usec = used % MIR_SECOND(1) / 1000;
	out->ru_maxrss = (long)(mir_target_pages()->used * (MIR_PAGE / 1024));
	return 0;
}

long mir_sys_times(struct tms *out)
{
	long ticks = (long)((mir_target_monotonic() - mir_libc_began) / TICK);

	if (out)
		*out = (struct tms){ .tms_utime = ticks };
	return ticks;
}

/* ---- one processor ---- */

long mir_sys_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
	(void)unused;
	if (cpu)
		*cpu = 0;
	if (node)
		*node = 0;
	return 0;
}

long mir_sys_getpriority(int which, unsigned who)
{
	(void)who;
	return which >= PRIO_PROCESS && which <= PRIO_USER ? 20 : -EINVAL;
}

long mir_sys_setpriority(int which, unsigned who, int priority)
{
	(void)who;
	(void)priority;
	return which >= PRIO_PROCESS && which <= PRIO_USER ? 0 : -EINVAL;
}

/* ---- one user, of all rights, who can only stay who he is ---- */

long mir_sys_getgroups(int size, unsigned *list)
{
	(void)list;
	return size < 0 ? -EINVAL : 0;
}

long mir_sys_setgroups(size_t size, const unsigned *list)
{
	(void)list;
	return size > 65536 ? -EINVAL : 0;
}

static long become(unsigned a, unsigned b, unsigned c)
{
	unsigned same = (unsigned)-1;

	return (a == 0 || a == same) && (b == 0 || b == same) && (c == 0 || c == same) ? 0 : -EPERM;
}

long mir_sys_setuid(unsigned id)
{
	return become(id, 0, 0);
}

long mir_sys_setgid(unsigned id)
{
	return become(id, 0, 0);
}

long mir_sys_setreuid(unsigned real, unsigned effective)
{
	return become(real, effective, 0);
}

long mir_sys_setregid(unsigned real, unsigned effective)
{
	return become(real, effective, 0);
}

long mir_sys_setresuid(unsigned real, unsigned effective, unsigned saved)
{
	return become(real, effective, saved);
}

long mir_sys_setresgid(unsigned real, unsigned effective, unsigned saved)
{
	return become(real, effective, saved);
}

long mir_sys_getresuid(unsigned *real, unsigned *effective, unsigned *saved)
{
	*real = *effective = *saved = 0;
	return 0;
}

long mir_sys_getresgid(unsigned *real, unsigned *effective, unsigned *saved)
{
	*real = *effective = *saved = 0;
	return 0;
}
