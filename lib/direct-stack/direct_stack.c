/* direct_stack.c: see mir/direct_stack.h. */
#include <mir/direct_stack.h>
#include <mir/fiber.h>
#include <mir/log.h>

MIR_LOG_SOURCE(stack);

int mir_direct_stack_wait_ready(struct mir_direct_stack *s, int64_t deadline)
{
	struct mir_ip *ip = s->stack.ip;
	struct mir_cidr any;
	int64_t outer;
	int rc;

	if (ip->ops->address(ip, 0, &any) == 0)
		return 0;
	if (!s->stack.dhcp->enabled)
		return MIR_ENETDOWN;
	outer = mir_deadline_set(deadline);
	rc = mir_dhcp_wait(s->stack.dhcp);
	mir_deadline_restore(outer);
	return rc;
}

/* Those of the lease. */
static unsigned name_servers(struct mir_stack *s, struct mir_ipaddr *out, unsigned max)
{
	struct mir_dhcp_grant grant;
	unsigned n;

	if (mir_dhcp_wait(s->dhcp) < 0 || mir_dhcp_grant(s->dhcp, &grant) < 0)
		return 0;
	n = MIR_MIN(grant.n_name_servers, max);
	memcpy(out, grant.name_server, n * sizeof(*out));
	return n;
}

int mir_direct_stack_start(struct mir_direct_stack *s, const struct mir_direct_stack_config *c)
{
	int rc;

	*s = (struct mir_direct_stack){
		.stack = { .name = c->name,
		    .tcp = c->tcp,
		    .udp = c->udp,
		    .icmp = c->icmp,
		    .ip = c->ip,
		    .dhcp = c->dhcp,
		    .name_servers = name_servers },
		.name = c->name,
	};
	if (c->dhcp->enabled)
		mir_info("%s: waiting for an address by DHCP", c->name);
	rc = mir_direct_stack_wait_ready(s, mir_time_add(mir_now(), MIR_DIRECT_STACK_WAIT_NS));
	if (rc == MIR_ECANCELED)
		return rc;
	if (rc == MIR_ENETDOWN)
		mir_warn(
		    "%s: no address: give one by --ipv4=ADDRESS/LENGTH, or say --dhcp", c->name);
	else if (rc < 0)
		mir_warn(
		    "%s: no DHCP server has answered yet; starting without an address", c->name);
	return 0;
}

void mir_direct_stack_stop(struct mir_direct_stack *s)
{
	s->stack = (struct mir_stack){ 0 };
}
