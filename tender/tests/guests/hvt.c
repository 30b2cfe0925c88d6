/* hvt.c: a test image for mirage-hvt: does what each word of its command line says, and prints what
 * came of it.  NUMBER is for the next word that wants one: "7 exit".  Words that do something wrong
 * end it.
 *
 * Compiled with TARGET, DEVICES, EXT, FAULT (notes.h); the first device has handle 1.
 */
#include "hvt.h"

#include "notes.h"

enum { FRAME = 2048, SECOND = 1000000000 };

static const struct mir_hvt_boot *boot;
static const struct mir_ext *ext;
static const struct mir_mft *mft;
static int64_t number;
static uint8_t frame[FRAME], page[2][4096] __attribute__((aligned(4096)));
static struct mir_op op[300];
static struct mir_op_iov iov[40];

void guest_main(const struct mir_hvt_boot *);
void *memset(void *to, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);

#if defined(__x86_64__)
__asm__(".pushsection .text.start, \"ax\"\n"
	".globl _start\n"
	"_start: xor %ebp, %ebp\n"
	"	call guest_main\n"
	"	hlt\n"
	".popsection\n");
#else
__asm__(".pushsection .text.start, \"ax\"\n"
	".globl _start\n"
	"_start: bl guest_main\n"
	".popsection\n");
#endif

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

/* ---- what it was given ---- */

static void show_args(void)
{
	put((const char *)(uintptr_t)boot->cmdline);
	put("\n");
	for (unsigned i = 0; ext && i < ext->argc; i++) {
		put("<");
		put((const char *)(uintptr_t)((const uint64_t *)(uintptr_t)ext->argv)[i]);
		put(">\n");
	}
}

static void show_boot(void)
{
	put_number("mem", (int64_t)boot->mem_size);
	put_number("kernel-end", (int64_t)boot->kernel_end);
	put_number("clock", boot->tsc_hz > 1000000);
	put_number("host", boot->host_features);
	put_number("ring", boot->ring ? (int64_t)(boot->ring - boot->mem_size) : -1);
	for (unsigned i = 1; i < mft->entries; i++) {
		put_number(mft->e[i].name, mft->e[i].attached);
		if (mft->e[i].type == MIR_MFT_NET)
			put_number("mtu", mft->e[i].u.net.mtu);
		else
			put_number("capacity", (int64_t)mft->e[i].u.block.capacity);
	}
	if (!ext)
		return;
	put_number("magic", ext->magic == MIR_EXT_MAGIC && ext->size == sizeof(*ext));
	put_number("features", ext->features);
	put_number("seed", ext->seed[0] | ext->seed[17] | ext->seed[40] | ext->seed[63] ? 1 : 0);
	put_number("start", ext->start_ns > 0 && ext->start_ns < 10ull * SECOND);
}

/* The stack is at the end of memory, and may be used. */
static void use_stack(void)
{
	volatile uint8_t room[0x8000];

	for (unsigned i = 0; i < sizeof(room); i += 512)
		room[i] = 1;
	put_number("stack", room[512]);
}

#if defined(__x86_64__)
static void show_cpu(void)
{
	uint32_t a = 1, b, c = 0, d;
	uint64_t cr0, cr4;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	put_number("vmx", c >> 5 & 1);
	put_number("sse2", d >> 26 & 1);
	a = 0x80000001, c = 0;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	put_number("svm", c >> 2 & 1);
	put_number("nx", d >> 20 & 1);
	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	put_number("cr0", (int64_t)cr0);
	put_number("cr4", (int64_t)cr4);
}
#endif

/* ---- hypercalls of the ABI ---- */

static void show_wall(void)
{
	put_number("wall", (int64_t)(wall() / SECOND));
}

static void poll_once(void)
{
	uint64_t start = wall();
	int ret;
	uint64_t ready = wait_ready((uint64_t)number, &ret);

	put_number("ready", (int64_t)ready);
	put_number("ret", ret);
	put_number("waited", wall() - start >= (uint64_t)number);
}

static void poll_forever(void)
{
	int ret;
	uint64_t ready;

	put("waiting\n");
	ready = wait_ready(UINT64_MAX, &ret);
	put_number("ready", (int64_t)ready);
}

