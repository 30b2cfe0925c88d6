/* trace.c: --gdb and --dumpcore: a second process that traces this one (ptrace(2)).
 *
 * The tracer is the child: the image keeps the process that was started, with its number, signals
 * and exit status.  It is outside the sandbox, which stays as it is: the image is debugged where it
 * will run.
 */
#include "spt.h"

#include <elf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../debug.h"

struct tracer {
	pid_t pid;
	bool gdb, dump, dumped;
	bool interrupting; /* it was asked to stop, for gdb */
	uint64_t entry;    /* a breakpoint there, until it is reached; 0: none */
	uint8_t entry_was[DEBUG_BREAK_MAX];
	struct core core;
	struct gdb client;
};

/* ---- the guest, for gdb ---- */

static bool move_registers(struct tracer *t, int call, void *regs, size_t size, int kind)
{
	struct iovec v = { regs, size };

	return ptrace(call, t->pid, (void *)(intptr_t)kind, &v) == 0;
}

static bool get(void *arg, struct debug_regs *d)
{
	memset(d, 0, sizeof(*d));
	return move_registers(arg, PTRACE_GETREGSET, &d->r, sizeof(d->r), NT_PRSTATUS) &&
	       move_registers(arg, PTRACE_GETREGSET, d->fp, debug_fp_size, NT_PRFPREG);
}

static bool set(void *arg, const struct debug_regs *d)
{
	struct debug_regs copy = *d;

	return move_registers(arg, PTRACE_SETREGSET, &copy.r, sizeof(copy.r), NT_PRSTATUS) &&
	       move_registers(arg, PTRACE_SETREGSET, copy.fp, debug_fp_size, NT_PRFPREG);
}

static bool read_guest(void *arg, uint64_t at, void *to, size_t len)
{
	const struct tracer *t = arg;

	return at <= INT64_MAX && pread(t->core.mem, to, len, (off_t)at) == (ssize_t)len;
}

static bool write_guest(void *arg, uint64_t at, const void *from, size_t len)
{
	const struct tracer *t = arg;

	return at <= INT64_MAX && pwrite(t->core.mem, from, len, (off_t)at) == (ssize_t)len;
}

static const struct gdb_ops ops = { get, set, read_guest, write_guest };

/* ---- stops ---- */

static void go_on(const struct tracer *t, int call, int signal)
{
	ptrace(call, t->pid, NULL, (void *)(intptr_t)signal);
}

static void dump(struct tracer *t, int signal)
{
	struct debug_regs d;

	if (t->dump && !t->dumped && get(t, &d)) {
		core_write(&t->core, &d, signal);
		t->dumped = true;
	}
}

/* Stopped for the client, who says how it goes on. */
static void serve(struct tracer *t, int signal, bool tell, bool at_break)
{
	switch (gdb_serve(&t->client, &signal, tell, at_break)) {
	case GDB_CONTINUE: go_on(t, PTRACE_CONT, signal); break;
	case GDB_STEP: go_on(t, PTRACE_SINGLESTEP, signal); break;
	case GDB_KILL: kill(t->pid, SIGKILL); break;
	case GDB_DETACH: go_on(t, PTRACE_CONT, 0); break;
	}
}

/* A breakpoint's trap is told behind its instruction: the counter goes back to it. */
static bool at_break(struct tracer *t, struct debug_regs *d)
{
	uint64_t pc;

	if (!get(t, d))
		return false;
	pc = debug_pc(d) - debug_break_past;
	if (pc != t->entry && !gdb_has_break(&t->client, pc))
		return false;
	debug_set_pc(d, pc);
	return set(t, d);
}

static void trapped(struct tracer *t)
{
	struct debug_regs d;
	bool is_break = at_break(t, &d);

	if (is_break && t->entry && debug_pc(&d) == t->entry) {
		write_guest(t, t->entry, t->entry_was, debug_break_len);
		t->entry = 0;
		serve(t, SIGTRAP, false, false);
	} else if (t->client.fd >= 0) {
		serve(t, SIGTRAP, true, is_break);
	} else {
		dump(t, SIGTRAP);
		go_on(t, PTRACE_CONT, SIGTRAP);
	}
}

static bool is_fault(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE;
}

static void signalled(struct tracer *t, int signal)
{
	if (signal == SIGTRAP) {
		trapped(t);
		return;
	}
	if (is_fault(signal)) {
		dump(t, signal);
		if (t->client.fd >= 0) {
			serve(t, signal, true, false);
			return;
		}
	}
	go_on(t, PTRACE_CONT, signal);
}

