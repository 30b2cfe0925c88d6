/* direct_stack.c: waiting for an address, or not. */
#include "../../ipv4/tests/host.h"
#include <mir/dhcp_device.h>
#include <mir/direct_stack.h>

static struct mir_dhcp_device dhcp;
static struct mir_direct_stack stack;

static int64_t start(const char *cidr, bool ask)
{
	struct mir_dhcp_device_config d = { .eth = &bob.eth.ethernet,
		.arp = &bob.arp.arp,
		.ip = &bob.ip.ip,
		.udp = &bob.udp.udp,
		.dhcp = ask,
		.name = "test" };
	struct mir_direct_stack_config c = { .ip = &bob.ip.ip,
		.icmp = &bob.icmp.icmp,
		.udp = &bob.udp.udp,
		.dhcp = &dhcp.dhcp,
		.name = "test" };
	int64_t from = mir_now();

	mir_link_init(&cable, &(struct mir_link_config){ 0 });
	host_start(&bob, &cable.end[1].net, cidr, NULL);
	ok(mir_dhcp_device_start(&dhcp, &d) == 0, "the client starts");
	ok(mir_direct_stack_start(&stack, &c) == 0, "the stack starts");
	return mir_now() - from;
}

static void stop(void)
{
	mir_direct_stack_stop(&stack);
	mir_dhcp_device_stop(&dhcp);
	host_stop(&bob);
	mir_link_release(&cable);
	mir_sleep(1);
}

static void waits(void)
{
	ok(start("10.0.0.2/24", true) == 0, "an address is given: no waiting");
	ok(mir_direct_stack_wait_ready(&stack, mir_now()) == 0, "ready");
	ok(stack.stack.ip == &bob.ip.ip && stack.stack.udp == &bob.udp.udp, "put together");
	stop();
	ok(start(NULL, false) == 0, "none is to be had: no waiting");
	ok(mir_direct_stack_wait_ready(&stack, mir_now() + MIR_SECOND(1)) == MIR_ENETDOWN, "why");
	stop();
	ok(start(NULL, true) >= MIR_SECOND(10), "nobody answers: ten seconds");
	ok(mir_direct_stack_wait_ready(&stack, mir_now() + MIR_SECOND(1)) == MIR_ETIMEDOUT,
	    "nor in one more");
	stop();
}

int main(void)
{
	RUN(waits);
	return mir_test_end();
}
