/* graph_keys.c: the keys of devices and of the application, and who sets them. */
#include <string.h>

#include "graph.h"
#include "value.h"

/* The value of KEY in a list of "KEY=VALUE"; the last one counts. */
static const char *lookup(const struct list *l, const char *key)
{
	for (size_t i = l->n; i-- > 0;) {
		size_t n = strcspn(l->v[i], "=");

		if (strlen(key) == n && memcmp(l->v[i], key, n) == 0)
			return l->v[i][n] ? l->v[i] + n + 1 : "true";
	}
	return NULL;
}

/* block:storage is set by `block-storage:` too. */
static const char *dashed(const char *option)
{
	char *s = mem_str(option);

	for (char *p = s; *p; p++)
		if (*p == ':')
			*p = '-';
	return s;
}

/* Who sets an option: the command line, then the .conf.  NULL: nobody. */
static const char *setting(struct graph *g, const char *option, const struct place **at)
{
	const char *value = lookup(g->settings, option);
	const struct conf_setting *s;

	list_add_new(&g->used, option);
	*at = NULL;
	if (value)
		return value;
	s = conf_setting(g->conf, option);
	if (!s)
		s = conf_setting(g->conf, dashed(option));
	if (!s)
		return NULL;
	list_add_new(&g->used, s->option);
	*at = &s->at_value;
	return s->value;
}

const char *graph_choice(struct graph *g, const char *group, const char *key)
{
	static const struct {
		const char *key, *value;
		const char *with; /* only where this choice has a value */
	} defaults[] = { { "kv_ro", "crunch", NULL }, { "block", "file", NULL },
		{ "http2", "true", "tls-store" } };
	const struct place *at;
	const char *value;

	if (str_eq(key, "net"))
		return g->net;
	value = setting(g, mem_fmt("%s-%s", group, key), &at);
	if (!value)
		value = setting(g, key, &at);
	if (!value)
		value = lookup(&g->target->defaults, key);
	for (size_t i = 0; !value && i < MIR_COUNT(defaults); i++)
		if (str_eq(defaults[i].key, key) &&
		    (!defaults[i].with || *graph_choice(g, group, defaults[i].with)))
			value = defaults[i].value;
	return value ? value : "";
}

/* Give a key its value; false after an error. */
static bool set_key(struct graph *g, struct key *k, const char *def)
{
	const struct place *at;
	const char *value = setting(g, k->option, &at), *expected;

	k->value = value ? value : def;
	expected = value_check(k->type, k->value);
	if (!expected)
		return true;
	diag_error(at, "wrong value for '%s%s'", at ? "" : "--", k->option);
	diag_found("'%s'", k->value);
	diag_expected("%s", expected);
	diag_note("%s: %s", k->option, k->help);
	return false;
}

static const char *option_name(const struct descriptor_key *k, const char *group)
{
	bool plain = !*group || str_eq(group, "service");
	struct text t = { 0 };
	const char *p, *hit;

	if (!k->option)
		return plain ? k->name : mem_fmt("%s-%s", group, k->name);
	for (p = k->option; (hit = strstr(p, "{group}")); p = hit + strlen("{group}")) {
		text_addn(&t, p, (size_t)(hit - p));
		text_add(&t, *group ? group : "service");
	}
	text_add(&t, p);
	return t.s;
}

/* The key of another instance with the same option: they are one argument. */
static const struct key *find_option(const struct graph *g, const char *option)
{
	for (size_t i = 0; i < g->n_keys; i++)
		if (str_eq(g->keys[i].option, option))
			return &g->keys[i];
	for (size_t i = 0; i < g->n_instances; i++)
		for (size_t j = 0; j < g->instances[i]->device->n_keys; j++)
			if (str_eq(g->instances[i]->keys[j].option, option))
				return &g->instances[i]->keys[j];
	return NULL;
}

/* The arguments that every image has (mir/start.h). */
static bool is_common(const char *option)
{
	struct list common = { 0 };

	list_split(&common, "logs,name,delay,help,version,boot-chart", ',');
	return list_has(&common, option);
}

static void say_common(const char *option, const char *value)
{
	diag_note("it is an argument of the image itself: mirage run -- --%s=%s", option,
	    str_sh_quote(value));
}

/* A boot argument by whose name `mirage run` is told of the host's end (--net:service=tap0): what
 * the .conf sets is meant for that. */
static bool is_of_host_too(const struct descriptor *d, const struct descriptor_key *k)
{
	for (size_t i = 0; k->boot && k->option && i < d->n_keys; i++) {
		const struct descriptor_key *other = &d->keys[i];

		if (other->run && other->option && str_eq(other->option, k->option))
			return true;
	}
	return false;
}

