/* run_net.c: which addresses host and image get, with other networks around. */
#include <string.h>

#include <mir/test.h>

#include "../run_net.h"

static struct host_nets nets;

static void add(const char *cidr, bool route)
{
	struct cidr4 c;

	if (!cidr4_parse(cidr, false, &c))
		return;
	nets.v = mem_grow(nets.v, nets.n, &nets.cap, sizeof *nets.v);
	nets.v[nets.n++] = (struct host_net){ c.address, c.len, route, "eth0" };
}

static struct cidr4 cidr(const char *text)
{
	struct cidr4 c = { 0, 0 };

	cidr4_parse(text, true, &c);
	return c;
}

/* "HOST IMAGE" for a wish, "" for what there is none of; or the complaint. */
static const char *choice(const char *image, const char *gateway, const char *host, bool dhcp)
{
	struct net_wish w = { .image = cidr(image), .host = cidr(host), .dhcp = dhcp };
	struct net_plan plan;
	const char *wrong;

	w.gateway = cidr(gateway).address;
	wrong = net_choose(&w, &nets, &plan);
	if (wrong)
		return wrong;
	return mem_fmt("%s %s", plan.host.len ? cidr4_text(plan.host) : "-",
	    plan.image.len ? cidr4_text(plan.image) : "-");
}

static void parsing(void)
{
	struct cidr4 c;

	ok(cidr4_parse("10.1.2.3/24", false, &c) && c.address == 0x0a010203 && c.len == 24, "CIDR");
	ok(cidr4_parse("10.1.2.3", true, &c) && c.len == 32, "an address");
	ok(!cidr4_parse("10.1.2.3", false, &c), "an address is no CIDR");
	ok(!cidr4_parse("10.1.2.3/33", false, &c) && !cidr4_parse("10.1.2.3/0", false, &c) &&
		!cidr4_parse("10.1.2.3/", false, &c) && !cidr4_parse("10.1.2.3/-1", false, &c) &&
		!cidr4_parse("10.1.2.3/ 8", false, &c) && !cidr4_parse("10.1.2.3/8x", false, &c),
	    "a wrong length");
	ok(!cidr4_parse("10.1.2/8", false, &c) && !cidr4_parse("256.1.1.1/8", false, &c) &&
		!cidr4_parse("", true, &c) && !cidr4_parse("0.0.0.0/8", false, &c) &&
		!cidr4_parse("::1/64", false, &c),
	    "a wrong address");
	ok(net_neighbour(cidr("10.0.0.1/24")) == 0x0a000002 &&
		net_neighbour(cidr("10.0.0.7/24")) == 0x0a000001,
	    "neighbours");
	ok(net_neighbour(cidr("10.0.0.1/31")) == 0x0a000000 &&
		net_neighbour(cidr("10.0.0.1/32")) == 0 &&
		net_neighbour(cidr("10.0.0.1/30")) == 0x0a000002,
	    "in small networks");
	ok(net_neighbour(cidr("200.0.0.1/1")) == 0x80000001, "in a large one");
}

static void free_networks(void)
{
	nets.n = 0;
	ok(str_eq(choice("", "", "", false), "10.0.0.1/24 10.0.0.2/24"), "nothing is in use");
	add("10.0.0.1/24", false);
	ok(str_eq(choice("", "", "", false), "10.0.1.1/24 10.0.1.2/24"), "the first is");
	add("10.0.1.0/24", true);
	add("10.0.2.77/32", false);
	ok(str_eq(choice("", "", "", false), "10.0.3.1/24 10.0.3.2/24"), "more are");
	add("10.0.0.0/8", true);
	ok(str_eq(choice("", "", "", false), "10.0.3.1/24 10.0.3.2/24"),
	    "a route to all of 10.0.0.0/8 is only avoided where that is possible");
	add("10.9.9.9/8", false);
	ok(strstr(choice("", "", "", false), "every network") != NULL, "all are");
	nets.n = 0;
	ok(str_eq(choice("", "", "", true), "- -"), "by DHCP: none");
}

static void configured(void)
{
	nets.n = 0;
	ok(str_eq(choice("192.168.7.9/24", "", "", false), "192.168.7.1/24 -"), "an address");
	ok(str_eq(choice("192.168.7.1/24", "", "", false), "192.168.7.2/24 -"), "the first one");
	ok(str_eq(choice("192.168.7.9/24", "192.168.7.254", "", false), "192.168.7.254/24 -"),
	    "the host is the gateway");
	ok(str_eq(choice("192.168.7.9/24", "10.1.1.1", "", false), "192.168.7.1/24 -"),
	    "a gateway elsewhere is not the host");
	ok(strstr(choice("192.168.7.9/32", "", "", false), "no address for the host") != NULL,
	    "no room");
	ok(str_eq(choice("", "", "172.20.0.5/16", false), "172.20.0.5/16 172.20.0.1/16"),
	    "the host's");
	ok(str_eq(choice("", "", "172.20.0.5/16", true), "172.20.0.5/16 -"), "with DHCP");
	ok(str_eq(choice("172.20.0.7/16", "", "172.20.0.5/16", false), "172.20.0.5/16 -"), "both");
	ok(strstr(choice("172.20.0.5/16", "", "172.20.0.5/16", false), "both have") != NULL,
	    "the same");
	ok(strstr(choice("172.20.0.5/16", "", "172.21.0.5/16", false), "not in the image's") !=
		NULL,
	    "of different networks");
}

static void clashes(void)
{
	nets.n = 0;
	add("192.168.7.0/24", true);
	add("172.16.0.0/12", true);
	ok(strstr(choice("192.168.7.9/24", "", "", false), "in use here: a route through eth0"),
	    "with a route");
	ok(strstr(choice("192.168.0.9/16", "", "", false), "in use here") != NULL,
	    "with a smaller network");
	ok(str_eq(choice("172.16.3.9/24", "", "", false), "172.16.3.1/24 -"),
	    "not with a route to a larger one");
	add("172.16.3.5/12", false);
	ok(strstr(choice("172.16.3.9/24", "", "", false), "in use here: eth0 has 172.16.3.5/12"),
	    "but with the network of an interface");
	ok(strstr(choice("", "", "192.168.7.1/24", false), "in use here") != NULL,
	    "--host-ipv4 too");
}

int main(void)
{
	int rc;

	RUN_PLAIN(parsing);
	RUN_PLAIN(free_networks);
	RUN_PLAIN(configured);
	RUN_PLAIN(clashes);
	rc = mir_test_end();
	mem_release();
	return rc;
}
