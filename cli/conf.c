/* conf.c: the .conf format.  The table of its keys is at the end of this file. */
#include <ctype.h>
#include <string.h>

#include "conf.h"
#include "value.h"

struct conf_rule {
	const char *key; /* ends in '-': a family, fs-NAME */
	void (*take)(struct conf *, const struct statement *, const char *rest);
	bool repeats;         /* may be given again */
	const char *expected; /* value, shown when it is empty; NULL: may be empty */
};

#define PUSH(c, what)                                                                              \
	((c)->what = mem_grow((c)->what, (c)->n_##what, &(c)->cap_##what, sizeof *(c)->what),      \
	    &(c)->what[(c)->n_##what++])

/* Names become parts of C identifiers and of options. */
static bool good_name(const char *s)
{
	if (!isalpha((unsigned char)*s) || (unsigned char)*s >= 128)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s >= 128 ||
		    (!isalnum((unsigned char)*s) && *s != '-' && *s != '_'))
			return false;
	return true;
}

/* Words of C, which name no function and no member. */
static bool is_keyword(const char *s)
{
	static const char words[] =
	    "auto break case char const continue default do double else enum extern float for goto "
	    "if inline int long register restrict return short signed sizeof static struct switch "
	    "typedef union unsigned void volatile while asm typeof bool true false";
	struct list all = { 0 };

	list_split(&all, words, ' ');
	return list_has(&all, s);
}

static bool check_name(const struct statement *s, const char *name)
{
	struct place at = s->at_key;

	if (good_name(name) && strlen(name) <= 64)
		return true;
	at.column += (int)(strlen(s->key) - strlen(name));
	at.width = (int)strlen(name);
	diag_error(&at, "not a name");
	diag_found("'%s'", name);
	diag_expected("a letter, then letters, digits, '-' and '_', 64 at most");
	return false;
}

static void take_name(struct conf *c, const struct statement *s, const char *rest)
{
	char *name = statement_value(s);

	(void)rest;
	if (good_name(name)) {
		c->name = name;
		return;
	}
	diag_error(&s->at_value, "not a name for an image");
	diag_found("'%s'", name);
	diag_expected("a letter, then letters, digits, '-' and '_'");
}

/* "hello.main" and "Hello.main" are hello_main in hello.c; "start" is start anywhere. */
bool conf_function(const struct place *at, const char *job, char **function, char **file)
{
	const char *dot = strchr(job, '.');
	char *module = dot ? mem_strn(job, (size_t)(dot - job)) : NULL;
	bool good = module ? good_name(module) && good_name(dot + 1) : good_name(job);

	if (!good || strchr(dot ? dot + 1 : job, '-') || (!dot && is_keyword(job))) {
		diag_error(at, "not a function");
		diag_found("'%s'", job);
		diag_expected("FILE.FUNCTION, as hello.main for hello_main() in hello.c, or the "
			      "name of a C function");
		return false;
	}
	if (!module) {
		*function = mem_str(job);
		return true;
	}
	module[0] = (char)tolower((unsigned char)module[0]);
	*function = mem_fmt("%s_%s", str_ident(module), dot + 1);
	*file = mem_fmt("%s.c", module);
	return true;
}

/* "main": the sources have int main(int argc, char **argv); else a program's file. */
static void take_program(struct conf *c, const struct statement *s, const char *job)
{
	c->job = mem_str(job);
	c->function = mem_str("main");
	c->at_program = s->at_value;
	if (!str_eq(job, "main"))
		c->program = c->job;
}

static void take_main(struct conf *c, const struct statement *s, const char *rest)
{
	static const char *const kinds[] = {
		[MAIN_NOIP] = "noip",
		[MAIN_IP] = "ip",
		[MAIN_HTTP] = "http",
		[MAIN_SITE] = "site",
		[MAIN_POSIX] = "posix",
	};
	struct list names = { 0 };
	enum conf_main kind = MAIN_NONE;

	for (enum conf_main i = MAIN_NOIP; i <= MAIN_POSIX; i++) {
		list_addf(&names, "main-%s", kinds[i]);
		if (str_eq(kinds[i], rest))
			kind = i;
	}
	if (kind == MAIN_NONE) {
		diag_error(&s->at_key, "unknown kind of main '%s'", s->key);
		diag_expected("main-noip, main-ip, main-http, main-site or main-posix");
		diag_suggest(s->key, &names);
		/* It was meant as the main: do not also complain that there is none. */
		kind = MAIN_NOIP;
	} else if (c->main != MAIN_NONE) {
		diag_error(&s->at_key, "a second main");
		diag_found("'%s', and '%s' in line %d", s->key, c->at_main.source, c->at_main.line);
		diag_expected(
		    "one of main-noip, main-ip, main-http, main-site and main-posix, once");
		return;
	}
	c->main = kind;
	c->at_main = s->at_key;
	if (kind == MAIN_SITE)
		conf_take_site(c, s);
	else if (kind == MAIN_POSIX)
		take_program(c, s, statement_value(s));
	else if (conf_function(&s->at_value, statement_value(s), &c->function, &c->function_file))
		c->job = mem_str(statement_value(s));
}

static void add_device(struct conf *c, const struct statement *s, enum conf_kind kind,
    const char *name, const char *value)
{
	if (!check_name(s, name))
		return;
	for (size_t i = 0; i < c->needs.n; i++) {
		if (c->main != MAIN_NOIP || !conf_needs_network(c->needs.v[i].s))
			continue;
		diag_error(&c->needs.v[i].at, "a need of the network, but the main has none");
		diag_found("'%s'", c->at_main.source);
		diag_expected("main-ip or main-http");
	}
	for (size_t i = 0; i < c->n_devices; i++) {
		const struct conf_device *d = &c->devices[i];

		if (d->kind == kind && str_eq(str_ident(d->name), str_ident(name))) {
			diag_error(&s->at_key, "two devices with the same C name");
			diag_found("'%s', and '%s' in line %d", name, d->name, d->at_key.line);
			diag_expected("names that differ in more than '-' and '_'");
			return;
		}
	}
	*PUSH(c, devices) =
	    (struct conf_device){ kind, mem_str(name), mem_str(value), s->at_key, s->at_value };
}

static void add_setting(
    struct conf *c, const struct statement *s, const char *option, const char *value, bool known)
{
	*PUSH(c, settings) =
	    (struct conf_setting){ mem_str(option), mem_str(value), s->at_key, s->at_value, known };
}

/* A path in the .conf is relative to the folder that the .conf is in. */
static void take_fs(struct conf *c, const struct statement *s, const char *name)
{
	char *folder = statement_value(s);

	while (strlen(folder) > 1 && str_ends(folder, "/"))
		folder = mem_strn(folder, strlen(folder) - 1);
	add_device(c, s, CONF_FS, name, folder);
	add_setting(c, s, s->key, folder, true);
}

static void take_kv(struct conf *c, const struct statement *s, const char *name)
{
	add_device(c, s, CONF_KV, name, statement_value(s));
}

static void take_block(struct conf *c, const struct statement *s, const char *name)
{
	add_device(c, s, CONF_BLOCK, name, statement_value(s));
	if (!str_eq(statement_value(s), "default"))
		add_setting(c, s, s->key, statement_value(s), true);
}

static void bad_value(
    const struct place *at, const char *what, const char *found, const char *expected)
{
	diag_error(at, "%s", what);
	diag_found("'%s'", found);
	diag_expected("%s", expected);
}

/* default | dhcp | CIDR | CIDR gateway IP */
static void take_net(struct conf *c, const struct statement *s, const char *name)
{
	static const char form[] = "default, dhcp, or an address as 10.0.0.2/24, then perhaps "
				   "'gateway' and an address";
	const char *prefix = str_eq(name, "service") ? "" : mem_fmt("%s-", name);
	struct words w = { 0 };

	statement_words(s, &w);
	add_device(c, s, CONF_NET, name, statement_value(s));
	if (w.n == 1 && str_eq(w.v[0].s, "default"))
		return;
	if (w.n == 1 && str_eq(w.v[0].s, "dhcp")) {
		add_setting(c, s, mem_fmt("%sdhcp", prefix), "true", true);
		return;
	}
	if (value_check("cidr", w.v[0].s)) {
		bad_value(
		    &w.v[0].at, "not an address with the length of its prefix", w.v[0].s, form);
		return;
	}
	add_setting(c, s, mem_fmt("%sipv4", prefix), w.v[0].s, true);
	if (w.n == 1)
		return;
	if (w.n != 3 || !str_eq(w.v[1].s, "gateway"))
		bad_value(&w.v[1].at, "something else after the address", w.v[1].s, form);
	else if (value_check("ip", w.v[2].s))
		bad_value(&w.v[2].at, "not an IP address", w.v[2].s, "an address as 10.0.0.1");
	else
		add_setting(c, s, mem_fmt("%sipv4-gateway", prefix), w.v[2].s, true);
}

static void take_key(struct conf *c, const struct statement *s, const char *name)
{
	static const char form[] = "TYPE DEFAULT \"help\", as: string \"hello\" \"what to say\"";
	struct words w = { 0 };
	const char *wrong;

	statement_words(s, &w);
	if (!check_name(s, name))
		return;
	if (is_keyword(name)) {
		diag_error(&s->at_key, "'%s' is a word of C: keys.%s cannot be", name, name);
		diag_expected("another name");
		return;
	}
	if (!w.n || !value_type(w.v[0].s)) {
		bad_value(w.n ? &w.v[0].at : &s->at_value, "not a type", w.n ? w.v[0].s : "", form);
		diag_note("types: bool, int, size, port, port0, string, ip, cidr, duration, "
			  "choice(a|b)");
		return;
	}
	if (w.n != 3) {
		diag_error(&s->at_value, w.n < 3 ? "a default or a help text is missing"
						 : "more than a type, a default and a help text");
		diag_expected("%s", form);
		return;
	}
	if ((wrong = value_check(w.v[0].s, w.v[1].s))) {
		bad_value(
		    &w.v[1].at, mem_fmt("a default that is no %s", w.v[0].s), w.v[1].s, wrong);
		return;
	}
	*PUSH(c, keys) =
	    (struct conf_key){ mem_str(name), w.v[0].s, w.v[1].s, w.v[2].s, s->at_key };
}

static void take_xl(struct conf *c, const struct statement *s, const char *name)
{
	list_addf(&c->xl, "%s = %s", name, s->value);
}

static void take_items(const struct statement *s, struct words *out)
{
	statement_items(s, out);
}

static void take_sources(struct conf *c, const struct statement *s, const char *rest)
{
	(void)rest;
	take_items(s, &c->sources);
}

static void take_packages(struct conf *c, const struct statement *s, const char *rest)
{
	(void)rest;
	take_items(s, &c->packages);
}

static void take_depends(struct conf *c, const struct statement *s, const char *rest)
{
	(void)rest;
	take_items(s, &c->modules);
}

static void take_uses(struct conf *c, const struct statement *s, const char *rest)
{
	(void)rest;
	take_items(s, &c->uses);
}

static void take_devices_path(struct conf *c, const struct statement *s, const char *rest)
{
	(void)rest;
	take_items(s, &c->devices_path);
}

static void take_flags(struct conf *c, const struct statement *s, const char *rest)
{
	struct words w = { 0 };

	(void)rest;
	statement_words(s, &w);
	for (size_t i = 0; i < w.n; i++)
		list_add(str_eq(s->key, "cflags") ? &c->cflags : &c->ldflags, w.v[i].s);
}

static void take_needs(struct conf *c, const struct statement *s, const char *rest)
{
	static const char *const known[] = { "clock", "random", "console", "stack", "tls", "posix",
		"resolver", "http-client", "sqlite" };
	struct words w = { 0 };
	struct list names = { 0 };

	(void)rest;
	for (size_t i = 0; i < MIR_COUNT(known); i++)
		list_add(&names, known[i]);
	statement_items(s, &w);
	for (size_t i = 0; i < w.n; i++) {
		if (!list_has(&names, w.v[i].s)) {
			bad_value(&w.v[i].at, "unknown need", w.v[i].s,
			    mem_fmt("some of %s", list_join(&names, ", ")));
			diag_suggest(w.v[i].s, &names);
			continue;
		}
		c->needs.v = mem_grow(c->needs.v, c->needs.n, &c->needs.cap, sizeof *c->needs.v);
		c->needs.v[c->needs.n++] = w.v[i];
	}
}

static void take_arguments(struct conf *c, const struct statement *s, const char *rest)
{
	struct words w = { 0 };

	(void)rest;
	statement_words(s, &w);
	for (size_t i = 0; i < w.n; i++)
		list_add(&c->arguments, w.v[i].s);
}

static void take_environment(struct conf *c, const struct statement *s, const char *rest)
{
	struct words w = { 0 };

	(void)rest;
	take_items(s, &w);
	for (size_t i = 0; i < w.n; i++) {
		const char *equals = strchr(w.v[i].s, '=');

		if (equals && equals > w.v[i].s)
			list_add(&c->environment, w.v[i].s);
		else
			bad_value(&w.v[i].at, "not a variable of the environment", w.v[i].s,
			    "NAME=value, as HOME=/");
	}
}

/* NAME, or NAME+mirage-TARGET. */
static void take_compiler(struct conf *c, const struct statement *s, const char *rest)
{
	char *value = statement_value(s), *plus = strchr(value, '+');

	(void)rest;
	c->at_compiler = s->at_value;
	c->compiler = plus ? mem_strn(value, (size_t)(plus - value)) : value;
	if (!plus)
		return;
	if (str_starts(plus + 1, "mirage-") && plus[strlen("+mirage-")]) {
		c->target = plus + strlen("+mirage-");
		return;
	}
	bad_value(&s->at_value, "not a target behind the compiler", plus + 1,
	    "NAME or NAME+mirage-TARGET, as gcc-12+mirage-xen");
}

/* A value of a device, with the type that the format gives it whatever the device. */
static void take_typed(struct conf *c, const struct statement *s, const char *type)
{
	const char *wrong = value_check(type, statement_value(s));

	if (wrong && str_eq(s->key, "http-address"))
		wrong = "an IP address as 10.0.0.1, or * for any";
	if (wrong)
		bad_value(&s->at_value, mem_fmt("wrong value for '%s'", s->key), statement_value(s),
		    wrong);
	else
		add_setting(c, s, s->key, statement_value(s), true);
}

static void take_http_port(struct conf *c, const struct statement *s, const char *rest)
{
	(void)rest;
	take_typed(c, s, "port0");
}

static void take_http_address(struct conf *c, const struct statement *s, const char *rest)
{
	(void)rest;
	take_typed(c, s, "ip");
}

/* The old names for addresses are put together in finish_ip(). */
static void take_ip(struct conf *c, const struct statement *s, const char *rest)
{
	take_typed(c, s, str_eq(rest, "use-dhcp") ? "bool" : "ip");
}

static void take_ip_use_dhcp(struct conf *c, const struct statement *s, const char *rest)
{
	(void)rest;
	take_ip(c, s, "use-dhcp");
}

static void take_symbols(struct conf *c, const struct statement *s, const char *rest)
{
	(void)rest;
	take_typed(c, s, "bool");
}

static void take_memory(struct conf *c, const struct statement *s, const char *rest)
{
	(void)rest;
	take_typed(c, s, "size");
}

static void take_ports_path(struct conf *c, const struct statement *s, const char *rest)
{
	(void)rest;
	take_items(s, &c->ports_path);
}

static void take_allow_license(struct conf *c, const struct statement *s, const char *rest)
{
	(void)rest;
	take_items(s, &c->allowed_licenses);
}

static const struct conf_rule rules[] = {
	{ "main-", take_main, true, "FILE.FUNCTION" },
	{ "arguments", take_arguments, true, "words, as --port 7000" },
	{ "environment", take_environment, true, "NAME=value, ..." },
	{ "name", take_name, false, "a name" },
	{ "fs-", take_fs, false, "a folder" },
	{ "kv-", take_kv, false, "the name of a store, or default" },
	{ "block-", take_block, false, "a file or a device of the host, or default" },
	{ "net-", take_net, false, "default, dhcp, or an address as 10.0.0.2/24" },
	{ "vhost-", conf_take_vhost, true, "hosts, as example.org, *.example.org" },
	{ "redirect", conf_take_redirect, true, "FROM TO, as /old/ /new/" },
	{ "key-", take_key, false, "TYPE DEFAULT \"help\"" },
	{ "xl-", take_xl, true, "a value" },
	{ "needs", take_needs, true,
	    "some of clock, random, console, stack, tls, posix, resolver, http-client, "
	    "sqlite" },
	{ "sources", take_sources, true, "files, as a.c, lib/*.c" },
	{ "cflags", take_flags, true, "flags of the compiler" },
	{ "ldflags", take_flags, true, "flags of the linker" },
	{ "depends", take_depends, true, NULL },
	{ "packages", take_packages, true, NULL },
	{ "uses", take_uses, true, "names of libraries, as digest" },
	{ "devices-path", take_devices_path, true, "folders" },
	{ "ports-path", take_ports_path, true, "folders" },
	{ "allow-license", take_allow_license, true, "licenses, as MPL-2.0" },
	{ "compiler", take_compiler, false, "NAME or NAME+mirage-TARGET" },
	{ "symbols", take_symbols, false, "yes or no" },
	{ "memory", take_memory, false, "a size, as 64M" },
	{ "ip-use-dhcp", take_ip_use_dhcp, false, "true or false" },
	{ "ip-address", take_ip, false, "an address as 10.0.0.2" },
	{ "ip-netmask", take_ip, false, "a netmask as 255.255.255.0" },
	{ "ip-gateway", take_ip, false, "an address as 10.0.0.1" },
	{ "http-port", take_http_port, false, "a port number" },
	{ "http-address", take_http_address, false, "an address, or * for any" },
};

void conf_key_names(struct list *out)
{
	for (size_t i = 0; i < MIR_COUNT(rules); i++)
		if (!str_ends(rules[i].key, "-"))
			list_add(out, rules[i].key);
	list_add(out, "main-http");
	list_add(out, "main-ip");
	list_add(out, "main-noip");
	list_add(out, "main-site");
	list_add(out, "main-posix");
}

static const struct conf_rule *find_rule(const char *key, const char **rest)
{
	for (size_t i = 0; i < MIR_COUNT(rules); i++) {
		bool family = str_ends(rules[i].key, "-");

		if (family ? str_starts(key, rules[i].key) : str_eq(key, rules[i].key)) {
			*rest = family ? key + strlen(rules[i].key) : "";
			return &rules[i];
		}
	}
	return NULL;
}

static bool given_twice(const struct statements *all, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (!str_eq(all->v[j].key, all->v[i].key))
			continue;
		diag_error(&all->v[i].at_key, "'%s' is given a second time", all->v[i].key);
		diag_note("the first is in line %d: %s", all->v[j].at_key.line,
		    str_trim(all->v[j].at_key.source));
		diag_expected("one of them");
		return true;
	}
	return false;
}

static void take_statement(struct conf *c, const struct statements *all, size_t i)
{
	struct statement *s = &all->v[i];
	const struct conf_rule *r;
	const char *rest = "";

	/* As ever, the first letter may be a capital. */
	s->key[0] = (char)tolower((unsigned char)s->key[0]);
	r = find_rule(s->key, &rest);
	if ((!r || !r->repeats) && given_twice(all, i))
		return;
	if (!*s->value && (!r || r->expected)) {
		diag_error(&s->at_key, "'%s' has no value", s->key);
		diag_expected("%s", r ? r->expected : "KEY: VALUE");
		return;
	}
	if (r)
		r->take(c, s, rest);
	else
		add_setting(c, s, s->key, statement_value(s), false);
}

const struct conf_setting *conf_setting(const struct conf *c, const char *option)
{
	for (size_t i = 0; i < c->n_settings; i++)
		if (str_eq(c->settings[i].option, option))
			return &c->settings[i];
	return NULL;
}

unsigned conf_parse(const char *file, const char *data, size_t len, struct conf *out)
{
	unsigned before = diag_errors(), broken;
	struct statements all = { 0 };
	const char *base = path_base(file);

	*out = (struct conf){ .file = file, .folder = path_dir(file) };
	out->name = mem_strn(base, strlen(base) - (str_ends(base, ".conf") ? 5 : 0));
	if (!good_name(out->name))
		out->name = mem_fmt("app-%s", str_ident(out->name));
	broken = statements_parse(file, data, len, &all);
	for (size_t i = 0; i < all.n; i++)
		take_statement(out, &all, i);
	conf_finish_ip(out);
	/* A line that could not be read may have been the main. */
	if (!broken)
		conf_check_whole(out);
	return diag_errors() - before;
}

unsigned conf_read(const char *file, struct conf *out)
{
	struct text t = { 0 };
	int rc = file_read(file, &t);

	if (rc < 0) {
		diag_error(NULL, "cannot read '%s': %s", file, strerror(-rc));
		return 1;
	}
	return conf_parse(file, t.s, t.len, out);
}
