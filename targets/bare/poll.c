/* poll.c: a turn: each device is looked at; if none has anything, the CPU sleeps. */
#include <mir/loop.h>
#include <mir/target.h>
#include <mir/time.h>

#include "machine.h"

static struct mir_bare_port *ports;

void mir_bare_port_add(struct mir_bare_port *port)
{
	struct mir_bare_port **at = &ports;

	while (*at)
		at = &(*at)->next;
	port->next = NULL;
	*at = port;
}

void mir_bare_port_remove(struct mir_bare_port *port)
{
	struct mir_bare_port **at = &ports;

	while (*at && *at != port)
		at = &(*at)->next;
	if (*at)
		*at = port->next;
}

static bool look(void)
{
	bool any = false;

	for (struct mir_bare_port *port = ports, *next; port; port = next) {
		next = port->next;
		any |= port->poll(port);
	}
	return any;
}

void mir_target_poll(int64_t deadline)
{
	if (look() || deadline == 0)
		return;
	mir_bare_wait(deadline);
	mir_loop_woke();
	look();
}
