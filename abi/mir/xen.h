/* xen.h: what a guest and Xen agree on: the public interface of Xen 4.10 and later for guests with
 * hardware page tables (PVH and HVM) on x86_64: hypercalls, shared pages, device rings.
 */
#ifndef MIR_XEN_ABI_H
#define MIR_XEN_ABI_H

#include <stdint.h>

enum {
	MIR_XEN_SIGNATURE_B = 0x566e6558, /* "XenV" "MMXe" "nVMM": CPUID at the base leaf */
	MIR_XEN_SIGNATURE_C = 0x65584d4d,
	MIR_XEN_SIGNATURE_D = 0x4d4d566e,
	MIR_XEN_CPUID = 0x40000000, /* the base leaf is here, or a multiple of 0x100 further */
	MIR_XEN_CPUID_END = 0x40010000,
	MIR_XEN_PAGE = 4096,
	MIR_XEN_SELF = 0x7ff0, /* the domain itself */
};

enum mir_xen_hypercall {
	MIR_XEN_MEMORY = 12,
	MIR_XEN_VERSION = 17,
	MIR_XEN_GRANT = 20,
	MIR_XEN_VCPU = 24,
	MIR_XEN_SCHED = 29,
	MIR_XEN_EVENT = 32,
	MIR_XEN_HVM = 34,
};

/* ---- shared information: a page of each domain ---- */

struct mir_xen_time {
	uint32_t version; /* odd while it is written */
	uint32_t pad0;
	uint64_t tsc;    /* the counter when `system` was so */
	uint64_t system; /* ns since the host has started */
	uint32_t factor; /* ns = (ticks << shift) * factor >> 32 */
	int8_t shift;    /* negative: to the right */
	uint8_t flags;
	uint8_t pad1[2];
};

struct mir_xen_vcpu_info {
	uint8_t upcall_pending, upcall_mask;
	uint8_t pad[6];
	uint64_t pending_sel; /* a bit for each word of `pending` */
	uint64_t arch[2];
	struct mir_xen_time time;
};

enum { MIR_XEN_VCPUS = 32, MIR_XEN_EVENT_WORDS = 64 };

struct mir_xen_shared {
	struct mir_xen_vcpu_info vcpu[MIR_XEN_VCPUS];
	uint64_t pending[MIR_XEN_EVENT_WORDS], mask[MIR_XEN_EVENT_WORDS];
	uint32_t wc_version, wc_sec, wc_nsec, wc_sec_hi; /* 1970 to the zero of `system` */
};

/* ---- events ---- */

enum mir_xen_event_op {
	MIR_XEN_EVENT_BIND_INTERDOMAIN = 0,
	MIR_XEN_EVENT_BIND_VIRQ = 1,
	MIR_XEN_EVENT_CLOSE = 3,
	MIR_XEN_EVENT_SEND = 4,
	MIR_XEN_EVENT_ALLOC = 6,
	MIR_XEN_EVENT_UNMASK = 9,
};

struct mir_xen_bind_interdomain {
	uint16_t remote, pad;
	uint32_t remote_port;
	uint32_t port; /* out */
};

struct mir_xen_bind_virq {
	uint32_t virq, vcpu;
	uint32_t port; /* out */
};

struct mir_xen_alloc {
	uint16_t dom, remote;
	uint32_t port; /* out */
};

struct mir_xen_port {
	uint32_t port;
};

enum { MIR_XEN_VIRQ_TIMER = 0 };

/* ---- scheduling, processor ---- */

enum { MIR_XEN_SCHED_YIELD = 0, MIR_XEN_SCHED_SHUTDOWN = 2, MIR_XEN_SCHED_POLL = 3 };

enum mir_xen_reason {
	MIR_XEN_POWEROFF = 0,
	MIR_XEN_REBOOT = 1,
	MIR_XEN_SUSPEND = 2,
	MIR_XEN_CRASH = 3,
};

struct mir_xen_shutdown {
	uint32_t reason;
};

struct mir_xen_poll {
	uint64_t ports; /* address of uint32_t[n] */
	uint32_t n, pad;
	uint64_t timeout; /* system time in ns; 0: none */
};

enum {
	MIR_XEN_VCPU_STOP_PERIODIC = 7,
	MIR_XEN_VCPU_SET_TIMER = 8, /* one shot: struct mir_xen_timer */
	MIR_XEN_VCPU_STOP_TIMER = 9,
};

struct mir_xen_timer {
	uint64_t at; /* system time in ns */
	uint32_t flags, pad;
};

/* ---- parameters of the virtual machine ---- */

enum { MIR_XEN_HVM_SET = 0, MIR_XEN_HVM_GET = 1, MIR_XEN_HVM_UPCALL = 23 };

