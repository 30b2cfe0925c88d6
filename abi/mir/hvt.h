/* hvt.h: what a KVM guest and its tender agree on: the ABI of Solo5 0.12, hvt version 2.
 *
 * Memory is one range from 0; the guest's addresses are its physical ones.  The tender prepares
 * 0x1000..0x9000 (descriptors and page tables: a supervisor's identity map), MIR_HVT_BOOT and the
 * segments of the image; the rest is zero.  x86_64 at the entry: ring 0, long mode, RDI =
 * MIR_HVT_BOOT, RSP = the end of memory - 8, no IDT, no interrupts.
 */
#ifndef MIR_HVT_H
#define MIR_HVT_H

#include <stddef.h>
#include <stdint.h>

enum {
	MIR_HVT_BOOT = 0x10000,       /* struct mir_hvt_boot, the manifest, the command line, ... */
	MIR_HVT_PORT = 0x500,         /* x86_64: OUT of 4 bytes to PORT + call, EAX = its struct */
	MIR_HVT_PORT_KICK = 0x600,    /* x86_64: OUT of any 4 bytes: wakes who serves the ring */
	MIR_HVT_CMDLINE_MAX = 8192,   /* with its NUL */
	MIR_HVT_RING_SIZE = 0x200000, /* beyond the end of memory */
};
#define MIR_HVT_MMIO 0x100000000ull /* aarch64: store of 8 bytes at MMIO + 8 * call */

enum mir_hvt_host_feature {
	MIR_HVT_HOST_RING = 1 << 0, /* boot.ring is valid */
	MIR_HVT_HOST_EXT = 1 << 8,  /* Mirage: boot.ext is valid */
};

/* Tenders before 0.11 end it at `host_features`; the manifest that follows there reads as 1, "",
 * so that the fields below `ring` count only with their bit. */
struct mir_hvt_boot {
	uint64_t mem_size;
	uint64_t kernel_end;
	uint64_t tsc_hz;  /* cycles of the monotonic clock a second */
	uint64_t cmdline; /* addresses in the guest from here */
	uint64_t mft;
	uint32_t host_features; /* enum mir_hvt_host_feature */
	uint32_t guest_features;
	uint64_t ring; /* struct mir_hvt_ring, or 0 */
	uint64_t ext;  /* struct mir_ext */
};
_Static_assert(offsetof(struct mir_hvt_boot, ext) == 56, "hvt_boot");

enum mir_hvt_call {
	MIR_HVT_WALLTIME = 1,
	MIR_HVT_PUTS = 2,
	MIR_HVT_POLL = 3,
	MIR_HVT_BLOCK_WRITE = 4,
	MIR_HVT_BLOCK_READ = 5,
	MIR_HVT_NET_WRITE = 6,
	MIR_HVT_NET_READ = 7,
	MIR_HVT_HALT = 8,
	MIR_HVT_SUBMIT = 16, /* Mirage, with MIR_EXT_SUBMIT: struct mir_hvt_submit */
	MIR_HVT_TRAP = 17,   /* Mirage, with MIR_EXT_TRAP: struct mir_hvt_stop */
};

enum mir_hvt_result { MIR_HVT_OK = 0, MIR_HVT_AGAIN = 1, MIR_HVT_EINVAL = 2, MIR_HVT_EUNSPEC = 3 };

/* in: the guest writes; out: the tender writes. */
struct mir_hvt_walltime {
	uint64_t nsecs; /* out: since 1970 */
};

struct mir_hvt_puts {
	uint64_t data;
	uint64_t len;
};

struct mir_hvt_poll {
	uint64_t timeout_ns; /* from now */
	uint64_t ready;      /* out: bits by handle */
	int32_t ret;         /* out: how many are ready */
	uint32_t pad;
};

/* BLOCK_WRITE, BLOCK_READ */
struct mir_hvt_block {
	uint64_t handle;
	uint64_t offset; /* bytes */
	uint64_t data;
	uint64_t len;
	int32_t ret; /* out: enum mir_hvt_result */
	uint32_t pad;
};

/* NET_WRITE, NET_READ */
struct mir_hvt_net {
	uint64_t handle;
	uint64_t data;
	uint64_t len; /* READ: in and out */
	int32_t ret;  /* out: enum mir_hvt_result */
	uint32_t pad;
};

struct mir_hvt_halt {
	uint64_t cookie; /* struct mir_hvt_trap, at least 512 bytes, or 0 */
	int32_t status;  /* 255: the image has given up */
	uint32_t pad;
};

/* What a trap found, for a core file. */
struct mir_hvt_trap {
	uint64_t cr2, error, rip, cs, rflags, rsp, ss;
};

/* x86_64: a trap, told before anything but these registers has changed.  The tender either lets the
 * call return, and the image treats the trap, or makes the CPU go on where that was. */
struct mir_hvt_stop {
	uint64_t cr2;
	uint64_t regs[15]; /* rax rbx rcx rdx rsi rdi rbp r8 ... r15 */
	uint64_t vector;
	uint64_t rest[6]; /* an error code where the vector has one; rip cs rflags rsp ss */
};

/* The ring for all networks.  Indices run freely; a slot is index % MIR_HVT_RING_SLOTS. */
enum { MIR_HVT_RING_SLOTS = 1024, MIR_HVT_RING_WRITE = 1, MIR_HVT_RING_READ = 2 };

struct mir_hvt_ring {
	uint32_t ent_tail, com_head; /* the guest's */
	uint8_t pad0[56];
	uint32_t ent_head, com_tail, needs_kick; /* the host's */
	uint8_t pad1[52];
	struct mir_hvt_entry {
		uint32_t op; /* MIR_HVT_RING_WRITE, _READ */
		uint32_t handle;
		uint64_t data;
		uint32_t len;
		uint32_t id;
		uint64_t reserved;
	} entries[MIR_HVT_RING_SLOTS];
	struct mir_hvt_commit { /* of reads */
		uint32_t id;
		int32_t ret;
		uint32_t len;
		uint32_t reserved;
	} commits[MIR_HVT_RING_SLOTS];
};
_Static_assert(sizeof(struct mir_hvt_ring) == 49280, "hvt_ring");

#endif
