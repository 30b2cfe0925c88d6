/* tun.c: opening tap devices (Linux: Documentation/networking/tuntap.rst). */
#include "tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <mir/args.h>
#include <mir/err.h>
#include <mir/log.h>
#include <mir/net.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../vnet/vnet.h"

MIR_LOG_SOURCE(tap);

enum { DEFAULT_MTU = 1500, MTU_MIN = 68, MTU_MAX = 65521 };

static int no_device_file(int err)
{
	if (err == ENOENT)
		mir_error("/dev/net/tun is missing: load the module with 'modprobe tun', or, in a "
			  "container, pass the device in");
	else
		mir_error(
		    "/dev/net/tun: %s: run as root, or let 'mirage run' make the device and pass "
		    "it as --net:...=@FD",
		    strerror(err));
	return -err;
}

static int not_attached(const char *name, int err)
{
	if (err == EPERM)
		mir_error(
		    "%s: not permitted: make it yours with 'ip tuntap add dev %s mode tap user "
		    "$USER', or run as root",
		    name, name);
	else if (err == EBUSY)
		mir_error(
		    "%s: in use by another process: stop that, or choose another device", name);
	else if (err == EINVAL)
		mir_error("%s: it is there but not a tap device of one queue", name);
	else
		mir_error("%s: %s", name, strerror(err));
	return -err;
}

static int attach(const char *name)
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd, err;

	if (name[0] == '\0') {
		mir_error(
		    "no tap device given: say --net:service=tap0, or start with 'mirage run'");
		return MIR_EINVAL;
	}
	if (strlen(name) >= IFNAMSIZ || if_nametoindex(name) == 0) {
		mir_error(
		    "there is no interface '%s': make it with 'ip tuntap add dev %s mode tap'",
		    name, name);
		return MIR_ENODEV;
	}
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return no_device_file(errno);
	memcpy(r.ifr_name, name, strlen(name) + 1);
	if (ioctl(fd, TUNSETIFF, &r) == 0)
		return fd;
	err = errno;
	close(fd);
	return not_attached(name, err);
}

static int take_over(const char *text)
{
	int64_t fd;
	int flags;

	if (mir_arg_value(MIR_ARG_INT, NULL, text, &fd) < 0 || fd < 0 || fd > INT32_MAX) {
		mir_error("'@%s' is not the number of a descriptor", text);
		return MIR_EINVAL;
	}
	flags = fcntl((int)fd, F_GETFL);
	if (flags < 0 || fcntl((int)fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0) {
		mir_error("descriptor %s is not open", text);
		return MIR_EINVAL;
	}
	return (int)fd;
}

static uint16_t read_mtu(const char *name)
{
	struct ifreq r = { .ifr_mtu = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int mtu = DEFAULT_MTU;

	if (fd < 0)
		return DEFAULT_MTU;
	memcpy(r.ifr_name, name, MIR_TUN_NAME);
	if (ioctl(fd, SIOCGIFMTU, &r) == 0)
		mtu = r.ifr_mtu;
	close(fd);
	return (uint16_t)MIR_MIN(MIR_MAX(mtu, MTU_MIN), MTU_MAX);
}

/* Agrees with the kernel on the header and the offloads.  A device without headers works too. */
static int agree(struct mir_tun *t, short flags)
{
	int size = MIR_VNET_HEADER, little = 1;

	t->header = 0;
	t->offloads = 0;
	if (!(flags & IFF_VNET_HDR))
		return 0;
	ioctl(t->fd, TUNSETVNETLE, &little);
	if (ioctl(t->fd, TUNSETVNETHDRSZ, &size) < 0 && ioctl(t->fd, TUNGETVNETHDRSZ, &size) < 0)
		return -errno;
	if (size != MIR_VNET_HEADER && size != MIR_VNET_HEADER_MAX)
		return MIR_EPROTO;
	t->header = (unsigned)size;
	t->offloads = MIR_NET_TX_CSUM | MIR_NET_TX_TSO4;
	if (ioctl(t->fd, TUNSETOFFLOAD, (unsigned long)(TUN_F_CSUM | TUN_F_TSO4)) == 0)
		t->offloads |= MIR_NET_RX_CSUM | MIR_NET_RX_GRO4;
	return 0;
}

int mir_tun_open(const char *interface, struct mir_tun *out)
{
	struct ifreq r = { .ifr_flags = 0 };
	bool passed = interface[0] == '@';
	int rc;

	out->fd = passed ? take_over(interface + 1) : attach(interface);
	if (out->fd < 0)
		return out->fd;
	rc = ioctl(out->fd, TUNGETIFF, &r) < 0 ? -errno : 0;
	if (rc < 0 || !(r.ifr_flags & IFF_TAP) || !(r.ifr_flags & IFF_NO_PI)) {
		mir_error("'%s' is not a tap device opened with IFF_TAP and IFF_NO_PI", interface);
		rc = MIR_EINVAL;
		goto fail;
	}
	memcpy(out->name, r.ifr_name, MIR_TUN_NAME);
	out->name[MIR_TUN_NAME - 1] = '\0';
	rc = agree(out, r.ifr_flags);
	if (rc < 0) {
		mir_error("%s: no agreement on the virtio header: %s", out->name, mir_strerror(rc));
		goto fail;
	}
	out->mtu = read_mtu(out->name);
	return 0;
fail:
	close(out->fd);
	return rc;
}
