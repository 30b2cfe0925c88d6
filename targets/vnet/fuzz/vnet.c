/* The virtio header of a hostile host. */
#include "../vnet.c"

#include <mir/panic.h>
#include <mir/test.h>

static const uint8_t *data;
static size_t size;

static void one(void)
{
	struct mir_packet *p = mir_packet_new();
	size_t linear = MIR_MIN(size - MIR_VNET_HEADER, 160u);
	uint8_t out[MIR_VNET_HEADER_MAX];

	memcpy(mir_packet_put(p, linear), data + MIR_VNET_HEADER, linear);
	mir_packet_append(p, &(struct mir_slice){ data, size, NULL });
	if (mir_vnet_read(data, p) == 0) {
		mir_check(p->gso == MIR_GSO_NONE || p->gso_size > 0);
		mir_vnet_write(out, p);
	}
	mir_packet_unref(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n < MIR_VNET_HEADER || n > MIR_PACKET_MAX)
		return 0;
	data = bytes;
	size = n;
	mir_test_fuzz(one);
	return 0;
}
