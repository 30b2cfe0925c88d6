/* sim_process.c: an image of a simulation as a process that takes turns (abi/mir/sim.h). */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim_run.h"

enum {
	PATIENCE = 60, /* seconds of real time that a turn may take */
	LOOK_MS = 100, /* how often to look whether the process is still there */
	NOT_STARTED = 127,
};

static const int64_t WALL = INT64_C(1767225600000000000); /* 2026-01-01 00:00 UTC */

static int shared(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, (off_t)size) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void set_up_disks(struct sim_process *p)
{
	const struct sim_scenario *s = p->world->scenario;
	size_t n = 0;

	for (size_t i = 0; i < s->n_disks; i++) {
		const struct sim_disk *d = &s->disks[i];
		struct mir_sim_disk *to = &p->page->disk[n];
		uint64_t seed = sim_draw(p->world->seed, d->name, p->index);

		if (d->image != p->index)
			continue;
		if (p->disk_fd[n] < 0)
			p->disk_fd[n] = shared("disk", (size_t)d->size);
		*to = (struct mir_sim_disk){ .fd = p->disk_fd[n], .size = (uint64_t)d->size };
		memcpy(to->name, d->name, MIR_MIN(strlen(d->name), sizeof to->name - 1));
		to->faults.seed = sim_draw(seed, "boot", p->boots);
		for (size_t k = 0; k < d->options.n; k++)
			sim_option_disk(&to->faults, &d->options.v[k], sim_draw(seed, "option", k));
		n++;
	}
}

void sim_process_init(struct sim_world *w, size_t index)
{
	struct sim_process *p = &w->processes[index];

	*p = (struct sim_process){
		.world = w,
		.image = &w->scenario->images[index],
		.index = index,
		.page_fd = -1,
		.wake = SIM_NEVER,
	};
	for (size_t i = 0; i < MIR_SIM_DISKS; i++)
		p->disk_fd[i] = -1;
}

/* In the child: nothing of the host reaches the image but its arguments. */
static void become(const struct sim_process *p)
{
	struct list argv = { 0 };
	char *no_environment[] = { NULL };
	int null = open("/dev/null", O_RDONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	list_add(&argv, p->image->path);
	list_addf(&argv, "--sim-page=%d", p->page_fd);
	for (size_t i = 0; i < p->image->args.n; i++)
		list_add(&argv, p->image->args.v[i]);
	dup2(null, 0);
	dup2(2, 1);
	fcntl(p->page_fd, F_SETFD, 0);
	for (size_t i = 0; i < MIR_SIM_DISKS; i++)
		if (p->disk_fd[i] >= 0)
			fcntl(p->disk_fd[i], F_SETFD, 0);
	execve(p->image->path, argv.v, no_environment);
	_exit(NOT_STARTED);
}

bool sim_process_start(struct sim_process *p)
{
	struct sim_world *w = p->world;
	struct mir_sim_page *page;

	if (p->page)
		munmap(p->page, sizeof *p->page);
	if (p->page_fd >= 0)
		close(p->page_fd);
	p->page_fd = shared("page", sizeof *p->page);
	page = p->page_fd < 0
		   ? MAP_FAILED
		   : mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, p->page_fd, 0);
	p->page = page == MAP_FAILED ? NULL : page;
	if (!p->page) {
		diag_error(NULL, "no shared memory for '%s': %s", p->image->name, strerror(errno));
		return false;
	}
	page->magic = MIR_SIM_MAGIC;
	page->version = MIR_SIM_VERSION;
	page->size = sizeof *page;
	page->now = w->now;
	page->wall = WALL;
	page->seed = sim_draw(w->seed, p->image->name, p->boots++);
	page->clock = (struct mir_sim_clock){ 0, p->drift_ppb, 1 };
	page->memory = p->memory;
	set_up_disks(p);
	p->n_nets = 0;
	p->alive = true;
	p->killed = p->ended = p->asked = false;
	p->paused_until = 0;
	p->wake = w->now;
	text_clear(&p->pending);
	fflush(NULL);
	p->pid = fork();
	if (p->pid == 0)
		become(p);
	if (p->pid < 0) {
		diag_error(NULL, "cannot start '%s': %s", p->image->name, strerror(errno));
		p->alive = false;
		return false;
	}
	sim_trace(w, "%s starts", p->image->name);
	return true;
}

