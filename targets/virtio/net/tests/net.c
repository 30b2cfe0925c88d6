/* The network driver over a device in memory. */
#include "../../tests/fake.h"

#include <mir/fiber.h>
#include <mir/mem.h>
#include <mir/test.h>
#include <mir/virtio_net.h>

#include "../driver.h"

enum { FRAMES = 512 };

static const uint64_t all = MIR_VIRTIO_INDIRECT | MIR_VIRTIO_EVENT_IDX | MIR_VIRTIO_NET_CSUM |
			    MIR_VIRTIO_NET_GUEST_CSUM | MIR_VIRTIO_NET_MTU | MIR_VIRTIO_NET_MAC |
			    MIR_VIRTIO_NET_GUEST_TSO4 | MIR_VIRTIO_NET_HOST_TSO4 |
			    MIR_VIRTIO_NET_MERGES | MIR_VIRTIO_NET_STATUS | MIR_VIRTIO_NET_CTRL |
			    MIR_VIRTIO_NET_CTRL_RX | MIR_VIRTIO_NET_ANNOUNCE;

static struct mir_virtio_net v;
static struct mir_packet *got[FRAMES];
static unsigned count, commands;
static uint8_t frame[70000], seen[70000];

static void input(void *arg, struct mir_packet *const frames[], unsigned n)
{
	(void)arg;
	mir_check(count + n <= FRAMES);
	memcpy(got + count, frames, n * sizeof(*got));
	count += n;
}

static void drop_all(void)
{
	while (count > 0)
		mir_packet_unref(got[--count]);
}

/* The device answers commands at once. */
static void on_notify(unsigned queue)
{
	static const uint8_t fine = 0;
	struct fake_chain c;

	while (queue == MIR_VIRTIO_NET_CONTROL && fake_pop(queue, &c)) {
		commands++;
		fake_push(queue, c.head, fake_fill(&c, &fine, 1));
	}
}

static int begin(uint64_t offered, unsigned mtu)
{
	static const struct mir_virtio_net_config config = { .name = "service" };
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };

	for (size_t i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 7 + i / 251);
	count = commands = 0;
	fake_begin(MIR_VIRTIO_NET, offered);
	fake.on_notify = on_notify;
	memcpy(fake.config, mac, sizeof(mac));
	fake.config[6] = 1;
	fake_put16(fake.config + 10, mtu);
	mir_virtio_forget();
	mir_virtio_net_announce(&config);
	if (mir_virtio_net_start(&v, &config) < 0)
		return -1;
	mir_net_listen(&v.net, input, NULL);
	return 0;
}

static void end(void)
{
	drop_all();
	mir_virtio_net_stop(&v);
}

/* A frame of len bytes comes, in as many buffers as it takes; with that header. */
static void comes(const uint8_t header[12], size_t len)
{
	struct {
		unsigned head;
		uint32_t len;
	} done[64];
	unsigned n = 0;
	size_t at = 0;

	do {
		uint8_t first[12] = { 0 }, *p;
		struct fake_chain c;
		uint32_t room, skip = n == 0 ? v.header : 0;

		mir_check(fake_pop(MIR_VIRTIO_NET_RX, &c) && c.n_out == 0 && n < 64);
		if (skip > 0) {
			memcpy(first, header, 12);
			fake_fill(&c, first, skip);
		}
		p = c.part[0].p + skip;
		room = c.part[0].len - skip;
		if (c.n == 2) {
			p = c.part[1].p;
			room = c.part[1].len;
		}
		room = (uint32_t)MIR_MIN((size_t)room, len - at);
		memcpy(p, frame + at, room);
		at += room;
		done[n].head = c.head;
		done[n++].len = room + skip;
		if (n == 1)
			memcpy(seen, p - skip, skip);
		if (at == len && v.merges && header[10] == 0xff) {
			/* How many there are is known now. */
			((uint8_t *)(uintptr_t)fake_64(
			    v.rx.descriptors + 16 * (size_t)done[0].head))[10] = (uint8_t)n;
			((uint8_t *)(uintptr_t)fake_64(
			    v.rx.descriptors + 16 * (size_t)done[0].head))[11] = 0;
		}
	} while (at < len);
	for (unsigned i = 0; i < n; i++)
		fake_push(MIR_VIRTIO_NET_RX, done[i].head, done[i].len);
}

