/* debug.h: what --gdb and --dumpcore of both tenders are made of: registers in the shape of the
 * host's ptrace, a server of gdb's remote protocol, a writer of core files.
 *
 * Neither is inside the sandbox where that can be helped: spt's tracer and the writer of core files
 * are processes of their own.
 */
#ifndef TENDER_DEBUG_H
#define TENDER_DEBUG_H

#include "tender.h"

#include <sys/types.h>
#include <sys/user.h>

/* ---- debug_CPU.c ---- */

enum { DEBUG_BREAK_MAX = 4, DEBUG_PACKED_MAX = 1024, DEBUG_FP_MAX = 528 };

struct debug_regs {
	struct user_regs_struct r;
	/* debug_fp_size bytes of the host's struct of floating-point registers, or zeroes */
	uint8_t fp[DEBUG_FP_MAX] __attribute__((aligned(16)));
};

extern const uint16_t debug_machine; /* EM_* */
extern const unsigned debug_fp_size;
extern const char debug_xml[];      /* target.xml */
extern const uint8_t debug_break[]; /* the instruction that stops */
extern const unsigned debug_break_len;
extern const unsigned debug_break_past; /* how far behind its address ptrace tells the stop */

uint64_t debug_pc(const struct debug_regs *);
void debug_set_pc(struct debug_regs *, uint64_t);
/* As gdb's packets g and G have them; pack returns the length, at most DEBUG_PACKED_MAX. */
size_t debug_pack(const struct debug_regs *, uint8_t *out);
void debug_unpack(struct debug_regs *, const uint8_t *in, size_t len);

/* ---- gdb.c ---- */

/* The guest, for the server.  Each returns false where it cannot. */
struct gdb_ops {
	bool (*get)(void *guest, struct debug_regs *);
	bool (*set)(void *guest, const struct debug_regs *);
	bool (*read)(void *guest, uint64_t at, void *to, size_t len);
	bool (*write)(void *guest, uint64_t at, const void *from, size_t len); /* code too */
};

enum gdb_verdict { GDB_CONTINUE, GDB_STEP, GDB_KILL, GDB_DETACH };

enum { GDB_PACKET = 4096, GDB_BREAKS = 64 };

struct gdb {
	int fd; /* -1: no client */
	const struct gdb_ops *ops;
	void *guest;
	bool quiet; /* no acknowledgements */
	int signal; /* why the guest is stopped */
	size_t have, at;
	uint8_t input[1024];
	char packet[GDB_PACKET + 1], reply[GDB_PACKET + 8];
	struct gdb_break {
		uint64_t at;
		bool set;
		uint8_t was[DEBUG_BREAK_MAX];
	} breaks[GDB_BREAKS];
};

/* Waits for a client on 127.0.0.1 or on the socket that it was given; dies if it cannot, or
 * by a signal. Blocks. */
void gdb_accept(struct gdb *, const struct options *, const struct gdb_ops *, void *guest);

/* The guest has stopped: `signal` for the client (5: a breakpoint, if `at_break`, or a step).
 * Returns what to do next; *signal becomes what the guest is to get, or 0.  A client that goes away
 * leaves the guest running, without breakpoints. Blocks. */
enum gdb_verdict gdb_serve(struct gdb *, int *signal, bool tell, bool at_break);

/* Is there a breakpoint of the client's? */
bool gdb_has_break(const struct gdb *, uint64_t at);

/* Something came while the guest runs: true: the client wants it stopped. */
bool gdb_interrupted(struct gdb *);

/* The guest has ended: with a status, or by a signal. */
void gdb_ended(struct gdb *, int status, int signal);

/* ---- gdb_wire.c: for gdb.c ---- */

enum { GDB_TRAP = 5 }; /* the signal of breakpoints and steps */

/* The next byte, or -1: the client is gone. */
int gdb_next_byte(struct gdb *);
/* One packet into g->packet, with a NUL; false: the client is gone. */
bool gdb_receive(struct gdb *);
/* Sends what g->reply has after its first byte, `len` bytes; or a text. */
void gdb_send(struct gdb *, size_t len);
void gdb_reply(struct gdb *, const char *text);
void gdb_hang_up(struct gdb *);
/* The value of a digit, or -1. */
int gdb_hex(int c);

/* ---- core.c ---- */

struct core {
	const char *dir;
	const char *debug; /* the file that gdb wants beside the core: the image, or its symbols */
	int folder;        /* dir, opened */
	int mem, pagemap;  /* of the process that has the guest's memory, /proc/PID/mem */
	uint64_t base;     /* of guest address 0 in that process */
	uint64_t start, end;
	pid_t pid;
};

/* Opens the folder of --dumpcore; dies if there is none. */
void core_open(struct core *, const struct options *);
/* Opens what belongs to process `pid`. */
void core_of(struct core *, pid_t pid);
/* Writes DIR/core.TENDER.PID, sparse; says where and how to open it, or why not.  The environment's
 * MIRAGE_GDB is the gdb to say. Blocks. */
void core_write(const struct core *, const struct debug_regs *, int signal);

#endif
