/* mutex.c: mutexes between fibers, for SQLite (sqlite3_mutex_methods). */
#include "internal.h"

#include <mir/fiber.h>
#include <stdlib.h>

struct sqlite3_mutex {
	const struct mir_fiber *owner; /* while count is not 0; NULL: the loop itself */
	unsigned count;
	bool recursive, fixed;
	struct mir_waitq wait;
};

enum { FIXED = 16 };
static struct sqlite3_mutex fixed[FIXED];
static bool in_use;

static int mutex_init(void)
{
	return SQLITE_OK;
}

static sqlite3_mutex *mutex_alloc(int type)
{
	sqlite3_mutex *m;

	if (type >= SQLITE_MUTEX_STATIC_MAIN) {
		m = type < FIXED ? &fixed[type] : NULL;
		if (m)
			m->fixed = true;
		return m;
	}
	m = calloc(1, sizeof(*m));
	if (m)
		m->recursive = type == SQLITE_MUTEX_RECURSIVE;
	return m;
}

static void mutex_free(sqlite3_mutex *m)
{
	if (!m->fixed)
		free(m);
}

static int mutex_try(sqlite3_mutex *m)
{
	if (m->count && (m->owner != mir_self() || !m->recursive))
		return SQLITE_BUSY;
	m->owner = mir_self();
	m->count++;
	return SQLITE_OK;
}

/* A fiber that was cancelled waits too: whoever holds the mutex is at work. */
static void mutex_enter(sqlite3_mutex *m)
{
	while (mutex_try(m) != SQLITE_OK)
		mir_wait_out(&m->wait);
}

static void mutex_leave(sqlite3_mutex *m)
{
	if (--m->count == 0 && !mir_waitq_empty(&m->wait))
		mir_wake_one(&m->wait);
}

static const sqlite3_mutex_methods methods = {
	.xMutexInit = mutex_init,
	.xMutexEnd = mutex_init,
	.xMutexAlloc = mutex_alloc,
	.xMutexFree = mutex_free,
	.xMutexEnter = mutex_enter,
	.xMutexTry = mutex_try,
	.xMutexLeave = mutex_leave,
};

bool mir_sqlite_use_fibers(void)
{
	if (!in_use)
		in_use = sqlite3_config(SQLITE_CONFIG_MUTEX, &methods) == SQLITE_OK;
	return in_use;
}