static const uint8_t plain[12] = { [10] = 0xff };
static const uint8_t large[12] = { 1, 1, 54, 0, 0xb4, 5, 34, 0, 16, 0, 0xff };

static bool turn(void)
{
	return fake.port->poll(fake.port);
}

static bool whole(const struct mir_packet *p, size_t len)
{
	if (p->total != len)
		return false;
	mir_packet_copy(p, 0, seen, len);
	return memcmp(seen, frame, len) == 0;
}

static void receives_with(uint64_t offered, const char *what)
{
	static const size_t lengths[] = { 14, 60, 191, 192, 193, 1000, 1514, 1518 };
	bool right = true;

	mir_check(begin(offered, 1500) == 0);
	for (unsigned round = 0; round < 100; round++) {
		for (unsigned i = 0; i < MIR_COUNT(lengths); i++)
			comes(plain, lengths[i]);
		right &= turn() && count == MIR_COUNT(lengths);
		for (unsigned i = 0; right && i < MIR_COUNT(lengths); i++)
			right &= whole(got[i], lengths[i]);
		drop_all();
		right &= !turn() || !turn();
	}
	ok(right, "frames of all lengths, %s", what);
	end();
}

static void receives(void)
{
	receives_with(all, "all features");
	receives_with(MIR_VIRTIO_NET_MAC, "no features");
	receives_with(MIR_VIRTIO_NET_MAC | MIR_VIRTIO_NET_MERGES, "merging only");
	receives_with(all & ~MIR_VIRTIO_NET_MERGES, "no merging");
}

static void merges(void)
{
	mir_check(begin(all, 1500) == 0);
	ok(v.net.offloads == 15 && v.merges, "offloads");
	comes(large, 65549);
	comes(plain, 60);
	comes(large, 4096);
	turn();
	ok(count == 3 && whole(got[0], 65549) && got[0]->gso == MIR_GSO_TCP4 &&
		got[0]->gso_size == 1460 && got[0]->csum == MIR_CSUM_VALID,
	    "a segment of 64 kB in %u pieces", got[0]->nslices);
	ok(whole(got[1], 60) && whole(got[2], 4096), "and what came behind it");
	end();
	mir_check(begin(all, 9000) == 0);
	comes(plain, 9014);
	turn();
	ok(count == 1 && whole(got[0], 9014), "an MTU of 9000");
	end();
	mir_check(begin(MIR_VIRTIO_NET_MTU | MIR_VIRTIO_NET_MAC, 65535) == 0);
	comes(plain, 65014);
	turn();
	ok(count == 1 && whole(got[0], 65014) && v.net.mtu == 65000,
	    "one of 65000, without merging");
	end();
}

static void in_parts(void)
{
	static const uint8_t two[12] = { [10] = 2 };
	struct fake_chain a, b;

	mir_check(begin(all, 9000) == 0);
	fake_pop(0, &a);
	fake_pop(0, &b);
	fake_fill(&a, two, 12);
	memcpy(a.part[0].p + 12, frame, 4084);
	memcpy(b.part[0].p, frame + 4084, 1000);
	fake_push(0, a.head, 4096);
	ok(turn() && count == 0, "half of a frame");
	fake_push(0, b.head, 1000);
	ok(turn() && count == 1 && whole(got[0], 5084), "and the other half a turn later");
	end();
}

