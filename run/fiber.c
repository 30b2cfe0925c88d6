/* fiber.c: fibers, wait queues and who runs next.
 *
 * Fibers switch to one another directly while the turn's budget lasts, and to the event loop, which
 * runs on the stack of the program's start, when none is ready.  A fiber that ends cannot free the
 * stack under its feet: whoever runs next buries it.
 */
#include <mir/fiber.h>
#include <mir/panic.h>
#include <mir/target.h>
#include <mir/format.h>
#include <stdlib.h>

#include "internal.h"
#include "asan.h"

enum {
	STACK = MIR_ASAN ? 4 * MIR_STACK_SIZE : MIR_STACK_SIZE, /* sanitizers grow frames */
	MAIN_STACK = 16 * MIR_STACK_SIZE,
	POOL_HOT = 64,   /* stacks kept as they are */
	POOL_COLD = 960, /* stacks kept without their memory */
};

enum state { READY, WAITING, SLEEPING, ENDED };

struct mir_waiter {
	struct mir_waiter *next, *prev;
	struct mir_waitq *queue;
};

struct mir_fiber {
	void *sp;                              /* saved context */
	void *fake;                            /* AddressSanitizer's */
	struct mir_fiber *next;                /* in the ready queue or the pool */
	struct mir_fiber *all_next, *all_prev; /* fibers that have not ended */
	const char *name;
	void (*fn)(void *);
	void *arg;
	uint8_t *stack;
	size_t stack_size;
	int64_t deadline;
	struct mir_timer timer;
	struct mir_waiter waiter;
	struct mir_waitq joiners;
	int result; /* of the blocking call */
	uint8_t state;
	bool cancelled, joinable;
};

static struct {
	struct mir_fiber *current, *dead;
	struct mir_fiber *ready, **ready_end;
	struct mir_fiber *all;
	struct mir_fiber *hot, *cold;        /* the pool */
	void (*recycle)(struct mir_fiber *); /* NULL until there is one but the main fiber */
	unsigned n_hot, n_cold;
	unsigned budget, unjoined;
	struct mir_fiber_stats stats;
	void *loop_sp, *loop_fake;
	const void *loop_stack;
	size_t loop_stack_size;
	bool from_loop; /* the last switch left the loop */
} s;

/* The main fiber, whose stack is kept: an image that starts no other holds nothing of the pool, nor
 * of malloc. */
static struct mir_fiber main_fiber;

static void make_ready(struct mir_fiber *f)
{
	f->state = READY;
	f->next = NULL;
	if (!s.ready)
		s.ready_end = &s.ready;
	*s.ready_end = f;
	s.ready_end = &f->next;
}

static struct mir_fiber *take_ready(void)
{
	struct mir_fiber *f = s.ready;

	if (f)
		s.ready = f->next;
	return f;
}

static void unqueue(struct mir_waiter *w)
{
	struct mir_waitq *q = w->queue;

	if (!q)
		return;
	*(w->prev ? &w->prev->next : &q->head) = w->next;
	*(w->next ? &w->next->prev : &q->tail) = w->prev;
	w->queue = NULL;
}

/* Ends the blocking call of a fiber. */
static void wake(struct mir_fiber *f, int result)
{
	unqueue(&f->waiter);
	mir_timer_stop(&f->timer);
	f->result = result;
	make_ready(f);
}

static void on_timer(struct mir_timer *t)
{
	wake(mir_container(t, struct mir_fiber, timer), MIR_ETIMEDOUT);
}

static void fiber_free(struct mir_fiber *f)
{
	mir_asan_clear(f->stack, f->stack_size);
	mir_target_stack_release(f->stack, f->stack_size);
	free(f);
}

/* Back to the pool, or to the host. */
static void recycle(struct mir_fiber *f)
{
	if (s.n_hot == POOL_HOT && s.n_cold == POOL_COLD) {
		fiber_free(f);
		return;
	}
	mir_asan_clear(f->stack, f->stack_size);
	if (s.n_hot < POOL_HOT) {
		f->next = s.hot;
		s.hot = f;
		s.n_hot++;
		return;
	}
	mir_target_stack_idle(f->stack, f->stack_size);
	f->next = s.cold;
	s.cold = f;
	s.n_cold++;
}

