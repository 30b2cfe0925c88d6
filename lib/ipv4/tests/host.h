/* host.h: a host of our stack for tests, over any interface. */
#ifndef TEST_HOST_H
#define TEST_HOST_H

#include <mir/arp_device.h>
#include <mir/checksum.h>
#include <mir/ethernet_device.h>
#include <mir/icmp_device.h>
#include <mir/ipv4.h>
#include <mir/link.h>
#include <mir/test.h>
#include <mir/udp_device.h>

struct test_host {
	struct mir_ethernet_device eth;
	struct mir_arp_device arp;
	struct mir_ipv4 ip;
	struct mir_icmp_device icmp;
	struct mir_udp_device udp;
};

static inline struct mir_ipaddr test_ip(const char *text)
{
	struct mir_ipaddr a = MIR_IPADDR_ANY;

	if (text && mir_ipaddr_parse(text, &a) < 0)
		ok(false, "%s is an address", text);
	return a;
}

static inline struct mir_cidr test_cidr(const char *text)
{
	struct mir_cidr c = { 0 };

	if (text && mir_cidr_parse(text, &c) < 0)
		ok(false, "%s is an address", text);
	return c;
}

/* cidr, gateway: may be NULL. */
static inline void host_start(
    struct test_host *h, struct mir_net *net, const char *cidr, const char *gateway)
{
	struct mir_ethernet_device_config e = { .net = net, .name = "test" };
	struct mir_arp_device_config a = { .eth = &h->eth.ethernet, .name = "test" };
	struct mir_ipv4_config i = { .eth = &h->eth.ethernet, .arp = &h->arp.arp, .name = "test" };
	struct mir_icmp_device_config c = { .ip = &h->ip.ip, .name = "test" };
	struct mir_udp_device_config u = { .ip = &h->ip.ip, .name = "test" };

	i.ipv4 = test_cidr(cidr);
	i.ipv4_gateway = test_ip(gateway);
	if (mir_ethernet_device_start(&h->eth, &e) < 0 || mir_arp_device_start(&h->arp, &a) < 0 ||
	    mir_ipv4_start(&h->ip, &i) < 0 || mir_icmp_device_start(&h->icmp, &c) < 0 ||
	    mir_udp_device_start(&h->udp, &u) < 0)
		ok(false, "host %s starts", cidr ? cidr : "without address");
}

static inline void host_stop(struct test_host *h)
{
	mir_udp_device_stop(&h->udp);
	mir_icmp_device_stop(&h->icmp);
	mir_ipv4_stop(&h->ip);
	mir_arp_device_stop(&h->arp);
	mir_ethernet_device_stop(&h->eth);
}

/* Two hosts and the cable between them. */
static struct mir_link cable;
static struct test_host alice, bob; /* 10.0.0.1, 10.0.0.2 */

static inline void pair_start(const struct mir_link_config *c)
{
	mir_link_init(&cable, c);
	host_start(&alice, &cable.end[0].net, "10.0.0.1/24", NULL);
	host_start(&bob, &cable.end[1].net, "10.0.0.2/24", NULL);
}

static inline void pair_stop(void)
{
	host_stop(&alice);
	host_stop(&bob);
	mir_link_release(&cable);
	mir_sleep(1);
}

#endif
