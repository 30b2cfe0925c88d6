/* spt.c: a test image: does what its command line says, one word after another, and prints what
 * came of it.  NUMBER sets a variable for the next word that wants one: "7 exit".
 *
 * Compiled with CPU, TARGET, DEVICES, EXT, FAULT (notes.h).
 */
#include <mir/spt.h>

#include CPU
#include "notes.h"

static const struct mir_spt_boot *boot;
static const struct mir_mft *mft;
static struct mir_ext *const ext = (struct mir_ext *)MIR_SPT_EXT;
extern uint8_t image_end[];
void *memset(void *, int, size_t);
void *memcpy(void *, const void *, size_t);

void *memset(void *to, int c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile uint8_t *)to)[i] = (uint8_t)c;
	return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	return to;
}

/* ---- text ---- */

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static void put(const char *s)
{
	call6(SYS_WRITE, 1, (long)s, (long)length(s), 0, 0, 0);
}

static void put_number(const char *what, long v)
{
	char text[24], *p = text + sizeof(text);
	unsigned long u = v < 0 ? 0 - (unsigned long)v : (unsigned long)v;

	*--p = '\0';
	*--p = '\n';
	do
		*--p = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		*--p = '-';
	put(what);
	put(" ");
	put(p);
}

/* ---- what it can do ---- */

static long arg[4]; /* the last numbers, the latest first */

static int fd_of(uint32_t type)
{
	for (uint32_t i = 1; i < mft->entries; i++)
		if (mft->e[i].type == type)
			return mft->e[i].b.hostfd;
	return -1;
}

static uint8_t buffer[1 << 16] __attribute__((aligned(4096)));

struct iov {
	void *base;
	size_t len;
};

struct event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

struct event_aligned {
	uint32_t events, pad;
	uint64_t data;
};

static void end(int status)
{
	call6(SYS_EXIT_GROUP, status, 0, 0, 0, 0, 0);
}

static void do_exit(void)
{
	end((int)arg[0]);
}

static void do_hello(void)
{
	put("hello\n");
}

static void do_args(void)
{
	put((const char *)boot->cmdline);
	put("\n");
}

static void do_argv(void)
{
	for (uint32_t i = 0; i < ext->argc; i++) {
		put("[");
		put(((const char **)ext->argv)[i]);
		put("]");
	}
	put("\n");
}

static void do_features(void)
{
	put_number("magic", ext->magic == MIR_EXT_MAGIC);
	put_number("features", ext->features);
}

static void do_mem(void)
{
	put_number("mem", (long)(boot->mem_size >> 20));
}

static void do_write(void)
{
	put_number("write", call6(SYS_WRITE, arg[0], (long)"x", 1, 0, 0, 0));
}

static void do_read(void)
{
	put_number("read", call6(SYS_READ, arg[0], (long)buffer, 1, 0, 0, 0));
}

static void do_dup(void)
{
	put_number("dup", call6(SYS_DUP, 0, 0, 0, 0, 0, 0));
}

/* "NUMBER call": any system call, without arguments. */
static void do_call(void)
{
	put_number("call", call6(arg[0], 0, 0, 0, 0, 0, 0));
}

static void do_arch(void)
{
	other_architecture();
	put("other architecture\n");
}

static void do_x32(void)
{
	put_number("x32", call6(X32 + SYS_WRITE, 1, 0, 0, 0, 0, 0));
}

static void do_set_fs(void)
{
	put_number("fs", call6(SYS_ARCH_PRCTL, SET_FS, (long)buffer, 0, 0, 0, 0));
}

static void do_set_gs(void)
{
	put_number("gs", call6(SYS_ARCH_PRCTL, SET_GS, (long)buffer, 0, 0, 0, 0));
}

/* "CLOCK clock" */
static void do_clock(void)
{
	int64_t t[2] = { 0, 0 };

	put_number("clock", call6(SYS_CLOCK_GETTIME, arg[0], (long)t, 0, 0, 0, 0));
	put_number("later than 2017", t[0] > 1483228800);
}

static void do_vdso(void)
{
	int64_t t[2] = { 0, 0 }, u[2];
	int (*clock)(int, int64_t *) = (int (*)(int, int64_t *))ext->clock;

	put_number("vdso", clock ? clock(0, t) : -1);
	call6(SYS_CLOCK_GETTIME, 0, (long)u, 0, 0, 0, 0);
	put_number("agree", t[0] == u[0] || t[0] + 1 == u[0]);
}

#include "spt_devices.h"

