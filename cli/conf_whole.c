/* conf_whole.c: what follows from several lines of a .conf, and which file it is. */
#include <string.h>

#include "conf.h"
#include "value.h"

/* The prefix length of a netmask, or -1. */
static int mask_length(const char *mask)
{
	for (int len = 0; len <= 32; len++) {
		unsigned long m = len ? 0xffffffffUL << (32 - len) & 0xffffffffUL : 0;

		if (str_eq(mask,
			mem_fmt("%lu.%lu.%lu.%lu", m >> 24, m >> 16 & 255, m >> 8 & 255, m & 255)))
			return len;
	}
	return -1;
}

static void renamed(
    struct conf *c, const struct conf_setting *from, const char *option, const char *value)
{
	struct conf_setting s = *from;

	s.option = mem_str(option);
	s.value = mem_str(value);
	c->settings = mem_grow(c->settings, c->n_settings, &c->cap_settings, sizeof *c->settings);
	c->settings[c->n_settings++] = s;
}

void conf_finish_ip(struct conf *c)
{
	const struct conf_setting *dhcp = conf_setting(c, "ip-use-dhcp"),
				  *address = conf_setting(c, "ip-address"),
				  *mask = conf_setting(c, "ip-netmask"),
				  *gateway = conf_setting(c, "ip-gateway");
	bool use_dhcp = dhcp && str_eq(value_c("bool", dhcp->value), "true");
	struct conf_setting d = { 0 }, a = { 0 }, g = { 0 };
	int len = 24;

	/* The array moves while it grows. */
	if (dhcp)
		d = *dhcp;
	if (gateway)
		g = *gateway;
	if (address || mask)
		a = address ? *address : *mask;
	else if (gateway && !use_dhcp)
		a = g;
	if (mask && (len = mask_length(mask->value)) < 0) {
		diag_error(&mask->at_value, "not a netmask");
		diag_found("'%s'", mask->value);
		diag_expected("a netmask as 255.255.255.0");
		return;
	}
	if (use_dhcp && address) {
		diag_warning(&address->at_key, "an address is given, and DHCP asked for");
		diag_note("the address wins; remove one of the two");
	}
	if (a.option && !(use_dhcp && !address))
		renamed(
		    c, &a, "ipv4", mem_fmt("%s/%d", address ? address->value : "10.0.0.2", len));
	if (d.option)
		renamed(c, &d, "dhcp", use_dhcp ? "true" : "false");
	if (g.option)
		renamed(c, &g, "ipv4-gateway", g.value);
}

/* One value under two names: ip-address and ipv4, net-lan and lan-ipv4. */
static void check_once(const struct conf *c)
{
	for (size_t i = 0; i < c->n_settings; i++) {
		for (size_t j = i + 1; j < c->n_settings; j++) {
			const struct conf_setting *a = &c->settings[i], *b = &c->settings[j];

			if (!str_eq(a->option, b->option) || a->at_key.line == b->at_key.line)
				continue;
			if (a->at_key.line > b->at_key.line) {
				a = b;
				b = &c->settings[i];
			}
			diag_error(&b->at_key, "'%s' is given a second time", a->option);
			diag_note("the first is in line %d: %s", a->at_key.line,
			    str_trim(a->at_key.source));
			diag_expected("one of them");
		}
	}
}

bool conf_needs_network(const char *need)
{
	return str_eq(need, "stack") || str_eq(need, "resolver") || str_eq(need, "http-client");
}

void conf_check_whole(struct conf *c)
{
	struct place at = { .file = c->file };

	if (c->main == MAIN_NONE) {
		diag_error(&at, "no main: nothing says what to start");
		diag_expected(
		    "one line 'main-noip: FILE.FUNCTION', 'main-ip: ...', 'main-http: ...', "
		    "'main-site: STORE' or 'main-posix: main'");
		diag_note("main-noip: %s.main calls %s_main() of %s.c", c->name, str_ident(c->name),
		    c->name);
	}
	check_once(c);
	conf_check_site(c);
	if (c->main == MAIN_POSIX && c->n_keys) {
		diag_error(&c->keys[0].at, "a key of the application, but the main is a program");
		diag_found("'%s'", c->at_main.source);
		diag_expected("'arguments: ...', which main() gets");
	}
	if (c->main != MAIN_POSIX && c->main != MAIN_NONE && c->arguments.n) {
		diag_error(&c->at_main, "arguments of a program, but the main is a function");
		diag_found("'arguments: %s'", list_join(&c->arguments, " "));
		diag_expected("main-posix, or 'key-NAME: TYPE DEFAULT \"help\"' for an argument of "
			      "the image");
	}
	for (size_t i = 0; i < c->needs.n; i++) {
		if (c->main != MAIN_NOIP || !conf_needs_network(c->needs.v[i].s))
			continue;
		diag_error(&c->needs.v[i].at, "a need of the network, but the main has none");
		diag_found("'%s'", c->at_main.source);
		diag_expected("main-ip or main-http");
	}
	for (size_t i = 0; i < c->n_devices; i++) {
		const struct conf_device *d = &c->devices[i];

		if (d->kind != CONF_NET || c->main != MAIN_NOIP)
			continue;
		diag_error(&d->at_key, "a network interface, but the main has no network");
		diag_found("'%s'", c->at_main.source);
		diag_expected("main-ip or main-http");
	}
}

char *conf_find(const char *folder, const char *wanted)
{
	struct list all = { 0 }, found = { 0 };
	int rc;

	if (wanted) {
		if (file_exists(wanted))
			return mem_str(wanted);
		diag_error(NULL, "cannot find '%s'", wanted);
		folder = path_dir(wanted);
	}
	if ((rc = dir_list(folder, &all)) < 0) {
		diag_error(NULL, "cannot read the folder '%s': %s", folder, strerror(-rc));
		return NULL;
	}
	for (size_t i = 0; i < all.n; i++)
		if (str_ends(all.v[i], ".conf") && all.v[i][0] != '.' &&
		    file_exists(mem_fmt("%s/%s", folder, all.v[i])))
			list_add(&found, all.v[i]);
	if (wanted) {
		diag_suggest(path_base(wanted), &found);
		return NULL;
	}
	if (found.n == 1)
		return path_join(folder, found.v[0]);
	if (!found.n) {
		diag_error(NULL, "no .conf file in this folder");
		diag_found("%s", all.n ? "other files only" : "an empty folder");
		diag_expected("one file NAME.conf; 'mirage new NAME' makes an example");
		return NULL;
	}
	diag_error(NULL, "%zu .conf files in this folder", found.n);
	diag_found("%s", list_join(&found, ", "));
	diag_expected("one, or say which: mirage configure -f %s", found.v[0]);
	return NULL;
}
