/* console.c: the console's ring; port 0xe9 before there is one. */
#include <mir/err.h>

#include "../bare/bare.h"
#include "../bare/serial.h"
#include "../guest/host.h"
#include "event.h"
#include "machine.h"

enum {
	DEBUG_PORT = 0xe9,
	PATIENCE = 1000000000 /* ns: then text is lost until it is read again */
};

static struct mir_xen_console *ring;
static struct mir_xen_event event;
static bool stuck, serial;

/* What is typed is not looked at. */
static void fired(struct mir_xen_event *e)
{
	(void)e;
}

int mir_xen_console_begin(void)
{
	uint64_t frame, port;
	int rc = mir_xen_param(MIR_XEN_PARAM_CONSOLE_FRAME, &frame);

	if (rc == 0)
		rc = mir_xen_param(MIR_XEN_PARAM_CONSOLE_PORT, &port);
	if (rc < 0)
		return rc;
	event = (struct mir_xen_event){ .fire = fired };
	ring = mir_xen_page_at(frame);
	return mir_xen_event_take(&event, port);
}

static uint32_t used(void)
{
	uint32_t n = ring->out_prod - mir_xen_get(&ring->out_cons);

	/* Indices that cannot be count as full. */
	return MIR_MIN(n, (uint32_t)MIR_XEN_CONSOLE_OUT);
}

/* Until no more than `most` bytes wait to be read; false: not in time. */
static bool wait_for(uint32_t most)
{
	int64_t end = mir_host_monotonic() + PATIENCE;

	while (used() > most) {
		if (stuck || mir_host_monotonic() > end) {
			stuck = true;
			return false;
		}
		mir_xen_event_notify(&event);
		mir_xen_call(MIR_XEN_SCHED, MIR_XEN_SCHED_YIELD, 0, 0);
	}
	stuck = false;
	return true;
}

static bool put(char c)
{
	uint32_t prod = ring->out_prod;

	if (used() == MIR_XEN_CONSOLE_OUT && !wait_for(MIR_XEN_CONSOLE_OUT - 1))
		return false;
	ring->out[prod % MIR_XEN_CONSOLE_OUT] = c;
	mir_xen_put(&ring->out_prod, prod + 1);
	return true;
}

void mir_xen_console_serial(void)
{
	mir_bare_serial_begin();
	serial = true;
}

void mir_host_console(const char *text, size_t len)
{
	if (serial)
		mir_bare_serial_write(text, len);
	for (size_t i = 0; i < len; i++) {
		if (!ring && !serial)
			mir_bare_out8(DEBUG_PORT, (uint8_t)text[i]);
		else if (ring && ((text[i] == '\n' && !put('\r')) || !put(text[i])))
			break;
	}
	if (ring)
		mir_xen_event_notify(&event);
}

void mir_xen_console_drain(void)
{
	if (ring)
		wait_for(0);
}
