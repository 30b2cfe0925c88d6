/* hvt_submit.h: what the test image hvt.c does by submissions: part of it. */

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
