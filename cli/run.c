/* run.c: `mirage run`: build the image, give it the network that it needs, and start it.
 *
 * The tap devices that are made here belong to descriptors that only the image holds once it
 * runs, and the image takes the place of this process. So the host removes them in the moment
 * in which the image ends, whatever ended it; signals, the terminal and the exit status are the
 * image's own, and nobody is left who could be killed without it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "configure.h"
#include "diag.h"
#include "run.h"
#include "run_net.h"
#include "vmm.h"

const struct option options_run[] = {
	OPTIONS_TARGET,
	{ "tap", 0, "[NET=]NAME",
	    "name of the tap device that is made (default: mir0, mir1, ...)" },
	{ "host-ipv4", 0, "[NET=]CIDR", "the host's address on it (default: 10.0.0.1/24 if free)" },
	{ "boot-chart", 0, NULL, "show how long each phase of the image's start took" },
	OPTIONS_TENDER,
	OPTIONS_HYPERVISOR,
	OPTION_END,
};

/* One network interface of the image. */
struct interface {
	const char *group;   /* "service" */
	const char *tap;     /* --tap, or NULL */
	const char *present; /* the value of --net:GROUP=, or NULL: a tap is to be made */
	struct net_wish wish;
};

const char *boot_argument(const struct arguments *args, const char *option)
{
	size_t len = strlen(option);
	const char *found = NULL;

	for (size_t i = 0; i < args->keys.n; i++)
		if (str_starts(args->keys.v[i], option) && args->keys.v[i][len] == '=')
			found = args->keys.v[i] + len + 1;
	for (size_t i = 0; i < args->rest.n; i++) {
		const char *word = args->rest.v[i];

		if (!str_starts(word, "--") || !str_starts(word + 2, option))
			continue;
		if (word[2 + len] == '=')
			found = word + 2 + len + 1;
		else if (!word[2 + len] && i + 1 < args->rest.n &&
			 !str_starts(args->rest.v[i + 1], "-"))
			found = args->rest.v[i + 1];
		else if (!word[2 + len])
			found = "true";
	}
	return found;
}

/* "ipv4" for the group service, "lan-ipv4" for the group lan. */
static const char *group_option(const char *group, const char *key)
{
	return str_eq(group, "service") ? key : mem_fmt("%s-%s", group, key);
}

/* What a key of an interface will be: its boot argument, or its default. NULL: no such key. */
static const char *key_value(
    const struct arguments *args, const struct manifest *m, const char *group, const char *key)
{
	const char *option = group_option(group, key), *value = boot_argument(args, option);

	for (size_t i = 0; !value && i < m->n_keys; i++)
		if (str_eq(m->keys[i].option, option))
			value = m->keys[i].def;
	return value;
}

/* The last --OPTION=VALUE or --OPTION=GROUP=VALUE that is meant for the group. One without a group
 * is for the first interface. */
static const char *option_for(
    const struct arguments *args, const char *option, const char *group, bool first)
{
	const char *found = NULL, *rest;

	for (size_t i = 0; i < args->n_given; i++) {
		const struct given *g = &args->given[i];

		if (!str_eq(g->option->name, option))
			continue;
		rest = strchr(g->value, '=');
		if (!rest ? first : str_eq(mem_strn(g->value, (size_t)(rest - g->value)), group))
			found = rest ? rest + 1 : g->value;
	}
	return found;
}

static bool is_none(const char *value)
{
	return !value || !*value || str_eq(value, "none");
}

static bool is_true(const char *value)
{
	return value && (str_eq(value, "true") || str_eq(value, "yes") || str_eq(value, "on") ||
			    str_eq(value, "1"));
}

static bool read_wish(
    const struct arguments *args, const struct manifest *m, struct interface *x, bool first)
{
	const char *ipv4 = key_value(args, m, x->group, "ipv4");
	const char *gateway = key_value(args, m, x->group, "ipv4-gateway");
	const char *host = option_for(args, "host-ipv4", x->group, first);
	const char *present = mem_fmt("net:%s", x->group);
	struct cidr4 plain = { 0, 0 };

	x->tap = option_for(args, "tap", x->group, first);
	x->present = boot_argument(args, present);
	for (size_t i = 0; !x->present && i < m->n_keys; i++)
		if (str_eq(m->keys[i].option, present) && *m->keys[i].def)
			x->present = m->keys[i].def;
	for (size_t i = 0; !x->present && i < m->n_runs; i++)
		if (str_eq(m->runs[i].option, present) && *m->runs[i].value)
			x->present = m->runs[i].value;
	x->wish.dhcp = is_true(key_value(args, m, x->group, "dhcp")) &&
		       !list_has(&args->rest, mem_fmt("--no-%s", group_option(x->group, "dhcp")));
	if (host && !cidr4_parse(host, false, &x->wish.host)) {
		diag_error(NULL, "'%s' is no address for --host-ipv4", host);
		diag_expected("an address and a prefix length, as 10.0.0.1/24");
		return false;
	}
	/* What is wrong in these the image says itself, with its own words. */
	if (!is_none(ipv4))
		cidr4_parse(ipv4, false, &x->wish.image);
	if (!is_none(gateway) && cidr4_parse(gateway, true, &plain))
		x->wish.gateway = plain.address;
	return true;
}

