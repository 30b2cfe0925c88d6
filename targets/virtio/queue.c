/* queue.c: a split virtqueue (virtio 1.2 section 2.7). */
#include "queue.h"

#include <mir/panic.h>
#include <stdatomic.h>
#include <string.h>

enum {
	NEXT = 1, /* of a descriptor */
	WRITE = 2,
	INDIRECT = 4,

	NO_INTERRUPT = 1, /* of the available ring */
	NO_NOTIFY = 1,    /* of the used ring */

	INDEX = 2, /* offsets, in both rings */
	RING = 4,
	USED_ENTRY = 8,
};

/* The fields are little-endian, and so is each processor that there is a target for. */
static uint16_t load16(const uint8_t *p)
{
	return *(const volatile uint16_t *)(const void *)p;
}

static uint32_t load32(const uint8_t *p)
{
	return *(const volatile uint32_t *)(const void *)p;
}

static void store16(uint8_t *p, unsigned v)
{
	*(volatile uint16_t *)(void *)p = (uint16_t)v;
}

static size_t rounded(size_t n)
{
	return (n + MIR_VQ_ALIGN - 1) & ~(size_t)(MIR_VQ_ALIGN - 1);
}

/* Flags, index, entries, and the index at which the driver wants to be told. */
static size_t used_at(unsigned size)
{
	return rounded((size_t)MIR_VQ_DESCRIPTOR * size + RING + 2 * size + 2);
}

static size_t tables_at(unsigned size)
{
	return used_at(size) + rounded(RING + (size_t)USED_ENTRY * size + 2);
}

size_t mir_vq_bytes(unsigned size, unsigned table)
{
	size_t limit = MIR_MIN(size, (unsigned)MIR_VQ_MAX);

	return tables_at(size) + rounded(limit * table * MIR_VQ_DESCRIPTOR);
}

void mir_vq_init(struct mir_vq *q, void *memory, unsigned size, unsigned table, bool event)
{
	uint8_t *p = memory;

	mir_check(size > 0 && size <= MIR_VQ_SIZE_MAX && (size & (size - 1)) == 0);
	memset(p, 0, mir_vq_bytes(size, 0));
	*q = (struct mir_vq){
		.descriptors = p,
		.available = p + (size_t)MIR_VQ_DESCRIPTOR * size,
		.used = p + used_at(size),
		.tables = table > 0 ? p + tables_at(size) : NULL,
		.size = (uint16_t)size,
		.limit = (uint16_t)MIR_MIN(size, (unsigned)MIR_VQ_MAX),
		.table = (uint16_t)table,
		.event = event,
	};
	q->n_free = q->limit;
	for (unsigned i = 0; i < q->limit; i++)
		q->next[i] = (uint16_t)(i + 1);
	mir_vq_disarm(q);
	if (event)
		store16(q->available + RING + 2 * (size_t)size, 0xffff);
}

static void describe(uint8_t *descriptor, uint64_t at, uint32_t len, unsigned flags, unsigned next)
{
	memcpy(descriptor, &at, sizeof(at));
	memcpy(descriptor + 8, &len, sizeof(len));
	store16(descriptor + 12, flags);
	store16(descriptor + 14, next);
}

/* The buffer in an indirect table, or as one descriptor. */
static void add_indirect(struct mir_vq *q, uint8_t *first, unsigned head,
    const struct mir_vq_segment s[], unsigned n_out, unsigned n)
{
	uint8_t *table;

	if (n == 1) {
		describe(first, s->at, s->len, n_out ? 0 : WRITE, 0);
		return;
	}
	table = q->tables + (size_t)head * q->table * MIR_VQ_DESCRIPTOR;
	for (unsigned i = 0; i < n; i++) {
		unsigned flags = (i < n_out ? 0 : WRITE) | (i + 1 < n ? NEXT : 0);

		describe(table + (size_t)i * MIR_VQ_DESCRIPTOR, s[i].at, s[i].len, flags, i + 1);
	}
	describe(first, (uint64_t)(uintptr_t)table, n * MIR_VQ_DESCRIPTOR, INDIRECT, 0);
}

static void add_chain(
    struct mir_vq *q, unsigned head, const struct mir_vq_segment s[], unsigned n_out, unsigned n)
{
	unsigned at = head;

	for (unsigned i = 0; i < n; i++, at = q->next[at]) {
		unsigned flags = (i < n_out ? 0 : WRITE) | (i + 1 < n ? NEXT : 0);

		describe(q->descriptors + (size_t)at * MIR_VQ_DESCRIPTOR, s[i].at, s[i].len, flags,
		    i + 1 < n ? q->next[at] : 0);
	}
}

