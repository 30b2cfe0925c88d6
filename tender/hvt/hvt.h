/* hvt.h: the KVM tender inside.
 *
 *     main.c       start: image, devices, VM, sandbox, the loop of exits
 *     vm.c         KVM: the machine, its memory, its one CPU, why it stopped
 *     cpu_CPU.c    what the guest's CPU finds at the entry, and how a hypercall looks
 *     call.c       the hypercalls of Solo5's ABI
 *     submit.c     MIR_HVT_SUBMIT
 *     signals.c    the request to end
 *     ring.c       the shared ring for networks, and its thread
 *     policy.c     what the sandbox lets pass
 *     debug.c      where gdb and core files come in
 *
 * call.c, submit.c and ring.c know nothing of KVM: a struct guest is all that they work on, and
 * tests make one of a piece of memory.
 */
#ifndef HVT_H
#define HVT_H

#include <linux/kvm.h>
#include <mir/hvt.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "tender.h"

enum { HVT_PAGE = 0x1000, HVT_LARGE_PAGE = 0x200000 };

/* What a guest is to its tender. */
struct guest {
	uint8_t *mem;    /* guest address 0 */
	uint64_t size;   /* "mem_size" */
	uint64_t mapped; /* with the ring, where there is one */
	const struct image *image;
	struct device *dev; /* by handle, MIR_MFT_ENTRIES of them */
	struct waiter waiter;
	uint64_t sealed, sealed_end; /* its own: the tender writes nothing there either */
	uint32_t features;           /* MIR_EXT_* that it was offered */
	bool has_net, has_block;

	bool halted; /* by HALT: */
	int status;
	uint64_t cookie; /* 512 bytes of what a trap found, or 0 */
};

/* What the note of the image says of that, within memory. */
void guest_seal(struct guest *, uint32_t note);

/* Are none of these bytes sealed?  Within memory. */
bool guest_unsealed(const struct guest *, uint64_t at, uint64_t len);

/* May the tender store there?  (len bytes of memory, none of them sealed or in a segment that is
 * not writable, which the tender cannot write either.) */
bool guest_writable(const struct guest *, uint64_t at, uint64_t len);

/* Memory as the base ABI sees it: its last byte is not to be used. */
static inline bool guest_has(const struct guest *g, uint64_t at, uint64_t len)
{
	return at < g->size && len < g->size - at;
}

/* A device by what the guest says is its handle, or NULL. */
struct net_device *guest_net(const struct guest *, uint64_t handle);
struct block_device *guest_block(const struct guest *, uint64_t handle);

/* ---- call.c, submit.c ---- */

/* Does hypercall `call` with the struct at guest address `at`.  NULL, or what was wrong with it:
 * the guest has to end. Blocks. */
const char *guest_call(struct guest *, uint64_t call, uint64_t at);
const char *guest_submit(struct guest *, uint64_t at);

/* Until a network is ready or the time is over; timeout in ns, UINT64_MAX: none.  Returns bits by
 * handle. */
uint64_t guest_wait(struct guest *, uint64_t timeout);

/* read(2) and write(2) of a frame, and what the errors of taps come down to: EAGAIN, EMSGSIZE,
 * EINVAL, ENOBUFS, ENODEV, EIO; negative. */
ssize_t net_receive(const struct net_device *, void *, size_t len);
int net_transmit(const struct net_device *, const void *, size_t len);
int net_error(int error);

/* All of len bytes, or a negative errno. */
int console_write(const void *, size_t len);

/* ---- signals.c ---- */

/* SIGTERM and SIGINT: the first makes handle 0 ready where `shutdown`; the second, or the first
 * where not, ends the process with status SIGNAL_KILLED, or 1 and a message where not `shutdown`.
 * Works in a guest that spins. */
void signals_open(struct waiter *, bool shutdown);
/* The guest has been told of the first. */
void signals_noticed(void);
/* What the handlers call. */
void signals_filter(struct filter *);