/* Every --tap and --host-ipv4 with a group must name one of the image's. */
static bool check_groups(const struct arguments *args, const struct list *groups)
{
	for (size_t i = 0; i < args->n_given; i++) {
		const struct given *g = &args->given[i];
		const char *equals = g->value ? strchr(g->value, '=') : NULL, *group;

		if (!equals ||
		    (!str_eq(g->option->name, "tap") && !str_eq(g->option->name, "host-ipv4")))
			continue;
		group = mem_strn(g->value, (size_t)(equals - g->value));
		if (list_has(groups, group))
			continue;
		diag_error(NULL, "--%s names the network '%s', which the image has not",
		    g->option->name, group);
		diag_expected("one of %s", list_join(groups, ", "));
		diag_suggest(group, groups);
		return false;
	}
	return true;
}

static void explain_permission(const struct manifest *m)
{
	const char *target = str_eq(m->target, "unix") ? "--unix" : mem_fmt("-t %s", m->target);

	diag_note("To make one, be root or have the capability CAP_NET_ADMIN and access to"
		  " /dev/net/tun:\n    sudo mirage run %s\n"
		  "  or let root make a lasting one for you, once, and use that:\n"
		  "    sudo ip tuntap add tap0 mode tap user \"$USER\"\n"
		  "    sudo ip address add 10.0.0.1/24 dev tap0 && sudo ip link set tap0 up\n"
		  "    mirage run %s --net:service=tap0\n"
		  "  or use the host's own network stack, which needs no permission:\n"
		  "    mirage run --socket",
	    target, target);
}

static int make_tap(const struct manifest *m, const struct interface *x, char name[16])
{
	const char *what;
	int fd = tap_create(x->tap, name, &what);

	if (fd >= 0)
		return fd;
	diag_error(NULL, "network '%s': cannot %s: %s", x->group, what, strerror(-fd));
	if (fd == -EPERM || fd == -EACCES)
		explain_permission(m);
	else if (fd == -EBUSY)
		diag_note("'%s' exists already; '--net:%s=%s' uses it", x->tap, x->group, x->tap);
	else if (fd == -ENAMETOOLONG || fd == -EINVAL)
		diag_note("a device name has at most 15 letters, digits, '-' and '_'");
	else if (fd == -ENOENT || fd == -ENODEV)
		diag_note("the kernel's driver is missing: 'sudo modprobe tun', or, in a container,"
			  " start it with --device /dev/net/tun");
	return -1;
}

/* A tap device that is there already: the image gets an address that fits to it. */
static void use_present(const struct interface *x, const struct host_nets *nets, struct list *argv)
{
	struct cidr4 image = { 0x0a000002, 24 };

	if (x->wish.image.len || x->wish.dhcp)
		return;
	for (size_t i = 0; i < nets->n; i++) {
		struct cidr4 c = { nets->v[i].address, nets->v[i].len };

		if (!nets->v[i].route && str_eq(nets->v[i].device, x->present) && net_neighbour(c))
			image = (struct cidr4){ net_neighbour(c), c.len };
	}
	list_addf(argv, "--%s=%s", group_option(x->group, "ipv4"), cidr4_text(image));
}

static int set_up(const struct manifest *m, const struct interface *x, struct host_nets *nets,
    struct list *devices, struct list *argv)
{
	struct net_plan plan;
	const char *wrong = net_choose(&x->wish, nets, &plan);
	char name[16];
	int fd, rc;

