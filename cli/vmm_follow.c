/* vmm_follow.c: start a hypervisor and stay beside it: its console is on our standard input and
 * output, what ends us becomes the power button, its end our status.
 *
 * It runs in a process group of its own, where ctrl-C does not reach it, and dies with us.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diag.h"
#include "qmp.h"
#include "vmm.h"

enum {
	GRACE_MS = 5000, /* between the power button and the end by force */
	LINE_MAX = 65536,
};

enum { CONSOLE, MONITOR, SIGNALS, INPUT, N_ENDS };

struct follow {
	const struct vmm *vmm;
	const struct vm *vm;
	pid_t child;
	int fd[N_ENDS];
	struct qmp qmp;
	struct text line; /* of the monitor, as far as it has come */
	int asked;        /* signals that asked us to end */
	int signal;       /* the first of them */
	bool pressed;     /* the power button */
	bool ended;
	int status; /* of the child */
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void send_all(int fd, const char *s, size_t n)
{
	while (n > 0) {
		ssize_t sent = write(fd, s, n);

		if (sent < 0 && errno != EINTR)
			return; /* it has gone: the end is told elsewhere */
		s += sent > 0 ? sent : 0;
		n -= sent > 0 ? (size_t)sent : 0;
	}
}

/* ---- the child ---------------------------------------------------------------------------- */

static _Noreturn void become(const struct vmm *v, const struct vm *vm, const struct list *argv,
    const sigset_t *mask, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(EXIT_RUN);
	sigprocmask(SIG_SETMASK, mask, NULL);
	dup2(v->monitor ? null : vm->console, 0);
	dup2(v->monitor ? 2 : vm->console, 1);
	if (v->monitor) {
		fcntl(vm->console, F_SETFD, 0);
		fcntl(vm->monitor, F_SETFD, 0);
	}
	if (vm->gdb >= 0)
		fcntl(vm->gdb, F_SETFD, 0);
	execvp(argv->v[0], argv->v);
	diag_error(NULL, "cannot start %s: %s", argv->v[0], strerror(errno));
	_exit(EXIT_RUN);
}

static bool begin(struct follow *f, struct vm *vm, struct list *argv)
{
	int console[2], monitor[2] = { -1, -1 };
	pid_t self = getpid();
	sigset_t ours, old;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console) < 0 ||
	    (f->vmm->monitor && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor) < 0))
		return false;
	vm->console = console[1];
	vm->monitor = monitor[1];
	f->fd[CONSOLE] = console[0];
	f->fd[MONITOR] = monitor[0];
	f->fd[INPUT] = vm->gdb >= 0 ? -1 : 0; /* gdb has the terminal */
	f->vmm->command(vm, argv);
	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ours, &old);
	signal(SIGPIPE, SIG_IGN);
	f->fd[SIGNALS] = signalfd(-1, &ours, SFD_CLOEXEC);
	fflush(NULL);
	f->child = f->fd[SIGNALS] < 0 ? -1 : fork();
	if (f->child == 0) {
		signal(SIGPIPE, SIG_DFL);
		become(f->vmm, vm, argv, &old, self);
	}
	close_end(&vm->console);
	close_end(&vm->monitor);
	close_end(&vm->gdb);
	return f->child > 0;
}

/* ---- what comes ---------------------------------------------------------------------------- */

static void to_monitor(struct follow *f, const struct text *t)
{
	if (t->len && f->fd[MONITOR] >= 0)
		send_all(f->fd[MONITOR], t->s, t->len);
}

static void press_button(struct follow *f)
{
	struct text t = { 0 };

	if (!f->asked || f->pressed || !f->qmp.started)
		return;
	f->pressed = true;
	qmp_power_down(&t);
	to_monitor(f, &t);
}

static void stop(struct follow *f, bool force)
{
	if (f->vmm->end)
		f->vmm->end(f->vm, force);
	if (!f->vmm->end || force)
		kill(f->child, force ? SIGKILL : SIGTERM);
}

/* First the power button, as soon as there is one, then the end. */
static void ask_to_end(struct follow *f, int signal)
{
	f->signal = f->signal ? f->signal : signal;
	if (f->asked++ > 0)
		stop(f, true);
	else if (f->vmm->monitor)
		press_button(f);
	else
		stop(f, false);
}