void sim_process_tell(struct sim_process *p, enum mir_sim_record_type type, uint16_t port,
    const void *data, size_t len)
{
	struct mir_sim_record r = { (uint16_t)type, port, (uint32_t)len };
	static const char zero[8];

	text_addn(&p->pending, (const char *)&r, sizeof r);
	text_addn(&p->pending, data, len);
	text_addn(&p->pending, zero, mir_sim_record_size(r.len) - sizeof r - len);
}

/* One record at the end of `in`; false: no room. */
static bool place(struct mir_sim_page *page, enum mir_sim_record_type type, uint16_t port,
    const void *data, uint32_t len)
{
	struct mir_sim_record r = { (uint16_t)type, port, len };

	if (mir_sim_record_size(len) > MIR_SIM_BUFFER - page->in_len)
		return false;
	memcpy(page->in + page->in_len, &r, sizeof r);
	memcpy(page->in + page->in_len + sizeof r, data, len);
	page->in_len += mir_sim_record_size(len);
	return true;
}

static uint16_t port_of(const struct sim_process *p, const char *net)
{
	for (size_t i = 0; i < p->n_nets; i++)
		if (str_eq(p->nets[i].name, net))
			return (uint16_t)i;
	return UINT16_MAX;
}

/* What has arrived, as far as there is room; the rest comes with the next turn. */
static void place_frames(struct sim_process *p)
{
	struct sim_world *w = p->world;
	struct sim_way *way;
	const char *net;

	while ((way = sim_cables_due(p, &net)) != NULL) {
		const struct mir_impair_frame *f = mir_impair_due(&way->path.impair, w->now);

		if (p->alive && !place(p->page, MIR_SIM_FRAME, port_of(p, net), f->data, f->len))
			return;
		mir_impair_pop(&way->path.impair);
	}
}

/* What the image prints, line by line. */
static void take_console(struct sim_process *p, const char *text, size_t len)
{
	const struct sim_world *w = p->world;
	char when[32];

	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\n') {
			text_addc(&p->line, text[i]);
			continue;
		}
		sim_trace(p->world, "%s: %s", p->image->name, text_str(&p->line));
		if (!w->settings->quiet)
			printf("%s %s: %s\n", sim_time(w->now, when), p->image->name,
			    text_str(&p->line));
		text_addf(&p->printed, "%s\n", text_str(&p->line));
		text_clear(&p->line);
	}
}

static void take_interface(struct sim_process *p, const uint8_t *data, size_t len)
{
	struct mir_sim_interface i;

	if (len != sizeof i || p->n_nets == MIR_SIM_NETS)
		return;
	memcpy(&i, data, sizeof i);
	p->nets[p->n_nets].name = mem_strn(i.name, strnlen(i.name, sizeof i.name));
	memcpy(p->nets[p->n_nets].mac, i.mac, sizeof i.mac);
	p->n_nets++;
}

static void take_records(struct sim_process *p)
{
	struct mir_sim_page *page = p->page;
	uint32_t end = MIR_MIN(page->out_len, (uint32_t)MIR_SIM_BUFFER);
	struct mir_sim_record r;

	for (uint32_t at = 0; at + sizeof r <= end; at += mir_sim_record_size(r.len)) {
		const uint8_t *data = page->out + at + sizeof r;

		memcpy(&r, page->out + at, sizeof r);
		if (r.len > end - at - sizeof r)
			break;
		if (r.type == MIR_SIM_CONSOLE)
			take_console(p, (const char *)data, r.len);
		else if (r.type == MIR_SIM_NET)
			take_interface(p, data, r.len);
		else if (r.type == MIR_SIM_NOTE)
			sim_trace(p->world, "%s notes %.*s", p->image->name, (int)r.len,
			    (const char *)data);
		else if (r.type == MIR_SIM_FRAME && r.port < p->n_nets)
			sim_cables_send(p, p->nets[r.port].name, data, r.len);
	}
	page->out_len = 0;
}