/* ---- ring.c ---- */

struct ring {
	const struct guest *guest;
	struct mir_hvt_ring *shared; /* the guest writes there at any time */
	uint32_t head, tail;         /* of entries taken, of commits written */
	int kick;                    /* eventfd: KVM writes it */
	pthread_t thread;
	sem_t started;
};

enum ring_state { RING_WORKED, RING_EMPTY, RING_FULL, RING_BROKEN };

/* Serves the entries that are there. FULL: the guest has to take commits before the next entry can
 * have one; BROKEN: it wrote nonsense. */
enum ring_state ring_serve(struct ring *);
/* Starts a thread that serves it, and comes back when that has come as far as the first entry: what
 * a thread calls in its beginning, a sandbox need not allow. Dies if that fails. */
void ring_start(struct ring *);

/* ---- vm.c ---- */

struct vm {
	int kvm, fd, cpu;
	struct kvm_run *run;
	size_t run_size;
	struct guest guest;
};

void vm_open(struct vm *);
/* The memory of vm->guest, `mapped` bytes from 0, all zero. */
void vm_make_memory(struct vm *);
/* Gives it to the machine; segments that are not writable become so for the guest. */
void vm_give_memory(struct vm *);
void vm_make_cpu(struct vm *);
/* Runs the guest until it halts; returns its status.  Whatever else ends it is told on stderr, and
 * is status 1. */
int vm_run(struct vm *);
/* "rip=0x..." for messages. */
const char *vm_where(const struct vm *);
_Noreturn void vm_die(const struct vm *, const char *what);

/* ---- cpu_CPU.c ---- */

/* Descriptors and page tables, into memory. */
void cpu_write_tables(struct guest *);
/* Sets features and registers up; returns cycles of the guest's clock a second. */
uint64_t cpu_setup(struct vm *);
uint64_t cpu_pc(const struct vm *);

struct cpu_call {
	bool is_call, is_kick;
	uint64_t call, at;
};
/* What the guest asked for when it stopped for its port or its address. */
struct cpu_call cpu_decode(const struct kvm_run *);
/* Lets KVM wake the one who waits for `event` on a kick. */
void cpu_set_kick(const struct vm *, int event);

/* ---- policy.c, debug.c ---- */

void policy_enter(const struct vm *, const struct ring *);

/* Before the first instruction (blocks until gdb is there); the guest stopped for a debugger; a
 * signal came; the guest has halted. */
void debug_start(struct vm *, const struct options *);
void debug_exit(struct vm *);
bool debug_at_break(const struct vm *);
void debug_interrupted(struct vm *);
void debug_halt(struct vm *);
/* MIR_HVT_TRAP: NULL, or what was wrong with it. Blocks. */
const char *debug_trap(struct vm *, uint64_t at);
/* What those call. */
void debug_filter(const struct vm *, struct filter *);

/* ---- cpu_debug_CPU.c ---- */

struct debug_regs;
struct mir_hvt_trap;
struct mir_hvt_stop;
bool cpu_get_debug(const struct vm *, struct debug_regs *);
bool cpu_set_debug(const struct vm *, const struct debug_regs *);
/* The registers that a trap's handler found. */
void cpu_set_trap(struct debug_regs *, const struct mir_hvt_trap *);
/* The registers of MIR_HVT_TRAP; the rest of *d is what the CPU has now.  Returns the signal that a
 * process would get. */
int cpu_set_stop(struct debug_regs *d, const struct mir_hvt_stop *);
/* Is it user mode, so that traps are told?  Steps there are made by the image's own flags. */
bool cpu_tells_steps(const struct debug_regs *);
void cpu_set_step(struct debug_regs *, bool on);
extern const uint32_t cpu_debug_features;        /* MIR_EXT_TRAP where images know it */
extern const unsigned long cpu_debug_requests[]; /* the ioctls of these, 0-ended */

#endif
