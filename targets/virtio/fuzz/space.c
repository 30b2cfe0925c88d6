/* Hostile configuration spaces and registers: what finds devices on PCI and in memory, and what
 * negotiates with them. */
#include "../tests/space.h"

#include <mir/bytes.h>
#include <mir/test.h>

enum { FUNCTIONS = 3, FOUND = 8 };

static const uint8_t *bytes;
static size_t n;
static struct mir_virtio found[FOUND];

static void drive(struct mir_virtio *d)
{
	static struct mir_vq q;
	uint8_t config[64];

	if (mir_virtio_begin(d, "fuzz", ~0ull, 0) < 0)
		return;
	mir_virtio_config(d, 0, config, sizeof(config));
	mir_virtio_config(d, 0xfff0, config, sizeof(config));
	if (d->ops->connect(d) == 0 && mir_virtio_queue(d, 0, &q, 4, true) == 0) {
		mir_virtio_ready(d);
		d->ops->notify(d, 0);
		if (d->line)
			d->ops->acknowledge(d);
	}
	mir_virtio_end(d);
	mir_virtio_queue_free(&q);
}

static void one(void)
{
	char line[256];
	size_t text = n > 0 ? MIR_MIN((size_t)bytes[0], MIR_MIN(n - 1, sizeof(line) - 1)) : 0;
	unsigned k;

	space_end();
	if (n == 0)
		return;
	memcpy(line, bytes + 1, text);
	line[text] = '\0';
	bytes += 1 + text;
	n -= 1 + text;
	for (unsigned i = 0; i < FUNCTIONS && n >= (i + 1) * (size_t)SPACE; i++) {
		uint8_t *c = space.config[i == 2][i];
		uint32_t id = 0x1af4 | (0x1000u + (bytes[i * SPACE + 2] & 0x7fu)) << 16;

		memcpy(c, bytes + i * (size_t)SPACE, SPACE);
		/* Bridges lead anywhere; most of the others are what is looked for. */
		if (bytes[i * SPACE] != 1)
			memcpy(c, &id, 4);
	}
	space.base = 0xfeb00000;
	space.bytes = bytes;
	space.len = n;
	for (size_t i = 0; i < n; i++)
		space.ports[i % SPACE_PORTS] = bytes[i];
	k = mir_virtio_pci(found, FOUND / 2);
	k += mir_virtio_mmio(found + k, FOUND - k, line, bytes == NULL || n % 2);
	for (unsigned i = 0; i < k; i++)
		drive(&found[i]);
	space_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	bytes = data;
	n = len;
	mir_test_fuzz(one);
	return 0;
}
