/* hammer.c: calls of the tender in a loop, chosen by seed=, count= of them.
 *
 * wild=0: arguments that are wrong only in ways a tender answers with an error: handles, lengths,
 * offsets, operations, counts.  It has to survive them all.  wild=1: addresses as well; the tender
 * may end the guest, and nothing else.
 */
#include "raw.h"

enum { AREA = 0x20000 };

static uint64_t seed;
static bool wild;
static uint8_t area[AREA] __attribute__((aligned(4096)));

static uint64_t below(uint64_t limit)
{
	return raw_random(&seed) % limit;
}

static const uint64_t odd[] = { 0, 1, 2, 3, 7, 8, 62, 63, 64, 65, 255, 256, 257, 511, 512, 513,
	1514, 4095, 4096, 4097, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
	0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffffe00, 0xffffffffffffffff };

/* A number that somebody may not have thought of. */
static uint64_t strange(void)
{
	uint64_t n = odd[below(sizeof(odd) / sizeof(*odd))];

	switch (below(4)) {
	case 0: return n + below(5) - 2;
	case 1: return raw_random(&seed) >> below(64);
	default: return n;
	}
}

static uint64_t handle(void)
{
	return below(4) ? below(4) : strange();
}

/* `len` bytes of ours, or, where wild, any place. */
static uint64_t place(uint64_t len)
{
	if (wild && !below(8))
		switch (below(4)) {
		case 0: return raw_boot.mem_size - below(8);
		case 1: return raw_boot.mem_size - len;
		case 2: return raw_boot.mem_size - len + below(16);
		default: return strange();
		}
	return (uintptr_t)area + below(len < AREA ? AREA - len : 1);
}

static uint64_t size(void)
{
	if (wild && !below(16))
		return strange();
	return below(8) ? below(2048) : below(AREA + 1);
}

static uint64_t offset(void)
{
	return below(2) ? below(64) * 512 : strange();
}

/* Fills ops[] with what may be; returns how many. */
static unsigned operations(struct mir_op *ops, struct mir_op_iov *iov)
{
	unsigned n = (unsigned)below(8), i, k, at = 0;

	for (i = 0; i < n; i++) {
		ops[i].code = below(8) ? (uint16_t)below(12) : (uint16_t)strange();
		ops[i].n = (uint16_t)below(4);
		if (!below(32))
			ops[i].n = (uint16_t)strange();
		ops[i].handle = (uint32_t)handle();
		ops[i].iov = (uintptr_t)&iov[at];
		ops[i].offset = ops[i].code == MIR_OP_WAIT ? below(1000) : offset();
		for (k = 0; k < 4 && at < 64; k++, at++) {
			iov[at].len = size();
			iov[at].data = place(iov[at].len);
		}
		if (wild && !below(16))
			ops[i].iov = strange();
	}
	return n;
}

#ifdef RAW_HVT

static uint64_t words[8];
static struct mir_op ops[16];
static struct mir_op_iov iov[64];

static void submit(void)
{
	struct mir_hvt_submit *s = (struct mir_hvt_submit *)(void *)words;

	s->n = operations(ops, iov);
	s->ops = (uintptr_t)ops;
	s->reserved = 0;
	if (wild && !below(8))
		s->n = (uint32_t)strange();
	if (wild && !below(8))
		s->ops = strange();
}

/* As a guest that keeps to the rules. */
static void wait_for_room(struct mir_hvt_ring *r)
{
	volatile uint32_t *head = &r->ent_head, *commits = &r->com_tail;

	r->com_head = *commits;
	while (r->ent_tail - *head > MIR_HVT_RING_SLOTS / 2) {
		r->com_head = *commits;
		__asm__ volatile("outl %0, %1"
				 :
				 : "a"(1), "d"((uint16_t)MIR_HVT_PORT_KICK)
				 : "memory");
	}
}