/* The last moment at which there are registers and memory. */
static void ending(struct tracer *t)
{
	unsigned long status = 0;

	ptrace(PTRACE_GETEVENTMSG, t->pid, NULL, &status);
	if (WIFSIGNALED((int)status) && WTERMSIG((int)status) == SIGSYS)
		dump(t, SIGSYS);
	else if (WIFEXITED((int)status) && WEXITSTATUS((int)status) == 255)
		dump(t, SIGABRT);
	go_on(t, PTRACE_CONT, 0);
}

static void stopped(struct tracer *t, int status)
{
	switch (status >> 16) {
	case 0: signalled(t, WSTOPSIG(status)); break;
	case PTRACE_EVENT_EXIT: ending(t); break;
	case PTRACE_EVENT_STOP:
		if (t->interrupting && t->client.fd >= 0) {
			t->interrupting = false;
			serve(t, SIGINT, true, false);
		} else if (WSTOPSIG(status) == SIGTRAP) {
			go_on(t, PTRACE_CONT, 0);
		} else { /* stopped by a signal of job control */
			go_on(t, PTRACE_LISTEN, 0);
		}
		break;
	default: go_on(t, PTRACE_CONT, 0);
	}
}

/* ---- the process ---- */

static void on_child(int number)
{
	(void)number;
}

/* SIGCHLD arrives only while poll waits, so that no stop is missed. */
static _Noreturn void watch(struct tracer *t, const sigset_t *waiting)
{
	int status;

	for (;;) {
		struct pollfd p = { .fd = t->client.fd, .events = POLLIN };
		pid_t got = waitpid(t->pid, &status, WNOHANG | __WALL);

		if (got < 0 && errno != EINTR)
			_exit(0);
		if (got > 0 && WIFSTOPPED(status)) {
			stopped(t, status);
		} else if (got > 0) {
			gdb_ended(&t->client, WIFEXITED(status) ? WEXITSTATUS(status) : 0,
			    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
			_exit(0);
		} else if (ppoll(&p, 1, NULL, waiting) > 0 && gdb_interrupted(&t->client)) {
			t->interrupting = ptrace(PTRACE_INTERRUPT, t->pid, NULL, NULL) == 0;
		}
	}
}

static void hold_signals(sigset_t *waiting)
{
	struct sigaction a = { .sa_handler = on_child };
	sigset_t child;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGCHLD, &a, NULL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, waiting);
	sigdelset(waiting, SIGCHLD);
}

/* In the child: `ready` is written when the image may start. */
static _Noreturn void trace(struct tracer *t, const struct options *o, int ready)
{
	const int keep[] = { ready, t->core.folder, STDERR_FILENO, o->gdb_fd };
	sigset_t waiting;

	sandbox_close_all_but(keep, 4);
	hold_signals(&waiting);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* while it waits for gdb */
	t->client.fd = -1;
	if (t->gdb) /* before the image is traced: a signal may still end it */
		gdb_accept(&t->client, o, &ops, t);
	if (ptrace(PTRACE_SEIZE, t->pid, NULL, (void *)PTRACE_O_TRACEEXIT) < 0)
		die("cannot trace the image: ptrace: %s", strerror(errno));
	core_of(&t->core, t->pid);
	if (t->gdb && (!read_guest(t, t->entry, t->entry_was, debug_break_len) ||
			  !write_guest(t, t->entry, debug_break, debug_break_len)))
		die("cannot stop the image at its entry: %s", strerror(errno));
	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	if (write(ready, "", 1) != 1)
		_exit(1);
	close(ready);
	watch(t, &waiting);
}

void trace_start(const struct options *o, const struct image *image)
{
	static struct tracer t;
	int ready[2];
	char byte;
	pid_t child;

	if (!o->gdb && !o->dumpcore)
		return;
	t = (struct tracer){ .pid = getpid(),
		.gdb = o->gdb,
		.dump = o->dumpcore != NULL,
		.entry = o->gdb ? image->entry : 0,
		.core = { .folder = -1, .start = MIR_SPT_MEM, .end = o->mem } };
	if (o->dumpcore)
		core_open(&t.core, o);
	if (pipe(ready) < 0)
		die("pipe: %s", strerror(errno));
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0); /* where Yama is strict */
	child = fork();
	if (child < 0)
		die("fork: %s", strerror(errno));
	if (child == 0) {
		close(ready[0]);
		trace(&t, o, ready[1]);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		_exit(1); /* it has said why */
	prctl(PR_SET_PTRACER, 0, 0, 0, 0);
	close(ready[0]);
	if (o->gdb_fd >= 0)
		close(o->gdb_fd);
	if (t.core.folder >= 0)
		close(t.core.folder);
}
