/* start.c: what looks at events in each turn, and starts all that needs xenstore: with the first
 * device, or in the first turn of the loop.
 */
#include <mir/err.h>
#include <mir/fiber.h>
#include <mir/log.h>
#include <mir/loop.h>

#include "../bare/bare.h"
#include "bus.h"
#include "control.h"
#include "event.h"
#include "grant.h"
#include "machine.h"

MIR_LOG_SOURCE(xen);

static bool started, listening;
static int status;

int mir_xen_ready(void)
{
	if (started)
		return status;
	started = true;
	mir_bare_seal();
	status = mir_xen_store_start();
	if (status == 0)
		status = mir_xen_grants_start();
	if (status < 0)
		mir_error(
		    "xenstore or the table of grants cannot be used: %s", mir_strerror(status));
	return status;
}

static void listen(void *arg)
{
	int rc = mir_xen_ready();

	(void)arg;
	if (rc == 0)
		rc = mir_xen_control_start();
	if (rc < 0 && rc != MIR_ECANCELED)
		mir_error("requests of the host are not heard: %s", mir_strerror(rc));
}

static bool poll(struct mir_bare_port *port)
{
	(void)port;
	if (!listening && mir_shutdown_hook) {
		listening = true;
		mir_spawn("xen-start", listen, NULL);
	}
	return mir_xen_events_poll();
}

void mir_xen_port_begin(void)
{
	static struct mir_bare_port port = { .poll = poll };

	mir_bare_port_add(&port);
}