static void idle_main(void)
{
	mir_asan_clear(main_fiber.stack, main_fiber.stack_size);
	mir_target_stack_idle(main_fiber.stack, main_fiber.stack_size);
}

/* The first thing on any stack after a switch to it. */
static void arrived(void)
{
	struct mir_fiber *dead = s.dead;
	const void *stack = NULL;
	size_t size = 0;

	mir_asan_arrive(s.current ? s.current->fake : s.loop_fake, &stack, &size);
	if (s.from_loop) {
		s.loop_stack = stack;
		s.loop_stack_size = size;
	}
	if (!dead)
		return;
	s.dead = NULL;
	if (dead == &main_fiber)
		idle_main();
	else if (!dead->joinable)
		s.recycle(dead);
}

/* Leaves the present context for a fiber or, where that is NULL, the loop. */
static void go(struct mir_fiber *to)
{
	struct mir_fiber *from = s.current;
	void **fake = from ? &from->fake : &s.loop_fake;

	if (from && from->state == ENDED)
		fake = NULL;
	s.stats.switches++;
	s.current = to;
	s.from_loop = !from;
	mir_asan_leave(
	    fake, to ? to->stack : s.loop_stack, to ? to->stack_size : s.loop_stack_size);
	mir_switch(from ? &from->sp : &s.loop_sp, to ? to->sp : s.loop_sp);
	arrived();
}

/* The present fiber is queued somewhere (or not, and will be woken by its timer). */
static void suspend(void)
{
	struct mir_fiber *next = NULL;

	if (s.budget > 0) {
		s.budget--;
		next = take_ready();
	}
	if (next != s.current)
		go(next);
}

static void fiber_main(void)
{
	struct mir_fiber *self = s.current;

	arrived();
	self->fn(self->arg);
	*(self->all_prev ? &self->all_prev->all_next : &s.all) = self->all_next;
	if (self->all_next)
		self->all_next->all_prev = self->all_prev;
	self->state = ENDED;
	s.stats.alive--;
	s.unjoined += self->joinable;
	mir_wake_all(&self->joiners);
	s.dead = self;
	suspend();
	mir_panic("fiber %s runs after its end", self->name);
}

static struct mir_fiber *take_pooled(void)
{
	struct mir_fiber *f = s.hot;

	if (f) {
		s.hot = f->next;
		s.n_hot--;
	} else if ((f = s.cold) != NULL) {
		s.cold = f->next;
		s.n_cold--;
	}
	return f;
}

static struct mir_fiber *fiber_new(void)
{
	struct mir_fiber *f = take_pooled();

	s.recycle = recycle;
	if (f)
		return f;
	f = malloc(sizeof(*f));
	if (!f)
		return NULL;
	f->stack_size = STACK;
	f->stack = mir_target_stack_new(STACK);
	if (!f->stack) {
		free(f);
		return NULL;
	}
	return f;
}

MIR_WEAK void *mir_target_stack_keep(size_t size)
{
	return mir_target_stack_new(size);
}

/* Makes a fiber ready that has its stack. */
static struct mir_fiber *begin(
    struct mir_fiber *f, const char *name, void (*fn)(void *), void *arg, bool joinable)
{
	*f = (struct mir_fiber){
		.sp = mir_switch_prepare(f->stack + f->stack_size, fiber_main),
		.all_next = s.all,
		.name = name,
		.fn = fn,
		.arg = arg,
		.stack = f->stack,
		.stack_size = f->stack_size,
		.deadline = MIR_NEVER,
		.joinable = joinable,
	};
	mir_timer_init(&f->timer, on_timer);
	if (s.all)
		s.all->all_prev = f;
	s.all = f;
	s.stats.alive++;
	s.stats.peak = MIR_MAX(s.stats.peak, s.stats.alive);
	make_ready(f);
	return f;
}

static struct mir_fiber *spawn(const char *name, void (*fn)(void *), void *arg, bool joinable)
{
	struct mir_fiber *f = fiber_new();

