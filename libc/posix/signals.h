/* signals.h: signals, as system calls know them.
 *
 * Threads are not interrupted.  A signal for a thread cancels its fiber, so that the call in which
 * it blocks, or the next that would block, ends with MIR_ECANCELED, which is EINTR; the handler
 * runs at the end of that call:
 *
 *     do
 *             rc = accept_one(fd);
 *     while (mir_posix_again(rc));
 *     return rc;
 */
#ifndef MIR_POSIX_SIGNALS_H
#define MIR_POSIX_SIGNALS_H

#include <mir/cc.h>

struct mir_thread;
struct mir_signal;
struct mir_signals;

/* At the end of each system call that may block, with its result: runs the handlers of signals that
 * have come for this thread.  True: the call was interrupted, and is to be made again (all handlers
 * that ran are such of SA_RESTART).  A handler may leave by longjmp: nothing is to be held here.
 * May block; may end the image. */
bool mir_posix_again(long result);

/* The same for calls that are not made again after any handler (poll, select, epoll_wait). */
bool mir_posix_again_unhandled(long result);

/* ---- what the files of this folder know of each other ---- */

/* deliver.c: the main thread has begun; has ended, or another one. */
void mir_signals_begin(void);
void mir_signals_leave(struct mir_thread *);

/* The program is main-posix: a request to end from outside is SIGTERM to it, and ends it where it
 * does nothing else with that. */
void mir_signals_of_program(void);

/* A signal comes, to a thread or if that is NULL to the process.  `from` is copied where it is not
 * `kept`.  From anywhere, does not block: 0, or -EAGAIN (the queue is full). */
long mir_signals_send(struct mir_thread *, struct mir_signal *from);

/* What is blocked has changed, or a handler: the running thread is told of what has come. */
void mir_signals_changed(void);

/* The running thread blocks another set; returns the one before. */
uint64_t mir_signals_mask_begin(const uint64_t *set);
/* The end of a call that did, with its result, which is returned: handles what has come meanwhile,
 * and then what has come for the set before. */
long mir_signals_mask_end(uint64_t was, long result);

/* Sets what is blocked by a thread. */
void mir_signals_block(struct mir_thread *, uint64_t set);

/* Handles what has come for the running thread; true: a handler ran. */
bool mir_signals_handle(struct mir_thread *);

/* Takes the first of `set` that has come for the thread; false: there is none. */
bool mir_signals_take(struct mir_thread *, uint64_t set, struct mir_signal *out);

/* Those of the thread and of the process. */
uint64_t mir_signals_pending(const struct mir_thread *);

/* A timer goes: its signal is taken out of all queues. */
void mir_signals_forget(struct mir_signal *);

/* The action of a signal is another: where it is ignored now, those that have come vanish. */
void mir_signals_ignored(int number);

/* Fills the siginfo_t of a handler. */
void mir_signals_info(void *siginfo, const struct mir_signal *);

/* As the kernel has struct sigaction. */
struct mir_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* Of signal n at n. */
extern struct mir_action mir_actions[];

/* signalfd.c: where there is one, whether a signal that has come is for it. */
void mir_signalfd_changed(void) MIR_WEAK;

enum {
	MIR_SIGNALS = 64,
	MIR_SIGNALS_QUEUED = 1024, /* in all queues at most */
	MIR_SIGCANCEL = 33,        /* of musl */
};

static inline uint64_t mir_signal_bit(int number)
{
	return (uint64_t)1 << (number - 1);
}

#endif