static void use_block(void)
{
	uint64_t end = mft->e[number].u.block.capacity, h = (uint64_t)number;

	for (unsigned i = 0; i < 4096; i++)
		page[0][i] = (uint8_t)(i * 7);
	put_number("write", block(MIR_HVT_BLOCK_WRITE, h, 1024, page[0], 4096));
	put_number("read", block(MIR_HVT_BLOCK_READ, h, 1024, page[1], 4096));
	put_number("same", page[1][17] == 119 && page[1][4095] == (uint8_t)(4095 * 7));
	put_number("last", block(MIR_HVT_BLOCK_WRITE, h, end - 512, page[0], 512));
	put_number("over", block(MIR_HVT_BLOCK_WRITE, h, end - 512, page[0], 1024));
	put_number("beyond", block(MIR_HVT_BLOCK_READ, h, end, page[0], 512));
	put_number("far", block(MIR_HVT_BLOCK_READ, h, UINT64_MAX - 511, page[0], 512));
	put_number("handle-0", block(MIR_HVT_BLOCK_READ, 0, 0, page[0], 512));
	put_number("handle-64", block(MIR_HVT_BLOCK_READ, 64, 0, page[0], 512));
	put_number("handle-max", block(MIR_HVT_BLOCK_READ, UINT64_MAX, 0, page[0], 512));
	put_number("text", block(MIR_HVT_BLOCK_READ, h, 0, (void *)0x100000, 512));
}

#include "hvt_net.h"
#include "hvt_submit.h"

static void wait_for_end(void)
{
	put("waiting\n");
	put_number("ready", one(MIR_OP_WAIT, 0, 0, UINT64_MAX));
	put_number("again", one(MIR_OP_WAIT, 0, 0, 1000));
}

#include "hvt_wrong.h"

static void leave(void)
{
	halt((int)number);
}

static const struct word {
	const char *name;
	void (*fn)(void);
} words[] = {
	{ "args", show_args },
	{ "boot", show_boot },
	{ "stack", use_stack },
	{ "exit", leave },
	{ "wall", show_wall },
	{ "poll", poll_once },
	{ "poll-forever", poll_forever },
	{ "block", use_block },
	{ "echo", echo_calls },
	{ "echo-ring", echo_ring },
	{ "echo-submit", echo_submit },
	{ "send", send_forever },
	{ "bad-net", bad_net },
	{ "ring-nonsense", ring_nonsense },
	{ "ring-full", ring_full },
	{ "submit", submit_simple },
	{ "submit-many", submit_many },
	{ "submit-block", submit_block },
	{ "wait-for-end", wait_for_end },
	{ "spin", spin },
	{ "puts-end", puts_end },
	{ "puts-wild", puts_wild },
	{ "puts-long", puts_long },
	{ "puts-ring", puts_ring },
	{ "argument-end", argument_end },
	{ "argument-wild", argument_wild },
	{ "argument-text", argument_text },
	{ "call", no_call },
	{ "halt-cookie", halt_cookie },
	{ "write-text", write_text },
	{ "submit-wild", submit_wild },
	{ "submit-text", submit_text },
	{ "submit-257", submit_257 },
#if defined(__x86_64__)
	{ "cpu", show_cpu },
	{ "other-port", other_port },
	{ "short-port", short_port },
	{ "in-port", in_port },
	{ "hlt", stop_cpu },
	{ "zero-page", zero_page },
#endif
};

/* ---- the command line ---- */

static bool is(const char *word, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++)
		if (word[i] != name[i])
			return false;
	return name[len] == '\0';
}

static void obey(const char *word, size_t len)
{
	if (word[0] >= '0' && word[0] <= '9') {
		number = 0;
		for (size_t i = 0; i < len; i++)
			number = number * 10 + (word[i] - '0');
		return;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is(word, len, words[i].name)) {
			words[i].fn();
			return;
		}
}

void guest_main(const struct mir_hvt_boot *b)
{
	const char *p = (const char *)(uintptr_t)b->cmdline;

	boot = b;
	mft = (const struct mir_mft *)(uintptr_t)b->mft;
	if (b->host_features & MIR_HVT_HOST_EXT)
		ext = (const struct mir_ext *)(uintptr_t)b->ext;
	while (*p) {
		size_t len = 0;

		while (p[len] && p[len] != ' ')
			len++;
		obey(p, len);
		p += len;
		while (*p == ' ')
			p++;
	}
	halt(0);
}
