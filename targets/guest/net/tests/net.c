/* The network driver and its turns with the tender, over a tender in memory. */
#include "../../tests/fake.h"

#include <mir/fiber.h>
#include <mir/guest_net.h>
#include <mir/mem.h>
#include <mir/test.h>

#include "../../../vnet/vnet.h"

#define mir_target_poll turn
static void turn(int64_t deadline);
#include "../../poll.c"
#include "../../ports.c"

/* A turn that asks the tender, however short ago it did. */
static void look(int64_t deadline)
{
	looked = -LOOK;
	turn(deadline);
}

static struct mir_guest_net g;
static struct mir_packet *got[FAKE_FRAMES];
static unsigned count;
static uint32_t handle;

static const uint8_t plain[MIR_VNET_HEADER] = { 0 };
static const uint8_t large[MIR_VNET_HEADER] = { 1, 1, 54, 0, 0xb4, 5, 34, 0, 16, 0 };

static void input(void *arg, struct mir_packet *const frames[], unsigned n)
{
	(void)arg;
	mir_check(count + n <= FAKE_FRAMES);
	memcpy(got + count, frames, n * sizeof(*got));
	count += n;
}

static void begin(bool offloads)
{
	fake_begin(offloads ? MIR_EXT_SUBMIT | MIR_EXT_SHUTDOWN : 0);
	fake_device("other", MIR_MFT_NET);
	handle = fake_device("service", MIR_MFT_NET);
	fake.ext.device[handle] =
	    (struct mir_ext_device){ MIR_EXT_NET_VNET | MIR_EXT_NET_TX_CSUM | MIR_EXT_NET_TX_TSO4 |
					 MIR_EXT_NET_RX_CSUM | MIR_EXT_NET_RX_GRO4,
		    MIR_VNET_HEADER };
	count = 0;
	mir_check(
	    mir_guest_net_start(&g, &(struct mir_guest_net_config){ .name = "service" }) == 0);
	mir_net_listen(&g.net, input, NULL);
}

static void drop_all(void)
{
	while (count > 0)
		mir_packet_unref(got[--count]);
}

static void end(void)
{
	drop_all();
	mir_guest_net_stop(&g);
	fake_end();
}

static bool whole(const struct mir_packet *p, size_t len)
{
	if (p->total != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t c;

		mir_packet_copy(p, i, &c, 1);
		if (c != (uint8_t)(i * 7 + i / 251))
			return false;
	}
	return true;
}

static void lengths(void)
{
	static const size_t sizes[] = { 14, 60, 191, 192, 193, 1514, 1518, 192 + 2048, 2241, 65000,
		65549 };

	begin(true);
	for (unsigned i = 0; i < MIR_COUNT(sizes); i++) {
		fake_frame(handle, sizes[i] > 1518 ? large : plain, MIR_VNET_HEADER, sizes[i]);
		look(0);
		ok(count == i + 1 && whole(got[i], sizes[i]), "%zu bytes", sizes[i]);
		ok(got[i]->len >= MIR_MIN(sizes[i], 192u), "headers are linear");
		ok((got[i]->data - got[i]->head + 14) % 4 == 0, "aligned");
	}
	ok(got[10]->gso == MIR_GSO_TCP4 && got[10]->csum == MIR_CSUM_VALID, "merged segments");
	fake_frame(handle, plain, MIR_VNET_HEADER, 1519);
	fake_frame(handle, plain, MIR_VNET_HEADER, 13);
	fake_frame(handle, large, MIR_VNET_HEADER, 66000);
	for (unsigned i = 0; i < 4; i++)
		look(0);
	ok(count == MIR_COUNT(sizes), "too long and too short are not delivered");
	ok(g.drops.oversize == 2 && g.drops.header == 1 && g.net.stats.rx_dropped == 3, "counted");
	end();
}

static void without_offloads(void)
{
	begin(false);
	ok(g.net.offloads == 0 && g.header == 0 && !g.big, "none without extensions");
	fake_frame(handle, NULL, 0, 1514);
	look(0);
	ok(count == 1 && whole(got[0], 1514), "a frame");
	fake_frame(handle, NULL, 0, 3000);
	look(0);
	ok(count == 1 && g.drops.oversize == 1, "too long");
	end();
}

