/* hvt_call.c: the hypercalls on a guest that is only memory. */
#include <errno.h>
#include <mir/test.h>

#include "fake_guest.h"

static struct fake f;

static const char *call(uint64_t number, uint64_t at, void *arg, size_t len)
{
	const char *wrong;

	memcpy(f.guest.mem + at, arg, len);
	wrong = guest_call(&f.guest, number, at);
	memcpy(arg, f.guest.mem + at, len);
	return wrong;
}

static void pointers(void)
{
	fake_open(&f);
	ok(guest_has(&f.guest, 0, FAKE_MEM - 1), "all but the last byte");
	ok(!guest_has(&f.guest, 0, FAKE_MEM), "not the last byte");
	ok(!guest_has(&f.guest, FAKE_MEM, 0), "nor nothing at the end");
	ok(!guest_has(&f.guest, 1, UINT64_MAX), "nor more than there is");
	ok(!guest_has(&f.guest, UINT64_MAX, 2), "anywhere");
	ok(guest_writable(&f.guest, 0, FAKE_TEXT), "up to text");
	ok(!guest_writable(&f.guest, 0, FAKE_TEXT + 1), "no text");
	ok(!guest_writable(&f.guest, FAKE_TEXT_END - 1, 1), "none of it");
	ok(guest_writable(&f.guest, FAKE_TEXT_END, FAKE_MEM - FAKE_TEXT_END), "from there");
	ok(!guest_writable(&f.guest, FAKE_MEM, 1), "to the end");
	ok(!guest_writable(&f.guest, 8, UINT64_MAX - 4), "without overflow");
	for (unsigned n = 0; n < 40; n++)
		if (n == 0 || (n > MIR_HVT_HALT && n != MIR_HVT_SUBMIT))
			ok(guest_call(&f.guest, n, 0x100), "call %u is none", n);
	for (unsigned n = MIR_HVT_WALLTIME; n <= MIR_HVT_HALT; n++)
		ok(guest_call(&f.guest, n, FAKE_MEM - 8), "call %u at the end", n);
	ok(guest_call(&f.guest, MIR_HVT_WALLTIME, FAKE_TEXT), "into text");
	ok(!f.guest.halted, "none of them has halted it");
	fake_close(&f);
}

static void network(void)
{
	struct mir_hvt_net c = { .handle = 1, .data = 0x200, .len = 60 };
	uint8_t got[100];

	fake_open(&f);
	memset(f.guest.mem + 0x200, 7, 60);
	ok(!call(MIR_HVT_NET_WRITE, 0x100, &c, sizeof(c)) && c.ret == MIR_HVT_OK, "is written");
	ok(read(f.peer, got, sizeof(got)) == 60 && got[59] == 7, "and comes out");
	c.len = 100;
	ok(!call(MIR_HVT_NET_READ, 0x100, &c, sizeof(c)) && c.ret == MIR_HVT_AGAIN, "nothing");
	ok(write(f.peer, got, 60) == 60, "the other way");
	c.len = 100;
	ok(!call(MIR_HVT_NET_READ, 0x100, &c, sizeof(c)) && c.ret == MIR_HVT_OK && c.len == 60,
	    "is read");
	c.handle = 2;
	ok(!call(MIR_HVT_NET_READ, 0x100, &c, sizeof(c)) && c.ret == MIR_HVT_EINVAL, "a disk");
	c = (struct mir_hvt_net){ .handle = 1, .data = FAKE_MEM - 60, .len = 60 };
	ok(call(MIR_HVT_NET_WRITE, 0x100, &c, sizeof(c)), "a frame at the end of memory");
	fake_close(&f);
}

static int64_t op_result;

static void one(struct mir_op op, struct mir_op_iov iov)
{
	struct mir_hvt_submit c = { .ops = 0x300, .n = 1 };

	memcpy(f.guest.mem + 0x300, &op, sizeof(op));
	memcpy(f.guest.mem + 0x400, &iov, sizeof(iov));
	ok(!call(MIR_HVT_SUBMIT, 0x100, &c, sizeof(c)), "op %u", op.code);
	memcpy(&op, f.guest.mem + 0x300, sizeof(op));
	op_result = op.result;
}

