/* hvt_call.c: any memory, any calls: nothing outside of memory is touched (the sanitizer sees it),
 * and nothing ends the tender.
 *
 * Input: pairs of a call (1 byte) and an address (4 bytes), ended by call 0; the rest is memory. A
 * call of 0xff serves the ring at that address.
 */
#include <fcntl.h>

#include "../tests/fake_guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALLS = 32, PAIR = 5, RING = 0xff };

static void drain(const struct fake *f)
{
	uint8_t frame[64] = { 0 };
	ssize_t n;

	while (read(f->peer, frame, sizeof(frame)) > 0)
		;
	n = write(f->peer, frame, sizeof(frame));
	(void)n; /* it has enough that it has not read */
}

static void serve_ring(const struct fake *f, uint32_t at)
{
	static struct mir_hvt_ring shared;
	struct ring r = { .guest = &f->guest, .shared = &shared };

	at %= FAKE_MEM - sizeof(shared);
	memcpy(&shared, f->guest.mem + at, sizeof(shared));
	r.head = shared.ent_head;
	r.tail = shared.com_tail;
	ring_serve(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake f;
	uint8_t calls[CALLS * PAIR];
	unsigned n = 0;

	if (!f.guest.mem) {
		fake_open(&f);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
	}
	while (n < CALLS && size >= PAIR && data[0] != 0) {
		memcpy(calls + PAIR * n++, data, PAIR);
		data += PAIR;
		size -= PAIR;
	}
	memset(f.guest.mem, 0, FAKE_MEM);
	memcpy(f.guest.mem, data, size < FAKE_MEM ? size : FAKE_MEM);
	drain(&f);
	for (unsigned i = 0; i < n; i++) {
		uint32_t at;

		memcpy(&at, calls + PAIR * i + 1, sizeof(at));
		if (calls[PAIR * i] == RING)
			serve_ring(&f, at);
		else
			guest_call(&f.guest, calls[PAIR * i], at);
	}
	return 0;
}
