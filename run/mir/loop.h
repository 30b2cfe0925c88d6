/* loop.h: the event loop.
 *
 * One turn: devices are polled (packets arrive, the stack's state changes, fibers become runnable),
 * timers that are due fire, posted tasks and runnable fibers run, and the hooks of the turn's end
 * send what has been gathered.  The loop sleeps in the target's poll until the next timer when
 * nothing is left to do.
 */
#ifndef MIR_LOOP_H
#define MIR_LOOP_H

#include <mir/cc.h>

/* A call in the loop, as soon as possible; embedded in what it belongs to. */
struct mir_task {
	struct mir_task *next;
	void (*run)(struct mir_task *);
	bool posted;
};

/* Runs task->run in this turn or the next; nothing if it is posted already.  From anywhere. */
void mir_post(struct mir_task *);
/* Takes a posted task back. O(n). */
void mir_unpost(struct mir_task *);

/* A call at the end of this turn (after fibers have run), once for each time it is asked for. Hooks
 * run in order of `rank`: protocols (10, e.g. TCP output) before links (20, e.g. the burst of an
 * Ethernet). */
struct mir_hook {
	struct mir_hook *next;
	void (*run)(struct mir_hook *);
	uint8_t rank;
	bool asked;
};
void mir_at_turn_end(struct mir_hook *);

/* Runs main_fn(argc, argv) on the first fiber until it returns; its result is the image's exit
 * status. Called once by the target's start.c. */
int mir_loop_run(int (*main_fn)(int argc, char **argv), int argc, char **argv);

/* Takes mir_now() anew.  A target's poll calls it between sleeping and delivering, so that what
 * arrives is not dated before the sleep. */
void mir_loop_woke(void);

/* A request to end came from outside (SIGTERM, the hypervisor): cancels the main fiber; the second
 * time the image ends at once.  From the target's poll. */
void mir_shutdown(const char *why);

/* mir_shutdown, from the start of the loop on; NULL before, and in images that have none. */
extern void (*mir_shutdown_hook)(const char *why);
bool mir_shutting_down(void);

/* Keeps cleanup possible after a shutdown: the main fiber's blocking calls work again. */
void mir_shutdown_acknowledge(void);

/* Logs how many packets, pieces of memory, fibers and timers are alive, and why it was asked. Tests
 * of whole images look at this line (on unix: SIGUSR1); at level debug it is also the last line of
 * an image. */
void mir_account(const char *why);

#endif
