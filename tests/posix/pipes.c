/* pipes.c: pipes, eventfd, timerfd, descriptors, limits; prints what it sees.  The same lines must
 * come from an image and from Linux (tests/long/posix.t). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* The call, its result, and the number of the error where it failed. */
#define SAY(call)                                                                                  \
	do {                                                                                       \
		errno = 0;                                                                         \
		long rc_ = (long)(call);                                                           \
		printf("%d %s: %ld", __LINE__, #call, rc_);                                        \
		if (rc_ == -1 && errno)                                                            \
			printf(" errno %d", errno);                                                \
		printf("\n");                                                                      \
	} while (0)

static unsigned ready(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	return poll(&p, 1, 0) < 0 ? 0 : (unsigned)p.revents;
}

static void pipes(void)
{
	static char big[70000], back[70000];
	struct stat st;
	int p[2], n;

	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)i;
	SAY(pipe2(p, O_NONBLOCK));
	SAY(read(p[0], back, 10));
	SAY(ready(p[0]));
	SAY(ready(p[1]));
	SAY(write(p[1], "hello", 5));
	SAY(ready(p[0]));
	SAY(ioctl(p[0], FIONREAD, &n));
	SAY(n);
	SAY(read(p[0], back, 3));
	SAY(read(p[0], back, 30));
	SAY(write(p[0], "x", 1));
	SAY(read(p[1], back, 1));
	SAY(lseek(p[0], 0, SEEK_SET));
	SAY(pread(p[0], back, 1, 0));
	SAY(ftruncate(p[1], 0));
	SAY(fsync(p[0]));
	SAY(fstat(p[0], &st));
	SAY(S_ISFIFO(st.st_mode));
	/* Full, but for less than PIPE_BUF. */
	SAY(write(p[1], big, 61440 + 2000));
	SAY(write(p[1], big, PIPE_BUF));
	SAY(read(p[0], back, 4096));
	SAY(write(p[1], big + 1, PIPE_BUF));
	SAY(read(p[0], back, sizeof back));
	SAY(memcmp(back, big + 4096, 61440 + 2000 - 4096));
	SAY(back[61440 + 2000 - 4096] == big[1]);
	SAY(write(p[1], big, sizeof big));
	SAY(read(p[0], back, sizeof back));
	SAY(fcntl(p[1], F_GETFL) & (O_NONBLOCK | O_ACCMODE));
	SAY(close(p[1]));
	SAY(ready(p[0]));
	SAY(read(p[0], back, 10));
	SAY(close(p[0]));
	SAY(pipe(p));
	signal(SIGPIPE, SIG_IGN);
	SAY(close(p[0]));
	SAY(ready(p[1]));
	SAY(write(p[1], "x", 1));
	SAY(close(p[1]));
	SAY(pipe2(p, 12345));
}

static void events(void)
{
	uint64_t v = 3;
	int fd;

	SAY((fd = eventfd(2, EFD_NONBLOCK)) >= 0);
	SAY(ready(fd));
	SAY(write(fd, &v, 8));
	SAY(read(fd, &v, 4));
	SAY(read(fd, &v, 8));
	SAY(v);
	SAY(read(fd, &v, 8));
	SAY(ready(fd));
	v = UINT64_MAX;
	SAY(write(fd, &v, 8));
	v = UINT64_MAX - 1;
	SAY(write(fd, &v, 8));
	SAY(ready(fd));
	v = 1;
	SAY(write(fd, &v, 8));
	SAY(close(fd));
	fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	SAY(read(fd, &v, 8));
	SAY(v);
	SAY(read(fd, &v, 8));
	SAY(read(fd, &v, 8));
	close(fd);
	SAY(eventfd(0, 77));
}

static void timers(void)
{
	struct itimerspec t = { { 0, 2000000 }, { 0, 5000000 } }, now;
	uint64_t v = 0;
	int fd;

	SAY((fd = timerfd_create(CLOCK_MONOTONIC, 0)) >= 0);
	SAY(timerfd_settime(fd, 0, &t, NULL));
	SAY(timerfd_gettime(fd, &now));
	SAY(now.it_value.tv_sec == 0 && now.it_value.tv_nsec > 0);
	SAY(now.it_interval.tv_nsec);
	SAY(read(fd, &v, 8));
	SAY(v >= 1);
	usleep(20000);
	SAY(ready(fd));
	SAY(read(fd, &v, 8));
	SAY(v >= 3);
	t.it_value.tv_nsec = 0;
	SAY(timerfd_settime(fd, 0, &t, &now));
	SAY(ready(fd));
	t.it_value.tv_nsec = 1000000000;
	SAY(timerfd_settime(fd, 0, &t, NULL));
	t.it_value.tv_nsec = -1;
	SAY(timerfd_settime(fd, 0, &t, NULL));
	SAY(write(fd, &v, 8));
	SAY(close(fd));
	fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	clock_gettime(CLOCK_REALTIME, &t.it_value);
	t.it_interval.tv_nsec = 0;
	SAY(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL));
	usleep(5000);
	SAY(read(fd, &v, 8));
	SAY(v);
	SAY(read(fd, &v, 8));
	close(fd);
	SAY(timerfd_settime(1, 0, &t, NULL));
	SAY(timerfd_create(99, 0));
}

