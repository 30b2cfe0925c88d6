/* cable.c: a cable between two taps that keeps checksum and segmentation offload: the
 * least that a program between two kernels can do.  It is the floor that TCP over a
 * tap is compared with.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FRAME_MAX (12 + 18 + 65535)
#define BURST     64

static int fail(const char *what)
{
	fprintf(stderr, "cable: %s: %s\n", what, strerror(errno));
	return -1;
}

/* Open tap `spec`, NAME@NETNS, with virtio header and all offloads of IPv4 and IPv6.
 * The process stays in that namespace. */
static int open_tap(const char *spec)
{
	const char *at = strchr(spec, '@');
	unsigned offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
	char path[256];
	struct ifreq ifr;
	int fd, ns;

	memset(&ifr, 0, sizeof ifr);
	if (!at || at == spec || at - spec >= (ptrdiff_t)sizeof ifr.ifr_name)
		return errno = EINVAL, fail(spec);
	memcpy(ifr.ifr_name, spec, (size_t)(at - spec));
	snprintf(path, sizeof path, "/run/netns/%s", at + 1);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
		return fail(path);
	close(ns);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ifr.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETOFFLOAD, offloads) < 0)
		return fail(spec);
	return fd;
}

static int copy(int from, int to)
{
	static uint8_t frame[FRAME_MAX];

	for (unsigned i = 0; i < BURST; i++) {
		ssize_t n = read(from, frame, sizeof frame);

		if (n <= 0)
			return n < 0 && errno == EAGAIN ? 0 : -1;
		if (write(to, frame, (size_t)n) < 0 && errno != EAGAIN && errno != EIO)
			fail("write");
	}
	return 0;
}

int main(int argc, char **argv)
{
	int a, b;

	if (argc != 3) {
		fputs("usage: cable TAP@NETNS TAP@NETNS\n", stderr);
		return 64;
	}
	a = open_tap(argv[1]);
	b = a < 0 ? -1 : open_tap(argv[2]);
	if (b < 0)
		return 1;
	fputs("cable: ready\n", stderr);
	for (;;) {
		struct pollfd p[2] = { { .fd = a, .events = POLLIN },
			{ .fd = b, .events = POLLIN } };

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return 1;
		if ((p[0].revents && copy(a, b) < 0) || (p[1].revents && copy(b, a) < 0))
			return 0;
	}
}
