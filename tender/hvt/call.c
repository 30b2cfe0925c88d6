/* call.c: the hypercalls of Solo5's ABI (mir/hvt.h). */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hvt.h"

enum { TRAP_SIZE = 512 };

#define BAD_POINTER "a hypercall with a pointer outside of its memory"

void guest_seal(struct guest *g, uint32_t note)
{
	uint64_t pages = note % HVT_PAGE + g->size / HVT_LARGE_PAGE;

	g->sealed = note - note % HVT_PAGE;
	g->sealed_end = note == 0 ? 0 : g->sealed + pages * HVT_PAGE;
}

bool guest_unsealed(const struct guest *g, uint64_t at, uint64_t len)
{
	return at >= g->sealed_end || at + len <= g->sealed;
}

bool guest_writable(const struct guest *g, uint64_t at, uint64_t len)
{
	if (at > g->size || len > g->size - at || !guest_unsealed(g, at, len))
		return false;
	for (unsigned i = 0; g->image && i < g->image->n_seg; i++) {
		const struct segment *s = &g->image->seg[i];

		if (!s->write && at < s->vaddr + s->memsz && at + len > s->vaddr)
			return false;
	}
	return true;
}

struct net_device *guest_net(const struct guest *g, uint64_t handle)
{
	if (handle >= MIR_MFT_ENTRIES || g->dev[handle].type != MIR_MFT_NET)
		return NULL;
	return &g->dev[handle].net;
}

struct block_device *guest_block(const struct guest *g, uint64_t handle)
{
	if (handle >= MIR_MFT_ENTRIES || g->dev[handle].type != MIR_MFT_BLOCK)
		return NULL;
	return &g->dev[handle].block;
}

/* ---- console ---- */

int console_write(const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, p, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };

			poll(&room, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			return -errno;
		} else if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static const char *call_puts(struct guest *g, uint64_t at)
{
	struct mir_hvt_puts c;

	memcpy(&c, g->mem + at, sizeof(c));
	if (!guest_has(g, c.data, c.len))
		return BAD_POINTER;
	console_write(g->mem + c.data, c.len); /* a console that is gone is no reason to end */
	return NULL;
}

/* ---- time ---- */

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t look(struct guest *g, uint64_t timeout)
{
	uint64_t ready = waiter_wait(&g->waiter, g->dev, timeout);

	if (ready & 1)
		signals_noticed();
	return ready;
}

uint64_t guest_wait(struct guest *g, uint64_t timeout)
{
	uint64_t now, limit, ready;

	if (timeout == 0)
		return look(g, 0);
	now = monotonic();
	limit = timeout < UINT64_MAX - now ? now + timeout : UINT64_MAX;
	do {
		ready = look(g, limit == UINT64_MAX ? limit : limit - now);
		now = monotonic();
	} while (ready == 0 && now < limit); /* a signal came in between */
	return ready;
}

static const char *call_walltime(struct guest *g, uint64_t at)
{
	struct mir_hvt_walltime c;
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	c.nsecs = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	memcpy(g->mem + at, &c, sizeof(c));
	return NULL;
}

static const char *call_poll(struct guest *g, uint64_t at)
{
	struct mir_hvt_poll c;

	memcpy(&c, g->mem + at, sizeof(c));
	c.ready = guest_wait(g, c.timeout_ns);
	c.ret = __builtin_popcountll(c.ready);
	memcpy(g->mem + at, &c, sizeof(c));
	return NULL;
}

/* ---- disk ---- */

