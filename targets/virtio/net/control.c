/* control.c: what the device is told by its control queue, and what its configuration tells. */
#include <mir/log.h>
#include <mir/target.h>
#include <mir/time.h>

#include "driver.h"

MIR_LOG_SOURCE(net);

enum {
	CLASS_RX = 0, /* commands: class and number (section 5.1.6.5) */
	RX_PROMISCUOUS = 0,
	RX_ALL_MULTICAST = 1,
	CLASS_MAC = 1,
	MAC_SET = 1,
	CLASS_ANNOUNCE = 3,
	ANNOUNCE_SEEN = 0,

	CONFIG_STATUS = 6,
	LINK_UP = 1,
	ANNOUNCE = 2,

	PATIENCE = 1000000000, /* ns for an answer */
	NAP = 20000,
	REPLY = 15, /* offset in the command */

	ETHERTYPE_RARP = 0x8035,
	FRAME = 60,
};

/* Sends a command; its answer is looked for by finish. */
static bool tell(
    struct mir_virtio_net *v, uint8_t class, uint8_t number, const void *data, size_t n)
{
	struct mir_vq_segment s[3] = {
		{ mir_bare_address(v->command), 2 },
		{ mir_bare_address(v->command + 2), (uint32_t)n },
		{ mir_bare_address(v->command + REPLY), 1 },
	};
	uint32_t len;

	while (mir_vq_take(&v->control, &len))
		;
	if (v->control.outstanding > 0 || v->control.broke || n > REPLY - 2)
		return false;
	v->command[0] = class;
	v->command[1] = number;
	if (n > 0)
		memcpy(v->command + 2, data, n);
	v->command[REPLY] = 0xff;
	if (n == 0)
		s[1] = s[2];
	if (!mir_vq_add(&v->control, s, n > 0 ? 2 : 1, 1, v->command))
		return false;
	mir_virtio_publish(v->device, MIR_VIRTIO_NET_CONTROL, &v->control);
	return true;
}

/* Waits for the answer, at the start only. */
static bool done(struct mir_virtio_net *v)
{
	int64_t now = mir_target_monotonic(), until = now + PATIENCE;
	uint32_t len;

	while (!mir_vq_take(&v->control, &len) && !v->control.broke && now < until) {
		mir_bare_wait(now + NAP);
		now = mir_target_monotonic();
	}
	return v->control.outstanding == 0 && v->command[REPLY] == 0;
}

static void command(struct mir_virtio_net *v, uint8_t class, uint8_t number, const void *data,
    size_t n, const char *what)
{
	if (!tell(v, class, number, data, n) || !done(v))
		mir_warn("%s: the device does not take %s", v->net.name, what);
}

void mir_virtio_net_set_up(struct mir_virtio_net *v)
{
	static const uint8_t off = 0, on = 1;
	uint64_t f = v->device->features;

	if (!(f & MIR_VIRTIO_NET_CTRL))
		return;
	if (!(f & MIR_VIRTIO_NET_MAC) && (f & MIR_VIRTIO_NET_CTRL_MAC))
		command(v, CLASS_MAC, MAC_SET, v->net.mac.b, sizeof(v->net.mac.b),
		    "a hardware address");
	if (f & MIR_VIRTIO_NET_CTRL_RX) {
		command(v, CLASS_RX, RX_ALL_MULTICAST, &on, 1, "a filter");
		command(v, CLASS_RX, RX_PROMISCUOUS, &off, 1, "a filter");
	}
}

/* Switches learn where this hardware address is now: a RARP request (RFC 903), as hypervisors send
 * after a migration. */
static void announce(struct mir_virtio_net *v)
{
	static const uint8_t head[] = { ETHERTYPE_RARP >> 8, ETHERTYPE_RARP & 0xff, 0, 1, 8, 0, 6,
		4, 0, 3 };
	struct mir_packet *p = mir_packet_new();
	uint8_t *frame;

	if (!p)
		return;
	frame = mir_packet_put(p, FRAME);
	memset(frame, 0, FRAME);
	memset(frame, 0xff, 6);
	memcpy(frame + 6, v->net.mac.b, 6);
	memcpy(frame + 12, head, sizeof(head));
	memcpy(frame + 22, v->net.mac.b, 6);
	memcpy(frame + 32, v->net.mac.b, 6);
	mir_virtio_net_send(&v->net, &p, 1);
	tell(v, CLASS_ANNOUNCE, ANNOUNCE_SEEN, NULL, 0);
}

void mir_virtio_net_look(struct mir_virtio_net *v)
{
	uint16_t status;
	bool up;

	if (!(v->device->features & MIR_VIRTIO_NET_STATUS) || v->device->broke ||
	    mir_virtio_config(v->device, CONFIG_STATUS, &status, sizeof(status)) < 0)
		return;
	up = status & LINK_UP;
	if (up != v->up)
		mir_warn("%s: the link is %s", v->net.name, up ? "up again" : "down");
	v->up = up;
	if (up && (status & ANNOUNCE) && (v->device->features & MIR_VIRTIO_NET_ANNOUNCE))
		announce(v);
}
