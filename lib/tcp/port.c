/* port.c: initial sequence numbers (RFC 6528), timestamp offsets (RFC 7323 section 5.4) and
 * ephemeral ports (RFC 6056 section 3.3.4, double hash). */
#include "core.h"

enum { PORT_FIRST = 32768, PORT_COUNT = 65536 - PORT_FIRST };

uint32_t mir_tcp_isn(struct mir_tcp_core *core, const struct mir_tcp_tuple *tuple, int64_t now)
{
	uint32_t clock = (uint32_t)(now / 4000); /* a step each 4 us */

	return clock + (uint32_t)mir_siphash(&core->isn_key, tuple, sizeof(*tuple));
}

/* The same for each connection of a tuple, so that their timestamps go on rising (RFC 6191). */
uint32_t mir_tcp_ts_offset(struct mir_tcp_core *core, const struct mir_tcp_tuple *tuple)
{
	return (uint32_t)mir_siphash(&core->ts_key, tuple, sizeof(*tuple));
}

int mir_tcp_port_choose(struct mir_tcp_core *core, struct mir_tcp_tuple *tuple)
{
	uint64_t h;
	uint32_t offset, *counter;

	tuple->local_port = 0;
	h = mir_siphash(&core->port_key, tuple, sizeof(*tuple));
	offset = (uint32_t)h;
	counter = &core->ephemeral[(h >> 32) % MIR_TCP_PORT_COUNTERS];
	for (uint32_t i = 0; i < PORT_COUNT; i++) {
		tuple->local_port = (uint16_t)(PORT_FIRST + (offset + (*counter)++) % PORT_COUNT);
		if (!mir_tcp_port_find(core, &tuple->local, tuple->local_port) &&
		    !mir_tcp_table_find(&core->table, tuple))
			return 0;
	}
	return MIR_EADDRNOTAVAIL;
}
