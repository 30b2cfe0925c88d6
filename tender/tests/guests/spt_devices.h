/* spt_devices.h: what the test image spt.c does with disks and networks: part of it. */

/* ---- disks: "LENGTH OFFSET pread" ---- */

static void do_pread(void)
{
	put_number(
	    "pread", call6(SYS_PREAD64, fd_of(MIR_MFT_BLOCK), (long)buffer, arg[1], arg[0], 0, 0));
	put_number("first", buffer[0]);
}

static void do_pwrite(void)
{
	put_number("pwrite",
	    call6(SYS_PWRITE64, fd_of(MIR_MFT_BLOCK), (long)buffer, arg[1], arg[0], 0, 0));
}

static void do_fill(void)
{
	memset(buffer, (int)arg[0], sizeof(buffer));
}

static void do_preadv(void)
{
	struct iov v[2] = { { buffer, (size_t)arg[1] }, { buffer + 4096, (size_t)arg[1] } };

	put_number("preadv", call6(SYS_PREADV, fd_of(MIR_MFT_BLOCK), (long)v, 2, arg[0], 0, 0));
}

static void do_pwritev(void)
{
	struct iov v = { buffer, 512 };

	put_number("pwritev", call6(SYS_PWRITEV, fd_of(MIR_MFT_BLOCK), (long)&v, 1, 0, 0, 0));
}

static void do_flush(void)
{
	put_number("flush", call6(SYS_FDATASYNC, fd_of(MIR_MFT_BLOCK), 0, 0, 0, 0, 0));
}

/* "LENGTH OFFSET MODE discard" */
static void do_discard(void)
{
	put_number(
	    "discard", call6(SYS_FALLOCATE, fd_of(MIR_MFT_BLOCK), arg[0], arg[1], arg[2], 0, 0));
}

static void do_disk(void)
{
	for (uint32_t i = 1; i < mft->entries; i++) {
		put(mft->e[i].name);
		put("\n");
		if (mft->e[i].type == MIR_MFT_BLOCK) {
			put_number("capacity", (long)mft->e[i].u.block.capacity);
			put_number("block", mft->e[i].u.block.block_size);
		} else {
			put_number("mtu", mft->e[i].u.net.mtu);
		}
		put_number("device features", ext->device[i].features);
	}
}

/* ---- networks and waiting ---- */

static void put_hex(const uint8_t *p, size_t n)
{
	char text[3] = { 0 };

	for (size_t i = 0; i < n; i++) {
		text[0] = "0123456789abcdef"[p[i] >> 4];
		text[1] = "0123456789abcdef"[p[i] & 15];
		put(text);
	}
	put("\n");
}

static void do_mac(void)
{
	put_hex(mft->e[1].u.net.mac, 6);
}

/* "MS wait": until a network has something; prints the data of the first event. */
static void do_wait(void)
{
	struct event_aligned aligned;
	struct event packed;
	void *e = sizeof(void *) == 8 && X32 ? (void *)&packed : (void *)&aligned;
	long n = call6(SYS_EPOLL_PWAIT, boot->epollfd, (long)e, 1, arg[0], 0, 8);

	put_number("ready", n);
	if (n > 0)
		put_number("handle", (long)(X32 ? packed.data : aligned.data));
}

/* "NS wait2" */
static void do_wait2(void)
{
	int64_t t[2] = { 0, arg[0] };
	struct event_aligned e[2];

	put_number("ready", call6(SYS_EPOLL_PWAIT2, boot->epollfd, (long)e, 1, (long)t, 0, 8));
}

/* "CALL wait-masked": with a mask of signals, of epoll_pwait or epoll_pwait2. */
static void do_wait_masked(void)
{
	static const uint64_t mask = ~0ull;
	struct event_aligned e[2];

	put_number("ready", call6(arg[0], boot->epollfd, (long)e, 1, 0, (long)&mask, 8));
}

/* "NS timer": a relative alarm. */
static void do_timer(void)
{
	int64_t t[4] = { 0, 0, 0, arg[0] };

	put_number("timer", call6(SYS_TIMERFD_SETTIME, boot->timerfd, 0, (long)t, 0, 0, 0));
}

/* Answers every ARP request and ICMP echo request for 10.0.0.2, N frames. */
static size_t answer(uint8_t *p, size_t n, const uint8_t *mac)
{
	static const uint8_t ip[4] = { 10, 0, 0, 2 };

	if (n < 34)
		return 0;
	memcpy(p, p + 6, 6);
	memcpy(p + 6, mac, 6);
	if (p[12] == 8 && p[13] == 6 && p[21] == 1) {
		p[21] = 2;
		memcpy(p + 32, p + 22, 10);
		memcpy(p + 22, mac, 6);
		memcpy(p + 28, ip, 4);
		return n;
	}
	if (p[12] == 8 && p[13] == 0 && p[23] == 1 && p[34] == 8) {
		memcpy(p + 26, p + 30, 4);
		memcpy(p + 30, (uint8_t[]){ 10, 0, 0, 1 }, 4);
		p[34] = 0; /* request to reply: the sum grows by 0x0800 */
		p[36] = (uint8_t)(p[36] + 8);
		p[37] = (uint8_t)(p[37] + (p[36] < 8));
		return n;
	}
	return 0;
}

static void do_echo(void)
{
	unsigned head = ext->magic == MIR_EXT_MAGIC ? ext->device[1].vnet_header : 0;
	int fd = fd_of(MIR_MFT_NET);
	uint8_t header[16];

	for (long left = arg[0]; left > 0;) {
		struct event_aligned e[2];
		struct iov v[2] = { { header, head }, { buffer, sizeof(buffer) } };
		long n;

		call6(SYS_EPOLL_PWAIT, boot->epollfd, (long)e, 1, -1, 0, 8);
		n = head ? call6(SYS_READV, fd, (long)v, 2, 0, 0, 0)
			 : call6(SYS_READ, fd, (long)buffer, sizeof(buffer), 0, 0, 0);
		n = n > (long)head ? (long)answer(buffer, (size_t)n - head, mft->e[1].u.net.mac)
				   : 0;
		if (n == 0)
			continue;
		memset(header, 0, sizeof(header));
		v[1].len = (size_t)n;
		n = head ? call6(SYS_WRITEV, fd, (long)v, 2, 0, 0, 0)
			 : call6(SYS_WRITE, fd, (long)buffer, n, 0, 0, 0);
		left--;
	}
}

static void do_send(void)
{
	uint8_t frame[74] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 9, 8, 0 };

	put_number("send", call6(SYS_WRITE, fd_of(MIR_MFT_NET), (long)frame, 74, 0, 0, 0));
}

static void do_receive(void)
{
	put_number(
	    "receive", call6(SYS_READ, fd_of(MIR_MFT_NET), (long)buffer, sizeof(buffer), 0, 0, 0));
}

static void do_forget(void)
{
	put_number("forget", call6(SYS_EPOLL_CTL, boot->epollfd, 2, fd_of(MIR_MFT_NET), 0, 0, 0));
}

static void do_spin(void)
{
	put("spinning\n");
	for (;;)
		__asm__ volatile("");
}
