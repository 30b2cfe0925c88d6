/* fake.h: a tender in memory: what targets/guest/host.h asks for, for tests of what is built on it.
 * The reader sets up what comes and looks at what went. */
#ifndef MIR_GUEST_FAKE_H
#define MIR_GUEST_FAKE_H

#include <mir/err.h>
#include <mir/panic.h>
#include <mir/target.h>
#include <stdlib.h>
#include <string.h>

#include "../tender.h"

enum { FAKE_FRAMES = 256, FAKE_FRAME = 70000, FAKE_DISK = 64 * 1024 };

static struct {
	struct mir_ext ext;
	struct { /* frames by handle, in order */
		uint8_t *bytes;
		size_t len;
		uint32_t handle;
	} in[FAKE_FRAMES], out[FAKE_FRAMES];
	unsigned n_in, n_out;

	int64_t write_result; /* of writes, if not 0 */
	unsigned write_fails; /* which one from now on, counted from 1; 0: all if write_result */
	int64_t read_result;  /* of the next read, if not 0 */
	int64_t ready;        /* of waits: these bits too */
	uint64_t slept;       /* what the last wait was asked for */
	unsigned submits, waits, reads, largest;

	uint8_t disk[FAKE_DISK];
	int64_t block_result;
	unsigned flushes;
	uint64_t discarded;

	bool no_protect;
	unsigned guards;
	uint8_t *released;
	size_t released_len;
} fake;

/* A manifest with room for all entries. */
static struct mir_mft *fake_mft(void)
{
	static MIR_ALIGNED(8)
	    uint8_t bytes[sizeof(struct mir_mft) + MIR_MFT_ENTRIES * sizeof(struct mir_mft_entry)];

	return (struct mir_mft *)(void *)bytes;
}

static const struct mir_op_iov *fake_iov(const struct mir_op *op)
{
	return (const struct mir_op_iov *)(uintptr_t)op->iov;
}

static uint8_t *fake_data(const struct mir_op_iov *iov)
{
	return (uint8_t *)(uintptr_t)iov->data;
}

/* A frame for the image: byte i is made of i. */
static inline void fake_frame(uint32_t handle, const uint8_t *head, size_t head_len, size_t len)
{
	uint8_t *p = malloc(head_len + len);

	mir_check(fake.n_in < FAKE_FRAMES);
	if (head)
		memcpy(p, head, head_len);
	for (size_t i = 0; i < len; i++)
		p[head_len + i] = (uint8_t)(i * 7 + i / 251);
	fake.in[fake.n_in].bytes = p;
	fake.in[fake.n_in].len = head_len + len;
	fake.in[fake.n_in++].handle = handle;
}

static int64_t fake_read(const struct mir_op *op)
{
	int64_t result = fake.read_result;
	size_t done = 0, len;
	unsigned at = 0;

	fake.reads++;
	fake.read_result = 0;
	if (result != 0)
		return result;
	while (at < fake.n_in && fake.in[at].handle != op->handle)
		at++;
	if (at == fake.n_in)
		return MIR_EAGAIN;
	len = fake.in[at].len;
	for (unsigned i = 0; i < op->n && done < len; i++) {
		size_t part = MIR_MIN(len - done, (size_t)fake_iov(op)[i].len);

		memcpy(fake_data(&fake_iov(op)[i]), fake.in[at].bytes + done, part);
		done += part;
	}
	free(fake.in[at].bytes);
	fake.n_in--;
	memmove(fake.in + at, fake.in + at + 1, (fake.n_in - at) * sizeof(fake.in[0]));
	return (int64_t)done;
}

static int64_t fake_write(const struct mir_op *op)
{
	size_t len = 0;
	uint8_t *p;

	if (fake.write_result != 0 && (fake.write_fails == 0 || --fake.write_fails == 0)) {
		int64_t result = fake.write_result;

		fake.write_result = 0;
		return result;
	}
	mir_check(op->n <= MIR_OP_IOV_MAX && fake.n_out < FAKE_FRAMES);
	p = malloc(FAKE_FRAME);
	for (unsigned i = 0; i < op->n; i++) {
		mir_check(len + fake_iov(op)[i].len <= FAKE_FRAME);
		memcpy(p + len, fake_data(&fake_iov(op)[i]), fake_iov(op)[i].len);
		len += fake_iov(op)[i].len;
	}
	fake.out[fake.n_out].bytes = p;
	fake.out[fake.n_out].handle = op->handle;
	fake.out[fake.n_out++].len = len;
	return 0;
}