static void submissions(void)
{
	struct mir_hvt_submit c = { .ops = 0x300, .n = 3 };
	struct mir_op op[3] = {
		{ .code = MIR_OP_NET_READ, .handle = 1, .n = 1, .iov = 0x400 },
		{ .code = MIR_OP_NET_READ, .handle = 1, .n = 1, .iov = 0x400 },
		{ .code = MIR_OP_WAIT, .offset = UINT64_MAX },
	};
	struct mir_op_iov iov = { 0x1000, 100 };
	struct mir_hvt_block block = { .handle = 2, .data = 0x1000, .len = 512 };

	fake_open(&f);
	memcpy(f.guest.mem + 0x300, op, sizeof(op));
	memcpy(f.guest.mem + 0x400, &iov, sizeof(iov));
	ok(!call(MIR_HVT_SUBMIT, 0x100, &c, sizeof(c)), "three at once");
	memcpy(op, f.guest.mem + 0x300, sizeof(op));
	ok(op[0].result == -EAGAIN && op[1].result == -EAGAIN && op[2].result == 1, "results");
	one((struct mir_op){ .code = MIR_OP_BLOCK_WRITE, .handle = 2, .n = 1, .iov = 0x400 },
	    (struct mir_op_iov){ 0x1000, 1024 });
	ok(op_result == 0, "blocks are written");
	one((struct mir_op){ .code = MIR_OP_BLOCK_READ, .handle = 2, .n = 1, .iov = 0x400 },
	    (struct mir_op_iov){ FAKE_MEM - 512, 512 });
	ok(op_result == 0, "and read to the end of memory");
	one(
	    (struct mir_op){
		.code = MIR_OP_BLOCK_READ, .handle = 2, .n = 1, .iov = 0x400, .offset = FAKE_DISK },
	    (struct mir_op_iov){ 0x1000, 512 });
	ok(op_result == -EINVAL, "not beyond the disk");
	f.dev[2].block.features |= MIR_EXT_BLOCK_READONLY;
	one((struct mir_op){ .code = MIR_OP_BLOCK_WRITE, .handle = 2, .n = 1, .iov = 0x400 },
	    (struct mir_op_iov){ 0x1000, 512 });
	ok(op_result == -EROFS, "a disk that is read only");
	ok(!call(MIR_HVT_BLOCK_WRITE, 0x100, &block, sizeof(block)) && block.ret == MIR_HVT_EUNSPEC,
	    "also by a call of the base ABI");
	close(f.dev[1].net.fd);
	f.dev[1].net.fd = -1;
	one((struct mir_op){ .code = MIR_OP_NET_READ, .handle = 1, .n = 1, .iov = 0x400 },
	    (struct mir_op_iov){ 0x1000, 512 });
	ok(op_result == -EIO, "a network that fails");
	fake_close(&f);
}

/* What an image has sealed is written by nothing that it asks for; all of it can be read. */
static void sealed(void)
{
	enum { AT = 0xc000, LAST = AT + HVT_PAGE - 1, END = AT + HVT_PAGE };
	struct mir_hvt_block block = { .handle = 2, .data = LAST, .len = 512 };
	struct mir_hvt_net net = { .handle = 1, .data = AT - 1, .len = 2 };
	struct mir_hvt_submit c = { .ops = AT, .n = 1 };
	static const uint16_t codes[] = { MIR_OP_NET_READ, MIR_OP_BLOCK_READ, MIR_OP_ENTROPY,
		MIR_OP_RELEASE };

	fake_open(&f);
	guest_seal(&f.guest, AT + 1);
	ok(f.guest.sealed == AT && f.guest.sealed_end == END, "one page");
	ok(!guest_unsealed(&f.guest, LAST, 1) && guest_unsealed(&f.guest, END, 1) &&
		!guest_unsealed(&f.guest, AT - 1, 2) && guest_unsealed(&f.guest, AT - 1, 1),
	    "and no byte more");
	for (unsigned i = 0; i < 4; i++) {
		one((struct mir_op){ .code = codes[i], .handle = i + 1, .n = 1, .iov = 0x400 },
		    (struct mir_op_iov){ AT, HVT_PAGE });
		ok(op_result == -EINVAL, "not by operation %u", codes[i]);
	}
	one((struct mir_op){ .code = MIR_OP_BLOCK_WRITE, .handle = 2, .n = 1, .iov = 0x400 },
	    (struct mir_op_iov){ AT, HVT_PAGE });
	ok(op_result == 0, "read by another");
	ok(call(MIR_HVT_SUBMIT, 0x100, &c, sizeof(c)), "nor by a result");
	ok(call(MIR_HVT_BLOCK_READ, 0x100, &block, sizeof(block)), "nor by a disk");
	ok(call(MIR_HVT_NET_READ, 0x100, &net, sizeof(net)), "nor by a network");
	ok(guest_call(&f.guest, MIR_HVT_WALLTIME, AT), "nor by the clock");
	ok(!call(MIR_HVT_BLOCK_WRITE, 0x100, &block, sizeof(block)), "but read");
	guest_seal(&f.guest, 0);
	ok(guest_unsealed(&f.guest, 0, FAKE_MEM), "nothing sealed");
	fake_close(&f);
}

