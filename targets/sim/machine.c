/* machine.c: what is attached to the machine, and its sudden end. */
#include <stdlib.h>
#include <unistd.h>

#include "sim.h"

enum { ENDED_AT_ONCE = 137 }; /* as a process that SIGKILL has ended */

static struct mir_sim_port *ports;
static struct mir_sim_store *stores;
static uint16_t n_ports, n_stores;

void mir_sim_port_add(struct mir_sim_port *port)
{
	struct mir_sim_port **p = &ports;

	while (*p)
		p = &(*p)->next;
	port->index = n_ports++;
	port->next = NULL;
	*p = port;
}

void mir_sim_port_remove(struct mir_sim_port *port)
{
	for (struct mir_sim_port **p = &ports; *p; p = &(*p)->next) {
		if (*p == port) {
			*p = port->next;
			return;
		}
	}
}

struct mir_sim_port *mir_sim_ports(void)
{
	return ports;
}

void mir_sim_store_add(struct mir_sim_store *s)
{
	s->index = n_stores++;
	s->next = stores;
	stores = s;
}

void mir_sim_store_remove(struct mir_sim_store *s)
{
	for (struct mir_sim_store **p = &stores; *p; p = &(*p)->next) {
		if (*p == s) {
			*p = s->next;
			return;
		}
	}
}

struct mir_sim_store *mir_sim_stores(void)
{
	return stores;
}

void mir_sim_end(bool power)
{
	for (struct mir_sim_store *s = stores; s; s = s->next)
		s->end(s, power);
	mir_sim_turn_end(ENDED_AT_ONCE);
	_exit(ENDED_AT_ONCE);
}
