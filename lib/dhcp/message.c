/* message.c: see message.h. */
#include "message.h"

enum {
	REQUEST = 1,
	REPLY = 2,
	ETHERNET = 1,
	XID = 4,
	SECS = 8,
	FLAGS = 10,
	CIADDR = 12,
	YIADDR = 16,
	CHADDR = 28,
	SNAME = 44,
	SNAME_LEN = 64,
	FILE_NAME = 108,
	FILE_LEN = 128,
	COOKIE = 236,
	OPTIONS = 240,
	BOOTP_MIN = 300, /* old relays drop less */
	NAME_MAX_LEN = 63
};

enum option {
	PAD = 0,
	MASK = 1,
	ROUTERS = 3,
	DNS = 6,
	HOST_NAME = 12,
	DOMAIN_NAME = 15,
	MTU = 26,
	REQUESTED = 50,
	LEASE_TIME = 51,
	OVERLOAD = 52,
	TYPE = 53,
	SERVER = 54,
	PARAMETERS = 55,
	MAX_SIZE = 57,
	T1 = 58,
	T2 = 59,
	CLIENT_ID = 61,
	END = 255
};

static const uint8_t cookie[4] = { 99, 130, 83, 99 };

/* A list of addresses: those that fit are kept. */
static bool parse_list(struct mir_reader *r, uint32_t *list, uint8_t max, uint8_t *n)
{
	if (mir_read_left(r) == 0 || mir_read_left(r) % 4 != 0)
		return false;
	while (mir_read_left(r) > 0) {
		uint32_t addr = mir_read_be32(r);

		if (*n < max && addr != 0)
			list[(*n)++] = addr;
	}
	return true;
}

/* The prefix length of a mask; -1: its ones do not come first. */
static int prefix_len(uint32_t mask)
{
	int len = 0;

	while (len < 32 && mask & (0x80000000u >> len))
		len++;
	return mask == mir_mask4((unsigned)len) ? len : -1;
}

static bool parse_mask(struct mir_reader *r, struct dhcp_reply *m)
{
	int len = prefix_len(mir_read_be32(r));

	if (len < 1)
		return false;
	m->lease.len = (uint8_t)len;
	m->has_mask = true;
	return true;
}

/* Names go into logs and resolvers: letters, digits, '-', '_', '.'. Others are not taken over. */
static void parse_domain(struct mir_reader *r, struct mir_dhcp_lease *l)
{
	size_t n = mir_read_left(r);
	const uint8_t *text = mir_read_bytes(r, n);

	if (n >= sizeof(l->domain))
		return;
	for (size_t i = 0; i < n; i++) {
		bool alnum = (text[i] >= '0' && text[i] <= '9') ||
			     ((text[i] | 32) >= 'a' && (text[i] | 32) <= 'z');

		if (!alnum && text[i] != '-' && text[i] != '_' && text[i] != '.' &&
		    !(text[i] == 0 && i == n - 1))
			return;
	}
	memcpy(l->domain, text, n);
	l->domain[n] = 0;
}

/* One option, in a reader of its own, of which all must be read. */
static bool parse_option(
    uint8_t code, struct mir_reader *r, struct dhcp_reply *m, uint8_t *overload)
{
	switch (code) {
	case MASK:
		if (!parse_mask(r, m))
			return false;
		break;
	case ROUTERS: return parse_list(r, m->lease.router, MIR_DHCP_ROUTERS, &m->lease.nrouters);
	case DNS: return parse_list(r, m->lease.dns, MIR_DHCP_SERVERS, &m->lease.ndns);
	case DOMAIN_NAME: parse_domain(r, &m->lease); break;
	case MTU: m->lease.mtu = mir_read_be16(r); break;
	case LEASE_TIME:
		m->duration_s = mir_read_be32(r);
		m->has_duration = true;
		break;
	case OVERLOAD: *overload = mir_read_u8(r); break;
	case TYPE: m->type = mir_read_u8(r); break;
	case SERVER: m->lease.server = mir_read_be32(r); break;
	case T1: m->t1_s = mir_read_be32(r); break;
	case T2: m->t2_s = mir_read_be32(r); break;
	default: return true;
	}
	return !r->bad && mir_read_left(r) == 0;
}

