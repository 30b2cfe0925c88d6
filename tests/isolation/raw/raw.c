/* raw.c: see raw.h. */
#include "raw.h"

#define NOTE(name) __attribute__((section(name), aligned(4), used))

struct note_head {
	uint32_t namesz, descsz, type;
	char name[8];
};

#ifdef RAW_HVT
enum { TARGET = MIR_ABI_HVT, VERSION = MIR_ABI_HVT_VERSION };
#else
enum { TARGET = MIR_ABI_SPT, VERSION = MIR_ABI_SPT_VERSION };
#endif

NOTE(".note.abi")
static const struct {
	struct note_head head;
	struct mir_abi_note abi;
} note_abi = { { 6, sizeof(struct mir_abi_note), MIR_NOTE_ABI, MIR_NOTE_SOLO5 },
	{ TARGET, VERSION, { 0, 0 } } };

enum { ENTRIES = 3 };
struct manifest {
	uint32_t version, entries;
	struct mir_mft_entry e[ENTRIES];
};

NOTE(".note.mft")
static const struct {
	struct note_head head;
	uint32_t pad;
	struct manifest mft;
} note_mft = { { 6, 4 + sizeof(struct manifest), MIR_NOTE_MFT, MIR_NOTE_SOLO5 }, 0,
	{ MIR_MFT_VERSION, ENTRIES,
	    { { .type = MIR_MFT_RESERVED }, { .name = "service", .type = MIR_MFT_NET },
		{ .name = "storage", .type = MIR_MFT_BLOCK } } } };

#ifndef RAW_PLAIN
NOTE(".note.ext")
static const struct {
	struct note_head head;
	struct mir_ext_note ext;
} note_ext = { { 7, sizeof(struct mir_ext_note), MIR_NOTE_EXT, MIR_NOTE_MIRAGE },
	{ MIR_EXT_VERSION, 0xffffffff, 0, 0 } };
#endif

struct raw_boot raw_boot;

static size_t length(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	return n;
}

#ifdef RAW_HVT

void raw_call(unsigned call, uint64_t argument)
{
	__asm__ volatile("outl %0, %1"
			 :
			 : "a"((uint32_t)argument), "d"((uint16_t)(MIR_HVT_PORT + call))
			 : "memory");
}

void raw_say(const char *text)
{
	volatile struct mir_hvt_puts puts = { (uintptr_t)text, length(text) };

	raw_call(MIR_HVT_PUTS, (uintptr_t)&puts);
}

void raw_exit(int status)
{
	volatile struct mir_hvt_halt halt = { 0, status, 0 };

	raw_call(MIR_HVT_HALT, (uintptr_t)&halt);
	for (;;)
		__asm__ volatile("hlt");
}

__attribute__((section(".text.start"), used, noreturn)) void raw_start(const struct mir_hvt_boot *);
void raw_start(const struct mir_hvt_boot *boot)
{
	raw_boot.mem_size = boot->mem_size;
	raw_boot.cmdline = (const char *)(uintptr_t)boot->cmdline;
	raw_boot.mft = (struct mir_mft *)(uintptr_t)boot->mft;
	if (boot->host_features & MIR_HVT_HOST_RING)
		raw_boot.ring = boot->ring;
	if (boot->host_features & MIR_HVT_HOST_EXT)
		raw_boot.ext = (const struct mir_ext *)(uintptr_t)boot->ext;
	raw_exit(raw_main());
}

#else

long raw_syscall(long number, long a, long b, long c, long d, long e, long f)
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

enum { CALL_WRITE = 1, CALL_EXIT_GROUP = 231 };

void raw_say(const char *text)
{
	raw_syscall(CALL_WRITE, 1, (long)text, (long)length(text), 0, 0, 0);
}

void raw_exit(int status)
{
	raw_syscall(CALL_EXIT_GROUP, status, 0, 0, 0, 0, 0);
	__builtin_trap();
}

__attribute__((section(".text.start"), used, noreturn)) void raw_start(const struct mir_spt_boot *);
void raw_start(const struct mir_spt_boot *boot)
{
	const struct mir_ext *ext = (const struct mir_ext *)(uintptr_t)MIR_SPT_EXT;

	raw_boot.mem_size = boot->mem_size;
	raw_boot.cmdline = (const char *)(uintptr_t)boot->cmdline;
	raw_boot.mft = (struct mir_mft *)(uintptr_t)boot->mft;
	raw_boot.epollfd = boot->epollfd;
	raw_boot.timerfd = boot->timerfd;
	if (ext->magic == MIR_EXT_MAGIC)
		raw_boot.ext = ext;
	raw_exit(raw_main());
}

#endif

void raw_number(const char *name, uint64_t number)
{
	char text[64];
	size_t n = 0;
	int shift;

	while (*name && n < 40)
		text[n++] = *name++;
	text[n++] = ' ';
	for (shift = 60; shift > 0 && !(number >> shift); shift -= 4)
		;
	for (; shift >= 0; shift -= 4)
		text[n++] = "0123456789abcdef"[number >> shift & 15];
	text[n++] = '\n';
	text[n] = 0;
	raw_say(text);
}

static uint64_t parse(const char *at)
{
	uint64_t n = 0;
	unsigned base = 10, digit;

	if (at[0] == '0' && at[1] == 'x') {
		base = 16;
		at += 2;
	}
	for (;; at++) {
		digit = *at >= 'a' ? (unsigned)(*at - 'a' + 10) : (unsigned)(*at - '0');
		if (digit >= base)
			return n;
		n = n * base + digit;
	}
}

uint64_t raw_option(const char *name, uint64_t otherwise)
{
	const char *at = raw_boot.cmdline;
	size_t i;

	for (; *at; at++) {
		for (i = 0; name[i] && name[i] == at[i]; i++)
			;
		if (!name[i] && at[i] == '=')
			return parse(at + i + 1);
	}
	return otherwise;
}

uint64_t raw_random(uint64_t *seed)
{
	uint64_t x = *seed += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* What the compiler calls. */
void *memset(void *to, int c, size_t n);
void *memset(void *to, int c, size_t n)
{
	void *at = to;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(c) : "memory");
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	void *at = to;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(n) : : "memory");
	return to;
}
