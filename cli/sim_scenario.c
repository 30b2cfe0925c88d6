/* sim_scenario.c: read a scenario.  Images are read first, then what is between them, then what
 * happens, so that the lines may stand in any order. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf_section.h"
#include "manifest.h"
#include "pack.h"
#include "sim.h"

static const int64_t DEFAULT_UNTIL = (int64_t)3600 * 1000000000;

enum { DISK_MOST = 1 << 30 };

static struct sim_words words_of(const struct statement *st, struct sim_scenario *s)
{
	struct sim_words w = { .s = s, .end = st->at_value };

	statement_words(st, &w.w);
	w.end.column += (int)strlen(st->value);
	w.end.width = 1;
	return w;
}

static bool taken(const struct word *word, const char *what, const char *other)
{
	if (!str_eq(word->s, other))
		return false;
	diag_error(&word->at, "there is %s '%s' already", what, word->s);
	return true;
}

static bool take_image(struct sim_words *w)
{
	struct sim_scenario *s = w->s;
	const struct word *name = sim_need(w, "NAME PATH --ARGUMENT=VALUE ..."), *path, *arg;
	struct sim_image *image;

	if (!name || !(path = sim_need(w, "the image, as ../web/dist/web")))
		return false;
	for (size_t i = 0; i < s->n_images; i++)
		if (taken(name, "an image", s->images[i].name))
			return false;
	if (s->n_images == SIM_IMAGES) {
		diag_error(&name->at, "more than %d images", SIM_IMAGES);
		return false;
	}
	s->images = mem_grow(s->images, s->n_images, &s->cap_images, sizeof *s->images);
	image = &s->images[s->n_images++];
	*image = (struct sim_image){ .name = name->s, .path = path->s, .at = path->at };
	while ((arg = sim_next(w)) != NULL)
		list_add(&image->args, arg->s);
	return true;
}

/* "server" or "server.lan". */
static bool take_member(struct sim_words *w, struct sim_link *link, const struct word *word)
{
	struct sim_scenario *s = w->s;
	const char *dot = strchr(word->s, '.');
	const char *image = dot ? mem_strn(word->s, (size_t)(dot - word->s)) : word->s;
	struct sim_member m = { .net = dot ? dot + 1 : "service" };
	struct list names = { 0 };

	for (m.image = 0; m.image < s->n_images; m.image++) {
		if (str_eq(s->images[m.image].name, image))
			break;
		list_add(&names, s->images[m.image].name);
	}
	if (m.image == s->n_images) {
		diag_error(&word->at, "there is no image '%s'", image);
		diag_expected("%s", names.n ? list_join(&names, ", ") : "a line 'image: ...'");
		diag_suggest(image, &names);
		return false;
	}
	if (link->n_members == SIM_MEMBERS) {
		diag_error(&word->at, "more than %d at one link", SIM_MEMBERS);
		return false;
	}
	link->member[link->n_members++] = m;
	return true;
}

/* Is it a property rather than a member: has it a '=', or is it one that stands alone? */
static bool is_property(const char *word)
{
	return strchr(word, '=') || str_eq(word, "codel") || str_eq(word, "ecn") ||
	       str_eq(word, "blackhole");
}

static bool take_link(struct sim_words *w)
{
	struct sim_scenario *s = w->s;
	const struct word *name = sim_need(w, "NAME IMAGE IMAGE PROPERTY=VALUE ...");
	struct sim_link *link;

	if (!name)
		return false;
	for (size_t i = 0; i < s->n_links; i++)
		if (taken(name, "a link", s->links[i].name))
			return false;
	s->links = mem_grow(s->links, s->n_links, &s->cap_links, sizeof *s->links);
	link = &s->links[s->n_links++];
	*link = (struct sim_link){ .name = name->s, .at = name->at };
	while (w->next < w->w.n && !is_property(w->w.v[w->next].s))
		if (!take_member(w, link, sim_next(w)))
			return false;
	if (link->n_members < 2) {
		sim_need(
		    &(struct sim_words){ .end = w->next < w->w.n ? w->w.v[w->next].at : w->end },
		    "two images or more, that it joins");
		return false;
	}
	return sim_take_options(w, SIM_OF_LINK, link, &link->options) && sim_no_more(w);
}

