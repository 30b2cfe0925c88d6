/* timer.c: the hierarchical timing wheel (G. Varghese, T. Lauck, "Hashed and hierarchical timing
 * wheels", 1987).
 *
 * Time is counted in ticks of about a microsecond.  A timer lies in the level of the highest group
 * of SLOT_BITS bits in which its tick differs from the present one, in the slot that these bits
 * name.  So the lowest slot of the lowest level in use is next, and when the wheel comes to a slot
 * of a higher level, its timers move to lower ones.
 */
#include <mir/timer.h>

#include "internal.h"

enum { TICK_BITS = 10, SLOT_BITS = 6, SLOTS = 1 << SLOT_BITS, LEVELS = 9 };

static struct {
	uint64_t tick;        /* all up to here have fired */
	uint64_t use[LEVELS]; /* a bit for each slot that may have timers */
	struct mir_timer *slot[LEVELS][SLOTS];
	struct mir_timer *due, **due_end; /* set for a time that had passed */
	unsigned count;
} wheel;

/* The first tick that does not begin before the deadline. */
static uint64_t tick_of(int64_t deadline)
{
	return deadline <= 0 ? 0 : ((uint64_t)deadline + (1u << TICK_BITS) - 1) >> TICK_BITS;
}

static void link_first(struct mir_timer **list, struct mir_timer *t)
{
	t->next = *list;
	t->prev = list;
	if (t->next)
		t->next->prev = &t->next;
	*list = t;
}

static void link_due(struct mir_timer *t)
{
	if (!wheel.due)
		wheel.due_end = &wheel.due;
	t->next = NULL;
	t->prev = wheel.due_end;
	*wheel.due_end = t;
	wheel.due_end = &t->next;
}

static void insert(struct mir_timer *t)
{
	uint64_t tick = tick_of(t->deadline);
	unsigned level, slot;

	if (tick <= wheel.tick) {
		link_due(t);
		return;
	}
	level = mir_high_bit(tick ^ wheel.tick) / SLOT_BITS;
	slot = tick >> (level * SLOT_BITS) & (SLOTS - 1);
	link_first(&wheel.slot[level][slot], t);
	wheel.use[level] |= (uint64_t)1 << slot;
}

static void unlink_timer(struct mir_timer *t)
{
	*t->prev = t->next;
	if (t->next)
		t->next->prev = t->prev;
	else if (wheel.due_end == &t->next)
		wheel.due_end = t->prev;
	t->prev = NULL;
}

void mir_timer_set(struct mir_timer *t, int64_t deadline)
{
	mir_timer_stop(t);
	if (deadline == MIR_NEVER)
		return;
	t->deadline = deadline;
	insert(t);
	wheel.count++;
}

void mir_timer_stop(struct mir_timer *t)
{
	if (!mir_timer_is_set(t))
		return;
	unlink_timer(t);
	wheel.count--;
}

/* The slot that the wheel comes to next; false: all are empty. */
static bool next_slot(unsigned *level, unsigned *slot, uint64_t *tick)
{
	for (*level = 0; *level < LEVELS; (*level)++) {
		uint64_t *use = &wheel.use[*level];
		unsigned shift = *level * SLOT_BITS;

		while (*use) {
			*slot = mir_low_bit(*use);
			if (wheel.slot[*level][*slot]) {
				uint64_t above = wheel.tick >> shift >> SLOT_BITS;

				*tick = (above << SLOT_BITS | *slot) << shift;
				return true;
			}
			*use &= *use - 1;
		}
	}
	return false;
}

int64_t mir_timers_next(void)
{
	unsigned level, slot;
	uint64_t tick;

	if (wheel.due)
		return 0;
	if (!next_slot(&level, &slot, &tick) || tick > (uint64_t)MIR_NEVER >> TICK_BITS)
		return MIR_NEVER;
	return (int64_t)(tick << TICK_BITS);
}

/* Timers may be stopped, moved and set by those that fire. */
static void fire_all(struct mir_timer **list)
{
	struct mir_timer *t;

	while ((t = *list) != NULL) {
		unlink_timer(t);
		wheel.count--;
		t->fire(t);
	}
}

static void take(struct mir_timer **from, struct mir_timer **to)
{
	*to = *from;
	*from = NULL;
	if (*to)
		(*to)->prev = to;
}

/* Slots are filled from the front: gives back the order in which timers were set. */
static void take_reversed(struct mir_timer **from, struct mir_timer **to)
{
	struct mir_timer *t;

	*to = NULL;
	while ((t = *from) != NULL) {
		*from = t->next;
		link_first(to, t);
	}
}

/* Timers of a higher level's slot whose first tick has come: down, or to `now` if they are due. */
static void cascade(struct mir_timer *list, struct mir_timer **now)
{
	struct mir_timer *t, *next, *last = NULL;

	*now = NULL;
	for (t = list; t; t = next) {
		next = t->next;
		if (tick_of(t->deadline) > wheel.tick) {
			insert(t);
			continue;
		}
		t->next = NULL;
		t->prev = last ? &last->next : now;
		*t->prev = t;
		last = t;
	}
}

void mir_timers_run(int64_t now)
{
	uint64_t now_tick = (uint64_t)now >> TICK_BITS, tick;
	struct mir_timer *list, *firing;
	unsigned level, slot;

	take(&wheel.due, &firing);
	wheel.due_end = &wheel.due;
	fire_all(&firing);
	while (next_slot(&level, &slot, &tick) && tick <= now_tick) {
		wheel.tick = tick;
		take_reversed(&wheel.slot[level][slot], &list);
		cascade(list, &firing);
		fire_all(&firing);
	}
	wheel.tick = MIR_MAX(wheel.tick, now_tick);
}

unsigned mir_timers_count(void)
{
	return wheel.count;
}

/* The timers of one list, of a slot (level >= 0) or due. */
static const char *check_list(struct mir_timer *const *list, int level, unsigned slot, unsigned *n)
{
	for (struct mir_timer *const *p = list; *p; p = &(*p)->next) {
		const struct mir_timer *t = *p;
		uint64_t tick = tick_of(t->deadline);

		if (t->prev != p)
			return "a timer does not know where it is";
		if (!t->fire)
			return "a timer has nothing to do";
		if (level >= 0 &&
		    (tick <= wheel.tick || (tick >> (level * SLOT_BITS) & (SLOTS - 1)) != slot ||
			mir_high_bit(tick ^ wheel.tick) / SLOT_BITS != (unsigned)level))
			return "a timer is in the wrong slot";
		(*n)++;
	}
	return NULL;
}

const char *mir_timers_check(unsigned *looked)
{
	const char *bad = check_list(&wheel.due, -1, 0, looked);
	unsigned before = *looked, due = 0;

	for (const struct mir_timer *t = wheel.due; t; t = t->next)
		due++;
	before -= due;
	for (int level = 0; level < LEVELS && !bad; level++) {
		for (uint64_t use = wheel.use[level]; use && !bad; use &= use - 1) {
			unsigned slot = mir_low_bit(use);

			bad = check_list(&wheel.slot[level][slot], level, slot, looked);
		}
	}
	if (!bad && *looked - before != wheel.count)
		bad = "timers are lost";
	return bad;
}

void mir_timers_reset(int64_t now)
{
	memset(&wheel, 0, sizeof(wheel));
	wheel.due_end = &wheel.due;
	wheel.tick = (uint64_t)now >> TICK_BITS;
}
