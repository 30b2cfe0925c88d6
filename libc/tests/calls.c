/* Console, clocks, random bytes, the process. */
#include <errno.h>
#include <limits.h>
#include <mir/fiber.h>
#include <mir/time.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "../file.c"
#include "../nosys.h"
#include "target.h"

static void console(void)
{
	char a[] = "# two pieces, ", b[] = "one line\n";
	struct iovec iov[] = { { a, strlen(a) }, { NULL, 0 }, { b, strlen(b) } };
	struct winsize size = { .ws_row = 1 };
	static char big[600];

	ok(mir_sys_writev(1, iov, 3) == (long)(strlen(a) + strlen(b)), "written");
	memset(big, ' ', sizeof(big));
	memcpy(big, "#", 1);
	big[sizeof(big) - 1] = '\n';
	iov[1] = (struct iovec){ big, sizeof(big) };
	ok(mir_sys_writev(2, iov, 3) == (long)(strlen(a) + strlen(b) + sizeof(big)), "a long one");
	ok(mir_sys_write(1, a, 0) == 0 && mir_sys_writev(1, iov, 0) == 0, "nothing");
	ok(mir_sys_writev(1, iov, -1) == -EINVAL && mir_sys_writev(1, iov, 1025) == -EINVAL,
	    "how many pieces");
	iov[0].iov_len = iov[1].iov_len = LONG_MAX;
	ok(mir_sys_writev(1, iov, 2) == -EINVAL, "more than a long counts");
	ok(mir_sys_read(0, big, 10) == 0 && mir_sys_readv(0, iov, 1) == 0, "the end of the input");
	ok(mir_sys_ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_row == 0, "a terminal");
	ok(mir_sys_ioctl(1, 1, NULL) == -ENOTTY, "no other ioctl");
	ok(mir_sys_lseek(1, 0, 0) == -ESPIPE, "no positions");
	ok(mir_sys_write(3, a, 1) == -EBADF && mir_sys_read(-1, a, 1) == -EBADF &&
		mir_sys_lseek(99, 0, 0) == -EBADF && mir_sys_ioctl(3, TIOCGWINSZ, &size) == -EBADF,
	    "no such descriptor");
	ok(mir_sys_close(2) == 0 && mir_sys_close(2) == -EBADF && mir_sys_write(2, a, 1) == -EBADF,
	    "closed");
}

static void clocks(void)
{
	struct timespec a, b, wrong = { 0, MIR_SECOND(1) }, wait = { 1, 500000000 };
	int64_t begin = mir_target_monotonic();

	ok(mir_sys_clock_gettime(1, &a) == 0 && mir_sys_clock_gettime(0, &b) == 0 &&
		b.tv_sec > a.tv_sec,
	    "monotonic, and since 1970");
	ok(mir_sys_clock_gettime(77, &a) == -EINVAL && mir_sys_clock_getres(77, &a) == -EINVAL,
	    "no such clock");
	ok(mir_sys_clock_getres(1, &a) == 0 && a.tv_nsec == 1, "resolution");
	ok(mir_sys_nanosleep(&wait, NULL) == 0 && mir_target_monotonic() - begin >= MIR_MS(1500),
	    "slept");
	ok(mir_sys_nanosleep(&wrong, NULL) == -EINVAL, "no such time");
	mir_sys_clock_gettime(0, &a);
	a.tv_sec += 2;
	begin = mir_target_monotonic();
	ok(mir_sys_clock_nanosleep(0, 1, &a, NULL) == 0 &&
		mir_target_monotonic() - begin >= MIR_SECOND(2) - 1,
	    "slept until");
	begin = mir_target_monotonic();
	a.tv_sec = 1;
	ok(mir_sys_clock_nanosleep(0, 1, &a, NULL) == 0 && mir_target_monotonic() == begin,
	    "a time that is over");
}

static void sleeper(void *arg)
{
	struct timespec wait = { LONG_MAX, 0 }, left = { 0, 0 };

	*(bool *)arg = mir_sys_nanosleep(&wait, &left) == -EINTR && left.tv_sec > 1000000;
}

static void cancelled(void)
{
	bool good = false;
	struct mir_fiber *f = mir_spawn_joinable("sleeper", sleeper, &good);

	mir_sleep(MIR_SECOND(5));
	mir_cancel(f);
	mir_join(f);
	ok(good, "a fiber that sleeps is cancelled");
}

static void random_bytes(void)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	ok(mir_sys_getrandom(a, sizeof(a), 0) == sizeof(a) &&
		mir_syscall(SYS_getrandom, (long)b, sizeof(b), 0, 0, 0, 0) == sizeof(b) &&
		memcmp(a, b, sizeof(a)) != 0,
	    "random");
}

static unsigned missed;
static const char *missed_name;

static void missing(const char *name)
{
	missed++;
	missed_name = name;
}

static int word;

static int unlock(void)
{
	word = 0;
	return 0;
}

static void process(void)
{
	static const struct mir_libc_loop loop = { unlock, missing };
	struct timespec moment = { 0, 1000 };
	uint64_t old[4] = { 1, 1, 1, 1 };
	bool said = false;
	int base;

	ok(mir_libc_nosys("open", &said) == -ENOSYS && missed == 0, "nobody listens");
	mir_libc_loop = &loop;
	mir_libc_nosys("open", &said);
	ok(mir_libc_nosys("open", &said) == -ENOSYS && missed == 1 && !strcmp(missed_name, "open"),
	    "what is missing is told once");
	ok(mir_syscall(12345, 0, 0, 0, 0, 0, 0) == -ENOSYS, "no such number");
	ok(mir_sys_getpid() == mir_sys_gettid() && mir_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0) == 1,
	    "a process");
	ok(mir_sys_set_thread_area(&base) == 0 && machine.tls == &base, "thread-local storage");
	ok(mir_sys_rt_sigprocmask(0, NULL, old, 8) == 0 && old[0] == 0 && old[1] == 1 &&
		mir_sys_rt_sigaction(SIGTERM, NULL, old, 8) == 0 && old[3] == 0 &&
		mir_sys_rt_sigaction(SIGKILL, &base, NULL, 8) == -EINVAL &&
		mir_sys_rt_sigaction(65, NULL, NULL, 8) == -EINVAL,
	    "signals");
	ok(mir_sys_kill(2, SIGTERM) == -ESRCH && mir_sys_kill(0, 0) == 0 &&
		mir_sys_tgkill(1, 1, SIGCHLD) == 0,
	    "nobody else, and nothing that matters");
	word = 1;
	ok(mir_sys_futex(&word, 0, 2, NULL, NULL, 0) == -EAGAIN, "a lock that has changed");
	ok(mir_sys_futex(&word, 128, 1, NULL, NULL, 0) == 0,
	    "a lock that another fiber gives back");
	ok(mir_sys_futex(&word, 1, 1, NULL, NULL, 0) == 0 &&
		mir_sys_futex(&word, 9, 1, NULL, NULL, 0) == -ENOSYS,
	    "wake; others");
	mir_libc_loop = NULL;
	word = 1;
	ok(mir_sys_futex(&word, 0, 1, &moment, NULL, 0) == -ETIMEDOUT,
	    "a lock that is waited for in vain");
}

int main(void)
{
	RUN_PLAIN(console);
	RUN(clocks);
	RUN_PLAIN(clocks);
	RUN(cancelled);
	RUN(random_bytes);
	RUN_PLAIN(process);
	return mir_test_end();
}
