/* tables.h: page tables, as far as they are the same on all CPUs (targets/ring0/map.h).
 */
#ifndef MIR_HVT_TABLES_H
#define MIR_HVT_TABLES_H

#include "../ring0/map.h"
#include "hvt.h"

#if defined(__x86_64__)
#include "cpu_x86_64.h"
#elif defined(__aarch64__)
#include "cpu_aarch64.h"
#endif

enum { DIRECTORIES = 4 };

/* Behind the image. */
struct mir_hvt_tables {
	uint64_t top[PER_TABLE], second[PER_TABLE];
	uint64_t more[TABLES_MORE * PER_TABLE]; /* of the CPU */
	uint64_t pd[DIRECTORIES * PER_TABLE];   /* an entry for each 2 MiB of memory */
	uint64_t pt[];                          /* for each page; not all tables are in use */
};

/* stub_CPU.S: what is copied to mir_hvt_ring0_code. */
extern const uint8_t mir_hvt_stub[], mir_hvt_stub_end[];

/* start_CPU.S: ring 0's (EL1's) two pages, of code and of data, one after the other. */
extern uint8_t mir_hvt_ring0_code[PAGE], mir_hvt_ring0[PAGE];
/* start_CPU.S: for the entry; then the first stack (two pages) and that of mir_hvt_trap. */
extern uint8_t mir_hvt_first[3 * PAGE];

/* cpu_CPU.c: all that is not page tables of memory: their upper levels, where ring 0 is entered,
 * what it knows.  The heap is [start, end). */
void mir_hvt_build_cpu(
    struct mir_hvt_tables *, uint64_t start, uint64_t end, struct mir_hvt_seal *) MIR_COLD;

/* Writes n bytes into ring 0's page of data. */
void mir_hvt_put(unsigned at, const void *, size_t n) MIR_COLD;
void mir_hvt_put64(unsigned at, uint64_t) MIR_COLD;

#endif
