/* net.h: for tests of sockets: an image with a network, and another host on its cable. */
#ifndef MIR_POSIX_TESTS_NET_H
#define MIR_POSIX_TESTS_NET_H

#define _GNU_SOURCE
#include "../../../lib/ipv4/tests/host.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mir/fiber.h>
#include <mir/mem.h>
#include <mir/target.h>
#include <mir/tcp_device.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../calls.h"
#include "../socket.h"
#include "../socket_calls.h"

/* Of the target, for libc/process.c. */
void mir_target_set_tls(void *base)
{
	(void)base;
}

static struct mir_tcp_device alice_tcp, bob_tcp;
static struct mir_stack stack;

/* We are 10.0.0.1; bob is 10.0.0.2. */
MIR_UNUSED static void net_start(void)
{
	struct mir_tcp_device_config t = { .tcp_memory = 32 << 20,
		.tcp_connections = 10000,
		.tcp_time_wait = MIR_SECOND(1),
		.name = "test" };

	pair_start(&(struct mir_link_config){ .delay_ns = MIR_MS(1) });
	t.ip = &alice.ip.ip;
	ok(mir_tcp_device_start(&alice_tcp, &t) == 0, "our TCP starts");
	t.ip = &bob.ip.ip;
	ok(mir_tcp_device_start(&bob_tcp, &t) == 0, "Bob's TCP starts");
	stack = (struct mir_stack){
		.name = "test", .tcp = &alice_tcp.tcp, .udp = &alice.udp.udp, .ip = &alice.ip.ip
	};
	mir_socket_stack = &stack;
}

MIR_UNUSED static void net_stop(void)
{
	ok(mir_socket_stats.sockets == 0, "all sockets are closed: %u left",
	    mir_socket_stats.sockets);
	mir_sleep(MIR_SECOND(5));
	mir_tcp_device_stop(&alice_tcp);
	mir_tcp_device_stop(&bob_tcp);
	pair_stop();
	mir_socket_stack = NULL;
}

MIR_UNUSED static struct sockaddr_in inet(const char *host, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, host, &a.sin_addr);
	return a;
}

#define SA(a) ((struct sockaddr *)&(a))

MIR_UNUSED static long send_text(int fd, const char *text, int flags)
{
	return mir_sys_sendto(fd, text, strlen(text), flags, NULL, 0);
}

/* Receives; whether it is this text. */
MIR_UNUSED static bool got(int fd, const char *text, int flags)
{
	char buf[4096];
	long n = mir_sys_recvfrom(fd, buf, sizeof(buf), flags, NULL, NULL);

	return n == (long)strlen(text) && memcmp(buf, text, (size_t)n) == 0;
}

MIR_UNUSED static int option(int fd, int level, int name)
{
	int n = -12345;
	unsigned len = sizeof(n);
	long rc = mir_sys_getsockopt(fd, level, name, &n, &len);

	return rc < 0 ? (int)rc : n;
}

MIR_UNUSED static long set_option(int fd, int level, int name, int n)
{
	return mir_sys_setsockopt(fd, level, name, &n, sizeof(n));
}

MIR_UNUSED static unsigned ready(int fd, int events)
{
	struct pollfd p = { fd, (short)events, 0 };

	return mir_sys_poll(&p, 1, 0) < 0 ? 0xffff : (unsigned short)p.revents;
}

#endif
