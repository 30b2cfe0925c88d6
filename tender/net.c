/* net.c: the tap device behind a network (Linux: Documentation/networking/tuntap.rst). */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tender.h"

enum {
	VNET_HEADER = 10, /* struct virtio_net_hdr */
	MTU_DEFAULT = 1500,
	MTU_MIN = 68,
	MTU_MAX = 65521,
	MAC = 6,
	MAC_MULTICAST = 1, /* in the first byte */
	MAC_LOCAL = 2,
};

int take_descriptor(const char *option, const char *what)
{
	int fd = 0;
	const char *p = what + 1;

	for (; *p >= '0' && *p <= '9' && fd < INT32_MAX / 10 - 1; p++)
		fd = fd * 10 + (*p - '0');
	if (p == what + 1 || *p != '\0')
		die("%s=%s: the number of a descriptor is wanted after '@'", option, what);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		die("%s=%s: descriptor %d is not open", option, what, fd);
	return fd;
}

/* ---- the address ---- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool parse_mac(const char *p, uint8_t mac[MAC])
{
	for (int i = 0; i < MAC; i++, p += 3) {
		int high = hex(p[0]), low = high < 0 ? -1 : hex(p[1]);

		if (low < 0 || p[2] != (i == MAC - 1 ? '\0' : ':'))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void set_mac(const struct attach *a, uint8_t mac[MAC])
{
	static const uint8_t zero[MAC];

	if (!a->mac) {
		if (getrandom(mac, MAC, 0) != MAC)
			die("no random address for %s: %s", a->name, strerror(errno));
		mac[0] = (uint8_t)((mac[0] & ~MAC_MULTICAST) | MAC_LOCAL);
		return;
	}
	if (!parse_mac(a->mac, mac))
		die("--net-mac:%s=%s: an address as 02:00:00:00:00:01 is wanted", a->name, a->mac);
	if ((mac[0] & MAC_MULTICAST) || memcmp(mac, zero, MAC) == 0)
		die("--net-mac:%s=%s: that is not the address of one station (the second digit "
		    "must be even, not all can be zero)",
		    a->name, a->mac);
}

/* ---- the device ---- */

static _Noreturn void not_attached(const struct attach *a, int err)
{
	if (err == EPERM)
		die("%s: not permitted: make it yours with 'ip tuntap add dev %s mode tap user "
		    "$USER', or run as root",
		    a->what, a->what);
	if (err == EBUSY)
		die("%s: in use by another process: stop that, or choose another device", a->what);
	if (err == EINVAL)
		die("%s: it is there, but it is not a tap device of one queue", a->what);
	die("%s: %s", a->what, strerror(err));
}

static int open_tun(void)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		die("/dev/net/tun is missing: load the module with 'modprobe tun', or, in a "
		    "container, pass the device in");
	if (fd < 0)
		die("/dev/net/tun: %s: run as root, or let 'mirage run' make the device",
		    strerror(errno));
	return fd;
}

/* The MTU of an interface, which must be there. */
static uint16_t look_up(const char *name)
{
	struct ifreq r = { .ifr_mtu = 0 };
	int fd, mtu;

	if (name[0] == '\0' || strlen(name) >= IFNAMSIZ)
		die("'%s' is not the name of an interface", name);
	memcpy(r.ifr_name, name, strlen(name) + 1);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (ioctl(fd, SIOCGIFMTU, &r) < 0)
		die("there is no interface '%s': make it with 'ip tuntap add dev %s mode tap'",
		    name, name);
	mtu = r.ifr_mtu;
	if (ioctl(fd, SIOCGIFFLAGS, &r) == 0 && !(r.ifr_flags & IFF_UP))
		say("warning: %s is down, nothing will pass: 'ip link set dev %s up'", name, name);
	close(fd);
	return (uint16_t)(mtu < MTU_MIN ? MTU_MIN : mtu > MTU_MAX ? MTU_MAX : mtu);
}

static int open_tap(const struct attach *a, bool header, uint16_t *mtu)
{
	struct ifreq r = { .ifr_flags =
			       (short)(IFF_TAP | IFF_NO_PI | (header ? IFF_VNET_HDR : 0)) };
	int fd;

	*mtu = look_up(a->what);
	fd = open_tun();
	memcpy(r.ifr_name, a->what, strlen(a->what) + 1);
	if (ioctl(fd, TUNSETIFF, &r) < 0)
		not_attached(a, errno);
	return fd;
}

