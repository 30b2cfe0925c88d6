/* ring.c: the shared ring for networks (mir/hvt.h), and the thread that serves it.
 *
 * The guest may write to the ring at any time, nonsense too: every field is read once, into a copy
 * that is then checked.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hvt.h"

enum { SPINS = 4096, FULL_WAIT_MS = 1 };

static uint32_t load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

static void commit(struct ring *r, uint32_t id, int32_t ret, uint32_t len)
{
	struct mir_hvt_commit c = { .id = id, .ret = ret, .len = len };

	memcpy(&r->shared->commits[r->tail % MIR_HVT_RING_SLOTS], &c, sizeof(c));
	store(&r->shared->com_tail, ++r->tail);
}

/* False: nonsense. */
static bool serve_one(struct ring *r, const struct mir_hvt_entry *e)
{
	const struct guest *g = r->guest;
	const struct net_device *net = guest_net(g, e->handle);
	ssize_t n;

	if (!guest_has(g, e->data, e->len))
		return false;
	if (e->op == MIR_HVT_RING_WRITE) {
		if (net)
			net_transmit(net, g->mem + e->data, e->len); /* or it is lost */
		return true;
	}
	if (e->op != MIR_HVT_RING_READ)
		return false;
	n = net ? net_receive(net, g->mem + e->data, e->len) : -EINVAL;
	if (n > 0)
		commit(r, e->id, MIR_HVT_OK, (uint32_t)n);
	else
		commit(r, e->id,
		    n == -EAGAIN   ? MIR_HVT_AGAIN
		    : n == -EINVAL ? MIR_HVT_EINVAL
				   : MIR_HVT_EUNSPEC,
		    0);
	return true;
}

enum ring_state ring_serve(struct ring *r)
{
	uint32_t tail = load(&r->shared->ent_tail);
	struct mir_hvt_entry e;

	if (tail == r->head)
		return RING_EMPTY;
	if (tail - r->head > MIR_HVT_RING_SLOTS)
		return RING_BROKEN;
	while (r->head != tail) {
		uint32_t waiting = r->tail - load(&r->shared->com_head);

		if (waiting > MIR_HVT_RING_SLOTS)
			return RING_BROKEN;
		memcpy(&e, &r->shared->entries[r->head % MIR_HVT_RING_SLOTS], sizeof(e));
		if (waiting == MIR_HVT_RING_SLOTS && e.op != MIR_HVT_RING_WRITE)
			return RING_FULL;
		if (!serve_one(r, &e))
			return RING_BROKEN;
		store(&r->shared->ent_head, ++r->head);
	}
	return RING_WORKED;
}

/* ---- the thread ---- */

static void pause_cpu(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#else
	__asm__ volatile("yield");
#endif
}

static bool spin(const struct ring *r)
{
	for (int i = 0; i < SPINS; i++) {
		if (load(&r->shared->ent_tail) != r->head)
			return true;
		pause_cpu();
	}
	return false;
}

static void sleep_until_kick(struct ring *r)
{
	uint64_t count;
	ssize_t n;

	store(&r->shared->needs_kick, 1);
	atomic_thread_fence(memory_order_seq_cst);
	if (load(&r->shared->ent_tail) == r->head) {
		n = read(r->kick, &count, sizeof(count));
		(void)n; /* whatever woke it, it looks */
	}
	store(&r->shared->needs_kick, 0);
}

static void *serve(void *arg)
{
	struct ring *r = arg;
	struct pollfd none = { .fd = -1 };

	sem_post(&r->started);
	for (;;) {
		switch (ring_serve(r)) {
		case RING_WORKED: break;
		case RING_EMPTY:
			if (!spin(r))
				sleep_until_kick(r);
			break;
		case RING_FULL: /* a guest that takes commits does not tell; an old kick says
				   nothing */
			poll(&none, 1, FULL_WAIT_MS);
			break;
		case RING_BROKEN: die("the image wrote nonsense into the ring of its networks");
		}
	}
	return NULL;
}

void ring_start(struct ring *r)
{
	sigset_t all, old;
	int rc;

	r->head = r->tail = 0;
	r->kick = eventfd(0, EFD_CLOEXEC);
	if (r->kick < 0)
		die("eventfd: %s", strerror(errno));
	sem_init(&r->started, 0, 0);
	/* Signals are the other thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&r->thread, NULL, serve, r);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0)
		die("no thread for the ring of networks: %s", strerror(rc));
	while (sem_wait(&r->started) < 0)
		;
}
