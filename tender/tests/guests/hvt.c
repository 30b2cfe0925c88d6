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

/* ---- echo: answers ICMP, by hypercalls, by the ring, or by submissions ---- */

/* -> 0, or its length, with source and destination exchanged. */
static uint64_t reply(uint8_t *p, uint64_t len)
{
	uint32_t sum;

	if (len < 42 || p[12] != 8 || p[13] != 0 || p[23] != 1 || p[34] != 8)
		return 0;
	for (unsigned i = 0; i < 6; i++) {
		p[i] = p[6 + i];
		p[6 + i] = mft->e[1].u.net.mac[i];
	}
	for (unsigned i = 0; i < 4; i++) {
		uint8_t t = p[26 + i];

		p[26 + i] = p[30 + i];
		p[30 + i] = t;
	}
	p[34] = 0;
	sum = (uint32_t)(p[36] << 8 | p[37]) + 0x800;
	sum = (sum & 0xffff) + (sum >> 16);
	p[36] = (uint8_t)(sum >> 8);
	p[37] = (uint8_t)sum;
	return len;
}

static void echo_calls(void)
{
	int ret;

	while (number > 0) {
		uint64_t len = FRAME;

		wait_ready(UINT64_MAX, &ret);
		while (net(MIR_HVT_NET_READ, 1, frame, &len) == MIR_HVT_OK) {
			len = reply(frame, len);
			if (len && net(MIR_HVT_NET_WRITE, 1, frame, &len) == MIR_HVT_OK)
				number--;
			len = FRAME;
		}
	}
	put("echoed\n");
}

static void ring_put(struct mir_hvt_ring *ring, struct mir_hvt_entry e)
{
	uint32_t tail = ring->ent_tail;

	ring->entries[tail % MIR_HVT_RING_SLOTS] = e;
	__atomic_store_n(&ring->ent_tail, tail + 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&ring->needs_kick, __ATOMIC_ACQUIRE))
		hypercall((MIR_HVT_PORT_KICK - MIR_HVT_PORT), 0);
}

static struct mir_hvt_commit ring_take(struct mir_hvt_ring *ring)
{
	uint32_t head = ring->com_head;
	struct mir_hvt_commit c;

	while (__atomic_load_n(&ring->com_tail, __ATOMIC_ACQUIRE) == head)
		;
	c = ring->commits[head % MIR_HVT_RING_SLOTS];
	__atomic_store_n(&ring->com_head, head + 1, __ATOMIC_RELEASE);
	return c;
}

static void echo_ring(void)
{
	struct mir_hvt_ring *ring = (struct mir_hvt_ring *)(uintptr_t)boot->ring;
	struct mir_hvt_entry get = { MIR_HVT_RING_READ, 1, (uintptr_t)frame, FRAME, 77, 0 };
	struct mir_hvt_entry give = { MIR_HVT_RING_WRITE, 1, (uintptr_t)frame, 0, 78, 0 };
	struct mir_hvt_commit c;
	int ret;

	while (number > 0) {
		wait_ready(UINT64_MAX, &ret);
		for (;;) {
			ring_put(ring, get);
			c = ring_take(ring);
			if (c.id != 77)
				put("wrong id\n");
			if (c.ret != MIR_HVT_OK)
				break;
			give.len = (uint32_t)reply(frame, c.len);
			if (give.len) {
				ring_put(ring, give);
				/* It is read before the next read into the same memory. */
				number--;
			}
		}
	}
	put("echoed\n");
}

static void echo_submit(void)
{
	unsigned head = ext->device[1].vnet_header;

	iov[0] = (struct mir_op_iov){ (uintptr_t)frame, 9 };
	iov[1] = (struct mir_op_iov){ (uintptr_t)frame + 9, FRAME - 9 };
	iov[2] = (struct mir_op_iov){ (uintptr_t)frame, 0 };
	while (number > 0) {
		op[0] = (struct mir_op){ MIR_OP_WAIT, 0, 0, 0, UINT64_MAX, 0 };
		op[1] = (struct mir_op){ MIR_OP_NET_READ, 2, 1, (uintptr_t)iov, 0, 0 };
		submit(op, 2);
		if (op[0].result & 1)
			break;
		if (op[1].result <= (int64_t)head)
			continue;
		iov[2].len = head + reply(frame + head, (uint64_t)op[1].result - head);
		if (iov[2].len == head)
			continue;
		memset(frame, 0, head);
		op[0] = (struct mir_op){ MIR_OP_NET_WRITE, 1, 1, (uintptr_t)(iov + 2), 0, 0 };
		submit(op, 1);
		number -= op[0].result == 0;
	}
	put(number > 0 ? "ended\n" : "echoed\n");
}