enum mir_xen_param {
	MIR_XEN_PARAM_CALLBACK = 0, /* CALLBACK_VECTOR | vector */
	MIR_XEN_PARAM_STORE_FRAME = 1,
	MIR_XEN_PARAM_STORE_PORT = 2,
	MIR_XEN_PARAM_CONSOLE_FRAME = 17,
	MIR_XEN_PARAM_CONSOLE_PORT = 18,
};
#define MIR_XEN_CALLBACK_VECTOR (2ull << 56)

struct mir_xen_hvm_param {
	uint16_t dom, pad;
	uint32_t index;
	uint64_t value;
};

struct mir_xen_hvm_upcall {
	uint32_t vcpu;
	uint8_t vector, pad[3];
};

/* ---- memory ---- */

enum mir_xen_memory_op {
	MIR_XEN_MEMORY_DECREASE = 1, /* struct mir_xen_reservation; how many were done */
	MIR_XEN_MEMORY_POPULATE = 6,
	MIR_XEN_MEMORY_ADD = 7,
	MIR_XEN_MEMORY_MAP = 9,
	MIR_XEN_MEMORY_REMOVE = 15,
};

enum { MIR_XEN_SPACE_SHARED = 0, MIR_XEN_SPACE_GRANTS = 1 };

struct mir_xen_reservation {
	uint64_t frames; /* address of uint64_t[n] */
	uint64_t n;
	uint32_t order, flags;
	uint16_t dom, pad[3];
};

struct mir_xen_physmap {
	uint16_t dom, size;
	uint32_t space;
	uint64_t index, frame;
};

struct mir_xen_remove {
	uint16_t dom, pad[3];
	uint64_t frame;
};

struct mir_xen_memory_map {
	uint32_t n, pad; /* in: room for; out: entries */
	uint64_t entries;
};

struct mir_xen_memory_range {
	uint32_t at, at_high, len, len_high; /* they lie 20 bytes apart */
	uint32_t type;                       /* 1: memory */
};

/* ---- grants, version 1 ---- */

enum {
	MIR_XEN_GRANT_MAP = 0,
	MIR_XEN_GRANT_UNMAP = 1,
	MIR_XEN_GRANT_SIZE = 6,
	MIR_XEN_GRANT_SET_VERSION = 8,
};

enum { /* flags of an entry */
	MIR_XEN_GRANT_ACCESS = 1,
	MIR_XEN_GRANT_READONLY = 4,
	MIR_XEN_GRANT_READING = 8, /* Xen's: the other domain has it mapped */
	MIR_XEN_GRANT_WRITING = 16,
};

enum { MIR_XEN_GRANTS_RESERVED = 8, MIR_XEN_MAP_HOST = 2, MIR_XEN_MAP_READONLY = 4 };

struct mir_xen_grant_entry {
	uint16_t flags, dom;
	uint32_t frame;
};

struct mir_xen_grant_size {
	uint16_t dom, pad;
	uint32_t frames, frames_max; /* out */
	int16_t status, pad1;
};

struct mir_xen_grant_version {
	uint32_t version;
};

struct mir_xen_grant_map {
	uint64_t address;
	uint32_t flags, ref;
	uint16_t dom;
	int16_t status;  /* out */
	uint32_t handle; /* out */
	uint64_t device; /* out */
};

struct mir_xen_grant_unmap {
	uint64_t address, device;
	uint32_t handle;
	int16_t status; /* out */
	uint16_t pad;
};

/* ---- the console's ring, xenstore's ring and messages ---- */

enum { MIR_XEN_CONSOLE_IN = 1024, MIR_XEN_CONSOLE_OUT = 2048 };

struct mir_xen_console {
	char in[MIR_XEN_CONSOLE_IN], out[MIR_XEN_CONSOLE_OUT];
	uint32_t in_cons, in_prod, out_cons, out_prod;
};

enum { MIR_XENSTORE_RING = 1024, MIR_XENSTORE_PAYLOAD = 4096 };

struct mir_xenstore_page {
	uint8_t req[MIR_XENSTORE_RING], rsp[MIR_XENSTORE_RING];
	uint32_t req_cons, req_prod, rsp_cons, rsp_prod;
	uint32_t features, connection, error;
};

struct mir_xenstore_head {
	uint32_t type, id, tx, len;
};

enum mir_xenstore_type {
	MIR_XENSTORE_DIRECTORY = 1,
	MIR_XENSTORE_READ = 2,
	MIR_XENSTORE_WATCH = 4,
	MIR_XENSTORE_UNWATCH = 5,
	MIR_XENSTORE_BEGIN = 6,
	MIR_XENSTORE_END = 7,
	MIR_XENSTORE_WRITE = 11,
	MIR_XENSTORE_MKDIR = 12,
	MIR_XENSTORE_RM = 13,
	MIR_XENSTORE_SET_PERMS = 14,
	MIR_XENSTORE_WATCH_EVENT = 15,
	MIR_XENSTORE_ERROR = 16,
};

