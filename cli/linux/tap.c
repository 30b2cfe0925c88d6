/* tap.c: tap devices of Linux (Documentation/networking/tuntap.rst of the kernel). */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../tap.h"

int tap_create(const char *name, char made[16], const char **what)
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd, rc;

	*what = "open /dev/net/tun";
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	*what = "create the tap device";
	if (name && strlen(name) >= sizeof r.ifr_name) {
		close(fd);
		return -ENAMETOOLONG;
	}
	/* With IFF_TUN_EXCL one that exists is refused; a pattern gets the first free number. */
	if (name)
		r.ifr_flags = (short)(r.ifr_flags | IFF_TUN_EXCL);
	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name ? name : "mir%d");
	if (ioctl(fd, TUNSETIFF, &r) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	memcpy(made, r.ifr_name, sizeof r.ifr_name);
	return fd;
}

int tap_keep(int fd, char name[16])
{
	struct ifreq r = { 0 };

	if (ioctl(fd, TUNGETIFF, &r) < 0 || ioctl(fd, TUNSETPERSIST, 1) < 0)
		return -errno;
	memcpy(name, r.ifr_name, sizeof r.ifr_name);
	close(fd);
	return 0;
}

void tap_remove(const char *name)
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &r) == 0)
		ioctl(fd, TUNSETPERSIST, 0);
	if (fd >= 0)
		close(fd);
}

int host_nets_lock(void)
{
	/* Names of this kind belong to the network namespace and end with the process. */
	static const char name[] = "\0mirage-run";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timespec pause = { 0, 10 * 1000 * 1000 };
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof name - 1);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	memcpy(address.sun_path, name, sizeof name - 1);
	for (int i = 0; i < 300; i++) {
		if (bind(fd, (struct sockaddr *)&address, len) == 0)
			return fd;
		if (errno != EADDRINUSE)
			break;
		nanosleep(&pause, NULL);
	}
	close(fd);
	return -1;
}