/* ---- memory: "LENGTH ADDRESS PROTECTION protect" ---- */

static void do_poke(void)
{
	*(volatile uint8_t *)arg[0] = 1;
	put("poked\n");
}

static void do_peek(void)
{
	put_number("peeked", *(volatile uint8_t *)arg[0]);
}

static void do_text(void)
{
	*(volatile uint8_t *)(uintptr_t)do_peek = 1;
	put("text written\n");
}

static void do_rodata(void)
{
	*(volatile uint8_t *)(uintptr_t) "read only" = 2;
	put("rodata written\n");
}

static void jump_to(void *p)
{
	*(volatile uint32_t *)p = RETURN_INSTRUCTION;
	__builtin___clear_cache((char *)p, (char *)p + 4);
	((void (*)(void))p)();
	put("executed\n");
}

static void do_data(void)
{
	jump_to(buffer);
}

static void do_heap(void)
{
	jump_to(image_end + 4096);
}

static void do_illegal(void)
{
	illegal();
}

static void do_protect(void)
{
	put_number("protect", call6(SYS_MPROTECT, arg[1], arg[2], arg[0], 0, 0, 0));
}

/* "LENGTH ADDRESS ADVICE advise" */
static void do_advise(void)
{
	put_number("advise", call6(SYS_MADVISE, arg[1], arg[2], arg[0], 0, 0, 0));
}

static void do_random(void)
{
	put_number("random", call6(SYS_GETRANDOM, (long)buffer, 16, arg[0], 0, 0, 0));
}

static void do_seed(void)
{
	put_hex(ext->seed, MIR_EXT_SEED);
}

void fault(int number, const void *info, void *context);
void fault(int number, const void *info, void *context)
{
	(void)context;
	put_number("fault", number);
	put_number("at", *(const long *)((const char *)info + 16));
	end(255);
}

static const struct word {
	const char *name;
	void (*run)(void);
} words[] = {
	{ "exit", do_exit },
	{ "hello", do_hello },
	{ "args", do_args },
	{ "argv", do_argv },
	{ "features", do_features },
	{ "mem", do_mem },
	{ "write", do_write },
	{ "read", do_read },
	{ "dup", do_dup },
	{ "call", do_call },
	{ "arch", do_arch },
	{ "x32", do_x32 },
	{ "set_fs", do_set_fs },
	{ "set_gs", do_set_gs },
	{ "clock", do_clock },
	{ "vdso", do_vdso },
	{ "pread", do_pread },
	{ "pwrite", do_pwrite },
	{ "fill", do_fill },
	{ "preadv", do_preadv },
	{ "pwritev", do_pwritev },
	{ "flush", do_flush },
	{ "discard", do_discard },
	{ "devices", do_disk },
	{ "mac", do_mac },
	{ "wait", do_wait },
	{ "wait2", do_wait2 },
	{ "wait-masked", do_wait_masked },
	{ "timer", do_timer },
	{ "echo", do_echo },
	{ "send", do_send },
	{ "receive", do_receive },
	{ "forget", do_forget },
	{ "spin", do_spin },
	{ "poke", do_poke },
	{ "peek", do_peek },
	{ "text", do_text },
	{ "rodata", do_rodata },
	{ "data", do_data },
	{ "heap", do_heap },
	{ "illegal", do_illegal },
	{ "protect", do_protect },
	{ "advise", do_advise },
	{ "random", do_random },
	{ "seed", do_seed },
};

static int same(const char *name, const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (name[i] != word[i])
			return 0;
	return name[n] == '\0';
}

static void run(const char *word, size_t n)
{
	long v = 0;

	if (*word >= '0' && *word <= '9') {
		for (size_t i = 0; i < n; i++)
			v = v * 10 + (word[i] - '0');
		arg[3] = arg[2];
		arg[2] = arg[1];
		arg[1] = arg[0];
		arg[0] = v;
		return;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (same(words[i].name, word, n)) {
			words[i].run();
			return;
		}
	put("unknown word\n");
	end(2);
}

__attribute__((noreturn)) void start(const struct mir_spt_boot *b);
void start(const struct mir_spt_boot *b)
{
	const char *p = (const char *)b->cmdline;

	boot = b;
	mft = (const struct mir_mft *)b->mft;
	while (*p) {
		size_t n = 0;

		while (p[n] && p[n] != ' ')
			n++;
		if (n)
			run(p, n);
		p += n + (p[n] == ' ');
	}
	end(0);
	__builtin_unreachable();
}
