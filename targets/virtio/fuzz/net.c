/* The network driver on a hostile device. */
#include "hostile.h"

#include <mir/mem.h>
#include <mir/test.h>
#include <mir/virtio_net.h>

enum { STEPS = 200 };

static struct mir_virtio_net v;

static void input(void *arg, struct mir_packet *const frames[], unsigned n)
{
	(void)arg;
	for (unsigned i = 0; i < n; i++) {
		uint8_t last;

		mir_check(frames[i]->total >= 14);
		mir_packet_copy(frames[i], frames[i]->total - 1, &last, 1);
		mir_packet_unref(frames[i]);
	}
}

static void send(unsigned slices)
{
	struct mir_packet *p = mir_packet_new();
	static const uint8_t bytes[4096];

	if (!p)
		return;
	memset(mir_packet_put(p, 60), 0, 60);
	for (unsigned i = 0; i < slices % (MIR_PACKET_SLICES + 1); i++)
		mir_packet_append(p, &(struct mir_slice){ bytes, 70 * slices % 4096, NULL });
	mir_net_send(&v.net, &p, 1);
}

static void step(void)
{
	uint8_t what = mir_read_u8(&script);

	switch (what % 8) {
	case 0: send(mir_read_u8(&script)); break;
	case 1: mir_mem_fail_at(what >> 3); break;
	case 2: fake.config[what >> 3] = mir_read_u8(&script); break;
	case 3: mir_sleep(MIR_MS(50)); break;
	case 4: fake.or_status = mir_read_u8(&script) & (what >> 3); break;
	case 5: fake.port->poll(fake.port); break;
	default: hostile_move(what >> 3 & 3); break;
	}
}

static void one(void)
{
	static const struct mir_virtio_net_config config = { .name = "service" };

	hostile_begin(MIR_VIRTIO_NET);
	mir_virtio_forget();
	mir_virtio_net_announce(&config);
	if (mir_virtio_net_start(&v, &config) < 0)
		return;
	mir_net_listen(&v.net, input, NULL);
	for (unsigned i = 0; i < STEPS && mir_read_left(&script) > 0; i++)
		step();
	mir_mem_fail_at(0);
	mir_virtio_net_stop(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	script = mir_reader(bytes, n);
	mir_test_fuzz(one);
	return 0;
}
