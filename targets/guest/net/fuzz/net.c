/* The network driver under a hostile tender: bytes say which frames come, which lengths and errors
 * the tender claims, what is sent meanwhile. */
#include "../../tests/fake.h"

#include <mir/bytes.h>
#include <mir/guest_net.h>
#include <mir/mem.h>
#include <mir/test.h>

#define mir_target_poll turn
static void turn(int64_t deadline);
#include "../../poll.c"
#include "../../ports.c"

enum { STEPS = 64, LENGTH = 67000 };

static struct mir_reader script;
static struct mir_guest_net g;
static uint32_t handle;

static void input(void *arg, struct mir_packet *const frames[], unsigned n)
{
	(void)arg;
	for (unsigned i = 0; i < n; i++) {
		uint8_t last;

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
	mir_net_send(&g.net, &p, 1);
}

static void step(void)
{
	const uint8_t *header;

	switch (mir_read_u8(&script) % 6) {
	case 0:
		header = mir_read_bytes(&script, MIR_GUEST_NET_HEADER);
		if (header && fake.n_in < FAKE_FRAMES)
			fake_frame(handle, header, MIR_GUEST_NET_HEADER,
			    (size_t)mir_read_be32(&script) % LENGTH);
		break;
	case 1: fake.read_result = (int64_t)(int32_t)mir_read_be32(&script); break;
	case 2:
		fake.write_result = (int64_t)(int32_t)mir_read_be32(&script);
		fake.write_fails = mir_read_u8(&script);
		break;
	case 3: send(mir_read_u8(&script)); break;
	case 4: mir_mem_fail_at(mir_read_u8(&script)); break;
	default:
		looked = -LOOK;
		turn(0);
		mir_check(g.port.waiting == 0);
		break;
	}
}

static void one(void)
{
	fake_begin(MIR_EXT_SUBMIT);
	handle = fake_device("service", MIR_MFT_NET);
	fake.ext.device[handle].features = mir_read_be16(&script);
	fake.ext.device[handle].vnet_header = mir_read_u8(&script);
	fake_mft()->e[handle].u.net.mtu = mir_read_be16(&script);
	if (mir_guest_net_start(&g, &(struct mir_guest_net_config){ .name = "service" }) == 0) {
		mir_net_listen(&g.net, input, NULL);
		for (unsigned i = 0; i < STEPS && mir_read_left(&script) > 0; i++)
			step();
		mir_mem_fail_at(0);
		mir_guest_net_stop(&g);
	}
	fake_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	script = mir_reader(bytes, n);
	mir_test_fuzz(one);
	return 0;
}