bool graph_keys(struct graph *g, struct instance *in)
{
	const struct descriptor *d = in->device;
	bool good = true;

	in->keys = mem_new((d->n_keys + 1) * sizeof *in->keys);
	for (size_t i = 0; i < d->n_keys; i++) {
		const struct descriptor_key *k = &d->keys[i];
		const char *option = option_name(k, in->group);
		const struct key *twin = find_option(g, option);

		in->keys[i] = (struct key){ .name = k->name,
			.field = str_ident(k->name),
			.option = option,
			.type = k->type,
			.help = k->help,
			.boot = k->boot,
			.run = k->run };
		if (k->boot && is_common(option)) {
			diag_error(
			    &k->at, "every image has a boot argument '--%s' already", option);
			diag_expected("another name");
			good = false;
		}
		if (twin && (!str_eq(twin->type, k->type) || twin->boot != k->boot ||
				twin->run != k->run)) {
			diag_error(&k->at, "the option '%s' is taken", option);
			diag_note("it exists with the type %s: %s", twin->type, twin->help);
			diag_expected("another name, as key-%s-%s", d->name, k->name);
			good = false;
		}
		if (is_of_host_too(d, k))
			in->keys[i].value = k->def;
		else
			good = set_key(g, &in->keys[i], k->def) && good;
	}
	return good;
}

static void common_keys(struct graph *g)
{
	g->common[KEY_LOGS] =
	    (struct key){ .type = "logs", .help = "log levels: [SOURCE:]LEVEL,..." };
	g->common[KEY_NAME] = (struct key){ .type = "string", .help = "name of this instance" };
	g->common[KEY_DELAY] = (struct key){ .type = "duration", .help = "wait before starting" };
	for (int i = 0; i < COMMON_KEYS; i++) {
		static const char *const options[] = { "logs", "name", "delay" };
		const char *const defaults[] = { "info", g->name ? g->name : "", "0s" };
		struct key *k = &g->common[i];

		k->name = k->field = k->option = options[i];
		k->boot = true;
		set_key(g, k, defaults[i]);
	}
}

/* What is said of the image as a whole; NULL: nothing. */
static const char *image_setting(struct graph *g, const char *option, const char *type)
{
	struct key k = { .option = option, .type = type, .help = "of the image" };
	const struct place *at;

	return setting(g, option, &at) && set_key(g, &k, "") ? k.value : NULL;
}

void graph_app_keys(struct graph *g)
{
	const char *symbols = image_setting(g, "symbols", "bool");

	common_keys(g);
	g->symbols = symbols && str_eq(value_c("bool", symbols), "true");
	g->memory = image_setting(g, "memory", "size");
	for (size_t i = 0; i < g->conf->n_keys; i++) {
		const struct conf_key *k = &g->conf->keys[i];
		struct key key = { .name = k->name,
			.field = str_ident(k->name),
			.option = k->name,
			.type = k->type,
			.help = k->help,
			.boot = true };

		if (is_common(k->name)) {
			diag_error(
			    &k->at, "every image has a boot argument '--%s' already", k->name);
			diag_expected("another name");
			continue;
		}
		set_key(g, &key, k->def);
		g->keys = mem_grow(g->keys, g->n_keys, &g->cap_keys, sizeof *g->keys);
		g->keys[g->n_keys++] = key;
	}
}

/* Is it this key, or KEY with a name of the .conf in front? */
static bool names_key(const struct graph *g, const char *option, const char *key)
{
	size_t n = strlen(option), m = strlen(key);

	if (str_eq(option, key))
		return true;
	if (n <= m || !str_ends(option, key) || option[n - m - 1] != '-')
		return false;
	for (size_t i = 0; i < g->conf->n_devices; i++)
		if (str_eq(g->conf->devices[i].name, mem_strn(option, n - m - 1)))
			return true;
	return false;
}

/* Is it a key of some device, in this graph or not, or a choice that some device makes? */
static bool known_option(const struct graph *g, const char *option)
{
	for (size_t i = 0; i < g->descriptors.n; i++) {
		const struct descriptor *d = &g->descriptors.v[i];

		for (size_t j = 0; j < d->n_keys; j++)
			if (names_key(g, option, d->keys[j].name) ||
			    str_eq(option_name(&d->keys[j], "service"), option))
				return true;
		for (size_t j = 0; j < d->n_whens; j++)
			if (names_key(g, option, d->whens[j].key))
				return true;
	}
	return false;
}

