/* Any addresses, control messages, options and netlink requests: errors, and nothing is left
 * behind.
 *
 * Each step is three bytes, what, which descriptor and how long, and as many bytes of data. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mir/panic.h>
#include <mir/test.h>
#include <stdlib.h>
#include <string.h>

#include "../calls.h"
#include "../socket.h"
#include "../socket_calls.h"

enum { STEPS = 64, FDS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
void mir_target_set_tls(void *base);

static const uint8_t *input;
static size_t input_len;

/* Of the target, for libc/process.c. */
void mir_target_set_tls(void *base)
{
	(void)base;
}

static void make(uint8_t how, uint8_t type)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	int kind = types[type % MIR_COUNT(types)] | SOCK_NONBLOCK, fds[2];

	if (how % 3 == 0)
		mir_sys_socketpair(AF_UNIX, kind, 0, fds);
	else if (how % 3 == 1)
		mir_sys_socket(AF_UNIX, kind, 0);
	else
		mir_sys_socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, 0);
}

static void send_message(int fd, uint8_t *p, size_t len)
{
	size_t half = len / 2;
	struct iovec iov = { p, len - half };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = p + len - half,
		.msg_controllen = half };

	mir_sys_sendmsg(fd, &m, MSG_NOSIGNAL);
}

static void receive(int fd, uint8_t flags)
{
	struct sockaddr_storage name;
	uint8_t buf[64], control[64];
	struct iovec iov = { buf, flags & 63 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_name = &name,
		.msg_namelen = sizeof(name),
		.msg_control = control,
		.msg_controllen = flags & 64 ? sizeof(control) : 17 };
	long n = mir_sys_recvmsg(fd, &m, flags & 128 ? MSG_PEEK : 0);

	mir_check(n <= 63 && (n < 0 || m.msg_controllen <= sizeof(control)));
}

static void step(uint8_t what, uint8_t which, uint8_t *p, size_t len)
{
	int fd = 3 + which % FDS;
	struct sockaddr_storage name = { 0 };
	unsigned name_len = (unsigned)len;
	const struct sockaddr *address = (const void *)p;

	switch (what % 12) {
	case 0: make(which, (uint8_t)len); break;
	case 1: mir_sys_bind(fd, address, name_len); break;
	case 2: mir_sys_connect(fd, address, name_len); break;
	case 3: mir_sys_listen(fd, which); break;
	case 4: mir_sys_accept4(fd, (void *)&name, &name_len, SOCK_NONBLOCK); break;
	case 5: mir_sys_sendto(fd, p, len, MSG_NOSIGNAL, NULL, 0); break;
	case 6: mir_sys_sendto(fd, "x", 1, MSG_NOSIGNAL, address, name_len); break;
	case 7: send_message(fd, p, len); break;
	case 8: receive(fd, which); break;
	case 9: mir_sys_close(fd); break;
	case 10: mir_sys_setsockopt(fd, which & 1, (int)len, p, name_len); break;
	case 11: mir_sys_shutdown(fd, which % 3); break;
	}
}

static void run(void)
{
	const uint8_t *p = input, *end = input + input_len;

	mir_fd_limit = 3 + FDS + 1;
	for (unsigned i = 0; i < STEPS && end - p >= 3; i++) {
		size_t len = MIR_MIN((size_t)p[2], (size_t)(end - p - 3));
		uint8_t *copy = malloc(len + sizeof(uint64_t));

		if (!copy)
			break;
		memcpy(copy, p + 3, len);
		memset(copy + len, 0, sizeof(uint64_t));
		step(p[0], p[1], copy, len);
		free(copy);
		p += 3 + len;
	}
	for (int fd = 3; fd < mir_fd_limit; fd++)
		mir_sys_close(fd);
	mir_check(mir_socket_stats.sockets == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	input = data;
	input_len = len;
	mir_test_fuzz(run);
	return 0;
}
