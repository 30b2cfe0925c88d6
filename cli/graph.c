/* graph.c: meet each need with the one device that can. */
#include <string.h>

#include "graph.h"
#include "value.h"

#define PUSH(g, what)                                                                              \
	((g)->what = mem_grow((g)->what, (g)->n_##what, &(g)->cap_##what, sizeof *(g)->what),      \
	    &(g)->what[(g)->n_##what++])

/* A need while it is being met. */
struct need {
	const char *signature;
	const char *group;
	const char *wanted; /* the device that the .conf names, or NULL */
	bool optional;
	struct place at;          /* of the line that has the need */
	const char *origin;       /* for messages: "tcp_service" or "fs-static" */
	const struct need *above; /* whose device has this need */
	struct instance *instance;
};

const struct signature *signature_find(const char *name)
{
	static const struct signature all[] = {
		{ "NETWORK", "struct mir_net", "mir/net.h" },
		{ "STACK", "struct mir_stack", "mir/stack.h" },
		{ "BLOCK", "struct mir_block", "mir/block.h" },
		{ "KV_RO", "struct mir_kv", "mir/kv.h" },
		{ "KV_RW", "struct mir_kv", "mir/kv.h" },
		{ "CLOCK", "struct mir_clock", "mir/clock.h" },
		{ "RANDOM", "struct mir_random", "mir/random.h" },
		{ "CONSOLE", "struct mir_console", "mir/console.h" },
		{ "TLS", "struct mir_tls", "mir/tls.h" },
		{ "HTTP2", "struct mir_http2", "mir/http2.h" },
		{ "RESOLVER", "struct mir_resolver", "mir/resolver.h" },
		{ "HTTP_CLIENT", "struct mir_http_client", "mir/http_client.h" },
		{ "ACME", "struct mir_acme", "mir/acme.h" },
		{ "COMPRESS", "struct mir_http_compress", "mir/http_compress.h" },
		{ "GZIP", "const struct mir_coder", "mir/coder.h" },
		{ "ZSTD", "const struct mir_coder", "mir/coder.h" },
		{ "HTTP", NULL, "mir/http.h" },
		{ "SITE", NULL, "mir/http.h" },
		{ "LOG", NULL, "mir/stack.h" },
		{ "METRICS", "struct mir_metrics", "mir/metrics.h" },
		{ "POSIX", NULL, NULL },
		{ "SQLITE", NULL, NULL },
	};

	for (size_t i = 0; i < MIR_COUNT(all); i++)
		if (str_eq(all[i].name, name))
			return &all[i];
	return NULL;
}

static bool is_true(const char *value)
{
	return !value_check("bool", value) && str_eq(value_c("bool", value), "true");
}

/* A value may be a list: "zstd, gzip" is wanted by those of zstd and by those of gzip. */
static bool is_wanted(const struct list *wanted, const char *value)
{
	struct list parts = { 0 };

	list_split(&parts, value, ',');
	for (size_t i = 0; i < parts.n; i++)
		if (list_has(wanted, parts.v[i]))
			return true;
	return (*value && list_has(wanted, "*")) || (list_has(wanted, "true") && is_true(value));
}

/* NULL if the device can meet the need, else why it cannot. */
static const char *why_out(struct graph *g, const struct descriptor *d, const struct need *n)
{
	if (d->targets.n && !list_has(&d->targets, "*") && !list_has(&d->targets, g->target->name))
		return mem_fmt("is for the target %s, not for %s", list_join(&d->targets, " or "),
		    g->target->name);
	if (n->wanted && !str_eq(d->name, n->wanted) &&
	    !str_ends(d->name, mem_fmt("-%s", n->wanted)))
		return mem_fmt("is not the '%s' that was asked for", n->wanted);
	for (size_t i = 0; i < d->n_whens; i++) {
		const struct descriptor_when *w = &d->whens[i];
		const char *value = graph_choice(g, n->group, w->key);

		/* A device that was asked for by name needs no choice besides. */
		if (is_wanted(&w->values, value) || (n->wanted && !str_eq(w->key, "net")))
			continue;
		if (list_has(&w->values, "*"))
			return mem_fmt("is for configurations with %s: NAME", w->key);
		return mem_fmt("is for %s=%s, and %s", w->key, list_join(&w->values, " or "),
		    *value ? mem_fmt("%s is %s", w->key, value)
			   : mem_fmt("%s is not chosen (--%s=%s)", w->key, w->key, w->values.v[0]));
	}
	return NULL;
}

static void unmet(struct graph *g, const struct need *n)
{
	struct descriptors others = { 0 };
	bool any = false;

	/* Once is enough, whoever else needs it. */
	if (!list_add_new(&g->unmet, mem_fmt("%s %s", n->signature, n->group)))
		return;
	diag_error(&n->at, "nothing provides %s for '%s' on the target %s%s%s", n->signature,
	    n->origin, g->target->name, *g->net ? " with net=" : "", g->net);
	for (size_t i = 0; i < g->descriptors.n; i++) {
		const struct descriptor *d = &g->descriptors.v[i];

		if (!str_eq(d->provides, n->signature))
			continue;
		any = true;
		diag_note("%s: %s", d->name, why_out(g, d, n));
	}
	descriptors_elsewhere(g->target, &others);
	for (size_t i = 0; i < others.n; i++) {
		const struct descriptor *d = &others.v[i];

		if (!str_eq(d->provides, n->signature) || !d->targets.n ||
		    list_has(&d->targets, g->target->name) || list_has(&d->targets, "*"))
			continue;
		any = true;
		diag_note("%s: %s", d->name, why_out(g, d, n));
	}
	if (!any)
		diag_note("no device descriptor says 'provides: %s'", n->signature);
}

static void ambiguous(const struct need *n, const struct descriptor *a, const struct descriptor *b)
{
	diag_error(&n->at, "two devices provide %s for '%s'", n->signature, n->origin);
	diag_found("%s (%s) and %s (%s)", a->name, a->at.file, b->name, b->at.file);
	diag_expected("one; a 'when:' line in their descriptors makes the choice");
}

/* What speaks for the device that was chosen. */
static const char *reason(const struct descriptor *d, const struct need *n)
{
	struct list choices = { 0 };

	if (n->wanted)
		return mem_fmt("asked for as '%s'", n->wanted);
	for (size_t i = 0; i < d->n_whens; i++)
		list_addf(
		    &choices, "%s=%s", d->whens[i].key, list_join(&d->whens[i].values, " or "));
	if (!choices.n)
		return mem_fmt("the only %s", n->signature);
	return mem_fmt("the %s for %s", n->signature, list_join(&choices, ", "));
}

/* The one device for the need; *why says how it came to be chosen. */
static const struct descriptor *choose(struct graph *g, const struct need *n, const char **why)
{
	const struct descriptor *chosen = NULL;
	struct text others = { 0 };

	for (size_t i = 0; i < g->descriptors.n; i++) {
		const struct descriptor *d = &g->descriptors.v[i];
		const char *out;

		if (!str_eq(d->provides, n->signature))
			continue;
		out = why_out(g, d, n);
		if (out) {
			text_addf(&others, "%s%s %s", others.len ? "; " : "", d->name, out);
		} else if (chosen) {
			ambiguous(n, chosen, d);
			return NULL;
		} else {
			chosen = d;
		}
	}
	if (!chosen && !n->optional)
		unmet(g, n);
	if (chosen)
		*why =
		    mem_fmt("%s%s%s", reason(chosen, n), others.len ? "; " : "", text_str(&others));
	return chosen;
}

static void cycle(const struct need *n, const struct instance *in)
{
	struct text path = { 0 };

	text_add(&path, in->id);
	for (const struct need *up = n->above; up; up = up->above) {
		text_addf(&path, " <- %s", up->instance->id);
		if (up->instance == in)
			break;
	}
	diag_error(&n->at, "devices that need each other in a circle");
	diag_found("%s", path.s);
	diag_expected("a graph without circles: change a 'need-' line of one of these devices");
}

static struct instance *meet(struct graph *g, struct need *n);

static const char *const device_prefix[] = {
	[CONF_FS] = "fs", [CONF_KV] = "kv", [CONF_BLOCK] = "block", [CONF_NET] = "net"
};
static const char *const device_signature[] = {
	[CONF_FS] = "KV_RO", [CONF_KV] = "KV_RW", [CONF_BLOCK] = "BLOCK", [CONF_NET] = "NETWORK"
};

/* The need that a device of the .conf is for. */
static struct need need_of_device(struct graph *g, const struct conf_device *d)
{
	struct need n = { .signature = device_signature[d->kind],
		.group = d->name,
		.optional = d->kind == CONF_NET && str_eq(g->net, "socket"),
		.at = d->at_key };

	if (d->kind == CONF_KV && !str_eq(d->value, "default"))
		n.wanted = d->value;
	return n;
}

/* Whether a device of that signature is one where `wanted` is needed. */
static bool serves(const char *signature, const char *wanted)
{
	return str_eq(signature, wanted) || (str_eq(signature, "KV_RW") && str_eq(wanted, "KV_RO"));
}

/* The need becomes that for the device of the .conf whose name is the value of a key; false: there
 * is no such device, or, without an error, no such value. */
static bool name_need(struct graph *g, const struct descriptor_need *d, struct need *n)
{
	const char *value = graph_choice(g, n->group, d->of);
	struct list names = { 0 };

	if (!*value)
		return false;
	for (size_t i = 0; i < g->conf->n_devices; i++) {
		const struct conf_device *c = &g->conf->devices[i];
		struct need named = need_of_device(g, c);

		if (!serves(named.signature, n->signature))
			continue;
		list_add(&names, c->name);
		if (!str_eq(c->name, value))
			continue;
		named.optional = n->optional;
		named.origin = n->origin;
		named.above = n->above;
		*n = named;
		return true;
	}
	if (list_add_new(&g->unmet, mem_fmt("%s %s", d->of, value))) {
		bool disk = str_eq(n->signature, "BLOCK");

		diag_error(NULL, "%s: %s: there is no %s of that name", d->of, value,
		    disk ? "disk" : "store");
		diag_expected("%s", names.n ? list_join(&names, " or ")
				    : disk  ? "a disk, as 'block-NAME: FILE'"
					    : "a store, as 'fs-NAME: FOLDER' or 'kv-NAME: KIND'");
		diag_suggest(value, &names);
	}
	return false;
}

/* Is the program handed what would meet it? */
static bool is_root(const struct graph *g, const struct need *n)
{
	for (size_t i = 0; i < g->n_roots; i++)
		if (str_eq(g->roots[i].signature, n->signature) && g->roots[i].instance &&
		    str_eq(g->roots[i].instance->group, n->group))
			return true;
	return false;
}

static bool meet_needs(struct graph *g, struct need *n)
{
	struct instance *in = n->instance;
	const struct descriptor *d = in->device;
	bool good = true;

	in->needs = mem_new((d->n_needs + 1) * sizeof(struct instance *));
	for (size_t i = 0; i < d->n_needs; i++) {
		struct need below = { .signature = d->needs[i].signature,
			.group = *in->group ? in->group : "service",
			.optional = d->needs[i].optional,
			.at = d->needs[i].at,
			.origin = in->id,
			.above = n };

		if (d->needs[i].present && !is_root(g, &below))
			continue;
		/* A server is there where the main has one. */
		if (str_eq(below.signature, "HTTP") && below.optional &&
		    g->conf->main != MAIN_HTTP && g->conf->main != MAIN_SITE)
			continue;
		if (!d->needs[i].of || name_need(g, &d->needs[i], &below))
			in->needs[i] = meet(g, &below);
		good = good && (in->needs[i] || below.optional);
	}
	return good;
}

static struct instance *find_instance(const struct graph *g, const char *id)
{
	for (size_t i = 0; i < g->n_instances; i++)
		if (str_eq(g->instances[i]->id, id))
			return g->instances[i];
	return NULL;
}

/* An instance that is being resolved further up, or NULL. */
static struct instance *find_above(const struct need *n, const char *id)
{
	for (const struct need *up = n->above; up; up = up->above)
		if (str_eq(up->instance->id, id))
			return up->instance;
	return NULL;
}

/* Meet a need by an instance that is there or a new one; NULL after an error, or if the need is
 * optional and nothing meets it. */
static struct instance *meet(struct graph *g, struct need *n)
{
	const char *why = NULL, *id;
	const struct descriptor *d = choose(g, n, &why);
	struct instance *in;

	if (!d)
		return NULL;
	id = d->shared ? str_ident(d->name) : str_ident(mem_fmt("%s_%s", d->name, n->group));
	if ((in = find_above(n, id))) {
		cycle(n, in);
		return NULL;
	}
	if ((in = find_instance(g, id)))
		return in;
	in = mem_new(sizeof *in);
	*in = (struct instance){
		.device = d, .id = id, .group = d->shared ? "" : mem_str(n->group), .why = why
	};
	n->instance = in;
	if (!graph_keys(g, in) || !meet_needs(g, n))
		return NULL;
	*PUSH(g, instances) = in;
	return in;
}

static void add_root(struct graph *g, const char *member, struct need n, const char *origin)
{
	struct instance *in;

	n.origin = origin;
	in = meet(g, &n);
	if (!in && !n.optional)
		return;
	*PUSH(g, roots) = (struct root){ .member = str_ident(member),
		.signature = n.signature,
		.origin = n.at.line ? mem_fmt("%s (%s:%d)", origin, path_base(n.at.file), n.at.line)
				    : mem_str(origin),
		.instance = in,
		.job = str_eq(n.signature, "HTTP"),
		.inner = str_eq(n.signature, "SITE") || str_eq(n.signature, "LOG") ||
			 str_eq(n.signature, "POSIX") || str_eq(n.signature, "SQLITE") };
}

static void add_stack(
    struct graph *g, const char *group, const struct place *at, const char *origin)
{
	const char *member = str_eq(group, "service") ? "stack" : mem_fmt("stack_%s", group);

	for (size_t i = 0; i < g->n_roots; i++)
		if (str_eq(g->roots[i].member, str_ident(member)))
			return;
	add_root(
	    g, member, (struct need){ .signature = "STACK", .group = group, .at = *at }, origin);
}

static void add_needs(struct graph *g)
{
	static const struct {
		const char *need, *signature;
	} all[] = { { "console", "CONSOLE" }, { "clock", "CLOCK" }, { "random", "RANDOM" },
		{ "tls", "TLS" }, { "resolver", "RESOLVER" }, { "http-client", "HTTP_CLIENT" },
		{ "sqlite", "SQLITE" } };
	const struct words *w = &g->conf->needs;

	for (size_t i = 0; i < MIR_COUNT(all); i++)
		for (size_t j = 0; j < w->n; j++)
			if (str_eq(w->v[j].s, all[i].need)) {
				add_root(g, all[i].need,
				    (struct need){ .signature = all[i].signature,
					.group = "service",
					.at = w->v[j].at },
				    "needs");
				break;
			}
}

/* For the C library, not for the program; after the devices that it is to find. */
static void add_posix(struct graph *g)
{
	const struct conf *c = g->conf;
	struct need n = { .signature = "POSIX", .group = "service", .at = c->at_main };
	bool wanted = c->main == MAIN_POSIX;

	for (size_t i = 0; i < c->needs.n; i++) {
		if (str_eq(c->needs.v[i].s, "posix")) {
			n.at = c->needs.v[i].at;
			wanted = true;
		}
		if (c->main == MAIN_POSIX && str_eq(c->needs.v[i].s, "stack"))
			add_stack(g, "service", &c->needs.v[i].at, "needs");
	}
	if (wanted && *g->target->libc) {
		add_root(
		    g, "posix", n, c->main == MAIN_POSIX ? str_trim(c->at_main.source) : "needs");
	} else if (wanted) {
		diag_error(&n.at,
		    "the target '%s' has the C library of the host, and POSIX by that",
		    g->target->name);
		diag_expected(
		    "a target with one of its own, as -t spt or -t hvt; for the host, the "
		    "program as its own compiler builds it");
	}
}

static void add_device(struct graph *g, const struct conf_device *d)
{
	const char *origin = mem_fmt("%s-%s: %s", device_prefix[d->kind], d->name, d->value);

	if (d->kind == CONF_NET)
		add_stack(g, d->name, &d->at_key, origin);
	add_root(
	    g, mem_fmt("%s_%s", device_prefix[d->kind], d->name), need_of_device(g, d), origin);
}

/* A device that is there because a key of its has a value. */
static void add_service(struct graph *g, const char *key, const char *member, const char *signature)
{
	if (*graph_choice(g, "service", key))
		add_root(g, member,
		    (struct need){ .signature = signature,
			.group = "service",
			.at = { .file = g->conf->file } },
		    key);
}

static bool has_library(const struct graph *g, const struct descriptor *d)
{
	for (size_t i = 0; i < g->n_libraries; i++)
		if (g->libraries[i] == d)
			return true;
	return false;
}

static void add_library(struct graph *g, const struct descriptor *d)
{
	if (has_library(g, d))
		return;
	*PUSH(g, libraries) = d;
	for (size_t i = 0; i < d->uses.n; i++) {
		const struct descriptor *used = descriptor_find(&g->descriptors, d->uses.v[i]);

		if (used) {
			add_library(g, used);
			continue;
		}
		diag_error(&d->at, "'%s' uses a library that is not there", d->name);
		diag_found("'%s'", d->uses.v[i]);
		diag_expected("the name of a device or library");
	}
}

static void add_named_library(struct graph *g, const char *name, const struct place *at)
{
	const struct descriptor *d = descriptor_find(&g->descriptors, name);
	struct list names = { 0 };

	if (d) {
		add_library(g, d);
		return;
	}
	for (size_t i = 0; i < g->descriptors.n; i++)
		list_add(&names, g->descriptors.v[i].name);
	diag_error(at, "there is no library '%s'", name);
	diag_expected("one of %s", list_join(&names, ", "));
	diag_suggest(name, &names);
}

unsigned graph_resolve(struct graph *g)
{
	unsigned before = diag_errors();
	const struct conf *c = g->conf;

	graph_app_keys(g);
	add_needs(g);
	if (c->main == MAIN_IP || c->main == MAIN_HTTP || c->main == MAIN_SITE)
		add_stack(g, "service", &c->at_main, str_trim(c->at_main.source));
	for (size_t i = 0; i < c->n_devices; i++)
		add_device(g, &c->devices[i]);
	add_service(g, "syslog", "syslog", "LOG");
	if (conf_has_site(c))
		add_root(g, "site",
		    (struct need){ .signature = "SITE", .group = "service", .at = c->at_main },
		    str_trim(c->at_main.source));
	add_posix(g);
	if (c->main == MAIN_HTTP || c->main == MAIN_SITE)
		add_root(g, "http",
		    (struct need){ .signature = "HTTP", .group = "service", .at = c->at_main },
		    str_trim(c->at_main.source));
	add_service(g, "metrics-port", "metrics", "METRICS");
	for (size_t i = 0; i < g->n_instances; i++)
		add_library(g, g->instances[i]->device);
	for (size_t i = 0; i < g->target->uses.n; i++)
		add_named_library(g, g->target->uses.v[i], NULL);
	for (size_t i = 0; i < c->uses.n; i++)
		add_named_library(g, c->uses.v[i].s, &c->uses.v[i].at);
	graph_check_choices(g);
	if (diag_errors() == before)
		graph_check_settings(g);
	return diag_errors() - before;
}
