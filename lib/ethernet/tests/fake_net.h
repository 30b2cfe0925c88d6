/* fake_net.h: an interface for tests: what is sent lies in a list, what arrives is given to it. */
#ifndef FAKE_NET_H
#define FAKE_NET_H

#include <mir/fiber.h>
#include <mir/net.h>
#include <mir/test.h>
#include <stdlib.h>

enum { FAKE_FRAMES = 512, FAKE_FRAME = 2048 };

struct fake_net {
	struct mir_net net; /* first */
	mir_net_input *input;
	void *arg;
	unsigned sent; /* frames in the list */
	unsigned bursts;
	struct {
		size_t len;
		uint8_t csum, gso;
		uint8_t b[FAKE_FRAME];
	} frame[FAKE_FRAMES];
};

static inline int fake_send(struct mir_net *n, struct mir_packet *const frames[], unsigned count)
{
	struct fake_net *f = (struct fake_net *)n;

	f->bursts++;
	for (unsigned i = 0; i < count; i++) {
		if (f->sent < FAKE_FRAMES) {
			f->frame[f->sent].len = MIR_MIN(frames[i]->total, (unsigned)FAKE_FRAME);
			f->frame[f->sent].csum = frames[i]->csum;
			f->frame[f->sent].gso = frames[i]->gso;
			mir_packet_copy(frames[i], 0, f->frame[f->sent].b, f->frame[f->sent].len);
			f->sent++;
		}
		mir_packet_unref(frames[i]);
	}
	return (int)count;
}

static inline void fake_listen(struct mir_net *n, mir_net_input *input, void *arg)
{
	struct fake_net *f = (struct fake_net *)n;

	f->input = input;
	f->arg = arg;
}

static const struct mir_net_ops fake_ops = {
	.name = "fake",
	.send = fake_send,
	.listen = fake_listen,
};

static inline void fake_init(struct fake_net *f)
{
	f->net = (struct mir_net){
		.ops = &fake_ops,
		.name = "fake",
		.mac = { { 2, 0, 0, 0, 0, 1 } },
		.mtu = 1500,
		.max_slices = 16,
	};
	f->sent = 0;
	f->bursts = 0;
	f->input = NULL;
}

/* A packet as a driver makes it: the first `linear` bytes in the head, the rest in a slice. */
static inline struct mir_packet *fake_packet(const void *frame, size_t len, size_t linear)
{
	struct mir_packet *p = mir_packet_new();
	size_t n = MIR_MIN(len, linear);

	p->data = p->head + 16;
	if (n)
		memcpy(mir_packet_put(p, n), frame, n);
	if (len > n) {
		struct mir_slice s = mir_slice_copy((const uint8_t *)frame + n, len - n);

		mir_packet_append(p, &s);
	}
	return p;
}

static inline void fake_arrive(struct fake_net *f, struct mir_packet *p)
{
	struct mir_packet *const burst[1] = { p };

	if (f->input)
		f->input(f->arg, burst, 1);
	else
		mir_packet_unref(p);
}

/* A frame arrives. */
static inline void fake_input(struct fake_net *f, const void *frame, size_t len)
{
	fake_arrive(f, fake_packet(frame, len, 192));
}

/* Lets what was sent reach the interface: the end of the turn. */
static inline void fake_flush(void)
{
	mir_sleep(1000);
}

#endif