static void drops(void)
{
	static const uint8_t none[12] = { 0 }, many[12] = { [10] = 19 };
	struct fake_chain c;

	mir_check(begin(all, 1500) == 0);
	comes(plain, 1519);
	turn();
	ok(count == 0 && v.drops.oversize == 1, "longer than the MTU");
	comes(none, 60);
	turn();
	ok(count == 0 && v.drops.header == 1, "in no buffer");
	comes(plain, 13);
	turn();
	ok(count == 0 && v.drops.header == 2, "shorter than a header");
	fake_pop(0, &c);
	fake_push(0, c.head, 5);
	turn();
	ok(count == 0 && v.drops.header == 3, "shorter than virtio's");
	comes(many, 60);
	for (unsigned i = 0; i < 18; i++) {
		fake_pop(0, &c);
		fake_push(0, c.head, 100);
	}
	turn();
	ok(count == 0 && v.drops.header == 4, "in too many buffers");
	mir_mem_fail_at(1);
	comes(plain, 60);
	turn();
	mir_mem_fail_at(2);
	comes(plain, 1000);
	turn();
	ok(count == 0 && v.drops.memory == 2, "without memory");
	comes(plain, 1000);
	turn();
	ok(count == 1 && whole(got[0], 1000) && v.rx.outstanding == v.rx.limit,
	    "and then it goes on");
	mir_net_listen(&v.net, NULL, NULL);
	comes(plain, 1000);
	turn();
	ok(v.drops.unheard == 1, "nobody listens");
	end();
}

static struct mir_packet *packet(size_t linear, size_t slices, size_t each)
{
	struct mir_packet *p = mir_packet_new();
	size_t at = linear;

	memcpy(mir_packet_put(p, linear), frame, linear);
	for (size_t i = 0; i < slices; i++, at += each)
		mir_packet_append(p, &(struct mir_slice){ frame + at, each, NULL });
	return p;
}

static void sends_with(uint64_t offered, const char *what)
{
	bool right = true;

	mir_check(begin(offered, 1500) == 0);
	for (unsigned i = 0; i < 1000; i++) {
		struct mir_packet *burst[3] = { packet(60, 0, 0), packet(54, 2, 700),
			packet(66, 18, 10) };
		struct mir_packet *held = i % 2 ? mir_packet_ref(burst[0]) : NULL;
		static const size_t lengths[] = { 60, 1454, 246 };

		right &= mir_net_send(&v.net, burst, 3) == 3;
		for (unsigned k = 0; k < 3; k++) {
			struct fake_chain c;
			size_t n;

			right &= fake_pop(MIR_VIRTIO_NET_TX, &c) && c.n == c.n_out;
			n = fake_read(&c, seen, sizeof(seen));
			right &= n == v.header + lengths[k] && seen[0] == 0 &&
				 memcmp(seen + v.header, frame, lengths[k]) == 0;
			fake_push(MIR_VIRTIO_NET_TX, c.head, 0);
		}
		if (held) {
			right &= held->mem.refs == 2;
			mir_packet_unref(held);
		}
	}
	ok(right && v.net.stats.tx_packets == 3000, "frames are sent, %s", what);
	end();
}

static void sends(void)
{
	struct mir_packet *p, *burst[MIR_NET_BURST];
	struct fake_chain c;
	int sent = 0;

	sends_with(all, "all features");
	sends_with(MIR_VIRTIO_NET_MAC, "no features");
	mir_check(begin(all, 1500) == 0);
	p = packet(1514 - 1400, 2, 701);
	ok(mir_net_send(&v.net, &p, 1) == 1, "of the MTU, and a VLAN's tag");
	p = packet(120, 2, 700);
	ok(mir_net_send(&v.net, &p, 1) == 0 && v.drops.oversize == 1, "longer");
	p = packet(54, 1, 60000);
	p->csum = MIR_CSUM_PARTIAL;
	p->csum_start = (uint16_t)(p->data - p->head + 34);
	p->csum_offset = 16;
	p->gso = MIR_GSO_TCP4;
	p->gso_size = 1460;
	mir_net_send(&v.net, &p, 1);
	fake_pop(1, &c);
	fake_pop(1, &c);
	ok(fake_read(&c, seen, sizeof(seen)) == 12 + 60054 && seen[0] == 1 && seen[1] == 1 &&
		fake_16(seen + 4) == 1460 && fake_16(seen + 6) == 34,
	    "a segment to be cut");
	for (unsigned i = 0; i < 6; i++) {
		for (unsigned k = 0; k < MIR_NET_BURST; k++)
			burst[k] = packet(60, 0, 0);
		sent += mir_net_send(&v.net, burst, MIR_NET_BURST);
	}
	ok(sent == 254 && v.drops.full == 6 * MIR_NET_BURST - 254, "the queue is full");
	for (unsigned i = 0; fake_pop(1, &c) || i == 0; i++)
		fake_push(1, c.head, 0);
	end();
}

