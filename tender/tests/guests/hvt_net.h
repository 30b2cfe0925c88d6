/* hvt_net.h: what the test image hvt.c does with networks: part of it. */

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
