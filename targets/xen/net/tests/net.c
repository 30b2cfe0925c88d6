/* The network driver against a back end in memory. */
#include "back.h"

#include <mir/test.h>

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

/* A packet of `head` linear bytes and slices of the given lengths. */
static struct mir_packet *packet(size_t head, size_t n, const size_t *len)
{
	struct mir_packet *p = mir_packet_new();
	size_t at = 0;

	for (; at < head; at++)
		*mir_packet_put(p, 1) = pattern(at);
	for (size_t i = 0; i < n; i++) {
		struct mir_slice s;
		uint8_t *bytes;

		s.owner = mir_mem_new(len[i], &bytes);
		s.p = bytes;
		s.len = len[i];
		for (size_t k = 0; k < len[i]; k++)
			bytes[k] = pattern(at++);
		mir_packet_append(p, &s);
	}
	return p;
}

static bool sent_well(size_t len)
{
	bool all = back.sent_len == len;

	for (size_t i = 0; i < len && all; i++)
		all = back.sent[i] == pattern(i);
	return all;
}

static void starts(void)
{
	ok(begin(1) == 0, "connects");
	ok(g.net.mac.b[0] == 0 && g.net.mac.b[5] == 3 && g.net.mtu == 1500, "address and mtu");
	ok(g.net.offloads ==
		(MIR_NET_TX_CSUM | MIR_NET_TX_TSO4 | MIR_NET_RX_CSUM | MIR_NET_RX_GRO4),
	    "offloads");
	ok(strcmp(fake_get("device/vif/0/request-rx-copy"), "1") == 0, "asks for copies");
	ok(back.rx[0]->req_prod == 64, "pages wait for frames");
	end();

	memset(&g, 0, sizeof(g));
	begin(1);
	fake_offer("vif", "state", "6");
	mir_xen_net_stop(&g);
	fake_offer("vif", "state", "2");
	fake_offer("vif", "feature-rx-copy", "0");
	ok(mir_xen_net_start(&g, &(struct mir_xen_net_config){ .name = "service" }) == MIR_ENOSYS,
	    "a back end that cannot copy");
	fake_offer("vif", "feature-rx-copy", "17");
	ok(mir_xen_net_start(&g, &(struct mir_xen_net_config){ .name = "service" }) == MIR_EPROTO,
	    "one that says nonsense");
	fake_end();
}

static void sends(void)
{
	static const size_t pieces[] = { 3000, 5000, 100 };
	size_t big[18];
	struct mir_packet *p;

	begin(1);
	p = packet(60, 0, NULL);
	ok(mir_net_send(&g.net, &p, 1) == 1, "a short frame");
	mir_sleep(MIR_MS(1));
	ok(back.frames == 1 && back.slots == 1 && sent_well(60), "is copied");
	p = packet(54, 1, (const size_t[]){ 1446 });
	mir_net_send(&g.net, &p, 1);
	mir_sleep(MIR_MS(1));
	ok(back.frames == 2 && back.slots >= 2 && sent_well(1500), "a long one is granted");
	p = packet(54, 3, pieces);
	p->gso = MIR_GSO_TCP4;
	p->gso_size = 1460;
	p->csum = MIR_CSUM_PARTIAL;
	mir_net_send(&g.net, &p, 1);
	mir_sleep(MIR_MS(1));
	ok(back.frames == 3 && back.gso == 1460 && sent_well(8154), "one that stands for many");
	ok((back.flags & MIR_XEN_TX_CSUM_BLANK) != 0, "whose checksum is to be made");
	for (unsigned i = 0; i < 18; i++)
		big[i] = 3600;
	p = packet(54, 18, big);
	p->gso = MIR_GSO_TCP4;
	p->gso_size = 1460;
	mir_net_send(&g.net, &p, 1);
	mir_sleep(MIR_MS(1));
	ok(back.frames == 4 && back.slots <= MIR_XEN_NET_SLOTS && sent_well(54 + 18 * 3600),
	    "the longest: in %u pages", back.slots);
	p = packet(60, 1, (const size_t[]){ 2000 });
	ok(mir_net_send(&g.net, &p, 1) == 0 && g.drops.oversize == 1, "longer than the mtu");

	back.keep = true;
	for (unsigned i = 0; i < 300; i++) {
		p = packet(60, 0, NULL);
		mir_net_send(&g.net, &p, 1);
	}
	ok(g.drops.full > 0 && g.net.stats.tx_dropped > g.drops.full, "a full ring drops");
	back.keep = false;
	mir_post(&back.work);
	mir_sleep(MIR_MS(1));
	p = packet(60, 0, NULL);
	ok(mir_net_send(&g.net, &p, 1) == 1, "and goes on");
	end();
	ok(mir_xen_grant_stats.used == 0, "all grants are back");
}