static void hostile_results(void)
{
	static const int64_t results[] = { INT64_MAX, 67787, 1, 23, INT64_MIN, MIR_EIO };

	begin(true);
	for (unsigned i = 0; i < MIR_COUNT(results); i++) {
		fake.read_result = results[i];
		look(0);
		ok(count == 0 && !g.gone, "a read of %lld bytes", (long long)results[i]);
	}
	ok(g.drops.header == 4, "counted where it claims to be a frame");
	fake_frame(handle, plain, MIR_VNET_HEADER, 60);
	look(0);
	look(0);
	ok(count == 1, "the next is received");
	fake.read_result = MIR_ENODEV;
	look(0);
	ok(g.gone, "gone");
	fake.reads = 0;
	look(0);
	ok(fake.reads == 0, "and not read any more");
	end();
}

static void bursts(void)
{
	unsigned turns = 0;

	begin(true);
	for (unsigned i = 0; i < 200; i++)
		fake_frame(handle, plain, MIR_VNET_HEADER, 60);
	while (count < 200 && turns < 100) {
		look(0);
		turns++;
	}
	ok(count == 200 && turns < 25, "room grows with what comes: %u turns", turns);
	ok(fake.waits < turns, "no wait while frames flow: %u", fake.waits);
	fake.submits = fake.waits = 0;
	look(mir_now() + MIR_SECOND(1));
	ok(fake.waits == 1 && fake.slept > 0, "then one that sleeps");
	fake.submits = 0;
	look(mir_now() + MIR_SECOND(1));
	ok(fake.submits == 1, "idle: one submission a turn");
	turn(0);
	turn(0);
	ok(fake.submits == 1, "none in busy turns that follow at once");
	mir_sleep(MIR_US(50));
	turn(0);
	ok(fake.submits == 2, "but now and then");
	end();
}

static struct mir_packet *frame(size_t len)
{
	struct mir_packet *p = mir_packet_new();

	memset(mir_packet_put(p, len), 0, len);
	return p;
}

static void sending(void)
{
	struct mir_packet *p = frame(54);
	static const uint8_t text[3000] = "abc";

	begin(true);
	p->data[46] = 5 << 4;
	mir_packet_append(p, &(struct mir_slice){ text, 3, NULL });
	mir_packet_append(p, &(struct mir_slice){ (const uint8_t *)"de", 2, NULL });
	p->csum = MIR_CSUM_PARTIAL;
	p->csum_start = (uint16_t)(p->data + 34 - p->head);
	p->csum_offset = 16;
	p->gso = MIR_GSO_TCP4;
	p->gso_size = 1460;
	ok(mir_net_send(&g.net, &p, 1) == 1 && fake.n_out == 0, "waits for the end of the turn");
	look(0);
	ok(fake.n_out == 1 && fake.out[0].len == MIR_VNET_HEADER + 59 &&
		memcmp(fake.out[0].bytes, large, sizeof(large)) == 0,
	    "the header");
	ok(memcmp(fake.out[0].bytes + MIR_VNET_HEADER + 54, "abcde", 5) == 0, "the slices");
	ok(fake.out[0].handle == handle && g.net.stats.tx_packets == 1, "where it belongs");
	p = frame(14);
	mir_packet_append(p, &(struct mir_slice){ text, 3000, NULL });
	ok(mir_net_send(&g.net, &p, 1) == 0 && g.drops.oversize == 1, "over the MTU");
	p = frame(60);
	mir_net_send(&g.net, &p, 1);
	mir_guest_net_stop(&g);
	ok(fake.n_out == 2, "what waits is sent before the end");
	fake_end();
}

static void full(void)
{
	unsigned sent = 0;

	begin(true);
	for (unsigned i = 0; i < 150; i++) {
		struct mir_packet *p = frame(14 + i % 140);

		for (unsigned k = 0; k < i % 19; k++)
			mir_packet_append(p, &(struct mir_slice){ plain, 5, NULL });
		sent += (unsigned)mir_net_send(&g.net, &p, 1);
	}
	look(0);
	ok(sent == 150 && fake.n_out == 150, "a full queue is written at once");
	for (unsigned i = 0; i < 150; i++)
		sent -= fake.out[i].len == MIR_VNET_HEADER + 14 + i % 140 + i % 19 * 5;
	ok(sent == 0, "in order, none lost");
	end();
}

static void refusals(void)
{
	static const struct {
		int64_t result;
		size_t counter;
	} table[] = {
		{ MIR_EAGAIN, offsetof(struct mir_guest_net_drops, full) },
		{ -ENOBUFS, offsetof(struct mir_guest_net_drops, full) },
		{ MIR_EIO, offsetof(struct mir_guest_net_drops, down) },
		{ MIR_EINVAL, offsetof(struct mir_guest_net_drops, error) },
		{ MIR_ENODEV, offsetof(struct mir_guest_net_drops, error) },
	};

	begin(true);
	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		uint64_t *counter = (uint64_t *)(void *)((char *)&g.drops + table[i].counter),
			 before = *counter;
		struct mir_packet *p[3] = { frame(60), frame(61), frame(62) };

		fake.write_result = table[i].result;
		fake.write_fails = 2;
		mir_net_send(&g.net, p, 3);
		look(0);
		ok(*counter == before + 1 && fake.n_out == 2 * i + 2, "dropped: error %lld",
		    (long long)table[i].result);
	}
	{
		struct mir_packet *p = frame(60);

		ok(g.gone && mir_net_send(&g.net, &p, 1) == MIR_EDISCONN, "gone, and says so");
	}
	end();
}

