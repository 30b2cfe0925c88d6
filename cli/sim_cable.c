/* sim_cable.c: the links of a simulation: an engine of lib/impair for each way from one member to
 * another. */
#include <errno.h>
#include <string.h>

#include "sim_run.h"

enum { DEFAULT_QUEUE = 256 << 10 };

static const int64_t DEFAULT_DELAY = 1000; /* so that no two images can stop time by their talk */
static const int64_t DEFAULT_REORDER = 1000000;

/* "out.pcap" of a link among several: "out-LINK.pcap". */
static const char *name_of(const struct sim_world *w, const char *file, const char *link)
{
	const char *dot = strrchr(path_base(file), '.');
	size_t stem = dot && dot != path_base(file) ? (size_t)(dot - file) : strlen(file);

	if (w->scenario->n_links == 1)
		return file;
	return mem_fmt("%.*s-%s%s", (int)stem, file, link, file + stem);
}

static bool open_pcap(struct sim_world *w, struct sim_cable *c)
{
	const char *file = NULL;

	for (size_t i = 0; i < w->settings->pcap.n; i++) {
		const char *s = w->settings->pcap.v[i], *equals = strchr(s, '=');

		if (!equals)
			file = name_of(w, s, c->link->name);
		else if (str_eq(mem_strn(s, (size_t)(equals - s)), c->link->name))
			file = equals + 1;
	}
	if (!file)
		return true;
	c->pcap = sim_pcap_open(file);
	if (!c->pcap)
		diag_error(NULL, "cannot write '%s': %s", file, strerror(errno));
	return c->pcap != NULL;
}

static void apply(const struct sim_world *w, const struct sim_cable *c, struct sim_way *way,
    const struct sim_options *options, uint64_t draw)
{
	const struct sim_member *from = &c->link->member[way->from];

	for (size_t i = 0; i < options->n; i++) {
		const struct sim_option *o = &options->v[i];

		if (!o->who || str_eq(o->who, w->scenario->images[from->image].name))
			sim_option_path(&way->path, o, sim_draw(draw, o->key, i));
	}
}

void sim_cable_configure(struct sim_world *w, struct sim_cable *c)
{
	for (size_t i = 0; i < c->n_ways; i++) {
		struct sim_way *way = &c->ways[i];

		way->path.impair.config = (struct mir_impair_config){
			.seed = sim_draw(w->seed, c->link->name, 0),
			.direction = i,
			.delay_ns = DEFAULT_DELAY,
			.reorder_ns = DEFAULT_REORDER,
			.queue_bytes = DEFAULT_QUEUE,
			.frames_max = MIR_IMPAIR_FRAMES_MAX,
			.cut_now = c->cuts > 0,
		};
		way->path.mtu = 0;
		way->path.silent = false;
		apply(w, c, way, &c->link->options, sim_draw(w->seed, c->link->name, 1));
		for (size_t k = 0; k < c->n_changes; k++)
			apply(w, c, way, &c->changes[k].action->options, c->changes[k].draw);
	}
}

bool sim_cables_open(struct sim_world *w)
{
	const struct sim_scenario *s = w->scenario;

	w->cables = mem_new((s->n_links + 1) * sizeof *w->cables);
	for (size_t i = 0; i < s->n_links; i++) {
		struct sim_cable *c = &w->cables[i];
		size_t n = s->links[i].n_members;

		c->link = &s->links[i];
		c->ways = mem_new(n * n * sizeof *c->ways);
		for (size_t from = 0; from < n; from++) {
			for (size_t to = 0; to < n; to++) {
				struct sim_way *way = &c->ways[c->n_ways];

				if (from == to)
					continue;
				way->from = from;
				way->to = to;
				c->n_ways++;
				mir_impair_init(
				    &way->path.impair, &(struct mir_impair_config){ 0 });
			}
		}
		sim_cable_configure(w, c);
		if (!open_pcap(w, c))
			return false;
	}
	return true;
}

void sim_cables_close(struct sim_world *w)
{
	for (size_t i = 0; i < w->scenario->n_links && w->cables; i++) {
		struct sim_cable *c = &w->cables[i];

		for (size_t k = 0; k < c->n_ways; k++)
			mir_impair_release(&c->ways[k].path.impair);
		if (c->pcap && fclose(c->pcap) != 0)
			sim_fail(w, NULL, "cannot write the frames of link '%s'", c->link->name);
		c->pcap = NULL;
	}
}