/* All of len bytes at `offset`. */
static bool disk_io(
    const struct block_device *d, bool out, uint8_t *p, uint64_t len, uint64_t offset)
{
	while (len > 0) {
		ssize_t n = out ? pwrite(d->fd, p, len, (off_t)offset)
				: pread(d->fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (uint64_t)n;
		offset += (uint64_t)n;
	}
	return true;
}

static const char *call_block(struct guest *g, uint64_t at, bool out)
{
	const struct block_device *d;
	struct mir_hvt_block c;

	memcpy(&c, g->mem + at, sizeof(c));
	d = guest_block(g, c.handle);
	if (!guest_has(g, c.data, c.len) || (!out && !guest_unsealed(g, c.data, c.len)))
		return BAD_POINTER;
	if (!d || c.offset >= d->capacity || c.len > d->capacity - c.offset)
		c.ret = MIR_HVT_EINVAL;
	else if (out && (d->features & MIR_EXT_BLOCK_READONLY))
		c.ret = MIR_HVT_EUNSPEC;
	else if (disk_io(d, out, g->mem + c.data, c.len, c.offset))
		c.ret = MIR_HVT_OK;
	else
		c.ret = MIR_HVT_EUNSPEC;
	memcpy(g->mem + at, &c, sizeof(c));
	return NULL;
}

/* ---- network ---- */

int net_error(int error)
{
	switch (error) {
	case EAGAIN:
	case EINTR: return -EAGAIN;
	case EMSGSIZE: return -EMSGSIZE;
	case EINVAL:
	case EFAULT: return -EINVAL;
	case ENOMEM:
	case ENOBUFS: return -ENOBUFS;
	case EBADFD:
	case ENODEV:
	case ENXIO: return -ENODEV; /* deleted */
	default: return -EIO;       /* down, for one */
	}
}

ssize_t net_receive(const struct net_device *net, void *to, size_t len)
{
	ssize_t n = read(net->fd, to, len);

	if (n > 0)
		return n;
	return n == 0 ? -EAGAIN : net_error(errno);
}

int net_transmit(const struct net_device *net, const void *from, size_t len)
{
	ssize_t n = write(net->fd, from, len);

	return n < 0 ? net_error(errno) : 0;
}

/* A frame that a network cannot take now is lost, as on any cable. */
static int32_t transmit_result(int rc)
{
	switch (rc) {
	case 0:
	case -EAGAIN:
	case -ENOBUFS:
	case -EIO: return MIR_HVT_OK;
	case -EINVAL:
	case -EMSGSIZE: return MIR_HVT_EINVAL;
	default: return MIR_HVT_EUNSPEC;
	}
}

static const char *call_net(struct guest *g, uint64_t at, bool out)
{
	const struct net_device *net;
	struct mir_hvt_net c;
	ssize_t n;

	memcpy(&c, g->mem + at, sizeof(c));
	net = guest_net(g, c.handle);
	if (!guest_has(g, c.data, c.len) || (!out && !guest_unsealed(g, c.data, c.len)))
		return BAD_POINTER;
	if (!net) {
		c.ret = MIR_HVT_EINVAL;
	} else if (out) {
		c.ret = transmit_result(net_transmit(net, g->mem + c.data, c.len));
	} else {
		n = net_receive(net, g->mem + c.data, c.len);
		c.ret = n > 0          ? MIR_HVT_OK
			: n == -EAGAIN ? MIR_HVT_AGAIN
			: n == -EINVAL ? MIR_HVT_EINVAL
				       : MIR_HVT_EUNSPEC;
		c.len = n > 0 ? (uint64_t)n : 0;
	}
	memcpy(g->mem + at, &c, sizeof(c));
	return NULL;
}

/* ---- end ---- */

static const char *call_halt(struct guest *g, uint64_t at)
{
	struct mir_hvt_halt c;

	memcpy(&c, g->mem + at, sizeof(c));
	if (c.cookie != 0 && !guest_has(g, c.cookie, TRAP_SIZE))
		return BAD_POINTER;
	g->halted = true;
	g->status = c.status;
	g->cookie = c.cookie;
	return NULL;
}

/* ---- all ---- */

static const struct call {
	size_t size;
	bool writes; /* back into its struct */
} calls[] = {
	[MIR_HVT_WALLTIME] = { sizeof(struct mir_hvt_walltime), true },
	[MIR_HVT_PUTS] = { sizeof(struct mir_hvt_puts), false },
	[MIR_HVT_POLL] = { sizeof(struct mir_hvt_poll), true },
	[MIR_HVT_BLOCK_WRITE] = { sizeof(struct mir_hvt_block), true },
	[MIR_HVT_BLOCK_READ] = { sizeof(struct mir_hvt_block), true },
	[MIR_HVT_NET_WRITE] = { sizeof(struct mir_hvt_net), true },
	[MIR_HVT_NET_READ] = { sizeof(struct mir_hvt_net), true },
	[MIR_HVT_HALT] = { sizeof(struct mir_hvt_halt), false },
};

const char *guest_call(struct guest *g, uint64_t call, uint64_t at)
{
	if (call == MIR_HVT_SUBMIT && (g->features & MIR_EXT_SUBMIT))
		return guest_submit(g, at);
	if (call >= sizeof(calls) / sizeof(calls[0]) || calls[call].size == 0)
		return "a hypercall that there is not";
	if (!guest_has(g, at, calls[call].size) ||
	    (calls[call].writes && !guest_writable(g, at, calls[call].size)))
		return BAD_POINTER;
	switch ((enum mir_hvt_call)call) {
	case MIR_HVT_WALLTIME: return call_walltime(g, at);
	case MIR_HVT_PUTS: return call_puts(g, at);
	case MIR_HVT_POLL: return call_poll(g, at);
	case MIR_HVT_BLOCK_WRITE:
	case MIR_HVT_BLOCK_READ:
		if (!g->has_block)
			return "a hypercall for disks, of which it has none";
		return call_block(g, at, call == MIR_HVT_BLOCK_WRITE);
	case MIR_HVT_NET_WRITE:
	case MIR_HVT_NET_READ:
		if (!g->has_net)
			return "a hypercall for networks, of which it has none";
		return call_net(g, at, call == MIR_HVT_NET_WRITE);
	case MIR_HVT_HALT: return call_halt(g, at);
	default: return "a hypercall that there is not";
	}
}