enum mir_xenbus_state {
	MIR_XENBUS_UNKNOWN,
	MIR_XENBUS_INITIALISING,
	MIR_XENBUS_INIT_WAIT,
	MIR_XENBUS_INITIALISED,
	MIR_XENBUS_CONNECTED,
	MIR_XENBUS_CLOSING,
	MIR_XENBUS_CLOSED,
};

/* ---- device rings: requests and responses share the entries ---- */

struct mir_xen_sring {
	uint32_t req_prod, req_event, rsp_prod, rsp_event;
	uint8_t pad[48];
	/* then a power of two of entries */
};

enum { /* flags of requests to send and of frames received */
	MIR_XEN_TX_CSUM_BLANK = 1,
	MIR_XEN_TX_VALIDATED = 2,
	MIR_XEN_TX_MORE = 4,
	MIR_XEN_TX_EXTRA = 8,
	MIR_XEN_RX_VALIDATED = 1,
	MIR_XEN_RX_CSUM_BLANK = 2,
	MIR_XEN_RX_MORE = 4,
	MIR_XEN_RX_EXTRA = 8,
};

enum {
	MIR_XEN_EXTRA_GSO = 1, /* type of extra information */
	MIR_XEN_EXTRA_MORE = 1,
	MIR_XEN_GSO_TCP4 = 1,
	MIR_XEN_NET_NULL = 1,   /* status of a response to extra information */
	MIR_XEN_NET_SLOTS = 18, /* requests that one frame may have */
};

struct mir_xen_tx_request {
	uint32_t ref;
	uint16_t offset, flags, id;
	uint16_t size; /* of the first: of the whole frame */
};

struct mir_xen_tx_response {
	uint16_t id;
	int16_t status;
};

struct mir_xen_rx_request {
	uint16_t id, pad;
	uint32_t ref;
};

struct mir_xen_rx_response {
	uint16_t id, offset, flags;
	int16_t status; /* bytes, or an error */
};

struct mir_xen_extra {
	uint8_t type, flags;
	uint16_t size;
	uint8_t gso_type, pad;
	uint16_t features;
};

enum mir_xen_block_op {
	MIR_XEN_BLOCK_READ = 0,
	MIR_XEN_BLOCK_WRITE = 1,
	MIR_XEN_BLOCK_BARRIER = 2,
	MIR_XEN_BLOCK_FLUSH = 3,
	MIR_XEN_BLOCK_DISCARD = 5,
	MIR_XEN_BLOCK_INDIRECT = 6,
};

enum {
	MIR_XEN_BLOCK_SEGMENTS = 11,
	MIR_XEN_BLOCK_UNIT = 512, /* bytes that sector numbers count */
	MIR_XEN_BLOCK_OKAY = 0,
	MIR_XEN_BLOCK_UNSUPPORTED = -2,
	MIR_XEN_DISK_CDROM = 1,
	MIR_XEN_DISK_READONLY = 4,
};

struct mir_xen_block_segment {
	uint32_t ref;
	uint8_t first, last, pad[2]; /* units in the page */
};

struct mir_xen_block_request {
	uint8_t op;
	uint8_t n; /* segments; of a discard: flags */
	uint16_t handle;
	uint32_t pad;
	uint64_t id, sector;
	union {
		struct mir_xen_block_segment segment[MIR_XEN_BLOCK_SEGMENTS];
		uint64_t sectors; /* of a discard */
	} u;
};

struct mir_xen_block_indirect {
	uint8_t op, real_op;
	uint16_t n;
	uint32_t pad;
	uint64_t id, sector;
	uint16_t handle, pad1;
	uint32_t refs[8]; /* pages of segments */
};

struct mir_xen_block_response {
	uint64_t id;
	uint8_t op, pad;
	int16_t status;
	uint32_t pad1;
};

/* ---- vchan: two rings of bytes between domains ---- */

enum { MIR_XEN_VCHAN_WRITE = 1, MIR_XEN_VCHAN_READ = 2 /* bits of notify */ };

struct mir_xen_vchan {
	uint32_t left_cons, left_prod; /* client to server */
	uint32_t right_cons, right_prod;
	uint16_t left_order, right_order;
	uint8_t client_live, server_live;
	uint8_t client_notify, server_notify;
	uint32_t refs[]; /* of the pages of rings of order 12 and more, left first */
};

_Static_assert(sizeof(struct mir_xen_shared) == 2048 + 1024 + 16, "shared information");
_Static_assert(sizeof(struct mir_xen_block_request) == 112, "request of a disk");
_Static_assert(sizeof(struct mir_xen_memory_range) == 20, "range of memory");

#endif
