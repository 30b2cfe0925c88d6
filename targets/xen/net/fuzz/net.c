/* A hostile back end of a network: any responses, indices, events and states. */
#include "../tests/back.h"

#include <mir/log.h>
#include <mir/test.h>

static const uint8_t *data;
static size_t size;

static uint8_t next(void)
{
	return size > 0 ? size--, *data++ : 0;
}

static uint16_t next16(void)
{
	return (uint16_t)(next() << 8 | next());
}

static void send_one(void)
{
	struct mir_packet *p = mir_packet_new();
	uint8_t *bytes;
	struct mir_slice s;

	memset(mir_packet_put(p, 60), 1, 60);
	s.len = 1 + next16() % 5000;
	s.owner = mir_mem_new(s.len, &bytes);
	s.p = bytes;
	memset(bytes, 2, s.len);
	mir_packet_append(p, &s);
	if (next() & 1) {
		p->gso = MIR_GSO_TCP4;
		p->gso_size = 1460;
	}
	mir_net_send(&g.net, &p, 1);
}

static void respond(void)
{
	struct mir_xen_sring *r = back.rx[0];
	struct mir_xen_rx_response a = { .offset = next() & 1 ? next16() : 0,
		.flags = next() & 31,
		.status = (int16_t)(next() & 1 ? next16() : 200 + next()) };

	a.id = next() & 7 ? (uint16_t)(r->rsp_prod % MIR_XEN_NET_RING) : next();
	memcpy(entry(r, r->rsp_prod++, sizeof(a)), &a, sizeof(a));
}

static void done(void)
{
	struct mir_xen_sring *r = back.tx[0];
	struct mir_xen_tx_response a = { .id = next(), .status = (int16_t)(next() % 3 - 1) };

	if (next() & 3)
		memcpy(&a.id, (uint8_t *)entry(r, r->rsp_prod, 12) + 8, 2);
	memcpy(entry(r, r->rsp_prod++, 12), &a, sizeof(a));
}

static void step(void)
{
	static const char *const states[] = { "1", "2", "4", "5", "6", "x" };

	switch (next() % 16) {
	case 0: back.rx[0]->rsp_prod += next(); break;
	case 1: back.tx[0]->rsp_prod += next(); break;
	case 2: back.tx[0]->rsp_prod = (uint32_t)next16() << 16; break;
	case 3: back.tx[0]->req_event = next(); break;
	case 4: fake_mapped(8 + next() % 100u, next() & 1); break;
	case 5: fake_offer("vif", "state", states[next() % MIR_COUNT(states)]); break;
	case 6: send_one(); break;
	case 7: fake.shared.vcpu[0].pending_sel |= next(); break;
	case 8: fake.shared.pending[0] |= next(); break;
	case 9:
	case 10: done(); break;
	default: respond(); break;
	}
	back_raise(0);
	if (count > 100)
		drop_all();
}

static void run(void)
{
	static const char *const features[] = { "feature-sg", "feature-gso-tcpv4",
		"feature-no-csum-offload" };

	if (begin(1) == 0) {
		mir_net_listen(&g.net, input, NULL);
		mir_xen_control_start();
		back.keep = true;
		while (size > 0 && !g.gone)
			step();
		mir_xen_control_stop();
		drop_all();
		for (uint32_t ref = 8; ref < 512; ref++)
			fake_mapped(ref, false);
		mir_xen_net_stop(&g);
		mir_sleep(MIR_SECOND(1));
		mir_check(mir_xen_grant_stats.used == 0);
	}
	/* What the back end offers is text of any kind. */
	fake_offer("vif", "state", "2");
	for (unsigned i = 0; i < MIR_COUNT(features); i++) {
		char value[8] = { (char)('0' + next() % 10), (char)next() };

		fake_offer("vif", features[i], value);
	}
	if (mir_xen_net_start(&g, &(struct mir_xen_net_config){ .name = "service" }) == 0)
		mir_xen_net_stop(&g);
	mir_unpost(&back.work);
	fake_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	data = p;
	size = MIR_MIN(n, (size_t)600);
	mir_log_levels("quiet", NULL);
	mir_test_fuzz(run);
	return 0;
}