static void released(void)
{
	struct mir_packet *p;
	struct fake_chain c;

	mir_check(begin(all, 1500) == 0);
	p = mir_packet_ref(packet(60, 0, 0));
	mir_net_send(&v.net, &p, 1);
	fake_pop(1, &c);
	fake_push(1, c.head, 0);
	ok(p->mem.refs == 2, "held");
	mir_sleep(MIR_MS(20));
	ok(p->mem.refs == 1, "and released without a turn");
	mir_packet_unref(p);
	end();
}

static void control(void)
{
	struct fake_chain c;

	mir_check(begin(all, 1500) == 0);
	ok(commands == 2, "filters are set");
	fake.config[6] = 0;
	v.armed = true;
	mir_sleep(MIR_SECOND(1));
	turn();
	ok(!v.up, "the link goes down");
	fake.config[6] = 3;
	mir_sleep(MIR_SECOND(1));
	turn();
	ok(v.up && commands == 3 && fake_pop(1, &c) && fake_read(&c, seen, 100) == 72 &&
		seen[12 + 12] == 0x80 && seen[12 + 13] == 0x35,
	    "it is up, and announced");
	end();
}

static void hostile(void)
{
	struct mir_packet *p;

	mir_check(begin(all, 1500) == 0);
	fake_push(0, 300, 0);
	turn();
	ok(v.device->broke && fake.status == 0, "a buffer that is none: %s", v.device->broke);
	p = packet(60, 0, 0);
	ok(mir_net_send(&v.net, &p, 1) == MIR_EDISCONN && !turn(), "it is gone");
	end();
	mir_check(begin(all, 1500) == 0);
	fake.or_status = MIR_VIRTIO_NEEDS_RESET;
	mir_sleep(MIR_SECOND(1));
	v.armed = true;
	turn();
	ok(v.device->broke, "it needs a reset");
	end();
	ok(begin(all, 67) < 0, "an MTU of 67");
	fake_begin(MIR_VIRTIO_NET, all);
}

static void refused(void)
{
	static const struct mir_virtio_net_config config = { .name = "service" };

	fake_begin(MIR_VIRTIO_NET, all);
	mir_virtio_forget();
	mir_virtio_net_announce(&config);
	fake.config[0] = 1;
	fake.config[11] = 5;
	fake.on_notify = on_notify;
	ok(mir_virtio_net_start(&v, &config) == MIR_EPROTO, "the address of a group");
	fake.config[0] = 2;
	fake.restless = true;
	ok(mir_virtio_net_start(&v, &config) == MIR_EPROTO, "a restless configuration");
	fake.restless = false;
	fake.refuses = true;
	ok(mir_virtio_net_start(&v, &config) == MIR_EPROTO, "features are refused");
	fake.refuses = false;
	fake.size[0] = 3;
	ok(mir_virtio_net_start(&v, &config) == 0, "an odd size");
	mir_virtio_net_stop(&v);
	fake.size[0] = 65536;
	ok(mir_virtio_net_start(&v, &config) == MIR_EPROTO, "a queue that is too long");
	fake.size[0] = 0;
	fake.on_notify = NULL;
	ok(mir_virtio_net_start(&v, &config) == 0, "no answer to commands");
	mir_virtio_net_stop(&v);
}

int main(void)
{
	RUN(receives);
	RUN(merges);
	RUN(in_parts);
	RUN(drops);
	RUN(sends);
	RUN(released);
	RUN(control);
	RUN(hostile);
	RUN(refused);
	return mir_test_end();
}