static uint8_t bytes[70000];

static void receives(void)
{
	struct mir_xen_extra gso = {
		.type = MIR_XEN_EXTRA_GSO, .size = 1460, .gso_type = MIR_XEN_GSO_TCP4
	};

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = pattern(i);
	begin(1);
	mir_net_listen(&g.net, input, NULL);
	back_receive(0, bytes, 0, 60, 0);
	back_receive(0, bytes, 10, 900, MIR_XEN_RX_VALIDATED);
	back_receive(0, bytes, 0, 1514, MIR_XEN_RX_CSUM_BLANK);
	back_raise(0);
	ok(count == 3 && got[0]->total == 60 && got[1]->total == 900 && got[2]->total == 1514,
	    "three frames");
	ok(got[0]->csum == MIR_CSUM_NONE && got[1]->csum == MIR_CSUM_VALID, "checksums");
	mir_packet_copy(got[2], 0, back.sent, 1514);
	ok(memcmp(back.sent, bytes, 1514) == 0, "whole");
	drop_all();

	back_receive(0, bytes, 0, 4000, MIR_XEN_RX_MORE | MIR_XEN_RX_EXTRA | MIR_XEN_RX_CSUM_BLANK);
	back_extra(0, &gso);
	back_receive(0, bytes + 4000, 0, 4096, MIR_XEN_RX_MORE);
	back_raise(0);
	ok(count == 0, "not yet");
	back_receive(0, bytes + 8096, 96, 1000, 0);
	back_raise(0);
	ok(count == 1 && got[0]->gso == MIR_GSO_TCP4 && got[0]->gso_size == 1460 &&
		got[0]->total == 9096,
	    "one that stands for many");
	mir_packet_copy(got[0], 0, back.sent, 9096);
	ok(memcmp(back.sent, bytes, 9096) == 0, "whole");
	drop_all();

	back_receive(0, bytes, 0, -1, 0);
	back_receive(0, bytes, 4000, 200, 0);
	back_receive(0, bytes, 0, 2000, 0);
	back_receive(0, bytes, 0, 3, 0);
	back_receive(0, bytes, 0, 60, 0);
	back_raise(0);
	ok(count == 1 && got[0]->total == 60, "what cannot be is dropped");
	ok(g.drops.error == 1 && g.drops.header == 1 && g.drops.oversize == 2, "and counted");
	drop_all();

	for (unsigned i = 0; i < 1000; i++) {
		back_receive(0, bytes, 0, 1514, 0);
		if (i % 50 == 49)
			back_raise(0);
		if (count == 200)
			drop_all();
	}
	ok(g.net.stats.rx_packets >= 1000, "many");
	end();
	ok(mir_xen_grant_stats.used == 0, "all grants are back");
}

static void holds_on(void)
{
	struct mir_xen_rx_request t;

	begin(1);
	mir_net_listen(&g.net, input, NULL);
	memcpy(&t, entry(back.rx[0], 0, sizeof(t)), sizeof(t));
	fake_mapped(t.ref, true);
	back_receive(0, bytes, 0, 1514, 0);
	back_receive(0, bytes, 0, 60, 0);
	back_raise(0);
	ok(count == 1 && g.drops.busy == 1, "a page that stays mapped is not read");
	ok(mir_xen_grant_stats.late == 1, "nor used again");
	fake_mapped(t.ref, false);
	mir_sleep(MIR_SECOND(1));
	ok(mir_xen_grant_stats.late == 0, "before it is let go");
	end();
}