	if (wrong) {
		diag_error(NULL, "network '%s': %s", x->group, wrong);
		return -1;
	}
	fd = make_tap(m, x, name);
	if (fd < 0)
		return -1;
	rc = tap_configure(name, plan.host.address, plan.host.len);
	if (rc == 0 && fcntl(fd, F_SETFD, 0) < 0)
		rc = -errno;
	if (rc < 0) {
		diag_error(
		    NULL, "network '%s': cannot configure %s: %s", x->group, name, strerror(-rc));
		if (rc == -EPERM)
			explain_permission(m);
		close(fd);
		return -1;
	}
	list_addf(devices, "--net:%s=@%d", x->group, fd);
	if (plan.image.len)
		list_addf(argv, "--%s=%s", group_option(x->group, "ipv4"), cidr4_text(plan.image));
	if (plan.host.len)
		diag_info("network '%s': %s, host %s, image %s", x->group, name,
		    cidr4_text(plan.host), cidr4_text(plan.image.len ? plan.image : x->wish.image));
	else
		diag_info(
		    "network '%s': %s, without an address: the image asks by DHCP", x->group, name);
	return fd;
}

/* Make what the interfaces need; add the options that hand it over and the boot arguments that tell
 * of it. */
static int set_up_all(const struct manifest *m, const struct arguments *args,
    const struct list *groups, struct list *devices, struct list *argv)
{
	int lock = host_nets_lock(), rc = 0;

	for (size_t i = 0; i < groups->n && rc >= 0; i++) {
		struct interface x = { .group = groups->v[i] };
		struct host_nets nets = { 0 };

		if (!read_wish(args, m, &x, i == 0)) {
			rc = -1;
		} else if ((rc = host_nets_read(&nets)) < 0) {
			diag_error(
			    NULL, "cannot list the networks of this host: %s", strerror(-rc));
		} else if (x.present) {
			use_present(&x, &nets, argv);
		} else {
			rc = set_up(m, &x, &nets, devices, argv);
		}
	}
	if (lock >= 0)
		close(lock);
	return rc;
}

/* No help, no version: those need no network. */
static bool only_asks(const struct list *rest)
{
	return list_has(rest, "--help") || list_has(rest, "--version");
}

/* Build, with its progress on stderr: stdout is the image's. */
static int build_aside(const struct arguments *args, struct manifest *m)
{
	int saved, rc;

	fflush(stdout);
	saved = fcntl(1, F_DUPFD_CLOEXEC, 3);
	if (saved >= 0)
		dup2(2, 1);
	rc = build_image(args, m);
	fflush(stdout);
	if (saved >= 0) {
		dup2(saved, 1);
		close(saved);
	}
	return rc;
}

/* A host process: the devices are boot arguments like all others. */
static int start_process(const struct manifest *m, const struct arguments *args, struct list *nets,
    const struct list *boot)
{
	struct list argv = { 0 };

	list_add(&argv, strchr(m->image, '/') ? m->image : mem_fmt("./%s", m->image));
	for (size_t i = 0; i < nets->n; i++)
		list_add(&argv, nets->v[i]);
	for (size_t i = 0; i < boot->n; i++)
		list_add(&argv, boot->v[i]);
	for (size_t i = 0; i < args->keys.n; i++)
		list_addf(&argv, "--%s", args->keys.v[i]);
	for (size_t i = 0; i < args->rest.n; i++)
		list_add(&argv, args->rest.v[i]);
	if (argument_given(args, "gdb"))
		return debug_process(m, &argv);
	execv(argv.v[0], argv.v);
	diag_error(NULL, "cannot start %s: %s", argv.v[0], strerror(errno));
	return EXIT_RUN;
}

int command_run(const struct arguments *args)
{
	struct list boot = { 0 }, groups = { 0 }, nets = { 0 };
	struct manifest m = { 0 };
	struct tender t = { 0 };
	bool asks = only_asks(&args->rest);
	enum run_kind kind;

	if (build_aside(args, &m) != 0)
		return EXIT_RUN;
	kind = run_kind(&m);
	for (size_t i = 0; str_eq(m.net, "direct") && i < m.n_devices; i++)
		if (*m.devices[i].network)
			list_add_new(&groups, m.devices[i].network);
	if (!run_options_fit(args, kind) || (kind == RUN_TENDER && !tender_find(&m, args, &t)))
		return EXIT_RUN;
	if (kind != RUN_PROCESS && asks && m.n_runs) {
		tender_answer(&m, list_has(&args->rest, "--version"));
		return EXIT_OK;
	}
	if (argument_given(args, "boot-chart"))
		list_add(&boot, "--boot-chart");
	if (!asks && (kind != RUN_HYPERVISOR || vmm_wants_taps(&m, args)) &&
	    (!check_groups(args, &groups) || set_up_all(&m, args, &groups, &nets, &boot) < 0))
		return EXIT_RUN;
	switch (kind) {
	case RUN_TENDER: return tender_start(&t, &m, args, &nets, &boot);
	case RUN_HYPERVISOR: return vmm_run(&m, args, &nets, &boot);
	case RUN_PROCESS: return start_process(&m, args, &nets, &boot);
	}
	return EXIT_RUN;
}