static int64_t fake_wait(const struct mir_op *op)
{
	int64_t bits = fake.ready;

	fake.waits++;
	fake.slept = op->offset;
	fake.ready = 0;
	for (unsigned i = 0; i < fake.n_in; i++)
		bits |= (int64_t)1 << fake.in[i].handle;
	return bits;
}

static int64_t fake_block(const struct mir_op *op)
{
	uint64_t at = op->offset;

	if (fake.block_result)
		return fake.block_result;
	mir_check(op->n <= MIR_OP_IOV_MAX);
	for (unsigned i = 0; i < op->n; i++) {
		size_t len = fake_iov(op)[i].len;

		mir_check(at <= FAKE_DISK && len <= FAKE_DISK - at);
		if (op->code == MIR_OP_BLOCK_READ)
			memcpy(fake_data(&fake_iov(op)[i]), fake.disk + at, len);
		else
			memcpy(fake.disk + at, fake_data(&fake_iov(op)[i]), len);
		at += len;
	}
	return 0;
}

static int64_t fake_one(const struct mir_op *op)
{
	switch (op->code) {
	case MIR_OP_WAIT: return fake_wait(op);
	case MIR_OP_NET_READ: return fake_read(op);
	case MIR_OP_NET_WRITE: return fake_write(op);
	case MIR_OP_BLOCK_READ:
	case MIR_OP_BLOCK_WRITE: return fake_block(op);
	case MIR_OP_BLOCK_FLUSH: fake.flushes++; return fake.block_result;
	case MIR_OP_BLOCK_DISCARD: fake.discarded += fake_iov(op)->len; return 0;
	case MIR_OP_ENTROPY: memset(fake_data(fake_iov(op)), 0x55, fake_iov(op)->len); return 0;
	case MIR_OP_RELEASE:
		fake.released = fake_data(fake_iov(op));
		fake.released_len = fake_iov(op)->len;
		return 0;
	default: return MIR_ENOSYS;
	}
}

void mir_host_use_net(void)
{
}

void mir_host_use_block(void)
{
}

void mir_host_submit(struct mir_op ops[], unsigned n)
{
	mir_check(n > 0 && n <= MIR_OP_MAX);
	fake.submits++;
	fake.largest = MIR_MAX(fake.largest, n);
	for (unsigned i = 0; i < n; i++)
		ops[i].result = fake_one(&ops[i]);
}

int mir_host_protect(void *at, size_t len, enum mir_protect protect)
{
	(void)at;
	(void)len;
	if (fake.no_protect)
		return MIR_ENOSYS;
	fake.guards += protect == MIR_PROTECT_NONE;
	fake.guards -= protect == MIR_PROTECT_WRITE;
	return 0;
}

static inline void fake_begin(uint32_t features)
{
	memset(&fake, 0, sizeof(fake));
	fake.ext.magic = MIR_EXT_MAGIC;
	fake.ext.version = MIR_EXT_VERSION;
	fake.ext.features = features;
	memset(fake_mft()->e, 0, MIR_MFT_ENTRIES * sizeof(struct mir_mft_entry));
	fake_mft()->version = MIR_MFT_VERSION;
	fake_mft()->entries = 1;
	mir_guest = (struct mir_guest){ .mft = fake_mft() };
	if (features)
		mir_guest.ext = &fake.ext;
}

/* Its handle. */
static inline uint32_t fake_device(const char *name, enum mir_mft_type type)
{
	uint32_t handle = fake_mft()->entries++;
	struct mir_mft_entry *e = &fake_mft()->e[handle];

	memcpy(e->name, name, strlen(name));
	e->type = (uint32_t)type;
	e->attached = 1;
	if (type == MIR_MFT_NET) {
		e->u.net.mac[0] = 2;
		e->u.net.mtu = 1500;
	} else {
		e->u.block.capacity = FAKE_DISK;
		e->u.block.block_size = 512;
	}
	return handle;
}

static inline void fake_end(void)
{
	while (fake.n_in > 0)
		free(fake.in[--fake.n_in].bytes);
	while (fake.n_out > 0)
		free(fake.out[--fake.n_out].bytes);
}

#endif