/* The status that is expected of it, or -1: none in particular. */
static const struct sim_expect *expected_status(const struct sim_process *p)
{
	const struct sim_scenario *s = p->world->scenario;

	for (size_t i = 0; i < s->n_expects; i++)
		if (s->expects[i].fact == SIM_EXITS && s->expects[i].image == p->index)
			return &s->expects[i];
	return NULL;
}

static void judge(struct sim_process *p, int status)
{
	struct sim_world *w = p->world;
	const struct sim_expect *e = expected_status(p);
	int want = e ? e->status : 0;

	if (p->killed)
		return;
	p->exits++;
	if (WIFSIGNALED(status))
		sim_fail(w, NULL, "'%s' was ended by signal %d (%s)", p->image->name,
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (want >= 0 && WEXITSTATUS(status) != want)
		sim_fail(w, e ? &e->at : NULL, "'%s' ended with status %d%s", p->image->name,
		    WEXITSTATUS(status), e ? mem_fmt(", not %d", want) : "");
}

/* The process is gone. */
static void gone(struct sim_process *p, int status)
{
	static const char newline = '\n';

	take_records(p);
	if (p->line.len)
		take_console(p, &newline, 1);
	p->alive = false;
	p->wake = SIM_NEVER;
	sim_trace(p->world, "%s ends", p->image->name);
	judge(p, status);
	p->ended = true;
}

static void reap(struct sim_process *p)
{
	int status = 0;

	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	gone(p, status);
}

/* Waits until the turn comes back; false: the process is gone. */
static bool wait_turn(struct sim_process *p)
{
	struct timespec look = { .tv_nsec = LOOK_MS * 1000000 };
	int status, looks = 0;

	while (__atomic_load_n(&p->page->turn, __ATOMIC_ACQUIRE) == MIR_SIM_IMAGE) {
		if (syscall(SYS_futex, &p->page->turn, FUTEX_WAIT, MIR_SIM_IMAGE, &look, NULL, 0) ==
			0 ||
		    errno != ETIMEDOUT)
			continue;
		if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
			gone(p, status);
			return false;
		}
		if (++looks < PATIENCE * 1000 / LOOK_MS)
			continue;
		sim_fail(p->world, NULL,
		    "'%s' has not ended its turn in %d s: does it loop without waiting?",
		    p->image->name, PATIENCE);
		p->killed = true;
		kill(p->pid, SIGKILL);
		reap(p);
		return false;
	}
	return true;
}

static bool go(struct sim_process *p)
{
	__atomic_store_n(&p->page->turn, MIR_SIM_IMAGE, __ATOMIC_RELEASE);
	syscall(SYS_futex, &p->page->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
	return wait_turn(p);
}

void sim_process_turn(struct sim_process *p)
{
	struct mir_sim_page *page = p->page;

	if (p->alive) {
		page->in_len = (uint32_t)MIR_MIN(p->pending.len, (size_t)MIR_SIM_BUFFER);
		if (p->pending.len)
			memcpy(page->in, p->pending.s, page->in_len);
		text_clear(&p->pending);
		page->now = p->world->now;
	}
	place_frames(p);
	if (!p->alive)
		return;
	do {
		if (!go(p))
			return;
		if (page->state == MIR_SIM_ENDED) {
			reap(p);
			return;
		}
		take_records(p);
	} while (page->state == MIR_SIM_FULL);
	p->wake = page->wake;
}

void sim_process_end(struct sim_process *p)
{
	if (!p->alive)
		return;
	p->killed = true;
	kill(p->pid, SIGKILL);
	reap(p);
}

void sim_process_release(struct sim_process *p)
{
	sim_process_end(p);
	if (p->page)
		munmap(p->page, sizeof *p->page);
	if (p->page_fd >= 0)
		close(p->page_fd);
	for (size_t i = 0; i < MIR_SIM_DISKS; i++)
		if (p->disk_fd[i] >= 0)
			close(p->disk_fd[i]);
}
