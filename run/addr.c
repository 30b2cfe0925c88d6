/* addr.c: addresses as text: IPv4 in dotted decimal, IPv6 by RFC 4291 section 2.2 (read) and RFC
 * 5952 (written). */
#include <mir/addr.h>
#include <mir/err.h>
#include <mir/format.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* A decimal number of at most `max`, no leading zeros; *t moves past it. */
static int number(const char **t, unsigned max)
{
	const char *p = *t;
	unsigned v = 0;

	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return MIR_EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (unsigned)(*p - '0');
		if (v > max)
			return MIR_EINVAL;
	}
	*t = p;
	return (int)v;
}

/* Four numbers; *t moves past them. */
static int parse4(const char **t, uint8_t out[4])
{
	for (int i = 0; i < 4; i++) {
		int v;

		if (i > 0 && *(*t)++ != '.')
			return MIR_EINVAL;
		v = number(t, 255);
		if (v < 0)
			return v;
		out[i] = (uint8_t)v;
	}
	return 0;
}

static bool looks_like4(const char *p)
{
	while (*p >= '0' && *p <= '9')
		p++;
	return *p == '.';
}

/* One group of 1 to 4 hex digits. */
static int group6(const char **t, uint8_t out[2])
{
	unsigned v = 0, digits = 0;

	for (; hex(**t) >= 0; (*t)++, digits++) {
		if (digits == 4)
			return MIR_EINVAL;
		v = v << 4 | (unsigned)hex(**t);
	}
	if (digits == 0)
		return MIR_EINVAL;
	mir_put_be16(out, (uint16_t)v);
	return 0;
}

static int parse6(const char **t, uint8_t out[16])
{
	uint8_t b[16] = { 0 };
	int n = 0, gap = -1;

	if ((*t)[0] == ':') {
		if ((*t)[1] != ':')
			return MIR_EINVAL;
		*t += 2;
		gap = 0;
	}
	while (n < 16 && (hex(**t) >= 0)) {
		if (looks_like4(*t)) {
			if (n > 12 || parse4(t, b + n) < 0)
				return MIR_EINVAL;
			n += 4;
			break;
		}
		if (group6(t, b + n) < 0)
			return MIR_EINVAL;
		n += 2;
		if (**t != ':')
			break;
		if ((*t)[1] == ':') {
			if (gap >= 0)
				return MIR_EINVAL;
			gap = n;
			*t += 2;
		} else {
			if (n == 16 || hex((*t)[1]) < 0)
				return MIR_EINVAL;
			(*t)++;
		}
	}
	if (gap < 0 ? n != 16 : n > 14)
		return MIR_EINVAL;
	memset(out, 0, 16);
	if (gap < 0)
		gap = n;
	memcpy(out, b, (size_t)gap);
	memcpy(out + 16 - (n - gap), b + gap, (size_t)(n - gap));
	return 0;
}

/* An address of either kind; *t moves past it. */
static int parse(const char **t, struct mir_ipaddr *out)
{
	uint8_t v4[4];

	if (!looks_like4(*t))
		return parse6(t, out->b);
	if (parse4(t, v4) < 0)
		return MIR_EINVAL;
	*out = mir_ip4(mir_be32(v4));
	return 0;
}

int mir_ipaddr_parse(const char *text, struct mir_ipaddr *out)
{
	struct mir_ipaddr a;

	if (parse(&text, &a) < 0 || *text != '\0')
		return MIR_EINVAL;
	*out = a;
	return 0;
}

int mir_cidr_parse(const char *text, struct mir_cidr *out)
{
	struct mir_cidr c;
	int len;

	if (parse(&text, &c.addr) < 0 || *text++ != '/')
		return MIR_EINVAL;
	len = number(&text, mir_ipaddr_is4(&c.addr) ? 32 : 128);
	if (len < 0 || *text != '\0')
		return MIR_EINVAL;
	c.len = (uint8_t)len;
	*out = c;
	return 0;
}

int mir_mac_parse(const char *text, struct mir_mac *out)
{
	struct mir_mac m;
	char separator = text[0] != '\0' && text[1] != '\0' ? text[2] : '\0';

	if (separator != ':' && separator != '-')
		return MIR_EINVAL;
	for (int i = 0; i < 6; i++) {
		if (i > 0 && *text++ != separator)
			return MIR_EINVAL;
		if (hex(text[0]) < 0 || hex(text[1]) < 0)
			return MIR_EINVAL;
		m.b[i] = (uint8_t)(hex(text[0]) << 4 | hex(text[1]));
		text += 2;
	}
	if (*text != '\0')
		return MIR_EINVAL;
	*out = m;
	return 0;
}

/* The first longest run of two or more zero groups (RFC 5952 section 4.2). */
static void longest_gap(const struct mir_ipaddr *a, int *from, int *to)
{
	*from = *to = -1;
	for (int i = 0; i < 8; i++) {
		int j = i;

		while (j < 8 && mir_be16(a->b + 2 * j) == 0)
			j++;
		if (j - i >= 2 && j - i > *to - *from) {
			*from = i;
			*to = j;
		}
		if (j > i)
			i = j - 1;
	}
}

const char *mir_ipaddr_text(const struct mir_ipaddr *a, char buf[MIR_IPADDR_TEXT])
{
	int from, to, n = 0;

	if (mir_ipaddr_is4(a)) {
		const uint8_t *b = a->b + 12;

		mir_format(buf, MIR_IPADDR_TEXT, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
		return buf;
	}
	longest_gap(a, &from, &to);
	for (int i = 0; i < 8; i++) {
		if (i == from) {
			n += mir_format(buf + n, (size_t)(MIR_IPADDR_TEXT - n), "::");
			i = to - 1;
			continue;
		}
		n += mir_format(buf + n, (size_t)(MIR_IPADDR_TEXT - n), "%s%x",
		    i > 0 && i != to ? ":" : "", (unsigned)mir_be16(a->b + 2 * i));
	}
	return buf;
}

const char *mir_endpoint_text(const struct mir_endpoint *e, char buf[MIR_ENDPOINT_TEXT])
{
	char addr[MIR_IPADDR_TEXT];
	unsigned port = e->port;

	mir_ipaddr_text(&e->addr, addr);
	if (mir_ipaddr_is_any(&e->addr))
		mir_format(buf, MIR_ENDPOINT_TEXT, "*:%u", port);
	else if (mir_ipaddr_is4(&e->addr))
		mir_format(buf, MIR_ENDPOINT_TEXT, "%s:%u", addr, port);
	else
		mir_format(buf, MIR_ENDPOINT_TEXT, "[%s]:%u", addr, port);
	return buf;
}

const char *mir_mac_text(const struct mir_mac *m, char buf[MIR_MAC_TEXT])
{
	mir_format(buf, MIR_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1], m->b[2],
	    m->b[3], m->b[4], m->b[5]);
	return buf;
}
