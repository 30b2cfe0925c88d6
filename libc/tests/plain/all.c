/* all.c: what a C program may expect of its library; a line of TAP each. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static unsigned count, failed;

static void ok(bool good, const char *what)
{
	failed += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++count, what);
}

static _Thread_local int tls_value = 42, tls_zero;
static _Thread_local _Alignas(64) char tls_big[3000];

static void thread_local_storage(void)
{
	ok(tls_value == 42 && tls_zero == 0 && tls_big[2999] == 0, "thread-local variables");
	tls_value++;
	tls_zero--;
	ok(tls_value == 43 && tls_zero == -1, "are variables");
	ok((uintptr_t)tls_big % 64 == 0, "aligned");
}

static void text(void)
{
	char buf[200];
	int n = snprintf(buf, sizeof(buf), "%s|%5d|%-5x|%.3f|%g|%lld|%c|%%|%.17g", "text", -42, 255,
	    3.14159, 1e300, 1234567890123LL, 'x', 0.1);

	ok(n == (int)strlen(buf) &&
		strcmp(buf,
		    "text|  -42|ff   |3.142|1e+300|1234567890123|x|%|0.10000000000000001") == 0,
	    "snprintf");
	ok(strtod("2.5e-3", NULL) == 0.0025 && strtol("0x1f", NULL, 0) == 31, "numbers from text");
	ok(sscanf("7 apples", "%d %199s", &n, buf) == 2 && n == 7 && !strcmp(buf, "apples"),
	    "sscanf");
	ok(fabs(sin(1.0) - 0.8414709848078965) < 1e-15, "sin");
}

static int by_value(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static void sorting(void)
{
	static int v[10000];
	bool sorted = true;
	int key = 0;

	srand(1);
	for (unsigned i = 0; i < 10000; i++)
		v[i] = rand();
	key = v[77];
	qsort(v, 10000, sizeof(*v), by_value);
	for (unsigned i = 1; i < 10000; i++)
		sorted &= v[i - 1] <= v[i];
	ok(sorted && *(int *)bsearch(&key, v, 10000, sizeof(*v), by_value) == key,
	    "qsort, bsearch");
}

static jmp_buf back;

static int jump(int depth)
{
	if (depth > 0)
		return 1 + jump(depth - 1);
	longjmp(back, 7);
}

static void jumping(void)
{
	volatile int before = 5;
	int rc = setjmp(back);

	if (rc == 0) {
		before = 6;
		jump(10);
	}
	ok(rc == 7 && before == 6, "setjmp, longjmp");
}

/* As many megabytes through the heap as it takes to run out where nothing is given back. */
static void heap(void)
{
	static struct {
		unsigned char *p;
		size_t n;
	} slot[500];
	bool good = true;
	size_t through = 0;

	for (unsigned i = 0; i < 40000; i++) {
		unsigned k = (unsigned)rand() % 500;
		size_t n = 1 + (size_t)rand() % (rand() % 50 ? 2000 : 200000);

		if (slot[k].p) {
			good &= slot[k].p[0] == (unsigned char)k &&
				slot[k].p[slot[k].n - 1] == (unsigned char)k;
			if (rand() % 3 == 0)
				slot[k].p = realloc(slot[k].p, n);
			else
				free(slot[k].p), slot[k].p = malloc(n);
		} else {
			slot[k].p = malloc(n);
		}
		if (!slot[k].p) {
			good = false;
			break;
		}
		slot[k].n = n;
		memset(slot[k].p, (int)k, n);
		through += n;
	}
	for (unsigned k = 0; k < 500; k++)
		free(slot[k].p);
	printf("# %zu MB through the heap\n", through >> 20);
	ok(good, "malloc, realloc, free");
	slot[0].p = aligned_alloc(4096, 8192);
	ok(slot[0].p && (uintptr_t)slot[0].p % 4096 == 0, "aligned_alloc");
	free(slot[0].p);
	slot[0].p = calloc(100, 1000);
	good = slot[0].p && slot[0].p[0] == 0 && !memcmp(slot[0].p, slot[0].p + 1, 99999);
	ok(good, "calloc gives zeroes");
	free(slot[0].p);
	slot[0].p = malloc((size_t)1 << 45);
	ok(!slot[0].p && errno == ENOMEM, "more than there is: ENOMEM");
}

static void mappings(void)
{
	int rw = PROT_READ | PROT_WRITE, anon = MAP_PRIVATE | MAP_ANONYMOUS;
	char *p = mmap(NULL, 100000, rw, anon, -1, 0);

	ok(p != MAP_FAILED && p[0] == 0 && p[99999] == 0, "mmap");
	memset(p, 1, 100000);
	ok(munmap(p + 4096, 8192) == 0 && p[0] == 1 && p[12288] == 1, "munmap of a part");
	ok(mmap(NULL, 4096, rw | PROT_EXEC, anon, -1, 0) == MAP_FAILED, "nothing is executable");
	ok(mprotect(p, 4096, PROT_READ | PROT_EXEC) == -1, "nor becomes it");
}

static void clocks(void)
{
	struct timespec a, b, wait = { 0, 2000000 };
	time_t then = 1700000000;
	struct tm tm;
	char buf[40];

	clock_gettime(CLOCK_MONOTONIC, &a);
	ok(nanosleep(&wait, NULL) == 0, "nanosleep");
	clock_gettime(CLOCK_MONOTONIC, &b);
	ok((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 2000000, "that long");
	gmtime_r(&then, &tm);
	strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M:%S", &tm);
	ok(!strcmp(buf, "2023-11-14 22:13:20"), "gmtime_r, strftime");
	ok(time(NULL) > then, "time");
}

static void *nothing(void *arg)
{
	return arg;
}

static void what_is_not_there(void)
{
	pthread_t thread;

	errno = 0;
	ok(open("/etc/passwd", O_RDONLY) == -1 && errno == ENOSYS, "open: ENOSYS");
	ok(!fopen("/etc/passwd", "r") && errno == ENOSYS, "fopen: ENOSYS");
	ok(pthread_create(&thread, NULL, nothing, NULL) == EAGAIN, "pthread_create: EAGAIN");
	ok(fork() == -1, "no fork");
	ok(getchar() == EOF, "nothing to read");
}

static void others(void)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	unsigned char a[32] = { 0 }, b[32] = { 0 };

	ok(getrandom(a, sizeof(a), 0) == 32 && getrandom(b, sizeof(b), 0) == 32 &&
		memcmp(a, b, 32) != 0,
	    "getrandom");
	ok(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_trylock(&mutex) == EBUSY &&
		pthread_mutex_unlock(&mutex) == 0,
	    "a mutex");
	ok(getpid() == 1 && isatty(1), "a process at a terminal");
	ok(!getenv("HOME") && setenv("X", "y", 1) == 0 && !strcmp(getenv("X"), "y"),
	    "an environment of its own");
}

static void at_exit(void)
{
	puts("# atexit");
}

static int constructed;

__attribute__((constructor)) static void construct(void)
{
	constructed = 1;
}

int main(int argc, char **argv)
{
	ok(argc == 3 && !strcmp(argv[1], "one") && !strcmp(argv[2], "and two") && !argv[3],
	    "arguments");
	ok(constructed, "constructors");
	atexit(at_exit);
	thread_local_storage();
	text();
	sorting();
	jumping();
	heap();
	mappings();
	clocks();
	what_is_not_there();
	others();
	printf("1..%u\n", count);
	return failed > 0;
}
