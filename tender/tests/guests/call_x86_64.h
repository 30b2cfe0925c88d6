/* call_x86_64.h: entry, system calls and forbidden things of spt's test images. */
__asm__(".pushsection .text.start, \"ax\"\n"
	".globl _start\n"
	"_start: call start\n"
	".popsection\n");

static long call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static void other_architecture(void)
{
	/* write(1, "", 0) of 32 bits */
	__asm__ volatile("int $0x80" : : "a"(4), "b"(1), "c"(0), "d"(0) : "memory");
}

static void illegal(void)
{
	__asm__ volatile("ud2");
}

enum { RETURN_INSTRUCTION = 0xc3, X32 = 0x40000000, SYS_ARCH_PRCTL = 158, SET_FS = 0x1002, SET_GS };
enum {
	SYS_READ = 0,
	SYS_WRITE = 1,
	SYS_MPROTECT = 10,
	SYS_PREAD64 = 17,
	SYS_PWRITE64 = 18,
	SYS_READV = 19,
	SYS_WRITEV = 20,
	SYS_MADVISE = 28,
	SYS_DUP = 32,
	SYS_EXIT_GROUP = 231,
	SYS_CLOCK_GETTIME = 228,
	SYS_EPOLL_CTL = 233,
	SYS_EPOLL_PWAIT = 281,
	SYS_FALLOCATE = 285,
	SYS_TIMERFD_SETTIME = 286,
	SYS_PREADV = 295,
	SYS_PWRITEV = 296,
	SYS_GETRANDOM = 318,
	SYS_FDATASYNC = 75,
	SYS_EPOLL_PWAIT2 = 441,
};