/* The interface at a member, NULL where it is not there (yet). */
static const struct sim_interface *interface_at(
    const struct sim_world *w, const struct sim_member *m)
{
	const struct sim_process *p = &w->processes[m->image];

	for (size_t i = 0; i < p->n_nets; i++)
		if (str_eq(p->nets[i].name, m->net))
			return &p->nets[i];
	return NULL;
}

/* Does a frame go this way?  As a switch has it: to whom it is for, or to all. */
static bool goes(const struct sim_world *w, const struct sim_cable *c, const struct sim_way *way,
    const uint8_t *frame)
{
	const struct sim_interface *to = interface_at(w, &c->link->member[way->to]), *other;

	if (c->link->n_members == 2 || (frame[0] & 1) || (to && memcmp(to->mac, frame, 6) == 0))
		return true;
	for (size_t i = 0; i < c->link->n_members; i++) {
		other = interface_at(w, &c->link->member[i]);
		if (other && memcmp(other->mac, frame, 6) == 0)
			return false;
	}
	return true;
}

/* What a look at the counters tells of the frame that has just entered. */
static const char *fate(const struct mir_impair_stats *a, const struct mir_impair_stats *b)
{
	if (b->in == a->in)
		return " too large";
	if (b->cut > a->cut)
		return " cut";
	if (b->lost > a->lost || b->burst_lost > a->burst_lost)
		return " lost";
	if (b->queue_drops > a->queue_drops || b->limit_drops > a->limit_drops)
		return " no room";
	if (b->codel_drops > a->codel_drops)
		return " codel";
	if (b->corrupted > a->corrupted)
		return " corrupted";
	if (b->duplicated > a->duplicated)
		return " twice";
	return b->reordered > a->reordered ? " late" : "";
}

static struct sim_way *back(struct sim_cable *c, const struct sim_way *way)
{
	for (size_t i = 0; i < c->n_ways; i++)
		if (c->ways[i].from == way->to && c->ways[i].to == way->from)
			return &c->ways[i];
	return NULL;
}

static void enter(
    struct sim_world *w, struct sim_cable *c, struct sim_way *way, const uint8_t *frame, size_t len)
{
	struct mir_impair_stats before = way->path.impair.stats;
	uint8_t reply[MIR_TOOBIG_REPLY_LEN];
	size_t n = mir_path_input(&way->path, frame, len, w->now, reply);

	sim_trace_frame(w, c, way, frame, len, fate(&before, &way->path.impair.stats));
	if (n) {
		mir_impair_input(&back(c, way)->path.impair, reply, n, w->now);
		sim_trace_frame(w, c, back(c, way), reply, n, " of the link");
	}
}

void sim_cables_send(struct sim_process *p, const char *net, const uint8_t *frame, size_t len)
{
	struct sim_world *w = p->world;

	if (len < 14 || len > MIR_IMPAIR_FRAME_LEN)
		return;
	for (size_t i = 0; i < w->scenario->n_links; i++) {
		struct sim_cable *c = &w->cables[i];
		bool here = false;

		for (size_t k = 0; k < c->n_ways; k++) {
			struct sim_way *way = &c->ways[k];
			const struct sim_member *m = &c->link->member[way->from];

			if (m->image != p->index || !str_eq(m->net, net))
				continue;
			if (!here && c->pcap)
				sim_pcap_frame(c->pcap, w->now, frame, len);
			here = true;
			if (goes(w, c, way, frame))
				enter(w, c, way, frame, len);
		}
	}
}

int64_t sim_cables_next(const struct sim_process *p)
{
	const struct sim_world *w = p->world;
	int64_t next = SIM_NEVER;

	for (size_t i = 0; i < w->scenario->n_links; i++) {
		const struct sim_cable *c = &w->cables[i];

		for (size_t k = 0; k < c->n_ways; k++)
			if (c->link->member[c->ways[k].to].image == p->index)
				next = MIR_MIN(next, mir_impair_next(&c->ways[k].path.impair));
	}
	return next;
}

struct sim_way *sim_cables_due(struct sim_process *p, const char **net)
{
	const struct sim_world *w = p->world;
	struct sim_way *first = NULL;
	int64_t at = w->now;

	for (size_t i = 0; i < w->scenario->n_links; i++) {
		struct sim_cable *c = &w->cables[i];

		for (size_t k = 0; k < c->n_ways; k++) {
			struct sim_way *way = &c->ways[k];
			int64_t next = mir_impair_next(&way->path.impair);

			if (c->link->member[way->to].image != p->index || next > w->now ||
			    (first && next >= at))
				continue;
			first = way;
			at = next;
			*net = c->link->member[way->to].net;
		}
	}
	return first;
}