static void take_signal(struct follow *f)
{
	struct signalfd_siginfo s;

	if (read(f->fd[SIGNALS], &s, sizeof s) != sizeof s)
		return;
	if (s.ssi_signo != SIGCHLD)
		ask_to_end(f, (int)s.ssi_signo);
	else if (!f->ended && waitpid(f->child, &f->status, WNOHANG) == f->child)
		f->ended = true;
}

static void take_monitor(struct follow *f, const char *s, size_t n)
{
	struct text reply = { 0 };
	bool stuck = f->qmp.stuck;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\n') {
			if (f->line.len < LINE_MAX)
				text_addc(&f->line, s[i]);
			continue;
		}
		qmp_take(&f->qmp, text_str(&f->line), &reply);
		text_clear(&f->line);
	}
	if (f->qmp.stuck && !stuck) {
		diag_error(NULL, "KVM could not go on with the image");
		diag_note("'--accel=tcg' emulates the processor instead");
		qmp_quit(&reply);
	}
	to_monitor(f, &reply);
	press_button(f);
}

static void take(struct follow *f, int end)
{
	char buffer[16384];
	ssize_t n;

	if (end == SIGNALS) {
		take_signal(f);
		return;
	}
	n = read(f->fd[end], buffer, sizeof buffer);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0 && end == INPUT)
		f->fd[end] = -1;
	else if (n <= 0)
		close_end(&f->fd[end]);
	else if (end == CONSOLE)
		send_all(1, buffer, (size_t)n);
	else if (end == MONITOR)
		take_monitor(f, buffer, (size_t)n);
	else if (f->fd[CONSOLE] >= 0)
		send_all(f->fd[CONSOLE], buffer, (size_t)n);
}

/* Until it has ended and all that it said is out. */
static void loop(struct follow *f)
{
	while (!f->ended || f->fd[CONSOLE] >= 0 || f->fd[MONITOR] >= 0) {
		struct pollfd p[N_ENDS];
		int n;

		for (int i = 0; i < N_ENDS; i++)
			p[i] = (struct pollfd){ .fd = f->fd[i], .events = POLLIN };
		n = poll(p, N_ENDS, f->asked && !f->ended ? GRACE_MS : f->ended ? 100 : -1);
		if (n == 0 && f->ended)
			return; /* a child of its own still holds the console */
		if (n == 0)
			stop(f, true);
		for (int i = 0; i < N_ENDS && n > 0; i++)
			if (p[i].fd >= 0 && p[i].revents)
				take(f, i);
	}
}

/* ---- the end ------------------------------------------------------------------------------- */

/* isa-debug-exit ends QEMU with 2 * status + 1; what does not fit is 127 there. */
static int qemu_status(const struct follow *f, int code)
{
	if (!f->qmp.started) {
		diag_info("QEMU did not start the image");
		return EXIT_RUN;
	}
	if (f->qmp.reset || f->qmp.panicked || f->qmp.stuck) {
		if (f->qmp.reset)
			diag_info("the machine was reset: the image made an error that it could "
				  "not tell of");
		return 255;
	}
	return code & 1 ? (code >> 1 == 127 ? 255 : code >> 1) : code;
}

static int status_of(const struct follow *f)
{
	if (WIFSIGNALED(f->status) && f->asked) {
		diag_info("the image did not end when asked to: it was ended");
		return 128 + f->signal;
	}
	if (WIFSIGNALED(f->status)) {
		diag_error(NULL, "%s was ended by signal %d", f->vmm->name, WTERMSIG(f->status));
		return 128 + WTERMSIG(f->status);
	}
	return f->vmm->monitor ? qemu_status(f, WEXITSTATUS(f->status)) : WEXITSTATUS(f->status);
}

int vmm_follow(const struct vmm *v, struct vm *vm, struct list *argv)
{
	struct follow f = { .vmm = v, .vm = vm, .fd = { -1, -1, -1, -1 } };

	f.qmp.wait_gdb = vm->gdb >= 0 || vm->gdb_port;
	if (!begin(&f, vm, argv)) {
		diag_error(NULL, "cannot start %s: %s", vm->program, strerror(errno));
		return EXIT_RUN;
	}
	loop(&f);
	for (int i = 0; i < N_ENDS; i++)
		if (i != INPUT)
			close_end(&f.fd[i]);
	return status_of(&f);
}