bool mir_vq_add(struct mir_vq *q, const struct mir_vq_segment segments[], unsigned n_out,
    unsigned n_in, void *cookie)
{
	unsigned n = n_out + n_in, head = q->free;
	bool one = n == 1 || (q->table > 0 && n <= q->table);
	unsigned count = one ? 1 : n;
	uint64_t room = 0;

	mir_check(n > 0 && cookie);
	if (count > q->n_free || q->broke)
		return false;
	for (unsigned i = n_out; i < n; i++)
		room += segments[i].len;
	for (unsigned i = 0; i < count; i++)
		q->free = q->next[q->free];
	q->n_free = (uint16_t)(q->n_free - count);
	q->slot[head] = (struct mir_vq_slot){ cookie, (uint32_t)MIR_MIN(room, (uint64_t)UINT32_MAX),
		(uint16_t)count };
	if (one)
		add_indirect(
		    q, q->descriptors + (size_t)head * MIR_VQ_DESCRIPTOR, head, segments, n_out, n);
	else
		add_chain(q, head, segments, n_out, n);
	store16(q->available + RING + 2 * (size_t)(q->made & (q->size - 1)), head);
	q->made++;
	q->outstanding++;
	return true;
}

bool mir_vq_publish(struct mir_vq *q)
{
	uint16_t before = q->told, wanted;

	if (q->made == before || q->broke)
		return false;
	atomic_thread_fence(memory_order_release);
	store16(q->available + INDEX, q->made);
	q->told = q->made;
	/* The index must be there before the device's wish is read: the device writes its wish,
	 * then looks at the index. */
	atomic_thread_fence(memory_order_seq_cst);
	if (!q->event)
		return !(load16(q->used) & NO_NOTIFY);
	wanted = load16(q->used + RING + (size_t)USED_ENTRY * q->size);
	return (uint16_t)(q->made - wanted - 1) < (uint16_t)(q->made - before);
}

static void give_back(struct mir_vq *q, unsigned head)
{
	unsigned last = head;

	for (unsigned i = 1; i < q->slot[head].count; i++)
		last = q->next[last];
	q->next[last] = q->free;
	q->free = (uint16_t)head;
	q->n_free = (uint16_t)(q->n_free + q->slot[head].count);
	q->slot[head].cookie = NULL;
	q->outstanding--;
}

bool mir_vq_ready(const struct mir_vq *q)
{
	return !q->broke && load16(q->used + INDEX) != q->seen;
}

void *mir_vq_take(struct mir_vq *q, uint32_t *len)
{
	uint16_t ahead = (uint16_t)(load16(q->used + INDEX) - q->seen);
	const uint8_t *entry = q->used + RING + (size_t)USED_ENTRY * (q->seen & (q->size - 1));
	uint32_t head, written;
	void *cookie;

	if (ahead == 0 || q->broke)
		return NULL;
	if (ahead > q->outstanding) {
		q->broke = "says that it is done with more buffers than it has";
		return NULL;
	}
	atomic_thread_fence(memory_order_acquire);
	head = load32(entry);
	written = load32(entry + 4);
	if (head >= q->limit || !q->slot[head].cookie) {
		q->broke = "says that it is done with a buffer that it does not have";
		return NULL;
	}
	/* Devices are known to give a length for what they only read. */
	if (q->slot[head].room == 0)
		written = 0;
	if (written > q->slot[head].room) {
		q->broke = "says that it has written more than there was room for";
		return NULL;
	}
	cookie = q->slot[head].cookie;
	*len = written;
	q->seen++;
	give_back(q, head);
	return cookie;
}

bool mir_vq_arm(struct mir_vq *q)
{
	if (q->event)
		store16(q->available + RING + 2 * (size_t)q->size, q->seen);
	else
		store16(q->available, 0);
	/* The wish must be there before the index is read again, or both sides wait. */
	atomic_thread_fence(memory_order_seq_cst);
	return mir_vq_ready(q);
}

void mir_vq_disarm(struct mir_vq *q)
{
	if (!q->event)
		store16(q->available, NO_INTERRUPT);
}

void *mir_vq_reclaim(struct mir_vq *q)
{
	for (unsigned i = 0; i < q->limit && q->outstanding > 0; i++) {
		void *cookie = q->slot[i].cookie;

		if (!cookie)
			continue;
		give_back(q, i);
		return cookie;
	}
	return NULL;
}
