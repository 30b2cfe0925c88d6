/* syslog.h: log lines for a collector (RFC 5424), over UDP (RFC 5426), TCP (RFC 6587, octets
 * counted) and TLS (RFC 5425).
 *
 * Lines wait in a queue of bounded size, which a fiber empties: logging never blocks.  What does
 * not fit is counted, and told when there is room again.  While the collector is not there it is
 * tried again after 1 s, 2 s, 4 s, ... 60 s.
 */
#ifndef MIR_SYSLOG_H
#define MIR_SYSLOG_H

#include <mir/fiber.h>
#include <mir/resolver.h>
#include <mir/stack.h>
#include <mir/tls.h>

enum { MIR_SYSLOG_MESSAGE = 5120, MIR_SYSLOG_HOST = 256 };

struct mir_syslog_config {
	struct mir_stack *stack;
	struct mir_resolver *resolver; /* NULL: the collector is an address */
	struct mir_tls *tls;           /* NULL: no tls:// */
	const char *syslog;            /* "" or NULL: none */
	int64_t syslog_facility;
	uint64_t syslog_queue; /* bytes; 0: 64 kB */
	bool syslog_console;
	const char *name;
};

enum mir_syslog_how { MIR_SYSLOG_UDP, MIR_SYSLOG_TCP, MIR_SYSLOG_TLS };

struct mir_syslog {
	struct mir_syslog_config config;
	enum mir_syslog_how how;
	char host[MIR_SYSLOG_HOST];
	uint16_t port;
	uint8_t *queue; /* a ring of lines, each with its length in two bytes before it */
	size_t size, head, used;
	uint64_t dropped, told, sent, reconnects;
	bool busy; /* what it does itself is not for its queue */
	struct mir_waitq wake;
	struct mir_fiber *fiber;
	struct mir_flow *flow; /* NULL: not connected */
	struct mir_udp_port *port_of;
	struct mir_endpoint to;
};

/* Lines go there from now on.  MIR_EINVAL: the collector, which is logged. */
int mir_syslog_start(struct mir_syslog *, const struct mir_syslog_config *);
/* What waits is sent for up to 2 s.  Blocks. */
void mir_syslog_stop(struct mir_syslog *);

/* "udp://HOST[:PORT]"; MIR_EINVAL. */
int mir_syslog_parse(
    const char *url, enum mir_syslog_how *how, char host[MIR_SYSLOG_HOST], uint16_t *port);

/* A line of our log, "2026-11-21 14:31:07.123 WRN tcp: text", as a message; any other line is the
 * text of one at level info.  wall_ns: for those.  name: of this image.  The length, at most cap.
 */
size_t mir_syslog_message(const char *line, size_t len, int64_t wall_ns, unsigned facility,
    const char *name, char *out, size_t cap);

#endif
