/* debug.c: --gdb and --dumpcore: gdb is served between two runs of the CPU; a core file is written
 * by a second process, which is outside the sandbox and reads the memory of this one.
 */
#include "hvt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "debug.h"

enum { GIVEN_UP = 255, KILLED = 137 };

static struct {
	struct vm *vm;
	struct gdb client; /* fd 0: never one, -1: no longer */
	int self;          /* /proc/self/mem: writes to pages that are not writable */
	int writer;        /* a socket to the writer of core files; 0: none */
	bool dumped;       /* one was written */
	bool stepping;     /* by the image's own flags */
	bool trapped;      /* the image has told a trap: `stop` is what it found */
	struct debug_regs stop;
} debug;

struct request {
	struct debug_regs regs;
	int signal;
};

/* ---- the guest, for gdb ---- */

static bool get(void *arg, struct debug_regs *d)
{
	if (!debug.trapped)
		return cpu_get_debug(arg, d);
	*d = debug.stop;
	return true;
}

static bool set(void *arg, const struct debug_regs *d)
{
	if (!debug.trapped)
		return cpu_set_debug(arg, d);
	debug.stop = *d;
	return true;
}

/* The address in this process of what the guest has at `at`, and how much follows it there; NULL:
 * nothing.  Where KVM does not know, addresses are as at the entry. */
static uint8_t *find(struct vm *vm, uint64_t at, size_t *len)
{
	struct kvm_translation t = { .linear_address = at };
	uint64_t there = at, left = HVT_PAGE - at % HVT_PAGE;

	if (ioctl(vm->cpu, KVM_TRANSLATE, &t) == 0 && t.valid)
		there = t.physical_address;
	if (there >= vm->guest.mapped)
		return NULL;
	if (*len > left)
		*len = left;
	return vm->guest.mem + there;
}

static bool move(struct vm *vm, uint64_t at, uint8_t *p, size_t len, bool to_guest)
{
	while (len > 0) {
		size_t n = len;
		uint8_t *there = find(vm, at, &n);

		if (!there)
			return false;
		if (!to_guest)
			memcpy(p, there, n);
		else if (pwrite(debug.self, p, n, (off_t)(uintptr_t)there) != (ssize_t)n)
			return false;
		p += n;
		at += n;
		len -= n;
	}
	return true;
}

static bool read_guest(void *arg, uint64_t at, void *to, size_t len)
{
	return move(arg, at, to, len, false);
}

static bool write_guest(void *arg, uint64_t at, const void *from, size_t len)
{
	uint8_t copy[GDB_PACKET];

	if (len > sizeof(copy))
		return false;
	memcpy(copy, from, len);
	return move(arg, at, copy, len, true);
}

static const struct gdb_ops ops = { get, set, read_guest, write_guest };

/* ---- stops ---- */

/* One instruction: where the image tells traps, by its flags, else by KVM. */
static bool step(struct vm *vm)
{
	struct debug_regs d;

	if (!(vm->guest.features & MIR_EXT_TRAP) || !get(vm, &d) || !cpu_tells_steps(&d))
		return false;
	cpu_set_step(&d, true);
	return debug.stepping = set(vm, &d);
}

/* Stopped for the client; then KVM is told how to go on.  Returns what signal the image is to get.
 */
static int serve(struct vm *vm, int signal, bool tell, bool at_break)
{
	struct kvm_guest_debug d = { .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP };

	switch (gdb_serve(&debug.client, &signal, tell, at_break)) {
	case GDB_CONTINUE: break;
	case GDB_STEP:
		if (!step(vm))
			d.control |= KVM_GUESTDBG_SINGLESTEP;
		break;
	case GDB_KILL: _exit(KILLED);
	case GDB_DETACH: d.control = 0; break;
	}
	if (ioctl(vm->cpu, KVM_SET_GUEST_DEBUG, &d) < 0)
		die("KVM cannot debug the image: %s", strerror(errno));
	return signal;
}

void debug_exit(struct vm *vm)
{
	struct debug_regs d;

	if (debug.client.fd <= 0 || !get(vm, &d))
		vm_die(vm, "the image stopped for a debugger that is not there");
	serve(vm, SIGTRAP, true, gdb_has_break(&debug.client, debug_pc(&d)));
}

/* Where KVM interprets ring 0, it does not know the instruction of a breakpoint. */
bool debug_at_break(const struct vm *vm)
{
	return debug.client.fd > 0 && gdb_has_break(&debug.client, cpu_pc(vm));
}

void debug_interrupted(struct vm *vm)
{
	vm->run->immediate_exit = 0;
	if (debug.client.fd > 0 && gdb_interrupted(&debug.client))
		serve(vm, SIGINT, true, false);
}

/* What the client sends while the guest runs makes KVM_RUN return, also one that is about to
 * begin. */
static void on_input(int number)
{
	(void)number;
	debug.vm->run->immediate_exit = 1;
}

static void start_gdb(struct vm *vm, const struct options *o)
{
	struct sigaction a = { .sa_handler = on_input };

	debug.self = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	if (debug.self < 0)
		die("/proc/self/mem: %s", strerror(errno));
	gdb_accept(&debug.client, o, &ops, vm);
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGIO, &a, NULL);
	serve(vm, SIGTRAP, false, false);
	if (debug.client.fd > 0 && (fcntl(debug.client.fd, F_SETOWN, getpid()) < 0 ||
				       fcntl(debug.client.fd, F_SETFL, O_ASYNC) < 0))
		die("--gdb: %s", strerror(errno));
}

