/* call_aarch64.h: entry, system calls and forbidden things of spt's test images. */
__asm__(".pushsection .text.start, \"ax\"\n"
	".globl _start\n"
	"_start: bl start\n"
	".popsection\n");

static long call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

static void other_architecture(void)
{
}

static void illegal(void)
{
	__asm__ volatile("udf #0");
}

enum { RETURN_INSTRUCTION = 0xd65f03c0, X32 = 0, SYS_ARCH_PRCTL = -1, SET_FS = 0, SET_GS = 0 };
enum {
	SYS_DUP = 23,
	SYS_EPOLL_CTL = 21,
	SYS_EPOLL_PWAIT = 22,
	SYS_FALLOCATE = 47,
	SYS_READ = 63,
	SYS_WRITE = 64,
	SYS_READV = 65,
	SYS_WRITEV = 66,
	SYS_PREAD64 = 67,
	SYS_PWRITE64 = 68,
	SYS_PREADV = 69,
	SYS_PWRITEV = 70,
	SYS_FDATASYNC = 83,
	SYS_TIMERFD_SETTIME = 86,
	SYS_EXIT_GROUP = 94,
	SYS_CLOCK_GETTIME = 113,
	SYS_MPROTECT = 226,
	SYS_MADVISE = 233,
	SYS_GETRANDOM = 278,
	SYS_EPOLL_PWAIT2 = 441,
};