/* Is the interface of that name here the tap behind `fd`, not another's namesake? */
static bool is_here(int fd, const char *name)
{
	struct ifreq here = { .ifr_flags = 0 }, tap = { .ifr_flags = 0 };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool same;

	memcpy(here.ifr_name, name, IFNAMSIZ);
	same = s >= 0 && ioctl(s, SIOCGIFHWADDR, &here) == 0 &&
	       ioctl(fd, SIOCGIFHWADDR, &tap) == 0 &&
	       memcmp(here.ifr_hwaddr.sa_data, tap.ifr_hwaddr.sa_data, MAC) == 0;
	if (s >= 0)
		close(s);
	return same;
}

static bool same_file(int a, int b)
{
	struct stat s, t;

	return fstat(a, &s) == 0 && fstat(b, &t) == 0 && s.st_dev == t.st_dev &&
	       s.st_ino == t.st_ino;
}

/* The MTU of the tap behind `fd`, which may be of another network namespace: to ask that one takes
 * capabilities. */
static uint16_t taken_mtu(int fd, const char *name)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int there = ioctl(fd, TUNGETDEVNETNS);
	uint16_t mtu = MTU_DEFAULT;

	if (there < 0 ? is_here(fd, name) : same_file(here, there)) {
		mtu = look_up(name);
	} else if (there >= 0 && here >= 0 && setns(there, CLONE_NEWNET) == 0) {
		mtu = look_up(name);
		if (setns(here, CLONE_NEWNET) < 0)
			die("back to the own network namespace: %s", strerror(errno));
	} else {
		say("warning: %s is of another network namespace, whose settings cannot be read: "
		    "taking its MTU for %d; with another, start the tender in that namespace",
		    name, MTU_DEFAULT);
	}
	if (there >= 0)
		close(there);
	if (here >= 0)
		close(here);
	return mtu;
}

/* A tap that whoever started us has opened. */
static int take_tap(const struct attach *a, bool *header, uint16_t *mtu)
{
	struct ifreq r = { .ifr_flags = 0 };
	char option[MIR_MFT_NAME + 8];
	int fd, flags;

	snprintf(option, sizeof(option), "--net:%s", a->name);
	fd = take_descriptor(option, a->what);
	if (ioctl(fd, TUNGETIFF, &r) < 0 || !(r.ifr_flags & IFF_TAP) || !(r.ifr_flags & IFF_NO_PI))
		die("%s=%s: not a tap device opened with IFF_TAP and IFF_NO_PI", option, a->what);
	if ((r.ifr_flags & IFF_VNET_HDR) && !*header)
		die("%s=%s: it was opened with IFF_VNET_HDR, which this image does not know: open "
		    "it without",
		    option, a->what);
	*header = r.ifr_flags & IFF_VNET_HDR;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		die("%s=%s: %s", option, a->what, strerror(errno));
	r.ifr_name[IFNAMSIZ - 1] = '\0';
	*mtu = taken_mtu(fd, r.ifr_name);
	return fd;
}

/* Agrees with the kernel on the header before each frame and on the offloads. */
static void agree(const struct attach *a, struct net_device *d)
{
	int size = VNET_HEADER, little = 1;

	if (ioctl(d->fd, TUNSETVNETLE, &little) < 0 || ioctl(d->fd, TUNSETVNETHDRSZ, &size) < 0)
		die("%s: no agreement on the virtio header: %s", a->what, strerror(errno));
	d->vnet_header = VNET_HEADER;
	d->features = MIR_EXT_NET_VNET | MIR_EXT_NET_TX_CSUM | MIR_EXT_NET_TX_TSO4;
	if (ioctl(d->fd, TUNSETOFFLOAD, (unsigned long)(TUN_F_CSUM | TUN_F_TSO4)) == 0)
		d->features |= MIR_EXT_NET_RX_CSUM | MIR_EXT_NET_RX_GRO4;
}

void net_attach(const struct attach *a, struct mir_mft_entry *e, bool extended, struct device *out)
{
	struct net_device *d = &out->net;
	bool header = extended;
	uint16_t mtu;

	*out = (struct device){ .type = MIR_MFT_NET };
	d->fd = a->what[0] == '@' ? take_tap(a, &header, &mtu) : open_tap(a, header, &mtu);
	if (header)
		agree(a, d);
	else /* what an earlier process on this device had agreed */
		ioctl(d->fd, TUNSETOFFLOAD, 0ul);
	set_mac(a, e->u.net.mac);
	e->u.net.mtu = mtu;
}
