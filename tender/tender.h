/* tender.h: what mirage-hvt and mirage-spt share: the command line, the image, its devices, the
 * sandbox.
 *
 * Everything before sandbox_filter() may allocate and open; everything after may not.  The image,
 * its notes and whatever a guest says are hostile.  Errors: a message on stderr, then the end with
 * status 1.
 */
#ifndef TENDER_H
#define TENDER_H

#include <mir/extension.h>
#include <mir/note.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- say.c ---- */

/* "mirage-hvt" or "mirage-spt", from options_parse on. */
extern const char *tender_name;

/* "mirage-hvt: TEXT\n" in one write to stderr. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, then the end with status 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- options.c ---- */

enum { TENDER_DEVICES = 63, TENDER_MEM_DEFAULT = 512 }; /* MiB */

struct attach { /* --net:NAME=, --block:NAME= and what belongs to them */
	const char *name;
	const char *what;   /* IFACE, PATH or @FD; NULL: only an option of it was given */
	const char *mac;    /* --net-mac:NAME=, or NULL */
	const char *sector; /* --block-sector-size:NAME=, or NULL */
	enum mir_mft_type type;
	bool used; /* the manifest has it */
};

struct options {
	uint64_t mem;         /* bytes */
	bool plain;           /* --plain: no extensions, as Solo5's own tenders */
	bool gdb;             /* --gdb */
	uint16_t gdb_port;    /* --gdb-port, 1234 */
	int gdb_fd;           /* --gdb-port=@FD: a socket that listens; else -1 */
	const char *dumpcore; /* --dumpcore=DIR, or NULL */
	bool x_exec_heap;     /* spt: --x-exec-heap */
	bool x_no_sandbox;    /* spt: --x-no-sandbox: for tests under emulators without seccomp */
	struct attach attach[TENDER_DEVICES];
	unsigned n_attach;
	const char *image; /* the file */
	char **args;       /* of the image, after it; NULL-ended */
	int n_args;
};

/* Reads the command line; --help, --version end with 0, a mistake with a message and 1 (what the
 * ABI's scripts expect).  `target`: MIR_ABI_HVT or MIR_ABI_SPT. */
void options_parse(int argc, char **argv, uint32_t target, struct options *);

/* ---- image.c ---- */

struct segment {                     /* checked */
	uint64_t offset, filesz, at; /* in the file, and where it goes */
	uint64_t vaddr, memsz;       /* the whole pages around it: ascending, within memory */
	bool write, exec;
};

enum { IMAGE_SEGMENTS = 16 };

struct image {
	int fd;
	uint64_t entry;
	struct segment seg[IMAGE_SEGMENTS];
	unsigned n_seg;
	uint64_t end; /* of the highest segment, whole pages: "kernel_end" */
	struct mir_abi_note abi;
	struct mir_ext_note ext; /* version 0: the image has none */
	struct mir_mft *mft;     /* a checked copy, which attach.c fills in */
	size_t mft_size;
};

/* Opens the file, which is opened first; dies if that fails, or if one of the descriptors 0 to 2 is
 * not open: nothing of the tender's may become the image's console. */
int image_open(const char *path);

/* Reads and checks headers and notes of a file; NULL, or what is wrong (a text that lives for
 * ever).  `target` and `version`: what the tender serves.  image->mft is to be freed. */
const char *image_read(int fd, uint64_t mem, uint32_t target, uint32_t version, struct image *);

/* Reads the segments into memory that begins at guest address 0 (`mem`) and is zero. NULL, or what
 * is wrong. */
const char *image_load(const struct image *, uint8_t *mem);

/* ---- net.c, block.c: by handle ---- */

struct net_device {
	int fd;
	uint32_t features; /* MIR_EXT_NET_* */
	uint32_t vnet_header;
};

struct block_device {
	int fd;
	uint64_t capacity; /* bytes */
	uint32_t block_size;
	uint32_t features; /* MIR_EXT_BLOCK_* */
};

struct device {
	enum mir_mft_type type;
	union {
		struct net_device net;
		struct block_device block;
	};
};

/* The descriptor that "@5" names, close-on-exec; dies for `option` where that is not open. */
int take_descriptor(const char *option, const char *what);

/* Opens the tap (or takes @FD), sets MAC and MTU in the entry.  With `extended`, the device may
 * speak with a virtio header, and offload. */
void net_attach(const struct attach *, struct mir_mft_entry *, bool extended, struct device *);
void block_attach(const struct attach *, struct mir_mft_entry *, bool extended, struct device *);

/* attach.c: every device of the manifest, by the options; what is missing or too much is an
 * error that lists names.  dev[] is indexed by handle. */
