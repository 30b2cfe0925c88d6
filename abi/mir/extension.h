/* extension.h: what Mirage's tenders offer beyond the ABI of Solo5, to images with the note
 * MIR_NOTE_EXT; both sides do without where the other is older.
 */
#ifndef MIR_EXTENSION_H
#define MIR_EXTENSION_H

#include <stddef.h>
#include <stdint.h>

enum { MIR_EXT_MAGIC = 0x4558694d, MIR_EXT_VERSION = 1, MIR_EXT_SEED = 64, MIR_EXT_ARGS = 1024 };

/* Of the tender. */
enum mir_ext_feature {
	MIR_EXT_ARGV = 1 << 0,     /* the command line as a vector */
	MIR_EXT_ENTROPY = 1 << 1,  /* ext.seed; more by MIR_OP_ENTROPY, spt: getrandom */
	MIR_EXT_SHUTDOWN = 1 << 2, /* the handle 0 gets ready, once, when the image is asked to end.
				      spt: epoll data 0, and only edge-triggered: nothing to read */
	MIR_EXT_SUBMIT = 1 << 3,   /* hvt: MIR_HVT_SUBMIT */
	MIR_EXT_VECTOR = 1 << 4,   /* spt: readv and writev of networks, pread64 and preadv of disks
				      of any length, pwrite64 of any length that ends within the
				      disk (a filter cannot see what a pwritev would write) */
	MIR_EXT_PROTECT = 1 << 5,  /* spt: mprotect to none, read, or read and write, and
				      madvise(MADV_DONTNEED), between the end of the image's last
				      segment that is not writable and the end of memory */
	MIR_EXT_WAIT = 1 << 6,     /* spt: epoll_pwait2(epollfd), for a timeout in ns */
	MIR_EXT_FAULT = 1 << 7,    /* spt: a fault calls mir_ext_note.fault */
	MIR_EXT_TRAP = 1 << 8,     /* hvt: MIR_HVT_TRAP; offered to who is debugged */
};

/* Of a device. */
enum mir_ext_device_feature {
	MIR_EXT_NET_VNET = 1 << 0, /* each frame after struct virtio_net_hdr of vnet_header bytes */
	MIR_EXT_NET_TX_CSUM = 1 << 1, /* the host completes checksums */
	MIR_EXT_NET_TX_TSO4 = 1 << 2, /* and cuts TCP segments */
	MIR_EXT_NET_RX_CSUM = 1 << 3, /* frames may say that their checksum is good or not needed */
	MIR_EXT_NET_RX_GRO4 = 1 << 4, /* frames may be merged TCP segments of 64 kB */
	MIR_EXT_BLOCK_READONLY = 1 << 16,
	MIR_EXT_BLOCK_FLUSH = 1 << 17,   /* spt: fdatasync */
	MIR_EXT_BLOCK_DISCARD = 1 << 18, /* spt: fallocate(PUNCH_HOLE | KEEP_SIZE) */
};

struct mir_ext_device {
	uint32_t features; /* enum mir_ext_device_feature */
	uint32_t vnet_header;
};

/* Written before the image starts, not changed later. */
struct mir_ext {
	uint32_t magic, version;
	uint32_t size; /* of this struct */
	uint32_t features;
	uint64_t argv; /* address of argc addresses of texts; [0] is the image's name */
	uint32_t argc;
	uint32_t reserved;
	uint64_t start_ns; /* from the tender's start to the entry of the image */
	uint64_t clock;    /* spt: address of a function of the host, without a system call, on any
			      stack: int (int clock, struct { int64_t s, ns; } *); 0: none */
	uint8_t seed[MIR_EXT_SEED];       /* for this run of the image only */
	struct mir_ext_device device[64]; /* by handle */
};

/* An operation; what the drivers of an image are written in.  MIR_HVT_SUBMIT takes an array of
 * them, does them in order and returns when all are done: an exit for a whole turn, with a WAIT in
 * it where there is nothing to do. */
enum mir_op_code {
	MIR_OP_WAIT = 1,    /* until a handle is ready or `offset` ns are over (0: look only;
			       UINT64_MAX: no limit); result: bits by handle */
	MIR_OP_NET_WRITE,   /* a frame; result: 0 or an error */
	MIR_OP_NET_READ,    /* a frame into iov; result: its bytes (a frame that is longer than
			       the room for it is cut), -EAGAIN: none.  After that the following
			       ones of the same handle are not tried */
	MIR_OP_BLOCK_WRITE, /* iov at `offset`; whole blocks; result: 0 or an error */
	MIR_OP_BLOCK_READ,
	MIR_OP_BLOCK_FLUSH,   /* what was written is on the disk */
	MIR_OP_BLOCK_DISCARD, /* iov[0].len bytes at `offset` (iov[0].data is not used) */
	MIR_OP_ENTROPY,       /* fills iov; result: 0 or an error */
	MIR_OP_RELEASE,       /* whole pages of iov are not needed: they may become zero */
	MIR_OP_CLOCK,         /* result: ns since 1970 */
};

struct mir_op_iov {
	uint64_t data; /* address */
	uint64_t len;
};

/* Limits of what one call takes. */
enum { MIR_OP_MAX = 256, MIR_OP_IOV_MAX = 32 };

struct mir_op {
	uint16_t code; /* enum mir_op_code */
	uint16_t n;    /* of iov, at most MIR_OP_IOV_MAX */
	uint32_t handle;
	uint64_t iov;    /* address of struct mir_op_iov[n] */
	uint64_t offset; /* see the code */
	int64_t result;  /* out: >= 0, or a negative errno of Linux: EAGAIN EINVAL EIO ENOSPC EROFS
			    ENODEV EMSGSIZE ENOBUFS ENOSYS */
};
_Static_assert(sizeof(struct mir_op) == 32, "op");

struct mir_hvt_submit {
	uint64_t ops; /* address of struct mir_op[n] */
	uint32_t n;   /* at most MIR_OP_MAX */
	uint32_t reserved;
};

#endif
