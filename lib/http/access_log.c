/* access_log.c: a line for each request: pure.
 *
 * What clients say is escaped, so that no line can be forged and every line can be read by what
 * reads its format.
 */
#include "internal.h"

#include <mir/format.h>

/* Text that ends where it does not fit. */
struct line {
	char *p;
	size_t len, cap;
};

static void add(struct line *l, const char *s, size_t n)
{
	if (n > l->cap - l->len)
		l->cap = l->len; /* nothing more */
	else
		memcpy(l->p + l->len, s, n), l->len += n;
}

static void add_text(struct line *l, const char *s)
{
	add(l, s, strlen(s));
}

static void add_number(struct line *l, uint64_t n)
{
	char digits[20];

	add(l, digits, mir_http_decimal(n, digits));
}

/* The length of a well-formed character beyond ASCII at the front of s; 0: it is none. */
static size_t utf8(const uint8_t *s, size_t len)
{
	size_t need = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (s[0] < 0xc2 || s[0] > 0xf4 || len < need)
		return 0;
	for (size_t i = 1; i < need; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) ||
	    (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return need;
}

/* As much of s as takes at most `max` bytes, so that there is room for what follows. */
static void add_escaped(struct line *l, struct mir_str s, size_t max, bool json)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = (const uint8_t *)s.p;
	size_t len = MIR_MIN(s.len, max), start = l->len;

	for (size_t i = 0; i < len;) {
		uint8_t c = p[i];
		size_t more = c >= 0x80 ? utf8(p + i, len - i) : 1, n = more;
		const char quoted[2] = { '\\', s.p[i] };
		const char hex[6] = { '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] };
		const char short_hex[4] = { '\\', 'x', digits[c >> 4], digits[c & 15] };
		const char *as = s.p + i;

		if (c == '"' || c == '\\') {
			as = quoted;
			n = sizeof(quoted);
		} else if (c < 0x20 || c == 0x7f || !more) {
			as = json ? hex : short_hex;
			n = json ? sizeof(hex) : sizeof(short_hex);
		}
		if (l->len - start + n > max)
			return;
		add(l, as, n);
		i += more ? more : 1;
	}
}

static void add_quoted(struct line *l, struct mir_str s, size_t max, bool json)
{
	add(l, "\"", 1);
	add_escaped(l, s, max, json);
	add(l, "\"", 1);
}

static const char *two(unsigned n, char out[3])
{
	out[0] = (char)('0' + n / 10 % 10);
	out[1] = (char)('0' + n % 10);
	out[2] = 0;
	return out;
}

/* "10/Oct/2000:13:55:36 +0000", or "2000-10-10T13:55:36.123Z" */
static void add_time(struct line *l, int64_t wall_ns, bool json)
{
	char date[MIR_HTTP_DATE], month[3], ms[8];
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct mir_str name;

	/* "Sun, 06 Nov 1994 08:49:37 GMT" */
	mir_http_date_text(wall_ns / MIR_SECOND(1), date);
	name = (struct mir_str){ date + 8, 3 };
	if (!json) {
		add(l, date + 5, 2);
		add(l, "/", 1);
		add(l, name.p, 3);
		add(l, "/", 1);
		add(l, date + 12, 4);
		add(l, ":", 1);
		add(l, date + 17, 8);
		add_text(l, " +0000");
		return;
	}
	for (unsigned i = 0; i < 12; i++)
		if (memcmp(months + 3 * i, name.p, 3) == 0)
			two(i + 1, month);
	add(l, date + 12, 4);
	add(l, "-", 1);
	add(l, month, 2);
	add(l, "-", 1);
	add(l, date + 5, 2);
	add(l, "T", 1);
	add(l, date + 17, 8);
	mir_format(ms, sizeof(ms), ".%03uZ", (unsigned)(wall_ns / 1000000 % 1000));
	add_text(l, ms);
}

static struct mir_str header(const struct mir_http_request *r, const char *name)
{
	struct mir_str v = r->headers ? mir_http_header(r, name) : (struct mir_str){ NULL, 0 };

	return v.p ? v : mir_str("");
}

static void member(struct line *l, const char *name, struct mir_str value, size_t max)
{
	add_text(l, ",\"");
	add_text(l, name);
	add_text(l, "\":");
	add_quoted(l, value, max, true);
}

static void number(struct line *l, const char *name, uint64_t n)
{
	add_text(l, ",\"");
	add_text(l, name);
	add_text(l, "\":");
	add_number(l, n);
}

static const char *version(const struct mir_http_request *r)
{
	return r->version == 20 ? "2.0" : r->version == 10 ? "1.0" : "1.1";
}

static void json(struct line *l, const struct mir_http_access *a)
{
	const struct mir_http_request *r = a->request;
	char peer[MIR_IPADDR_TEXT];

	add_text(l, "{\"time\":\"");
	add_time(l, a->wall_ns, true);
	add_text(l, "\"");
	member(l, "peer", mir_str(mir_ipaddr_text(&r->peer.addr, peer)), 64);
	member(l, "host", r->host, 255);
	member(l, "method", r->method_text, 32);
	member(l, "target", r->target, 512);
	member(l, "version", mir_str(version(r)), 8);
	number(l, "status", a->status);
	number(l, "bytes", a->bytes);
	number(l, "us", (uint64_t)(a->took_ns / 1000));
	member(l, "referer", header(r, "referer"), 256);
	member(l, "agent", header(r, "user-agent"), 256);
	if (r->tls)
		member(l, "tls", mir_str(r->tls->version), 16);
	add_text(l, "}");
}

static void combined(struct line *l, const struct mir_http_access *a)
{
	const struct mir_http_request *r = a->request;
	struct mir_str referer = header(r, "referer"), agent = header(r, "user-agent");
	char peer[MIR_IPADDR_TEXT];

	add_text(l, mir_ipaddr_text(&r->peer.addr, peer));
	add_text(l, " - - [");
	add_time(l, a->wall_ns, false);
	add_text(l, "] \"");
	add_escaped(l, r->method_text, 32, false);
	if (r->target.len) {
		add(l, " ", 1);
		add_escaped(l, r->target, 512, false);
		add_text(l, " HTTP/");
		add_text(l, version(r));
	}
	add(l, "\"", 1);
	add(l, " ", 1);
	add_number(l, a->status);
	add(l, " ", 1);
	add_number(l, a->bytes);
	add(l, " ", 1);
	add_quoted(l, referer.len ? referer : mir_str("-"), 256, false);
	add(l, " ", 1);
	add_quoted(l, agent.len ? agent : mir_str("-"), 256, false);
}

size_t mir_http_access_line(
    const struct mir_http_access *a, enum mir_http_access_format format, char *buf, size_t cap)
{
	struct line l = { buf, 0, cap - 1 };

	if (format == MIR_HTTP_ACCESS_JSON)
		json(&l, a);
	else
		combined(&l, a);
	buf[l.len++] = '\n';
	return l.len;
}