void attach_all(struct options *, struct image *, bool extended, struct device dev[]);

/* ---- boot.c: what the guest finds at its start ---- */

/* Writes the manifest and the command line after `at` (guest address) and tells their addresses.
 * Ends within 24 KiB of `at`. */
void boot_write(uint8_t *mem, uint64_t at, const struct image *, const struct options *,
    uint64_t *mft, uint64_t *cmdline);

/* Where there is room for arguments behind what boot_write writes at `at`. */
uint64_t boot_args_at(uint64_t at);

/* Writes struct mir_ext at `at`, the vector of arguments and their texts at `args`; `features`:
 * what this tender offers to this image.  Returns the end, within 18 KiB of `args`. */
uint64_t boot_write_ext(uint8_t *mem, uint64_t at, uint64_t args, const struct options *,
    uint32_t features, const struct device dev[], uint64_t start_ns);

/* ---- arch_CPU.c ---- */

struct filter;

extern const uint32_t arch_audit;    /* AUDIT_ARCH_* of system calls */
extern const char arch_vdso_clock[]; /* the name of clock_gettime() in the vDSO */

/* What only this CPU's guests of spt may call. */
void arch_allow(struct filter *);

/* ---- wait.c: epoll over the networks, and the request to end ---- */

enum { CALL_EPOLL_PWAIT2 = 441 }; /* of Linux 5.11, which headers may be too old for */

struct waiter {
	int epoll;       /* data: the handle; 0: the request to end, edge-triggered */
	int event;       /* eventfd, written by the signal handler; -1: none */
	bool nanosecond; /* the kernel has epoll_pwait2 */
};

/* Makes the set of all attached networks. */
void waiter_open(struct waiter *, const struct device dev[]);

/* SIGTERM and SIGINT, of an image with MIR_EXT_SHUTDOWN (hvt/signals.c, spt/signals.c). */
enum {
	SIGNAL_NOTICE_S =
	    2, /* so long after the first signal it is said that none has been taken */
	SIGNAL_KILLED = 130, /* the status after the second; what a shell shows for SIGINT */
};
#define SIGNAL_NO_NOTICE                                                                           \
	": the image has not taken notice of the signal; a second SIGTERM (or ctrl-C) ends it\n"

/* Adds the request to end, handle 0, to the set: edge-triggered. */
void waiter_event(struct waiter *);

/* Waits; timeout in ns, UINT64_MAX: none.  Returns bits by handle; 0 also after a signal.  A
 * network that is gone is ready once, then never again. */
uint64_t waiter_wait(struct waiter *, const struct device dev[], uint64_t timeout);

/* What waiter_wait calls, and the end. */
void waiter_filter(const struct waiter *, struct filter *);

/* ---- seccomp.c: an assembler for filters; sandbox.c ---- */

enum { RULES = 512, RULE_ARGS = 4, FILTER_MAX = 4096 };

enum rule_test {
	RULE_EQ,
	RULE_INT_EQ, /* of an argument that is an int to the kernel, whose high half it ignores */
	RULE_LE,
	RULE_GE,
	RULE_MASKED_EQ, /* argument & mask == value */
	RULE_END_LE,    /* argument + argument[mask] <= value, without overflow */
};

/* A system call that is allowed when all its tests hold.  Arguments are of 64 bits. */
struct rule {
	int call;
	unsigned n;
	struct rule_arg {
		unsigned index;
		enum rule_test test;
		uint64_t value, mask;
	} arg[RULE_ARGS];
};

struct filter {
	struct rule rule[RULES];
	unsigned n;
};

/* Of several rules for a call, one must hold; those that hold most often first. */
void filter_allow(struct filter *, int call);
/* The same for one descriptor, as first argument. */
struct rule *filter_allow_fd(struct filter *, int call, int fd);
struct rule *filter_rule(struct filter *, int call);
void filter_test(struct rule *, unsigned index, enum rule_test, uint64_t value, uint64_t mask);

/* The program, in room for FILTER_MAX; returns its length.  What has no rule, and every other
 * architecture, kills. */
struct sock_filter;
unsigned filter_compile(const struct filter *, struct sock_filter *out);

/* No new privileges; Landlock without any right, no capability, where the kernel has them: for this
 * thread and those that it makes later. */
void sandbox_drop(void);

/* The filter, for this thread or for all: what is not allowed kills the process. */
void sandbox_filter(const struct filter *, bool all_threads);

/* Closes every descriptor but 0, 1, 2 and the n of `keep`. */
void sandbox_close_all_but(const int keep[], unsigned n);

#endif
