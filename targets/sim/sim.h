/* sim.h: the simulated machine, as tests and the files of this target know it.
 *
 * The world's time begins at 0 and counts nanoseconds; the machine's clock (mir_target_monotonic)
 * may drift against it.  Alone, the machine moves the world's time itself, to whatever is next.
 * With the tool (abi/mir/sim.h) it gives its turn away instead.
 */
#ifndef MIR_SIM_H
#define MIR_SIM_H

#include <mir/cc.h>
#include <mir/sim.h>

/* The clock back to its start, entropy from this seed. */
void mir_sim_reset(uint64_t seed);
uint64_t mir_sim_seed(void);

/* clock.c */
void mir_sim_clock_reset(void);
int64_t mir_sim_now(void);
/* Moves the world's time forward to `time`, never back. */
void mir_sim_advance(int64_t time);
/* When in the world the machine's clock will show `monotonic`, or a moment later; MIR_NEVER. */
int64_t mir_sim_when(int64_t monotonic);
void mir_sim_clock_change(const struct mir_sim_clock *);
void mir_sim_clock_wall(int64_t at_start);

/* entropy.c */
void mir_sim_entropy_reset(uint64_t seed);
/* A number for a purpose of the simulator's own, that takes nothing away from the machine. */
uint64_t mir_sim_draw(const char *purpose, uint64_t n);

/* bounds.c */
void mir_sim_memory_change(const struct mir_sim_memory *);

/* Something of the world that happens beside the machine, where that is alone. */
struct mir_sim_event {
	struct mir_sim_event *next;
	int64_t (*when)(struct mir_sim_event *); /* MIR_NEVER: nothing */
	void (*happen)(struct mir_sim_event *, int64_t now);
};

/* poll.c */
void mir_sim_event_add(struct mir_sim_event *);
void mir_sim_event_remove(struct mir_sim_event *);

/* An interface, as the world sees it.  Frames arrive one by one, then `done` once. */
struct mir_sim_port {
	struct mir_sim_port *next;
	const char *name;
	uint16_t index;
	void (*arrived)(struct mir_sim_port *, const uint8_t *frame, size_t len);
	void (*done)(struct mir_sim_port *);
};

/* A disk, as the world sees it. */
struct mir_sim_store {
	struct mir_sim_store *next;
	const char *name;
	uint16_t index;
	void (*change)(struct mir_sim_store *, const struct mir_sim_disk_faults *);
	/* The machine ends here; `power`: what was not made durable may be lost. */
	void (*end)(struct mir_sim_store *, bool power);
};

/* machine.c: what is attached. */
void mir_sim_port_add(struct mir_sim_port *);
void mir_sim_port_remove(struct mir_sim_port *);
struct mir_sim_port *mir_sim_ports(void);
void mir_sim_store_add(struct mir_sim_store *);
void mir_sim_store_remove(struct mir_sim_store *);
struct mir_sim_store *mir_sim_stores(void);
/* Ends the machine at once. */
MIR_NORETURN void mir_sim_end(bool power);

/* turn.c: with the tool. */

/* The page of the tool, NULL: alone. */
struct mir_sim_page *mir_sim_page(void);
/* Maps the page and waits for the first turn; MIR_EINVAL: it is none. */
int mir_sim_turn_begin(int fd);
/* Gives the turn away until the world's time is `wake` or something has arrived. */
void mir_sim_turn_wait(int64_t wake);
/* Adds a record for the tool. */
void mir_sim_record(enum mir_sim_record_type, uint16_t port, const void *data, uint32_t len);
/* The last turn, given away for good: the process ends. */
void mir_sim_turn_end(int status);

#endif