	return f ? begin(f, name, fn, arg, joinable) : NULL;
}

struct mir_fiber *mir_spawn(const char *name, void (*fn)(void *), void *arg)
{
	return spawn(name, fn, arg, false);
}

struct mir_fiber *mir_spawn_joinable(const char *name, void (*fn)(void *), void *arg)
{
	return spawn(name, fn, arg, true);
}

/* It is marked as one to be joined, so that its stack is left alone. */
struct mir_fiber *mir_spawn_on(
    void *stack, size_t size, const char *name, void (*fn)(void *), void *arg)
{
	struct mir_fiber *f = malloc(sizeof(*f));

	if (!f)
		return NULL;
	f->stack = stack;
	f->stack_size = size;
	return begin(f, name, fn, arg, true);
}

void mir_fiber_release(struct mir_fiber *f)
{
	mir_check(f->state == ENDED && f != s.dead);
	s.unjoined--;
	free(f);
}

/* Its stack is large; where memory is short, as large as can be had. */
MIR_COLD struct mir_fiber *mir_fiber_spawn_main(void (*fn)(void *), void *arg)
{
	static const struct mir_fiber_reports reports = { mir_self, mir_fiber_of_guard,
		mir_fiber_dump };
	struct mir_fiber *f = &main_fiber;

	mir_fiber_reports = &reports;
	for (size_t size = MAIN_STACK; !f->stack && size >= STACK; size /= 2) {
		f->stack_size = size;
		f->stack = mir_target_stack_keep(size);
	}
	return f->stack ? begin(f, "main", fn, arg, false) : NULL;
}

int mir_join(struct mir_fiber *f)
{
	mir_check(f->joinable && f != s.current);
	while (f->state != ENDED) {
		int rc = mir_wait(&f->joiners);

		if (rc < 0)
			return rc;
	}
	s.unjoined--;
	recycle(f);
	return 0;
}

void mir_cancel(struct mir_fiber *f)
{
	if (f->state == ENDED)
		return;
	f->cancelled = true;
	if (f->state == WAITING || f->state == SLEEPING)
		wake(f, MIR_ECANCELED);
}

void mir_uncancel(struct mir_fiber *f)
{
	f->cancelled = false;
}

struct mir_fiber *mir_self(void)
{
	return s.current;
}

const char *mir_fiber_name(const struct mir_fiber *f)
{
	return f->name;
}

bool mir_cancelled(void)
{
	return s.current && s.current->cancelled;
}

int mir_yield(void)
{
	mir_check(s.current);
	if (!s.ready)
		s.budget = 0; /* no other fiber, but perhaps a device or a timer */
	make_ready(s.current);
	suspend();
	return s.current->cancelled ? MIR_ECANCELED : 0;
}

/* What a blocking call returns before it blocks. */
static int may_block(void)
{
	struct mir_fiber *self = s.current;

	if (mir_unlikely(!self))
		mir_panic("a blocking call from the event loop");
	if (self->cancelled)
		return MIR_ECANCELED;
	return self->deadline <= mir_now() ? MIR_ETIMEDOUT : 0;
}

int mir_sleep_until(int64_t deadline)
{
	struct mir_fiber *self = s.current;
	int rc = may_block();

	if (rc < 0)
		return rc;
	if (deadline <= mir_now())
		return mir_yield();
	self->state = SLEEPING;
	mir_timer_set(&self->timer, MIR_MIN(deadline, self->deadline));
	suspend();
	if (self->result == MIR_ETIMEDOUT && deadline <= self->deadline)
		return 0;
	return self->result;
}

int64_t mir_deadline_set(int64_t deadline)
{
	struct mir_fiber *self = s.current;
	int64_t outer;

	mir_check(self);
	outer = self->deadline;
	self->deadline = MIR_MIN(deadline, outer);
	return outer;
}

void mir_deadline_restore(int64_t outer)
{
	mir_check(s.current);
	s.current->deadline = outer;
}

