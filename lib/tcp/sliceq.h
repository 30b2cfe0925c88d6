/* sliceq.h: a queue of slices in a growing ring: what a connection has to send, or has received.
 *
 * Pieces know their offset in the stream, so that one is found by its sequence number.  Small
 * appends are joined into chunks that the queue owns, so that many tiny ones do not cost a piece
 * each; pieces that keep alive much more memory than they hold are copied.
 */
#ifndef MIR_TCP_SLICEQ_H
#define MIR_TCP_SLICEQ_H

#include <mir/mem.h>

struct mir_tcp_piece {
	const uint8_t *p;
	struct mir_mem *owner;
	uint32_t len;
	uint32_t start;  /* offset in the stream, wraps */
	uint32_t charge; /* bytes taken from the budget for it */
};

struct mir_tcp_sliceq {
	struct mir_tcp_piece *ring;
	uint32_t head, n, cap; /* cap is a power of two */
	uint32_t bytes;
	uint32_t room;    /* free bytes at the end of the last piece, if it is a chunk of ours */
	uint32_t charged; /* sum of the pieces' charges */
};

static inline struct mir_tcp_piece *mir_tcp_sliceq_at(const struct mir_tcp_sliceq *q, uint32_t i)
{
	return &q->ring[(q->head + i) & (q->cap - 1)];
}

/* Appends a slice.  force: over the budget's limit if it must be.  MIR_ENOMEM: nothing was
 * appended. */
int mir_tcp_sliceq_append(struct mir_tcp_sliceq *, struct mir_budget *,
    const struct mir_slice *s /* take */, bool force) MIR_MUST_USE;

/* Drops n <= bytes from the front. */
void mir_tcp_sliceq_drop(struct mir_tcp_sliceq *, struct mir_budget *, uint32_t n);

/* The first piece as a slice, off the queue, which is not empty. */
struct mir_slice mir_tcp_sliceq_take(struct mir_tcp_sliceq *, struct mir_budget *);

/* Moves everything from the queue `from` to the end of the queue `to`.  MIR_ENOMEM: nothing was
 * moved. */
int mir_tcp_sliceq_move(struct mir_tcp_sliceq *to, struct mir_tcp_sliceq *from) MIR_MUST_USE;

/* References to bytes off..off+len, at most max slices; returns how many, and in *got how many
 * bytes they hold. */
unsigned mir_tcp_sliceq_view(const struct mir_tcp_sliceq *, uint32_t off, uint32_t len,
    struct mir_slice *out, unsigned max, uint32_t *got);

void mir_tcp_sliceq_clear(struct mir_tcp_sliceq *, struct mir_budget *);

#endif
