/* port.c: taps and descriptors that carry frames.  See port.h. */
#define _GNU_SOURCE
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int complain(const char *port, const char *what)
{
	fprintf(stderr, "relay: %s: %s: %s\n", port, what, strerror(errno));
	return -1;
}

/* Create, or attach to, the tap `name` of the namespace that the thread is in. */
static int open_tap(const char *name)
{
	struct ifreq ifr;
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	memset(&ifr, 0, sizeof ifr);
	snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name);
	ifr.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETOFFLOAD, 0) < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int enter(const char *netns)
{
	char path[256];
	int fd, rc;

	if (strchr(netns, '/'))
		snprintf(path, sizeof path, "%s", netns);
	else
		snprintf(path, sizeof path, "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = setns(fd, CLONE_NEWNET);
	close(fd);
	return rc;
}

static int open_tap_in(struct mir_port *p, const char *name, const char *netns)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (home < 0)
		return complain(p->name, "/proc/self/ns/net");
	if (enter(netns) < 0) {
		complain(p->name, "cannot enter the network namespace");
		close(home);
		return -1;
	}
	p->fd = open_tap(name);
	if (p->fd < 0)
		complain(p->name, "cannot open the tap (root, or CAP_NET_ADMIN, is needed)");
	if (setns(home, CLONE_NEWNET) < 0) {
		complain(p->name, "cannot return to the network namespace");
		mir_port_close(p);
	}
	close(home);
	return p->fd < 0 ? -1 : 0;
}

static int open_named_tap(struct mir_port *p, const char *spec)
{
	const char *at = strchr(spec, '@');
	size_t n = at ? (size_t)(at - spec) : strlen(spec);
	char name[IFNAMSIZ];

	if (n == 0 || n >= sizeof name) {
		errno = EINVAL;
		return complain(p->name, "a tap's name has 1 to 15 characters");
	}
	memcpy(name, spec, n);
	name[n] = '\0';
	if (at)
		return open_tap_in(p, name, at + 1);
	p->fd = open_tap(name);
	return p->fd < 0 ? complain(p->name, "cannot open the tap") : 0;
}

static int adopt(struct mir_port *p, const char *number)
{
	struct ifreq ifr;
	char *end;
	long fd = strtol(number, &end, 10);
	int flags;

	if (*number == '\0' || *end || fd < 0 || fd > 65535) {
		errno = EINVAL;
		return complain(p->name, "not a descriptor's number");
	}
	memset(&ifr, 0, sizeof ifr);
	if (ioctl((int)fd, TUNGETIFF, &ifr) == 0 && (ifr.ifr_flags & IFF_VNET_HDR)) {
		errno = EINVAL;
		return complain(p->name, "a tap with virtio header; open it without IFF_VNET_HDR");
	}
	ioctl((int)fd, TUNSETOFFLOAD, 0);
	flags = fcntl((int)fd, F_GETFL);
	if (flags < 0 || fcntl((int)fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return complain(p->name, "cannot use the descriptor");
	p->fd = (int)fd;
	return 0;
}

int mir_port_open(struct mir_port *p, const char *name)
{
	memset(p, 0, sizeof *p);
	p->name = name;
	p->fd = -1;
	if (strncmp(name, "tap:", 4) == 0)
		return open_named_tap(p, name + 4);
	if (strncmp(name, "fd:", 3) == 0)
		return adopt(p, name + 3);
	errno = EINVAL;
	return complain(name, "a port is tap:NAME, tap:NAME@NETNS or fd:N");
}

ssize_t mir_port_read(struct mir_port *p, uint8_t *frame, size_t cap)
{
	ssize_t n = read(p->fd, frame, cap);

	if (n > 0)
		return n;
	/* EIO: the tap is down, and may come up again. */
	if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == EIO))
		return 0;
	return -1;
}

int mir_port_write(struct mir_port *p, const uint8_t *frame, size_t len)
{
	ssize_t n = write(p->fd, frame, len);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		p->write_errors++;
	return 1;
}

void mir_port_close(struct mir_port *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
