/* guest.h: what the files of this folder and its drivers know of each other. */
#ifndef MIR_GUEST_H
#define MIR_GUEST_H

#include "host.h"

/* arguments.c: the vector of this image's arguments, from the tender's or its command line; ends
 * the image with a message where that cannot be read. */
int mir_guest_arguments(char ***argv);

/* memory.c: bytes below a stack that cannot be used, where the tender allows guards: more than any
 * function of a C library takes at once. */
enum { MIR_GUEST_GUARD = 16384, MIR_GUEST_CANARY = 64 };

/* memory.c: all memory is free; `chance` places heap and stacks. */
void mir_guest_memory_begin(uint64_t chance);

/* memory.c: whole pages that nobody has yet: what is kept for ever is taken from their end, until
 * pages.c makes pages of the rest and sets `take`. */
extern struct mir_guest_rest {
	uint8_t *start, *end;
	void *(*take)(size_t size); /* whole pages; NULL: there are not as many */
} mir_guest_rest;

/* memory.c: a stack in [memory, memory + MIR_GUEST_GUARD + its size), with its guard or, in the
 * page below it, its canary; memory may be NULL. */
void *mir_guest_stack(uint8_t *memory);

/* memory.c: whole pages of the stack (*n from *from) go back to the host; whether they are zero
 * now. Panics if it has overflowed. */
bool mir_guest_stack_idle(uint8_t *stack, size_t size, uint8_t **from, size_t *n);

static inline bool mir_guest_is_guarded(const void *stack)
{
	return (uintptr_t)stack % 4096 == 0;
}

/* entropy_CPU.S: a number from the processor's generator.  False: it has none, or none now. */
bool mir_guest_cpu_random(uint64_t *out);

/* enter_CPU.S: calls fn on the stack that ends at `top`; fn does not return. */
MIR_NORETURN void mir_guest_enter(void *top, void (*fn)(void));

/* poll.c: what an image with networks does in place of waiting alone: ports.c's, or NULL. */
extern void (*mir_guest_ports_poll)(int64_t deadline);
/* poll.c: how long until the deadline, for MIR_OP_WAIT; the wait that was done: whether the host
 * asks this image to end, which has been told to its loop (without a loop: it ends); whether the
 * last one was just now. */
uint64_t mir_guest_until(int64_t deadline);
bool mir_guest_waited(const struct mir_op *wait);
bool mir_guest_looked_now(void);

/* ports.c: a device's part of a turn.  Operations are gathered, done in one submission, then told:
 * first all writes, then all reads. */
struct mir_guest_port {
	struct mir_guest_port *next;
	uint32_t handle;
	unsigned waiting; /* writes that there are to be done */

	/* Fill in at most `room` operations, say how many. */
	unsigned (*writes)(struct mir_guest_port *, struct mir_op ops[], unsigned room);
	unsigned (*reads)(struct mir_guest_port *, struct mir_op ops[], unsigned room);

	/* Those n operations are done. From the event loop: must not block.  taken returns how many
	 * frames came, and whether there are more is known by that it was all that were asked
	 * for. */
	void (*written)(struct mir_guest_port *, const struct mir_op ops[], unsigned n);
	unsigned (*taken)(struct mir_guest_port *, const struct mir_op ops[], unsigned n);

	/* Of this turn: where its operations lie. */
	unsigned first_write, n_writes, first_read, n_reads;
};

void mir_guest_port_add(struct mir_guest_port *);
void mir_guest_port_remove(struct mir_guest_port *);

/* The device of that name and type in the tender's manifest that is attached; its handle, or
 * MIR_ENODEV with a line in the log. */
int mir_guest_device(const char *name, enum mir_mft_type type);

/* What the tender offers beyond the ABI, of all and of a device; 0 without extensions. */
uint32_t mir_guest_features(void);
const struct mir_ext_device *mir_guest_device_ext(uint32_t handle);

static inline uint64_t mir_guest_address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

#endif
