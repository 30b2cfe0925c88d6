/* sim.h: what a simulated image and `mirage sim` agree on.
 *
 * The tool makes a page of shared memory for each image and passes its descriptor as the first
 * argument, --sim-page=FD.  One of all has the turn: an image runs until it has nothing to do
 * before the time `wake`, then gives the turn back; the tool advances the time, places what has
 * arrived in `in`, and gives the turn to whose event is next.  Time does not pass during a turn.
 *
 * Records lie one behind the other, each a header and its bytes, rounded up to 8. Both sides are of
 * one machine and one build: numbers are the machine's.
 */
#ifndef MIR_ABI_SIM_H
#define MIR_ABI_SIM_H

#include <stdint.h>

enum {
	MIR_SIM_VERSION = 2,
	MIR_SIM_BUFFER = 1 << 20, /* bytes of records each way in a turn */
	MIR_SIM_NAME = 32,
	MIR_SIM_DISKS = 8,
	MIR_SIM_NETS = 8,
	MIR_SIM_RECORD_MAX = 66000, /* bytes of a record; a frame is less */
};

#define MIR_SIM_MAGIC 0x6d69724d6d69735full
#define MIR_SIM_NEVER INT64_MAX

/* Whose turn it is: a futex. */
enum { MIR_SIM_TOOL, MIR_SIM_IMAGE };

/* What the image does after its turn. */
enum mir_sim_state {
	MIR_SIM_STARTING, /* it has not had its first turn yet */
	MIR_SIM_WAITING,  /* until `wake`, or a record */
	MIR_SIM_FULL,     /* `out` is full: it goes on at once */
	MIR_SIM_ENDED,    /* with `status` */
};

enum mir_sim_record_type {
	/* From the image. */
	MIR_SIM_CONSOLE = 1, /* text */
	MIR_SIM_NET,         /* struct mir_sim_interface: interface `port` is there */
	MIR_SIM_NOTE,        /* a line for the trace */
	/* Both ways. */
	MIR_SIM_FRAME, /* of interface `port`, without FCS */
	/* To the image. */
	MIR_SIM_CLOCK,    /* struct mir_sim_clock */
	MIR_SIM_MEMORY,   /* struct mir_sim_memory */
	MIR_SIM_DISK,     /* struct mir_sim_disk_faults of disk `port` */
	MIR_SIM_SHUTDOWN, /* it is asked to end, as by SIGTERM */
	MIR_SIM_CRASH,    /* it ends at once; what it has written to disks is there */
	MIR_SIM_POWER,    /* it ends at once; writes without a barrier behind them may be lost */
};

struct mir_sim_record {
	uint16_t type, port;
	uint32_t len; /* of the bytes that follow */
};

struct mir_sim_interface {
	char name[MIR_SIM_NAME]; /* "service" */
	uint8_t mac[6];
	uint16_t mtu;
};

/* Wall time and the rate of the clock from now on. */
struct mir_sim_clock {
	int64_t jump_ns;   /* of the wall clock, once */
	int64_t drift_ppb; /* of both clocks against the simulation's time */
	uint8_t set_drift; /* drift_ppb counts */
};

/* Memory for packets and the heap. */
struct mir_sim_memory {
	uint64_t limit; /* bytes of packet memory; 0: no limit */
	uint64_t fail;  /* of 2^32: how often an allocation fails */
};

struct mir_sim_disk_faults {
	int64_t latency_ns, jitter_ns;
	uint64_t rate;  /* bytes a second; 0: no limit */
	uint64_t error; /* of 2^32: requests that end with MIR_EIO */
	uint64_t seed;
};

/* A disk whose content outlives the image. */
struct mir_sim_disk {
	char name[MIR_SIM_NAME]; /* "storage"; empty: no more disks */
	int32_t fd;              /* of shared memory, inherited */
	uint64_t size;           /* bytes */
	struct mir_sim_disk_faults faults;
};

struct mir_sim_page {
	uint64_t magic;
	uint32_t version; /* MIR_SIM_VERSION */
	uint32_t size;    /* of this structure: both sides are of one build */
	uint32_t turn;    /* MIR_SIM_TOOL or MIR_SIM_IMAGE */

	/* From the tool. */
	int64_t now;  /* nanoseconds since the simulation began */
	int64_t wall; /* nanoseconds since 1970 at its beginning */
	uint64_t seed;
	struct mir_sim_clock clock; /* at the start */
	struct mir_sim_memory memory;
	struct mir_sim_disk disk[MIR_SIM_DISKS];

	/* From the image. */
	uint32_t state; /* enum mir_sim_state */
	int32_t status;
	int64_t wake; /* when it wants the turn again, in the tool's time */

	uint32_t in_len, out_len; /* bytes of records */
	uint8_t in[MIR_SIM_BUFFER], out[MIR_SIM_BUFFER];
};

/* Bytes that a record takes. */
static inline uint32_t mir_sim_record_size(uint32_t len)
{
	return (uint32_t)sizeof(struct mir_sim_record) + ((len + 7) & ~7u);
}

#endif
