/* hvt.h: hypercalls for the test image hvt.c. */
#ifndef GUEST_HVT_H
#define GUEST_HVT_H

#include <mir/extension.h>
#include <mir/hvt.h>
#include <mir/note.h>
#include <stdbool.h>

static inline void hypercall(uint64_t call, uint64_t arg)
{
#if defined(__x86_64__)
	__asm__ volatile("outl %%eax, %%dx"
			 :
			 : "a"((uint32_t)arg), "d"((uint16_t)(MIR_HVT_PORT + call))
			 : "memory");
#else
	__asm__ volatile("str %0, [%1]" : : "r"(arg), "r"(MIR_HVT_MMIO + 8 * call) : "memory");
#endif
}

static inline size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static inline void put_bytes(const void *data, size_t len)
{
	struct mir_hvt_puts c = { (uintptr_t)data, len };

	hypercall(MIR_HVT_PUTS, (uintptr_t)&c);
}

static inline void put(const char *s)
{
	put_bytes(s, length(s));
}

/* "WHAT=V\n" in one call. */
static inline void put_number(const char *what, int64_t v)
{
	char text[64];
	size_t n = sizeof(text), len = length(what);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	text[--n] = '\n';
	do
		text[--n] = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		text[--n] = '-';
	text[--n] = '=';
	while (len > 0 && n > 0)
		text[--n] = what[--len];
	put_bytes(text + n, sizeof(text) - n);
}

static inline void halt(int status)
{
	struct mir_hvt_halt c = { 0, status, 0 };

	hypercall(MIR_HVT_HALT, (uintptr_t)&c);
}

static inline uint64_t wall(void)
{
	struct mir_hvt_walltime c = { 0 };

	hypercall(MIR_HVT_WALLTIME, (uintptr_t)&c);
	return c.nsecs;
}

static inline uint64_t wait_ready(uint64_t timeout_ns, int *ret)
{
	struct mir_hvt_poll c = { .timeout_ns = timeout_ns, .ret = -1 };

	hypercall(MIR_HVT_POLL, (uintptr_t)&c);
	*ret = c.ret;
	return c.ready;
}

static inline int block(uint64_t call, uint64_t handle, uint64_t offset, void *data, uint64_t len)
{
	struct mir_hvt_block c = { handle, offset, (uintptr_t)data, len, -1, 0 };

	hypercall(call, (uintptr_t)&c);
	return c.ret;
}

static inline int net(uint64_t call, uint64_t handle, void *data, uint64_t *len)
{
	struct mir_hvt_net c = { handle, (uintptr_t)data, *len, -1, 0 };

	hypercall(call, (uintptr_t)&c);
	*len = c.len;
	return c.ret;
}

static inline void submit(struct mir_op *ops, unsigned n)
{
	struct mir_hvt_submit c = { (uintptr_t)ops, n, 0 };

	hypercall(MIR_HVT_SUBMIT, (uintptr_t)&c);
}

#endif
