/* leases.c: the server's side of DHCP (RFC 2131 section 4.3), for scenarios in which addresses
 * change. */
#include "mirage/app.h"

#include <mir/bytes.h>
#include <mir/fiber.h>
#include <mir/log.h>
#include <mir/loop.h>
#include <mir/mem.h>
#include <string.h>

MIR_LOG_SOURCE(leases);

enum { DISCOVER = 1, OFFER, REQUEST, ACK = 5, NAK };
enum { OPTIONS = 240, LONGEST = 600, CLIENTS = 16, FIRST = 100, RANGE = 16, RANGES = 6 };

static struct {
	const struct app *app;
	struct mir_udp_port *udp;
	struct mir_cidr own;
	uint8_t known[CLIENTS][6]; /* MAC addresses, in the order in which they came */
	unsigned nknown;
} g;

static const uint8_t *option(const uint8_t *m, size_t len, uint8_t code, uint8_t want)
{
	for (size_t i = OPTIONS; i + 1 < len && m[i] != 255; i += m[i] ? 2u + m[i + 1] : 1u) {
		if (m[i] == code && m[i + 1] >= want && i + 2u + m[i + 1] <= len)
			return m + i + 2;
	}
	return NULL;
}

static uint32_t number(const uint8_t *m, size_t len, uint8_t code)
{
	const uint8_t *p = option(m, len, code, 4);

	return p ? mir_be32(p) : 0;
}

/* The address that a client gets now; 0: none is left. */
static uint32_t address_for(const uint8_t mac[6])
{
	uint32_t net = mir_ip4_of(&g.own.addr) & 0xffffff00u;
	unsigned range = (unsigned)(mir_now() / g.app->keys.move % RANGES), i = 0;

	while (i < g.nknown && memcmp(g.known[i], mac, 6) != 0)
		i++;
	if (i == CLIENTS)
		return 0;
	if (i == g.nknown)
		memcpy(g.known[g.nknown++], mac, 6);
	return net | (FIRST + range * RANGE + i);
}

static uint8_t *put(uint8_t *at, uint8_t code, uint32_t v)
{
	*at++ = code;
	*at++ = 4;
	mir_put_be32(at, v);
	return at + 4;
}

static void answer(const uint8_t *m, uint8_t type, uint32_t addr)
{
	struct mir_endpoint to = { mir_ip4(0xffffffffu), 68 };
	struct mir_slice s = { .len = 0 };
	uint8_t *b, *at;

	s.owner = mir_mem_new(LONGEST, &b);
	if (!s.owner)
		return;
	memset(b, 0, LONGEST);
	b[0] = 2;
	b[1] = 1;
	b[2] = 6;
	memcpy(b + 4, m + 4, 4);
	if (type != NAK)
		mir_put_be32(b + 16, addr);
	memcpy(b + 28, m + 28, 6);
	memcpy(b + 236, m + 236, 4);
	at = b + OPTIONS;
	*at++ = 53;
	*at++ = 1;
	*at++ = type;
	at = put(at, 54, mir_ip4_of(&g.own.addr));
	if (type != NAK) {
		at = put(at, 51, (uint32_t)(g.app->keys.lease / MIR_SECOND(1)));
		at = put(at, 1, 0xffffff00u);
	}
	*at++ = 255;
	s.p = b;
	s.len = (size_t)(at - b);
	if (type == ACK && mir_be32(m + 12) == addr)
		to.addr = mir_ip4(addr);
	mir_udp_send(g.udp, &g.own.addr, &to, &s, 1);
}

static void message(const uint8_t *m, size_t len)
{
	const uint8_t *type = option(m, len, 53, 1);
	uint32_t addr, wanted, server = number(m, len, 54);

	if (m[0] != 1 || m[2] != 6 || !type)
		return;
	addr = address_for(m + 28);
	if (addr == 0)
		return;
	if (*type == DISCOVER) {
		answer(m, OFFER, addr);
		return;
	}
	if (*type != REQUEST || (server && server != mir_ip4_of(&g.own.addr)))
		return;
	wanted = number(m, len, 50);
	wanted = wanted ? wanted : mir_be32(m + 12);
	if (wanted == addr)
		answer(m, ACK, addr);
	else if (g.app->keys.nak)
		answer(m, NAK, 0);
	mir_info("%u is asked for, %u given", wanted & 255, addr & 255);
}

static void input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	static uint8_t bytes[1500];
	size_t len = MIR_MIN(p->total, sizeof(bytes));

	(void)arg;
	(void)src;
	(void)dst;
	mir_packet_copy(p, 0, bytes, (uint32_t)len);
	mir_packet_unref(p);
	if (len > OPTIONS)
		message(bytes, len);
}

int leases_main(const struct app *app)
{
	static const struct mir_udp_handler handler = { input, NULL };
	struct mir_endpoint local = { .port = 67 };
	struct mir_ip *ip = app->stack->ip;
	int rc;

	g.app = app;
	rc = ip->ops->address(ip, 0, &g.own);
	if (rc == 0)
		rc = mir_udp_bind(app->stack->udp, &local, &handler, NULL, &g.udp);
	if (rc < 0) {
		mir_error("%s", mir_strerror(rc));
		return 1;
	}
	mir_sleep_until(MIR_NEVER);
	mir_shutdown_acknowledge();
	mir_udp_close(g.udp);
	return 0;
}
