/* semaphore.c: semaphores with names, in place of musl's, which are files: there is one process, so
 * they are memory of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mir/cc.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAMED = 256, /* at most */
	PREFIX = 4,  /* bytes that Linux puts before a name */
};

struct named {
	struct named *next;
	sem_t semaphore;
	unsigned opened;
	bool unlinked; /* goes with the last sem_close */
	char name[NAME_MAX + 1];
};

static struct named *all;
static unsigned count;

static struct named **find(const char *name)
{
	struct named **p = &all;

	while (*p && ((*p)->unlinked || strcmp((*p)->name, name) != 0))
		p = &(*p)->next;
	return p;
}

static void drop(struct named **p)
{
	struct named *n = *p;

	*p = n->next;
	count--;
	free(n);
}

/* Names without their slashes; an errno. */
static int check(const char **name)
{
	while (**name == '/')
		++*name;
	if (!**name || strchr(*name, '/'))
		return EINVAL;
	return strlen(*name) > NAME_MAX - PREFIX ? ENAMETOOLONG : 0;
}

static struct named *make(const char *name, unsigned value)
{
	struct named *n = count < NAMED ? calloc(1, sizeof(*n)) : NULL;

	if (!n) {
		errno = count < NAMED ? ENOMEM : ENOSPC;
		return NULL;
	}
	if (sem_init(&n->semaphore, 0, value) < 0) { /* the value is too large */
		free(n);
		return NULL;
	}
	memcpy(n->name, name, strlen(name));
	n->next = all;
	all = n;
	count++;
	return n;
}

sem_t *sem_open(const char *name, int flags, ...)
{
	struct named *n;
	va_list rest;
	int bad = check(&name);

	if (bad) {
		errno = bad;
		return SEM_FAILED;
	}
	n = *find(name);
	if (n ? (flags & O_CREAT && flags & O_EXCL) : !(flags & O_CREAT)) {
		errno = n ? EEXIST : ENOENT;
		return SEM_FAILED;
	}
	if (!n) {
		unsigned value;

		va_start(rest, flags);
		(void)va_arg(rest, unsigned); /* the mode: there is one user */
		value = va_arg(rest, unsigned);
		va_end(rest);
		n = make(name, value);
	}
	if (!n)
		return SEM_FAILED;
	n->opened++;
	return &n->semaphore;
}

int sem_close(sem_t *semaphore)
{
	struct named **p = &all;

	while (*p && &(*p)->semaphore != semaphore)
		p = &(*p)->next;
	if (!*p || !(*p)->opened) {
		errno = EINVAL;
		return -1;
	}
	if (--(*p)->opened == 0 && (*p)->unlinked)
		drop(p);
	return 0;
}

int sem_unlink(const char *name)
{
	struct named **p;
	int bad = check(&name);

	p = bad ? NULL : find(name);
	if (bad || !*p) {
		errno = bad ? bad : ENOENT;
		return -1;
	}
	(*p)->unlinked = true;
	if (!(*p)->opened)
		drop(p);
	return 0;
}