/* disk: NAME IMAGE SIZE PROPERTY=VALUE ... */
static bool take_disk(struct sim_words *w)
{
	struct sim_scenario *s = w->s;
	const struct word *name = sim_need(w, "NAME IMAGE SIZE PROPERTY=VALUE ..."), *size;
	struct sim_disk d = { 0 };
	size_t there = 0;

	if (!name || !sim_find_image(w, &d.image) || !(size = sim_need(w, "its size, as 16M")) ||
	    !sim_check_quantity(size, MIR_QUANTITY_SIZE))
		return false;
	d.name = name->s;
	d.at = name->at;
	d.size = sim_quantity(MIR_QUANTITY_SIZE, size->s, 0) / 512 * 512;
	for (size_t i = 0; i < s->n_disks; i++) {
		if (s->disks[i].image != d.image)
			continue;
		there++;
		if (taken(name, "a disk", s->disks[i].name))
			return false;
	}
	if (there == MIR_SIM_DISKS || d.size == 0 || d.size > DISK_MOST) {
		diag_error(&size->at, "the disk is not possible");
		diag_expected("at most %d disks of an image, of 512 bytes to 1 GB", MIR_SIM_DISKS);
		return false;
	}
	if (!sim_take_options(w, SIM_OF_DISK, NULL, &d.options) || !sim_no_more(w))
		return false;
	s->disks = mem_grow(s->disks, s->n_disks, &s->cap_disks, sizeof *s->disks);
	s->disks[s->n_disks++] = d;
	return true;
}

/* The second word of "at 3s" or "every 1s..2s". */
static bool take_action(struct sim_words *w, const struct statement *st)
{
	struct sim_scenario *s = w->s;
	size_t blank = strcspn(st->key, " \t");
	const char *when = st->key + blank + strspn(st->key + blank, " \t");
	struct sim_action a = { .at = st->at_key, .text = st->value };
	struct word word = { mem_str(when), st->at_key };

	word.at.column += (int)(when - st->key);
	word.at.width = (int)strlen(when);
	a.repeated = str_starts(st->key, "every");
	a.when = word.s;
	if (!sim_check_quantity(&word, MIR_QUANTITY_TIME) || !sim_action_parse(w, &a))
		return false;
	s->actions = mem_grow(s->actions, s->n_actions, &s->cap_actions, sizeof *s->actions);
	s->actions[s->n_actions++] = a;
	return true;
}

static bool take_expect(struct sim_words *w)
{
	struct sim_scenario *s = w->s;
	struct sim_expect e = { .at = w->w.n ? w->w.v[0].at : w->end };

	if (!sim_expect_parse(w, &e))
		return false;
	s->expects = mem_grow(s->expects, s->n_expects, &s->cap_expects, sizeof *s->expects);
	s->expects[s->n_expects++] = e;
	return true;
}

/* until: 60s, or: until: client exits */
static bool take_until(struct sim_words *w)
{
	size_t image;
	const struct word *word;

	if (w->w.n < 2) {
		word = sim_need(w, "a time, or IMAGE exits");
		if (!word || !sim_check_quantity(word, MIR_QUANTITY_TIME))
			return false;
		w->s->until = sim_quantity(MIR_QUANTITY_TIME, word->s, 0);
		return true;
	}
	if (!sim_find_image(w, &image))
		return false;
	word = sim_next(w);
	if (!str_eq(word->s, "exits")) {
		diag_error(&word->at, "'%s' does not belong here", word->s);
		diag_expected("exits");
		return false;
	}
	w->s->ends[image] = w->s->has_ends = true;
	return sim_no_more(w);
}

static bool take_seed(struct sim_words *w)
{
	const struct word *word = sim_need(w, "a whole number");

	if (!word || !sim_check_quantity(word, MIR_QUANTITY_COUNT))
		return false;
	w->s->seed = (uint64_t)sim_quantity(MIR_QUANTITY_COUNT, word->s, 0);
	return sim_no_more(w);
}