static void no_memory(void)
{
	begin(true);
	for (unsigned i = 1; i <= 3; i++) {
		for (unsigned k = 0; k < 3; k++)
			fake_frame(handle, plain, MIR_VNET_HEADER, 1000 - k);
		g.want = 1;
		mir_guest_net_stop(&g); /* gives the rooms back */
		mir_guest_port_add(&g.port);
		mir_mem_fail_at(i); /* a packet, a small, a big buffer */
		for (unsigned k = 0; k < 4; k++)
			look(0);
		ok(g.drops.memory == i, "no memory: dropped and counted");
		ok(count == 2 * i && whole(got[count - 1], 998), "the next is received");
	}
	end();
}

static void unheard(void)
{
	begin(true);
	mir_net_listen(&g.net, NULL, NULL);
	fake_frame(handle, plain, MIR_VNET_HEADER, 1000);
	look(0);
	ok(g.drops.unheard == 1 && g.net.stats.rx_dropped == 1, "nobody listens");
	end();
}

static void lying_headers(void)
{
	static const uint8_t headers[][MIR_VNET_HEADER] = {
		{ 1, 0, 0, 0, 0, 0, 60, 0, 0, 0 },
		{ 1, 1, 0, 0, 0, 0, 34, 0, 16, 0 },
		{ 0, 1, 0, 0, 100, 0, 0, 0, 0, 0 },
		{ 1, 3, 0, 0, 100, 0, 34, 0, 16, 0 },
	};

	begin(true);
	for (unsigned i = 0; i < MIR_COUNT(headers); i++) {
		fake_frame(handle, headers[i], MIR_VNET_HEADER, 60);
		look(0);
		ok(count == 0 && g.drops.header == i + 1, "header %u is refused", i);
	}
	end();
}

static void starting(void)
{
	struct mir_guest_net n;
	struct mir_guest_net_config c = { .name = "service" };

	fake_begin(MIR_EXT_SUBMIT);
	ok(mir_guest_net_start(&n, &c) == MIR_ENODEV, "no such network");
	handle = fake_device("service", MIR_MFT_NET);
	fake_mft()->e[handle].attached = 0;
	ok(mir_guest_net_start(&n, &c) == MIR_ENODEV, "not attached");
	fake_mft()->e[handle].attached = 1;
	fake_mft()->e[handle].u.net.mtu = 60;
	ok(mir_guest_net_start(&n, &c) == MIR_EPROTO, "an MTU that cannot be");
	fake_mft()->e[handle].u.net.mtu = 1500;
	fake_mft()->e[handle].u.net.mac[0] = 3;
	ok(mir_guest_net_start(&n, &c) == MIR_EPROTO, "the address of a group");
	fake_mft()->e[handle].u.net.mac[0] = 2;
	fake.ext.device[handle] = (struct mir_ext_device){ MIR_EXT_NET_VNET, 4000 };
	ok(mir_guest_net_start(&n, &c) == MIR_EPROTO, "a header that would not fit");
	fake.ext.device[handle].vnet_header = 12;
	fake_mft()->e[handle].u.net.mtu = 9000;
	ok(mir_guest_net_start(&n, &c) == 0 && n.big, "large frames without offloads");
	mir_guest_net_stop(&n);
	fake_mft()->entries = UINT32_MAX;
	memset(fake_mft()->e[handle].name, 'x', MIR_MFT_NAME);
	ok(mir_guest_net_start(&n, &c) == MIR_ENODEV, "a manifest that has no end");
}

static void shutdown(void)
{
	begin(true);
	fake.ready = 1;
	look(MIR_NEVER);
	ok(fake.slept == UINT64_MAX, "for ever");
	ok(mir_cancelled(), "the host asks to end: the main fiber is told");
	end();
}

int main(void)
{
	RUN(lengths);
	RUN(without_offloads);
	RUN(hostile_results);
	RUN(bursts);
	RUN(sending);
	RUN(full);
	RUN(refusals);
	RUN(no_memory);
	RUN(unheard);
	RUN(lying_headers);
	RUN(starting);
	RUN(shutdown);
	return mir_test_end();
}