/* A ring that somebody has written into who does not know what it is. */
static void ring(void)
{
	struct mir_hvt_ring *r = (struct mir_hvt_ring *)(uintptr_t)raw_boot.ring;
	struct mir_hvt_entry *e;

	e = &r->entries[r->ent_tail % MIR_HVT_RING_SLOTS];
	if (!wild)
		wait_for_room(r);
	e->op = below(8) || !wild ? 1 + (uint32_t)below(2) : (uint32_t)strange();
	e->handle = (uint32_t)handle();
	e->len = (uint32_t)size();
	e->data = place(e->len);
	e->id = (uint32_t)strange();
	__asm__ volatile("mfence" : : : "memory");
	r->ent_tail += 1;
	if (wild && !below(8))
		r->ent_tail = (uint32_t)strange();
	if (wild && !below(8))
		r->com_head = (uint32_t)strange();
	__asm__ volatile("mfence; outl %0, %1"
			 :
			 : "a"(1), "d"((uint16_t)MIR_HVT_PORT_KICK)
			 : "memory");
}

static void one(void)
{
	static const uint8_t calls[] = { MIR_HVT_WALLTIME, MIR_HVT_PUTS, MIR_HVT_POLL,
		MIR_HVT_BLOCK_WRITE, MIR_HVT_BLOCK_READ, MIR_HVT_NET_WRITE, MIR_HVT_NET_READ,
		MIR_HVT_SUBMIT, MIR_HVT_SUBMIT, MIR_HVT_SUBMIT };
	unsigned call = calls[below(raw_boot.ext ? sizeof(calls) : 7)];
	uint64_t len = size();

	switch (call) {
	case MIR_HVT_PUTS:
		words[1] = below(3);
		words[0] = place(words[1]);
		break;
	case MIR_HVT_POLL: words[0] = below(1000); break;
	case MIR_HVT_BLOCK_WRITE:
	case MIR_HVT_BLOCK_READ:
		words[0] = handle();
		words[1] = offset();
		words[2] = place(len);
		words[3] = len;
		break;
	case MIR_HVT_NET_WRITE:
	case MIR_HVT_NET_READ:
		words[0] = handle();
		words[1] = place(len);
		words[2] = len;
		break;
	case MIR_HVT_SUBMIT: submit(); break;
	}
	if (raw_boot.ring && !below(4)) {
		ring();
		return;
	}
	raw_call(call, wild && !below(32) ? strange() : (uintptr_t)words);
}

#else

enum { /* of x86_64 */
	CALL_READ = 0,
	CALL_PREAD = 17,
	CALL_PWRITE = 18,
	CALL_READV = 19,
	CALL_WRITEV = 20,
	CALL_CLOCK = 228,
	CALL_EPOLL = 281,
	CALL_PREADV = 295,
	CALL_RANDOM = 318,
};
static struct mir_op ops[16];
static struct mir_op_iov iov[64];

/* Calls that the filter lets pass with these descriptors: their addresses and counts are the
 * kernel's to check, in memory that is all the guest's. */
static void one(void)
{
	struct mir_mft_entry *e = raw_boot.mft->e;
	long net = e[RAW_NET].b.hostfd, disk = e[RAW_DISK].b.hostfd;
	uint64_t len = wild ? size() : 512;
	long at = (long)place(len), n = (long)below(3), block = (long)(below(16) * 512);

	operations(ops, iov);
	switch (below(raw_boot.ext ? 9 : 5)) {
	case 0: raw_syscall(CALL_READ, net, at, (long)len, 0, 0, 0); break;
	case 1: raw_syscall(CALL_PREAD, disk, at, (long)len, block, 0, 0); break;
	case 2: raw_syscall(CALL_PWRITE, disk, at, (long)len, block, 0, 0); break;
	case 3: raw_syscall(CALL_CLOCK, (long)below(2), at, 0, 0, 0, 0); break;
	case 4: raw_syscall(CALL_EPOLL, raw_boot.epollfd, at, 1, 0, 0, 0); break;
	case 5: raw_syscall(CALL_READV, net, (long)iov, n, 0, 0, 0); break;
	case 6: raw_syscall(CALL_WRITEV, net, (long)iov, n, 0, 0, 0); break;
	case 7: raw_syscall(CALL_PREADV, disk, (long)iov, n, block, 0, 0); break;
	case 8: raw_syscall(CALL_RANDOM, at, (long)(len & 255), 0, 0, 0, 0); break;
	}
}

#endif

int raw_main(void)
{
	uint64_t count = raw_option("count", 1000), i;

	seed = raw_option("seed", 1);
	wild = raw_option("wild", 0);
	for (i = 0; i < count; i++)
		one();
	raw_say("\nhammer: survived\n");
	return 0;
}