static bool timed(const char *key)
{
	return str_starts(key, "at ") || str_starts(key, "every ") || str_starts(key, "at\t") ||
	       str_starts(key, "every\t");
}

static bool unknown_key(const struct statement *st)
{
	struct list names = { 0 };

	list_split(&names, "image,link,disk,at TIME,every TIME,expect,until,seed", ',');
	diag_error(&st->at_key, "unknown key '%s' of a scenario", st->key);
	diag_expected("%s", list_join(&names, ", "));
	diag_suggest(st->key, &names);
	return false;
}

/* The statements of one pass; others are left for later ones. */
static bool take(const struct statement *st, struct sim_scenario *s, int pass)
{
	struct sim_words w = words_of(st, s);

	if (str_eq(st->key, "image"))
		return pass != 0 || take_image(&w);
	if (str_eq(st->key, "link"))
		return pass != 1 || take_link(&w);
	if (str_eq(st->key, "disk"))
		return pass != 1 || take_disk(&w);
	if (pass != 2)
		return true;
	if (timed(st->key))
		return take_action(&w, st);
	if (str_eq(st->key, "expect"))
		return take_expect(&w);
	if (str_eq(st->key, "until"))
		return take_until(&w);
	if (str_eq(st->key, "seed"))
		return take_seed(&w);
	return unknown_key(st);
}

bool sim_scenario_parse(const char *file, const char *data, size_t len, struct sim_scenario *out)
{
	struct statements all = { .spaced = true };
	unsigned errors;

	*out = (struct sim_scenario){ .file = file, .until = DEFAULT_UNTIL, .seed = 1 };
	errors = statements_parse(file, data, len, &all);
	for (int pass = 0; pass < 3; pass++)
		for (size_t i = 0; i < all.n; i++)
			errors += !take(&all.v[i], out, pass);
	if (errors == 0 && out->n_images == 0) {
		diag_error(&(struct place){ .file = file }, "there is no image");
		diag_expected("a line 'image: NAME PATH'");
		errors++;
	}
	return errors == 0;
}

static bool has_argument(const struct sim_image *image, const char *name)
{
	for (size_t i = 0; i < image->args.n; i++)
		if (str_starts(image->args.v[i], name))
			return true;
	return false;
}

/* Is it an image for sim?  One without an address gets one. */
static bool look_at_image(const char *folder, struct sim_image *image, size_t number)
{
	const char *data = NULL;
	struct manifest m = { 0 };
	size_t len;
	int rc;

	image->path = path_join(folder, image->path);
	rc = pack_manifest_read(image->path, &data, &len);
	if (rc < 0) {
		diag_error(&image->at, "cannot use '%s' as an image: %s", image->path,
		    rc == -ENOEXEC || (rc == -ENOENT && file_exists(image->path))
			? "'mirage build' has not made it"
			: strerror(-rc));
		if (rc == -ENOENT)
			diag_note("'mirage build -t sim' in the folder of its .conf makes it");
		return false;
	}
	if (manifest_parse(image->path, data, len, &m) < 0)
		return false;
	if (!str_eq(m.target, "sim")) {
		diag_error(&image->at, "'%s' is built for %s", image->path, m.target);
		diag_expected("one that 'mirage build -t sim' has made");
		return false;
	}
	for (size_t i = 0; i < m.n_keys; i++)
		if (str_eq(m.keys[i].option, "ipv4") && str_eq(m.keys[i].def, "none") &&
		    !has_argument(image, "--ipv4=") && !has_argument(image, "--dhcp"))
			list_addf(&image->args, "--ipv4=10.0.0.%zu/24", number + 1);
	return true;
}

bool sim_scenario_read(const char *file, struct sim_scenario *out)
{
	struct text t = { 0 };
	int rc = file_read(file, &t);
	bool good;

	if (rc < 0) {
		diag_error(NULL, "cannot read '%s': %s", file, strerror(-rc));
		return false;
	}
	good = sim_scenario_parse(file, text_str(&t), t.len, out);
	for (size_t i = 0; good && i < out->n_images; i++)
		good = look_at_image(path_dir(file), &out->images[i], i);
	return good;
}