static void option_names(const struct graph *g, struct list *out)
{
	for (size_t i = 0; i < g->n_keys; i++)
		list_add_new(out, g->keys[i].option);
	for (size_t i = 0; i < g->n_instances; i++)
		for (size_t j = 0; j < g->instances[i]->device->n_keys; j++)
			list_add_new(out, g->instances[i]->keys[j].option);
	for (size_t i = 0; i < g->descriptors.n; i++) {
		for (size_t j = 0; j < g->descriptors.v[i].n_keys; j++)
			list_add_new(out, option_name(&g->descriptors.v[i].keys[j], "service"));
		for (size_t j = 0; j < g->descriptors.v[i].n_whens; j++)
			list_add_new(out, g->descriptors.v[i].whens[j].key);
	}
}

static void add_values(const struct descriptors *all, const char *key, struct list *out)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct descriptor *d = &all->v[i];

		for (size_t j = 0; j < d->n_whens; j++)
			if (str_eq(d->whens[j].key, key))
				for (size_t k = 0; k < d->whens[j].values.n; k++)
					list_add_new(out, d->whens[j].values.v[k]);
	}
}

/* The values that a choice can have, from all descriptors. */
static void choice_values(const struct graph *g, const char *key, struct list *out)
{
	add_values(&g->descriptors, key, out);
}

/* kv_ro of "kv_ro" and of "static-kv_ro". */
static const char *choice_key(const struct graph *g, const char *option)
{
	for (size_t i = 0; i < g->descriptors.n; i++)
		for (size_t j = 0; j < g->descriptors.v[i].n_whens; j++)
			if (names_key(g, option, g->descriptors.v[i].whens[j].key))
				return g->descriptors.v[i].whens[j].key;
	return option;
}

/* Each part of "zstd, gzip". */
static bool are_values(const struct list *values, const char *value)
{
	struct list parts = { 0 };
	bool all = true;

	list_split(&parts, value, ',');
	for (size_t i = 0; i < parts.n; i++)
		all = all && list_has(values, parts.v[i]);
	return all && parts.n;
}

static void check_choice(
    const struct graph *g, const char *key, const char *value, const struct place *at)
{
	struct list values = { 0 }, elsewhere = { 0 };
	struct descriptors others = { 0 };

	choice_values(g, choice_key(g, key), &values);
	if (!values.n || are_values(&values, value) || list_has(&values, "*") ||
	    (list_has(&values, "true") && !value_check("bool", value)))
		return;
	/* One of another target: that nothing provides it here was said. */
	descriptors_elsewhere(g->target, &others);
	add_values(&others, choice_key(g, key), &elsewhere);
	if (list_has(&elsewhere, value) && g->unmet.n)
		return;
	diag_error(at, "wrong value for '%s%s'", at ? "" : "--", key);
	diag_found("'%s'", value);
	diag_expected("%s", list_join(&values, " or "));
	diag_suggest(value, &values);
}

void graph_check_choices(const struct graph *g)
{
	for (size_t i = 0; i < g->conf->n_settings; i++) {
		const struct conf_setting *s = &g->conf->settings[i];

		check_choice(g, s->option, s->value, &s->at_value);
	}
	for (size_t i = 0; i < g->settings->n; i++) {
		const char *s = g->settings->v[i];
		size_t n = strcspn(s, "=");

		check_choice(g, mem_strn(s, n), s[n] ? s + n + 1 : "", NULL);
	}
}

void graph_check_settings(struct graph *g)
{
	struct list names = { 0 }, options = { 0 };

	for (int i = 0; i < COMMON_KEYS; i++)
		list_add(&options, g->common[i].option);
	option_names(g, &options);
	for (size_t i = 0; i < g->conf->n_settings; i++) {
		const struct conf_setting *s = &g->conf->settings[i];

		if (s->known || list_has(&g->used, s->option) || known_option(g, s->option))
			continue;
		names = options;
		conf_key_names(&names);
		diag_error(&s->at_key, "unknown key '%s'", s->option);
		diag_expected("a key of the .conf format, or an option of a device ('mirage query "
			      "keys')");
		if (is_common(s->option))
			say_common(s->option, s->value);
		else
			diag_suggest(s->option, &names);
	}
	for (size_t i = 0; i < g->settings->n; i++) {
		const char *s = g->settings->v[i];
		const char *option = mem_strn(s, strcspn(s, "="));

		if (list_has(&g->used, option))
			continue;
		if (known_option(g, option)) {
			diag_warning(NULL, "'--%s' has no effect in this configuration", option);
			diag_note("no device in it has this key; 'mirage describe' shows them");
			continue;
		}
		diag_error(NULL, "unknown option '--%s'", option);
		diag_expected("a key of the application or its devices ('mirage query keys')");
		if (is_common(option))
			say_common(option, s[strlen(option)] ? s + strlen(option) + 1 : "");
		else
			diag_suggest(option, &options);
	}
}
