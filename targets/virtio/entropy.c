/* entropy.c: a source of entropy on virtio (virtio 1.2 section 5.4), for machines whose processor
 * has no generator of random numbers.  It is asked first before there is a heap.
 */
#include <mir/target.h>
#include <string.h>

#include "../guest/guest.h"
#include "../guest/host.h"
#include "../bare/bare.h"
#include "device.h"

enum {
	PATIENCE = 2000000000, /* ns for an answer */
	NAP = 20000,
	ROOM = 3 * MIR_VQ_ALIGN, /* a queue of 256 entries, the longest there is on PCs */
};

static struct mir_virtio *source;
static struct mir_vq queue;
static MIR_ALIGNED(MIR_VQ_ALIGN) uint8_t memory[ROOM];

static bool begin(void)
{
	static bool tried;
	struct mir_virtio *d;

	if (tried)
		return source != NULL;
	tried = true;
	d = mir_virtio_any(MIR_VIRTIO_RNG);
	if (!d || mir_virtio_begin(d, "entropy", 0, 0) < 0 ||
	    mir_virtio_queue_in(d, 0, &queue, 0, false, memory, sizeof(memory)) < 0)
		return false;
	mir_virtio_ready(d);
	d->claimed = true;
	source = d;
	return true;
}

/* How many bytes came, at most len; 0: none. */
static size_t ask(uint8_t *p, size_t len)
{
	struct mir_vq_segment s = { mir_bare_address(p), (uint32_t)MIR_MIN(len, (size_t)4096) };
	int64_t now = mir_target_monotonic(), until = now + PATIENCE;
	uint32_t got = 0;

	if (!mir_vq_add(&queue, &s, 0, 1, p))
		return 0;
	mir_virtio_publish(source, 0, &queue);
	while (!mir_vq_take(&queue, &got)) {
		if (queue.broke || now > until) {
			mir_virtio_broke(source, queue.broke ? queue.broke : "does not answer");
			source = NULL;
			return 0;
		}
		mir_bare_wait(now + NAP);
		now = mir_target_monotonic();
	}
	return got;
}

bool mir_host_entropy(void *buf, size_t len)
{
	uint8_t *p = buf;
	uint64_t v;

	if (mir_guest_cpu_random(&v))
		return false; /* the processor is asked, as on all targets */
	while (len > 0) {
		size_t n = begin() ? ask(p, len) : 0;

		if (n == 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}
