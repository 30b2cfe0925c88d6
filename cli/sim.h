/* sim.h: `mirage sim`: scenarios, and what runs them (docs/sim.md).
 *
 * A scenario is what the file says: values with ranges are kept as text and drawn from the seed
 * when a run begins.  A run is one simulation with one seed.
 */
#ifndef CLI_SIM_H
#define CLI_SIM_H

#include <mir/path.h>
#include <mir/quantity.h>
#include <mir/sim.h>

#include "diag.h"
#include "statement.h"

enum { SIM_MEMBERS = 16, SIM_IMAGES = 64 };

/* KEY, KEY=VALUE or WHO:KEY=VALUE. */
struct sim_option {
	const char *who; /* NULL: all */
	const char *key, *value;
	struct place at;
};

struct sim_options {
	struct sim_option *v;
	size_t n, cap;
};

struct sim_image {
	const char *name, *path;
	struct list args;
	struct place at;
	bool later; /* started by an action only */
};

struct sim_member {
	size_t image;
	const char *net; /* "service" */
};

struct sim_link {
	const char *name;
	struct sim_member member[SIM_MEMBERS];
	size_t n_members;
	struct sim_options options;
	struct place at;
};

struct sim_disk {
	const char *name;
	size_t image;
	int64_t size;
	struct sim_options options;
	struct place at;
};

enum sim_verb {
	SIM_PARTITION,
	SIM_SET,
	SIM_MTU,
	SIM_KILL,
	SIM_POWER,
	SIM_STOP,
	SIM_START,
	SIM_PAUSE,
	SIM_CLOCK,
	SIM_DRIFT,
	SIM_MEMORY,
	SIM_DISK,
};

struct sim_action {
	enum sim_verb verb;
	const char *when;     /* a time, or a range of them */
	bool repeated;        /* `every`: again and again */
	const char *duration; /* of `for`, NULL: for good */
	size_t target;        /* index of a link, an image or a disk */
	const char *value;    /* of mtu, clock, drift, memory */
	struct sim_options options;
	const char *text; /* as written */
	struct place at;
};

enum sim_fact { SIM_EXITS, SIM_PRINTS, SIM_PRINTS_NOT, SIM_RUNS };

struct sim_expect {
	enum sim_fact fact;
	size_t image;
	int status; /* -1: any */
	const char *text;
	struct place at;
};

struct sim_scenario {
	const char *file;
	struct sim_image *images;
	size_t n_images, cap_images;
	struct sim_link *links;
	size_t n_links, cap_links;
	struct sim_disk *disks;
	size_t n_disks, cap_disks;
	struct sim_action *actions;
	size_t n_actions, cap_actions;
	struct sim_expect *expects;
	size_t n_expects, cap_expects;
	int64_t until;         /* ns */
	bool ends[SIM_IMAGES]; /* the run ends when all of these have ended */
	bool has_ends;
	uint64_t seed;
};

/* sim_scenario.c: reads a scenario; false after errors were reported. */
bool sim_scenario_read(const char *file, struct sim_scenario *out);
/* The text of one, for tests and fuzzing; images are not looked at. */
bool sim_scenario_parse(const char *file, const char *data, size_t len, struct sim_scenario *out);

/* sim_words.c: words of a statement. */
struct sim_words {
	struct words w;
	size_t next;
	struct place end; /* behind the last one */
	struct sim_scenario *s;
};
const struct word *sim_next(struct sim_words *);
/* The next word, which is there; NULL after an error that says what was expected. */
const struct word *sim_need(struct sim_words *, const char *expected);
bool sim_no_more(struct sim_words *);
/* Indexes by name; false after an error. */
bool sim_find_image(struct sim_words *, size_t *out);
bool sim_find_link(struct sim_words *, size_t *out);
/* Checks that a word is a quantity. */
bool sim_check_quantity(const struct word *, enum mir_quantity);
/* Takes all words up to `for` or the end as options of a link (path) or a disk. */
enum sim_kind { SIM_OF_LINK, SIM_OF_DISK };
bool sim_take_options(
    struct sim_words *, enum sim_kind, const struct sim_link *, struct sim_options *);

/* sim_action.c */
bool sim_action_parse(struct sim_words *, struct sim_action *);
/* sim_expect.c */
bool sim_expect_parse(struct sim_words *, struct sim_expect *);

/* sim_option.c: a number for a purpose, of the seed. */
uint64_t sim_draw(uint64_t seed, const char *purpose, uint64_t n);
/* Sets what an option says.  Values were checked before. */
void sim_option_path(struct mir_path *, const struct sim_option *, uint64_t draw);
void sim_option_disk(struct mir_sim_disk_faults *, const struct sim_option *, uint64_t draw);
int64_t sim_quantity(enum mir_quantity, const char *text, uint64_t draw);

/* What the command line says about a run. */
struct sim_settings {
	uint64_t seed;
	int64_t until;      /* 0: the scenario's */
	const char *trace;  /* file, or NULL */
	struct list pcap;   /* "LINK=FILE" or "FILE" */
	double speed;       /* virtual seconds in a second; 0: as fast as it goes */
	bool quiet;         /* do not show what images print */
	const char *replay; /* the command that repeats this run */
};

/* sim_run.c: one run; true if all was as expected, else reasons are on stderr.  Prints a summary.
 */
bool sim_run(const struct sim_scenario *, const struct sim_settings *);

/* sim_seeds.c: a run for each seed, `jobs` at once; how many failed. */
size_t sim_seeds(const struct sim_scenario *, const struct sim_settings *, uint64_t from,
    uint64_t to, unsigned jobs);

#endif
