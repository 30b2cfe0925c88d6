/* turn.c: taking turns with the tool over a page of shared memory. */
#include <errno.h>
#include <linux/futex.h>
#include <mir/err.h>
#include <mir/loop.h>
#include <mir/target.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim.h"

static struct mir_sim_page *page;

struct mir_sim_page *mir_sim_page(void)
{
	return page;
}

static void give_turn(enum mir_sim_state state)
{
	page->state = state;
	__atomic_store_n(&page->turn, MIR_SIM_TOOL, __ATOMIC_RELEASE);
	syscall(SYS_futex, &page->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void take_turn(void)
{
	while (__atomic_load_n(&page->turn, __ATOMIC_ACQUIRE) != MIR_SIM_IMAGE)
		syscall(SYS_futex, &page->turn, FUTEX_WAIT, MIR_SIM_TOOL, NULL, NULL, 0);
	mir_sim_advance(page->now);
}

int mir_sim_turn_begin(int fd)
{
	struct mir_sim_page *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (p == MAP_FAILED)
		return MIR_EINVAL;
	if (p->magic != MIR_SIM_MAGIC || p->version != MIR_SIM_VERSION || p->size != sizeof(*p))
		return MIR_EINVAL;
	page = p;
	take_turn();
	return 0;
}

void mir_sim_record(enum mir_sim_record_type type, uint16_t port, const void *data, uint32_t len)
{
	struct mir_sim_record r = { (uint16_t)type, port, len };

	if (len > MIR_SIM_RECORD_MAX)
		return;
	if (mir_sim_record_size(len) > MIR_SIM_BUFFER - page->out_len) {
		give_turn(MIR_SIM_FULL);
		take_turn();
	}
	memcpy(page->out + page->out_len, &r, sizeof(r));
	memcpy(page->out + page->out_len + sizeof(r), data, len);
	page->out_len += mir_sim_record_size(len);
}

static void to_port(const struct mir_sim_record *r, const uint8_t *data)
{
	for (struct mir_sim_port *p = mir_sim_ports(); p; p = p->next) {
		if (p->index == r->port)
			p->arrived(p, data, r->len);
	}
}

static void to_store(const struct mir_sim_record *r, const uint8_t *data)
{
	struct mir_sim_disk_faults faults;

	memcpy(&faults, data, sizeof(faults));
	for (struct mir_sim_store *s = mir_sim_stores(); s; s = s->next) {
		if (s->index == r->port)
			s->change(s, &faults);
	}
}

static void take_record(const struct mir_sim_record *r, const uint8_t *data)
{
	struct mir_sim_clock clock;
	struct mir_sim_memory memory;

	switch (r->type) {
	case MIR_SIM_FRAME: to_port(r, data); break;
	case MIR_SIM_CLOCK:
		memcpy(&clock, data, sizeof(clock));
		mir_sim_clock_change(&clock);
		break;
	case MIR_SIM_MEMORY:
		memcpy(&memory, data, sizeof(memory));
		mir_sim_memory_change(&memory);
		break;
	case MIR_SIM_DISK: to_store(r, data); break;
	case MIR_SIM_SHUTDOWN: mir_shutdown("the simulation asks"); break;
	case MIR_SIM_CRASH: mir_sim_end(false);
	case MIR_SIM_POWER: mir_sim_end(true);
	default: break;
	}
}

void mir_sim_turn_wait(int64_t wake)
{
	page->wake = wake;
	give_turn(MIR_SIM_WAITING);
	take_turn();
	mir_loop_woke();
	for (uint32_t at = 0; at < page->in_len;) {
		struct mir_sim_record r;

		memcpy(&r, page->in + at, sizeof(r));
		take_record(&r, page->in + at + sizeof(r));
		at += mir_sim_record_size(r.len);
	}
	page->in_len = 0;
	for (struct mir_sim_port *p = mir_sim_ports(); p; p = p->next)
		p->done(p);
}

void mir_sim_turn_end(int status)
{
	if (!page || page->state == MIR_SIM_ENDED)
		return;
	page->status = status;
	give_turn(MIR_SIM_ENDED);
}