/* A frame every 10 ms; its results, when they change: what becomes of a tap is seen here. */
static void send_forever(void)
{
	int last = -1, ret;

	memset(frame, 0xff, 6);
	for (;;) {
		uint64_t len = 60;

		ret = net(MIR_HVT_NET_WRITE, 1, frame, &len);
		if (ret != last)
			put_number("write", ret);
		last = ret;
		len = FRAME;
		while (net(MIR_HVT_NET_READ, 1, frame, &len) == MIR_HVT_OK)
			len = FRAME;
		wait_ready(SECOND / 100, &ret);
	}
}

static void bad_net(void)
{
	uint64_t len = 60;

	put_number("handle-2", net(MIR_HVT_NET_WRITE, 2, frame, &len));
	put_number("handle-max", net(MIR_HVT_NET_READ, UINT64_MAX, frame, &len));
	len = 60;
	put_number("none", net(MIR_HVT_NET_READ, 1, frame, &len));
	len = 5;
	put_number("short", net(MIR_HVT_NET_WRITE, 1, frame, &len));
}

static void ring_nonsense(void)
{
	struct mir_hvt_ring *ring = (struct mir_hvt_ring *)(uintptr_t)boot->ring;

	if (number == 0)
		__atomic_store_n(&ring->ent_tail, 5000, __ATOMIC_SEQ_CST);
	else
		ring_put(ring,
		    (struct mir_hvt_entry){ MIR_HVT_RING_WRITE, 1, boot->mem_size - 10, 60, 0, 0 });
	hypercall(MIR_HVT_PORT_KICK - MIR_HVT_PORT, 0);
	for (;;)
		;
}

/* Takes no commits until there is no room for more, and kicks. */
static void ring_full(void)
{
	struct mir_hvt_ring *ring = (struct mir_hvt_ring *)(uintptr_t)boot->ring;
	struct mir_hvt_entry get = { MIR_HVT_RING_READ, 1, (uintptr_t)frame, FRAME, 1, 0 };
	uint64_t len = FRAME;
	int ret;

	for (unsigned i = 0; i <= MIR_HVT_RING_SLOTS; i++) {
		while (i - __atomic_load_n(&ring->ent_head, __ATOMIC_ACQUIRE) >= MIR_HVT_RING_SLOTS)
			;
		ring_put(ring, get);
	}
	wait_ready(SECOND / 20, &ret); /* until it has found out */
	hypercall(MIR_HVT_PORT_KICK - MIR_HVT_PORT, 0);
	put("waiting\n");
	for (;; len = FRAME) {
		wait_ready(UINT64_MAX, &ret);
		net(MIR_HVT_NET_READ, 1, frame, &len);
	}
}

/* ---- submissions ---- */

static int64_t one(uint16_t code, uint32_t handle, unsigned n, uint64_t offset)
{
	op[0] = (struct mir_op){ code, (uint16_t)n, handle, (uintptr_t)iov, offset, 99 };
	submit(op, 1);
	return op[0].result;
}

static void piece(unsigned i, const void *data, uint64_t len)
{
	iov[i] = (struct mir_op_iov){ (uintptr_t)data, len };
}