static void descriptors(void)
{
	struct rlimit limit = { 20, 20 };
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open("/dev/null", O_RDWR), other;

	SAY(fd);
	SAY(dup2(fd, 10));
	SAY(dup2(99, 10));
	SAY(dup2(fd, -1));
	SAY(dup3(fd, fd, 0));
	SAY(fcntl(fd, F_DUPFD, 12));
	SAY(other = fcntl(fd, F_DUPFD_CLOEXEC, 12));
	SAY(fcntl(other, F_GETFD));
	SAY(fcntl(other, F_SETFD, 0));
	SAY(fcntl(other, F_GETFD));
	SAY(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	SAY(fcntl(other, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE));
	SAY(fcntl(fd, F_SETLK, &l));
	SAY(fcntl(fd, F_GETLK, &l));
	SAY(l.l_type == F_UNLCK);
	SAY(ioctl(fd, FIONBIO, &(int){ 0 }));
	SAY(fcntl(other, F_GETFL) & O_NONBLOCK);
	SAY(ioctl(fd, FIONBIO, &(int){ 1 }));
	SAY(fcntl(other, F_GETFL) & O_NONBLOCK);
	SAY(ioctl(fd, FIOCLEX));
	SAY(fcntl(fd, F_GETFD));
	SAY(ioctl(fd, FIONCLEX));
	SAY(fcntl(fd, F_GETFD));
	SAY(ioctl(99, FIONBIO, &(int){ 1 }));
	SAY(fcntl(99, F_GETFL));
	SAY(fcntl(fd, 9999));
	SAY(close(10));
	SAY(close(12));
	SAY(close(13));
	SAY(setrlimit(RLIMIT_NOFILE, &limit));
	SAY(getdtablesize());
	while ((other = dup(fd)) >= 0)
		SAY(other);
	SAY(other);
	SAY(dup2(fd, 20));
	for (int i = fd; i < 20; i++)
		close(i);
	SAY(close(fd));
	SAY(open("/dev/stdin", O_RDONLY) >= 0);
}

static void system_(void)
{
	struct utsname u;
	struct sysinfo info;
	struct rusage usage;
	struct statvfs fs;
	struct passwd *pw;
	struct group *gr;
	struct servent *s;

	SAY(uname(&u));
	printf("%s\n", u.machine);
	SAY(sysinfo(&info));
	SAY(info.totalram >= info.freeram && info.freeram > 0);
	SAY(getrusage(RUSAGE_SELF, &usage));
	SAY(getrusage(77, &usage));
	SAY(times(NULL) != -1);
	SAY(statvfs("/dev/null", &fs));
	SAY(fs.f_namemax);
	SAY(statvfs("/none", &fs));
	SAY(sysconf(_SC_PAGESIZE));
	SAY(sysconf(_SC_CLK_TCK));
	SAY(sysconf(_SC_IOV_MAX));
	SAY(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
	SAY(sysconf(_SC_PHYS_PAGES) > 100);
	SAY(pathconf("/", _PC_NAME_MAX));
	SAY(pathconf("/", _PC_PATH_MAX));
	SAY(pathconf("/", _PC_PIPE_BUF));
	SAY((pw = getpwuid(0)) != NULL);
	printf("%s\n", pw ? pw->pw_name : "");
	SAY(getpwnam("nobody-of-that-name") == NULL);
	SAY((gr = getgrgid(0)) != NULL);
	printf("%s\n", gr ? gr->gr_name : "");
	SAY((s = getservbyname("https", "tcp")) != NULL);
	SAY(s ? s->s_port == htons(443) : 0);
	SAY(getuid());
	SAY(access("/proc/self/none", F_OK));
}

int main(void)
{
	/* What whoever started it has left open. */
	for (int i = 3; i < 100; i++)
		close(i);
	pipes();
	events();
	timers();
	descriptors();
	system_();
	printf("end\n");
	return 0;
}