static void ring(void)
{
	static struct mir_hvt_ring shared;
	struct ring r = { .guest = &f.guest, .shared = &shared };
	uint8_t got[100];

	fake_open(&f);
	memset(&shared, 0, sizeof(shared));
	ok(ring_serve(&r) == RING_EMPTY, "nothing in it");
	shared.entries[0] = (struct mir_hvt_entry){ MIR_HVT_RING_WRITE, 1, 0x200, 60, 5, 0 };
	shared.entries[1] = (struct mir_hvt_entry){ MIR_HVT_RING_READ, 1, 0x1000, 100, 6, 0 };
	shared.entries[2] = (struct mir_hvt_entry){ MIR_HVT_RING_READ, 1, 0x1000, 100, 7, 0 };
	shared.entries[3] = (struct mir_hvt_entry){ MIR_HVT_RING_READ, 9, 0x1000, 100, 8, 0 };
	shared.ent_tail = 4;
	ok(write(f.peer, got, 60) == 60, "a frame waits");
	ok(ring_serve(&r) == RING_WORKED, "four entries");
	ok(shared.ent_head == 4 && shared.com_tail == 3, "three commits");
	ok(shared.commits[0].id == 6 && shared.commits[0].ret == MIR_HVT_OK &&
		shared.commits[0].len == 60,
	    "a frame");
	ok(shared.commits[1].ret == MIR_HVT_AGAIN && shared.commits[2].ret == MIR_HVT_EINVAL,
	    "no frame, no network");
	ok(read(f.peer, got, sizeof(got)) == 60, "a frame went out");
	shared.com_head = 3 - MIR_HVT_RING_SLOTS;
	shared.ent_tail = 5;
	shared.entries[4] = (struct mir_hvt_entry){ MIR_HVT_RING_READ, 1, 0x1000, 100, 9, 0 };
	ok(ring_serve(&r) == RING_FULL && shared.ent_head == 4, "no room for commits");
	shared.entries[4].op = MIR_HVT_RING_WRITE;
	ok(ring_serve(&r) == RING_WORKED && shared.ent_head == 5, "a write needs none");
	ok(read(f.peer, got, sizeof(got)) == 100, "and goes out");
	r.head = 4;
	shared.com_head = 17;
	ok(ring_serve(&r) == RING_BROKEN, "commits that were never written");
	shared.com_head = 3;
	shared.entries[4] = (struct mir_hvt_entry){ 3, 1, 0x1000, 100, 8, 0 };
	ok(ring_serve(&r) == RING_BROKEN, "an entry of no kind");
	shared.entries[4] =
	    (struct mir_hvt_entry){ MIR_HVT_RING_READ, 1, FAKE_MEM - 10, 100, 8, 0 };
	ok(ring_serve(&r) == RING_BROKEN, "outside of memory");
	shared.ent_tail = 4 + MIR_HVT_RING_SLOTS + 1;
	ok(ring_serve(&r) == RING_BROKEN, "more entries than there are");
	fake_close(&f);
}

int main(void)
{
	RUN_PLAIN(pointers);
	RUN_PLAIN(network);
	RUN_PLAIN(submissions);
	RUN_PLAIN(sealed);
	RUN_PLAIN(ring);
	return mir_test_end();
}