static void submit_simple(void)
{
	int64_t before = one(MIR_OP_CLOCK, 0, 0, 0);

	put_number("clock", before / SECOND > 1500000000);
	put_number("wait", one(MIR_OP_WAIT, 0, 0, 5000000));
	put_number("waited", one(MIR_OP_CLOCK, 0, 0, 0) - before >= 5000000);
	put_number("look", one(MIR_OP_WAIT, 0, 0, 0));
	memset(page[0], 0, 64);
	piece(0, page[0], 64);
	put_number("entropy", one(MIR_OP_ENTROPY, 0, 1, 0));
	put_number("random", page[0][0] | page[0][20] | page[0][41] | page[0][63] ? 1 : 0);
	memset(page[1], 1, 4096);
	piece(0, page[1], 4096);
	put_number("release", one(MIR_OP_RELEASE, 0, 1, 0));
	put_number("zero", page[1][99]);
	memset(page[1], 1, 4096);
	piece(0, page[1] + 1, 4095);
	put_number("release-part", one(MIR_OP_RELEASE, 0, 1, 0));
	put_number("kept", page[1][99]);
	piece(0, (void *)0x100000, 4096);
	put_number("release-text", one(MIR_OP_RELEASE, 0, 1, 0));
	put_number("entropy-text", one(MIR_OP_ENTROPY, 0, 1, 0));
	piece(0, (void *)(uintptr_t)(boot->mem_size - 32), 64);
	put_number("entropy-end", one(MIR_OP_ENTROPY, 0, 1, 0));
	piece(0, (void *)(uintptr_t)(UINT64_MAX - 10), 64);
	put_number("entropy-wild", one(MIR_OP_ENTROPY, 0, 1, 0));
	put_number("many", one(MIR_OP_ENTROPY, 0, 33, 0));
	put_number("unknown", one(4711, 0, 0, 0));
	put_number("no-net", one(MIR_OP_NET_READ, 63, 1, 0));
	put_number("handle-wild", one(MIR_OP_NET_WRITE, 0xffffffff, 1, 0));
	op[0] = (struct mir_op){ MIR_OP_ENTROPY, 2, 0, boot->mem_size - 16, 0, 99 };
	submit(op, 1);
	put_number("iov-end", op[0].result);
}

static void submit_many(void)
{
	for (unsigned i = 0; i < 256; i++)
		op[i] = (struct mir_op){ .code = MIR_OP_CLOCK };
	submit(op, 256);
	put_number("ordered", op[0].result > 0 && op[255].result >= op[0].result);
	submit(op, 0);
	put("none\n");
}

static void submit_block(void)
{
	uint64_t end = mft->e[number].u.block.capacity;
	uint32_t h = (uint32_t)number;

	for (unsigned i = 0; i < 4096; i++)
		page[0][i] = (uint8_t)(i * 5);
	piece(0, page[0], 100);
	piece(1, page[0] + 100, 412);
	piece(2, page[0] + 512, 0);
	piece(3, page[0] + 512, 512);
	put_number("write", one(MIR_OP_BLOCK_WRITE, h, 4, 512));
	piece(0, page[1], 1000);
	piece(1, page[1] + 1000, 24);
	put_number("read", one(MIR_OP_BLOCK_READ, h, 2, 512));
	put_number("same", page[1][17] == 85 && page[1][1023] == (uint8_t)(1023 * 5));
	put_number("flush", one(MIR_OP_BLOCK_FLUSH, h, 0, 0));
	piece(0, NULL, 512);
	put_number("discard", one(MIR_OP_BLOCK_DISCARD, h, 1, 512));
	piece(0, page[1], 1024);
	put_number("read", one(MIR_OP_BLOCK_READ, h, 1, 512));
	put_number("gone", page[1][17]);
	put_number("there", page[1][513] == (uint8_t)(513 * 5));
	put_number("odd", one(MIR_OP_BLOCK_READ, h, 1, 511));
	piece(0, page[1], 513);
	put_number("part", one(MIR_OP_BLOCK_READ, h, 1, 0));
	piece(0, page[1], 1024);
	put_number("over", one(MIR_OP_BLOCK_WRITE, h, 1, end - 512));
	put_number("far", one(MIR_OP_BLOCK_WRITE, h, 1, UINT64_MAX - 1023));
	put_number("net", one(MIR_OP_NET_WRITE, h, 1, 0));
	put_number("nothing", one(MIR_OP_BLOCK_READ, h, 0, 0));
}

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