static void breaks(unsigned how)
{
	struct mir_packet *p;

	begin(1);
	mir_net_listen(&g.net, input, NULL);
	p = packet(60, 0, NULL);
	back.keep = true;
	mir_net_send(&g.net, &p, 1);
	switch (how) {
	case 0: back.rx[0]->rsp_prod = 65; break;
	case 1: back.tx[0]->rsp_prod = 2; break;
	case 2: back.tx[0]->rsp_prod = UINT32_MAX; break;
	case 3: {
		struct mir_xen_tx_response a = { .id = 9 };

		memcpy(entry(back.tx[0], 0, sizeof(struct mir_xen_tx_request)), &a, sizeof(a));
		back.tx[0]->rsp_prod = 1;
		break;
	}
	default: {
		struct mir_xen_rx_response a = { .id = 9, .status = 60 };

		memcpy(entry(back.rx[0], 0, sizeof(a)), &a, sizeof(a));
		back.rx[0]->rsp_prod = 1;
		break;
	}
	}
	back_raise(0);
	ok(g.gone, "given up: way %u", how);
	p = packet(60, 0, NULL);
	ok(mir_net_send(&g.net, &p, 1) == MIR_EDISCONN, "and says so");
	end();
}

static void broken(void)
{
	for (unsigned i = 0; i < 5; i++)
		breaks(i);
}

static void removed(void)
{
	begin(1);
	mir_xen_control_start();
	mir_sleep(MIR_MS(10));
	fake_offer("vif", "state", "5");
	mir_sleep(MIR_MS(10));
	ok(g.gone && strcmp(fake_get("device/vif/0/state"), "6") == 0, "the host takes it away");
	ok(mir_xen_grant_stats.used == 0, "no grant is left");
	mir_xen_control_stop();
	end();
}

static void queues(void)
{
	struct mir_packet *p;
	unsigned used = 0;

	begin(4);
	ok(back.queues == 4, "as many queues as wanted");
	for (unsigned i = 0; i < 64; i++) {
		p = packet(60, 0, NULL);
		p->data[29] = (uint8_t)i;
		mir_net_send(&g.net, &p, 1);
	}
	mir_sleep(MIR_MS(1));
	for (unsigned i = 0; i < 4; i++)
		used += back.tx[i]->rsp_prod == 16;
	ok(back.frames == 64 && used == 4, "are used in turn by addresses");
	mir_net_listen(&g.net, input, NULL);
	back_receive(3, bytes, 0, 60, 0);
	back_raise(3);
	ok(count == 1, "and listened to");
	end();
}

static void away(void)
{
	fake_set("device/vif/0/backend-id", "7");
	fake_offer("vif", "state", "2");
}

static void suspends(void)
{
	static const size_t len[] = { 1400 };
	struct mir_packet *p;

	begin(1);
	mir_net_listen(&g.net, input, NULL);
	mir_xen_control_start();
	mir_sleep(MIR_MS(10));
	back.keep = true;
	p = packet(54, 1, len);
	mir_net_send(&g.net, &p, 1);
	back_receive(0, bytes, 0, 1514, 0);
	back_raise(0);
	ok(count == 1, "a frame before");
	fake.on_suspend = away;
	fake_set("control/shutdown", "suspend");
	mir_sleep(MIR_MS(50));
	back.keep = false;
	ok(g.connected && !g.gone, "connected anew");
	p = packet(54, 1, len);
	mir_net_send(&g.net, &p, 1);
	mir_sleep(MIR_MS(1));
	ok(back.frames == 1 && sent_well(1454), "sends");
	back_receive(0, bytes, 0, 1514, 0);
	back_raise(0);
	ok(count == 2, "and receives");
	mir_xen_control_stop();
	end();
	ok(mir_xen_grant_stats.used == 0, "all grants are back");
}

int main(void)
{
	RUN(starts);
	RUN(sends);
	RUN(receives);
	RUN(holds_on);
	RUN(broken);
	RUN(removed);
	RUN(queues);
	RUN(suspends);
	return mir_test_end();
}
