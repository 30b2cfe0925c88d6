/* sim_run.h: the parts of one simulation. */
#ifndef CLI_SIM_RUN_H
#define CLI_SIM_RUN_H

#include <stdio.h>
#include <sys/types.h>

#include "sim.h"

#define SIM_NEVER INT64_MAX

struct sim_world;

struct sim_interface {
	const char *name;
	unsigned char mac[6];
};

/* An image that runs, or has run, or will. */
struct sim_process {
	struct sim_world *world;
	const struct sim_image *image;
	size_t index;
	struct mir_sim_page *page;
	int page_fd;
	int disk_fd[MIR_SIM_DISKS];
	pid_t pid;
	bool alive, killed, ended;
	bool asked; /* to end */
	int64_t wake, paused_until;
	unsigned boots;
	int64_t drift_ppb;
	struct mir_sim_memory memory;
	struct sim_interface nets[MIR_SIM_NETS];
	size_t n_nets;
	struct text pending; /* records for its next turn, besides frames */
	struct text line, printed;
	unsigned exits; /* times that it ended by itself */
};

/* What one member of a link sends to another. */
struct sim_way {
	struct mir_path path;
	size_t from, to; /* members */
};

struct sim_cable {
	const struct sim_link *link;
	struct sim_way *ways;
	size_t n_ways;
	unsigned cuts; /* partitions in force */
	/* Changes in force, in order. */
	struct sim_change {
		const struct sim_action *action;
		uint64_t draw;
	} * changes;
	size_t n_changes, cap_changes;
	FILE *pcap;
	uint64_t frames, lost;
};

/* An action, or its end, whose time is known. */
struct sim_timed {
	int64_t at;
	uint64_t order;
	const struct sim_action *action;
	uint64_t draw;
	bool over; /* the time of `for` has passed */
};

struct sim_world {
	const struct sim_scenario *scenario;
	const struct sim_settings *settings;
	uint64_t seed;
	int64_t now;
	struct sim_process *processes;
	struct sim_cable *cables;
	struct sim_timed *timed;
	size_t n_timed, cap_timed;
	uint64_t order, turns, turns_now;
	bool ending;
	unsigned failures;
	FILE *trace;
	uint64_t hash;
};

/* A reason why the run is not as expected; `at` may be NULL. */
void sim_fail(struct sim_world *, const struct place *at, const char *fmt, ...) MIR_PRINTF(3, 4);
int64_t sim_number(
    const struct sim_world *, enum mir_quantity, const char *text, const char *purpose, uint64_t n);

/* sim_process.c */
void sim_process_init(struct sim_world *, size_t index);
/* False after an error: the image cannot be started on this host. */
bool sim_process_start(struct sim_process *);
/* Adds a record for the next turn. */
void sim_process_tell(
    struct sim_process *, enum mir_sim_record_type, uint16_t port, const void *data, size_t len);
/* Gives the process its turn, with all that has arrived. */
void sim_process_turn(struct sim_process *);
/* Ends it without a word. */
void sim_process_end(struct sim_process *);
void sim_process_release(struct sim_process *);

/* sim_cable.c */
bool sim_cables_open(struct sim_world *);
void sim_cables_close(struct sim_world *);
/* What the link is told at the beginning and since. */
void sim_cable_configure(struct sim_world *, struct sim_cable *);
/* A frame leaves an interface. */
void sim_cables_send(struct sim_process *, const char *net, const uint8_t *frame, size_t len);
/* When the next frame arrives at the process; SIM_NEVER. */
int64_t sim_cables_next(const struct sim_process *);
/* The way whose frame arrives first, of those due; NULL: none. */
struct sim_way *sim_cables_due(struct sim_process *, const char **net);

/* sim_do.c: what the scenario does. */
void sim_timed_plan(struct sim_world *);
/* Does all that is due; when the next is. */
void sim_timed_run(struct sim_world *);
int64_t sim_timed_next(const struct sim_world *);

/* sim_trace.c */
bool sim_trace_open(struct sim_world *);
void sim_trace_close(struct sim_world *);
/* A line, with the time in front. */
void sim_trace(struct sim_world *, const char *fmt, ...) MIR_PRINTF(2, 3);
void sim_trace_frame(struct sim_world *, const struct sim_cable *, const struct sim_way *,
    const uint8_t *frame, size_t len, const char *fate);
FILE *sim_pcap_open(const char *file);
void sim_pcap_frame(FILE *, int64_t at, const uint8_t *frame, size_t len);
/* "12.345678" */
const char *sim_time(int64_t ns, char out[static 32]);

/* sim_decode.c: a frame in a few words. */
void sim_decode(const uint8_t *frame, size_t len, char *out, size_t cap);

#endif