/* ---- core files ---- */

static _Noreturn void write_cores(struct core *core, pid_t pid, int requests)
{
	const int keep[] = { requests, core->folder, STDERR_FILENO };
	struct request r;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	sandbox_close_all_but(keep, 3);
	core_of(core, pid);
	if (write(requests, "", 1) != 1)
		_exit(1);
	while (read(requests, &r, sizeof(r)) == (ssize_t)sizeof(r)) {
		core_write(core, &r.regs, r.signal);
		if (write(requests, "", 1) != 1)
			break;
	}
	_exit(0);
}

static void start_writer(const struct vm *vm, const struct options *o)
{
	struct core core = { .base = (uintptr_t)vm->guest.mem, .end = vm->guest.size };
	pid_t parent = getpid(), child;
	int pair[2];
	char byte;

	core_open(&core, o);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair: %s", strerror(errno));
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0); /* where Yama is strict */
	child = fork();
	if (child < 0)
		die("fork: %s", strerror(errno));
	if (child == 0) {
		close(pair[0]);
		write_cores(&core, parent, pair[1]);
	}
	close(pair[1]);
	close(core.folder);
	if (read(pair[0], &byte, 1) != 1)
		_exit(1); /* it has said why */
	prctl(PR_SET_PTRACER, 0, 0, 0, 0);
	debug.writer = pair[0];
}

static void ask_writer(const struct debug_regs *d, int signal)
{
	struct request r = { .regs = *d, .signal = signal };
	char byte;

	if (!debug.writer || debug.dumped)
		return;
	debug.dumped = true;
	if (write(debug.writer, &r, sizeof(r)) == (ssize_t)sizeof(r) &&
	    read(debug.writer, &byte, 1) != 1)
		say("no core file: its writer is gone");
}

/* Where a trap told what it found, the registers are from there. */
static void dump(struct vm *vm)
{
	struct mir_hvt_trap trap;
	struct debug_regs d;
	int signal = SIGABRT;

	if (!get(vm, &d))
		return;
	if (vm->guest.cookie && guest_has(&vm->guest, vm->guest.cookie, sizeof(trap))) {
		memcpy(&trap, vm->guest.mem + vm->guest.cookie, sizeof(trap));
		cpu_set_trap(&d, &trap);
		signal = SIGSEGV;
	}
	ask_writer(&d, signal);
}

/* ---- traps ---- */

/* A breakpoint's trap is told behind its instruction: the counter goes back to it. */
static bool back_to_break(struct debug_regs *d)
{
	uint64_t at = debug_pc(d) - debug_break_past;

	if (!gdb_has_break(&debug.client, at))
		return false;
	debug_set_pc(d, at);
	return true;
}

const char *debug_trap(struct vm *vm, uint64_t at)
{
	struct mir_hvt_stop stop;
	int signal, pass;
	bool client = debug.client.fd > 0, at_break;

	if (!guest_has(&vm->guest, at, sizeof(stop)))
		return "a hypercall with a bad address";
	if (!cpu_get_debug(vm, &debug.stop))
		return "a trap that KVM does not tell";
	memcpy(&stop, vm->guest.mem + at, sizeof(stop));
	signal = cpu_set_stop(&debug.stop, &stop);
	if (debug.stepping)
		cpu_set_step(&debug.stop, false);
	debug.stepping = false;
	if (signal != SIGTRAP || !client)
		ask_writer(&debug.stop, signal);
	if (!client)
		return NULL;
	debug.trapped = true;
	at_break = signal == SIGTRAP && back_to_break(&debug.stop);
	pass = serve(vm, signal, true, at_break);
	debug.trapped = false;
	/* Detached at a fault: the image is left to it. */
	if (pass == 0 && (signal == SIGTRAP || debug.client.fd > 0) &&
	    !cpu_set_debug(vm, &debug.stop))
		return "a trap that KVM cannot leave";
	return NULL;
}

/* ---- for the others ---- */

void debug_start(struct vm *vm, const struct options *o)
{
	debug.vm = vm;
	if (o->dumpcore)
		start_writer(vm, o);
	if (o->gdb)
		start_gdb(vm, o);
}

void debug_halt(struct vm *vm)
{
	if (debug.writer && vm->guest.status == GIVEN_UP)
		dump(vm);
	if (debug.client.fd > 0)
		gdb_ended(&debug.client, vm->guest.status, 0);
}

static void allow_ioctl(struct filter *f, int fd, unsigned long request)
{
	struct rule *r = filter_allow_fd(f, SYS_ioctl, fd);

	filter_test(r, 1, RULE_INT_EQ, (uint32_t)request, 0);
}

void debug_filter(const struct vm *vm, struct filter *f)
{
	if (debug.writer) {
		filter_allow_fd(f, SYS_read, debug.writer);
		filter_allow_fd(f, SYS_write, debug.writer);
	}
	if (debug.client.fd > 0) {
		filter_allow_fd(f, SYS_read, debug.client.fd);
		filter_allow_fd(f, SYS_write, debug.client.fd);
		filter_allow_fd(f, SYS_close, debug.client.fd);
		filter_allow_fd(f, SYS_pwrite64, debug.self);
		allow_ioctl(f, vm->cpu, KVM_SET_GUEST_DEBUG);
		allow_ioctl(f, vm->cpu, KVM_TRANSLATE);
	}
	if (debug.writer || debug.client.fd > 0)
		for (const unsigned long *r = cpu_debug_requests; *r; r++)
			allow_ioctl(f, vm->cpu, *r);
}