static bool parse_options(struct mir_reader *r, struct dhcp_reply *m, uint8_t *overload)
{
	while (mir_read_left(r) > 0) {
		uint8_t code = mir_read_u8(r), len;
		const uint8_t *body;
		struct mir_reader option;

		if (code == PAD)
			continue;
		if (code == END)
			return true;
		len = mir_read_u8(r);
		body = mir_read_bytes(r, len);
		if (!body)
			return false;
		option = mir_reader(body, len);
		if (!parse_option(code, &option, m, overload))
			return false;
	}
	return true;
}

bool mir_dhcp_parse(const uint8_t *msg, size_t len, struct dhcp_reply *m)
{
	struct mir_reader r = mir_reader(msg, len);
	uint8_t overload = 0, none = 0;

	memset(m, 0, sizeof(*m));
	if (len < OPTIONS || msg[0] != REPLY || msg[1] != ETHERNET || msg[2] != 6 ||
	    memcmp(msg + COOKIE, cookie, 4) != 0)
		return false;
	m->xid = mir_be32(msg + XID);
	memcpy(m->mac.b, msg + CHADDR, 6);
	m->lease.addr = mir_be32(msg + YIADDR);
	mir_read_bytes(&r, OPTIONS);
	if (!parse_options(&r, m, &overload))
		return false;
	if (overload & 1) {
		r = mir_reader(msg + FILE_NAME, FILE_LEN);
		if (!parse_options(&r, m, &none))
			return false;
	}
	if (overload & 2) {
		r = mir_reader(msg + SNAME, SNAME_LEN);
		if (!parse_options(&r, m, &none))
			return false;
	}
	return m->type != 0;
}

static uint8_t *put_option(uint8_t *o, uint8_t code, const void *body, size_t len)
{
	*o++ = code;
	*o++ = (uint8_t)len;
	memcpy(o, body, len);
	return o + len;
}

static uint8_t *put_address(uint8_t *o, uint8_t code, uint32_t addr)
{
	uint8_t b[4];

	mir_put_be32(b, addr);
	return addr ? put_option(o, code, b, sizeof(b)) : o;
}

/* What a client asks for, but not in what it only tells. */
static uint8_t *put_wishes(const struct mir_dhcp_engine *e, uint8_t *o)
{
	static const uint8_t wanted[] = { MASK, ROUTERS, DNS, DOMAIN_NAME, MTU, LEASE_TIME, SERVER,
		T1, T2 };
	uint8_t max[2];
	size_t name = e->host_name ? strlen(e->host_name) : 0;

	mir_put_be16(max, MIR_DHCP_MESSAGE + 28);
	o = put_option(o, MAX_SIZE, max, sizeof(max));
	o = put_option(o, PARAMETERS, wanted, sizeof(wanted));
	if (name > 0 && name <= NAME_MAX_LEN)
		o = put_option(o, HOST_NAME, e->host_name, name);
	return o;
}

size_t mir_dhcp_build(
    const struct mir_dhcp_engine *e, const struct dhcp_say *say, uint8_t out[MIR_DHCP_OUT])
{
	uint8_t client[7] = { ETHERNET };
	uint8_t *o = out + OPTIONS;

	memset(out, 0, MIR_DHCP_OUT);
	out[0] = REQUEST;
	out[1] = ETHERNET;
	out[2] = 6;
	mir_put_be32(out + XID, e->xid);
	mir_put_be16(out + SECS, say->secs);
	mir_put_be16(out + FLAGS, say->broadcast ? 0x8000 : 0);
	mir_put_be32(out + CIADDR, say->ciaddr);
	memcpy(out + CHADDR, e->mac.b, 6);
	memcpy(out + COOKIE, cookie, 4);
	memcpy(client + 1, e->mac.b, 6);
	o = put_option(o, TYPE, &say->type, 1);
	o = put_option(o, CLIENT_ID, client, sizeof(client));
	o = put_address(o, REQUESTED, say->requested);
	o = put_address(o, SERVER, say->server);
	if (say->type == DHCP_DISCOVER || say->type == DHCP_REQUEST)
		o = put_wishes(e, o);
	*o++ = END;
	return MIR_MAX((size_t)(o - out), (size_t)BOOTP_MIN);
}