int mir_wait(struct mir_waitq *q)
{
	struct mir_fiber *self = s.current;
	int rc = may_block();

	if (rc < 0)
		return rc;
	self->waiter = (struct mir_waiter){ .prev = q->tail, .queue = q };
	*(q->tail ? &q->tail->next : &q->head) = &self->waiter;
	q->tail = &self->waiter;
	self->state = WAITING;
	if (self->deadline != MIR_NEVER)
		mir_timer_set(&self->timer, self->deadline);
	suspend();
	return self->result;
}

void mir_wait_out(struct mir_waitq *q)
{
	struct mir_fiber *self = s.current;
	int64_t deadline = self->deadline;
	bool cancelled = self->cancelled;

	self->cancelled = false;
	self->deadline = MIR_NEVER;
	mir_wait(q);
	self->deadline = deadline;
	self->cancelled |= cancelled;
}

void mir_wake_one(struct mir_waitq *q)
{
	if (q->head)
		wake(mir_container(q->head, struct mir_fiber, waiter), 0);
}

void mir_wake_all(struct mir_waitq *q)
{
	while (q->head)
		mir_wake_one(q);
}

bool mir_fibers_ready(void)
{
	return s.ready != NULL;
}

void mir_fibers_run(unsigned budget)
{
	s.budget = budget;
	while (s.budget > 0 && s.ready) {
		s.budget--;
		go(take_ready());
	}
}

static const char *check_one(const struct mir_fiber *f)
{
	const struct mir_waiter *w = &f->waiter;

	switch (f->state) {
	case READY: return NULL; /* counted by the caller */
	case WAITING:
		if (!w->queue || (w->prev ? w->prev->next : w->queue->head) != w ||
		    (w->next ? w->next->prev : w->queue->tail) != w)
			return "a fiber waits in no queue";
		return f->deadline != MIR_NEVER && !mir_timer_is_set(&f->timer)
			   ? "a fiber waits without its deadline"
			   : NULL;
	case SLEEPING: return NULL; /* without a timer: for ever, as it was told */
	default: return "an ended fiber is among those that live";
	}
}

const char *mir_fibers_check(unsigned *looked)
{
	unsigned ready = 0, queued = 0, n = 0;

	for (const struct mir_fiber *f = s.all; f; f = f->all_next) {
		const char *bad = check_one(f);

		if (bad)
			return bad;
		ready += f->state == READY;
		n++;
	}
	for (const struct mir_fiber *f = s.ready; f; f = f->next)
		queued++;
	*looked += n;
	if (ready != queued + (s.current != NULL))
		return "a fiber is ready, and not in the queue";
	return n == s.stats.alive ? NULL : "the number of fibers is wrong";
}

unsigned mir_fibers_unjoined(void)
{
	return s.unjoined;
}

MIR_COLD void mir_fiber_stats(struct mir_fiber_stats *out)
{
	*out = s.stats;
	out->pooled = s.n_hot + s.n_cold;
}

MIR_COLD const struct mir_fiber *mir_fiber_of_guard(const void *address, size_t below)
{
	const uint8_t *p = address;

	for (const struct mir_fiber *f = s.all; f; f = f->all_next) {
		if (p < f->stack && (size_t)(f->stack - p) <= below)
			return f;
	}
	return NULL;
}

MIR_COLD void mir_fiber_dump(void (*line)(const char *text))
{
	static const char *const states[] = { "ready", "waiting", "sleeping", "ended" };
	char text[120];

	for (const struct mir_fiber *f = s.all; f; f = f->all_next) {
		mir_format(text, sizeof(text), "fiber %s: %s%s", f->name,
		    f == s.current ? "running" : states[f->state],
		    f->cancelled ? ", cancelled" : "");
		line(text);
		if (f != s.current && mir_switch_frame(f->sp))
			mir_target_backtrace(mir_switch_frame(f->sp));
	}
}

void mir_fibers_reset(void)
{
	struct mir_fiber *hot = s.hot, *cold = s.cold;
	unsigned n_hot = s.n_hot, n_cold = s.n_cold;

	memset(&s, 0, sizeof(s));
	s.hot = hot;
	s.cold = cold;
	s.n_hot = n_hot;
	s.n_cold = n_cold;
}
