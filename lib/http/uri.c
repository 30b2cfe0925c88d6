/* uri.c: request targets and paths (RFC 3986, RFC 9112 section 3.2): pure.
 *
 * A decoded path is absolute, has no empty, "." or ".." segments but a last empty one, and is
 * well-formed UTF-8 without control characters and backslashes: what no store or host
 * file system can read in a second way.
 */
#include "internal.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 32);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mir_http_host_ok(struct mir_str h)
{
	static const char marks[] = "-._~%!$&'()*+;=:[]";

	for (size_t i = 0; i < h.len; i++) {
		char c = h.p[i];

		if (!(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z') &&
		    (c == 0 || !strchr(marks, c)))
			return false;
	}
	return h.len <= 255 + 6;
}

/* The length of "http://" or "https://" in front of s, or 0. */
static size_t scheme(struct mir_str s)
{
	if (s.len >= 7 && mir_http_ieq((struct mir_str){ s.p, 7 }, "http://"))
		return 7;
	if (s.len >= 8 && mir_http_ieq((struct mir_str){ s.p, 8 }, "https://"))
		return 8;
	return 0;
}

int mir_http_target_split(
    struct mir_str t, struct mir_str *host, struct mir_str *path, struct mir_str *query)
{
	size_t i, skip = scheme(t);

	*host = *query = (struct mir_str){ NULL, 0 };
	if (memchr(t.p, '#', t.len))
		return MIR_EINVAL;
	if (skip) {
		for (i = skip; i < t.len && t.p[i] != '/' && t.p[i] != '?'; i++)
			;
		*host = (struct mir_str){ t.p + skip, i - skip };
		if (!host->len || !mir_http_host_ok(*host))
			return MIR_EINVAL;
		t = (struct mir_str){ t.p + i, t.len - i };
	} else if (!t.len || t.p[0] != '/') {
		return MIR_EINVAL;
	}
	for (i = 0; i < t.len && t.p[i] != '?'; i++)
		;
	*path = i ? (struct mir_str){ t.p, i } : mir_str("/");
	if (i < t.len)
		*query = (struct mir_str){ t.p + i + 1, t.len - i - 1 };
	return 0;
}

/* Well-formed as RFC 3629 section 4 has it: no overlong forms, no surrogates. */
static bool utf8_ok(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint8_t c = p[i++], lo = 0x80, hi = 0xbf;
		unsigned more;

		if (c < 0x80)
			continue;
		if (c < 0xc2 || c > 0xf4)
			return false;
		more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		if (c == 0xe0)
			lo = 0xa0;
		else if (c == 0xed)
			hi = 0x9f;
		else if (c == 0xf0)
			lo = 0x90;
		else if (c == 0xf4)
			hi = 0x8f;
		for (; more; more--, i++, lo = 0x80, hi = 0xbf)
			if (i == len || p[i] < lo || p[i] > hi)
				return false;
	}
	return true;
}

/* Percent-decodes one character at in.p[*i]; negative: refused. */
static int decode_one(struct mir_str in, size_t *i)
{
	int c = (uint8_t)in.p[*i], a, b;

	*i += 1;
	if (c == '%') {
		if (in.len - *i < 2)
			return MIR_EINVAL;
		a = hex(in.p[*i]);
		b = hex(in.p[*i + 1]);
		if (a < 0 || b < 0)
			return MIR_EINVAL;
		*i += 2;
		c = a << 4 | b;
		if (c == '/')
			return MIR_EINVAL; /* a segment cannot hold one */
	}
	return c < 0x20 || c == 0x7f || c == '\\' ? MIR_EINVAL : c;
}

/* Ends the segment that began at `start`: "." and empty ones vanish, ".." takes its parent along.
 * The new length, which ends in "/" unless a segment stays; MIR_EINVAL above the root. */
static int64_t end_segment(const char *out, size_t start, size_t len)
{
	size_t n = len - start;

	if (n == 0 || (n == 1 && out[start] == '.'))
		return (int64_t)start;
	if (n == 2 && out[start] == '.' && out[start + 1] == '.') {
		if (start <= 1)
			return MIR_EINVAL;
		start--;
		while (out[start - 1] != '/')
			start--;
		return (int64_t)start;
	}
	return (int64_t)len;
}

int64_t mir_http_path_decode(struct mir_str in, char *out)
{
	size_t len = 1, start = 1;
	int64_t end;

	if (!in.len || in.p[0] != '/')
		return MIR_EINVAL;
	out[0] = '/';
	for (size_t i = 1; i < in.len;) {
		int c = decode_one(in, &i);

		if (c < 0)
			return c;
		if (c != '/') {
			out[len++] = (char)c;
			continue;
		}
		if ((end = end_segment(out, start, len)) < 0)
			return end;
		if ((size_t)end == len && len > start)
			out[end++] = '/';
		len = start = (size_t)end;
	}
	if ((end = end_segment(out, start, len)) < 0)
		return end;
	return utf8_ok((const uint8_t *)out, (size_t)end) ? end : MIR_EINVAL;
}

int64_t mir_http_path_encode(struct mir_str path, char *out, size_t cap)
{
	static const char digits[] = "0123456789ABCDEF", marks[] = "-._~/!$&'()*+,;=:@";
	size_t n = 0;

	for (size_t i = 0; i < path.len; i++) {
		uint8_t c = (uint8_t)path.p[i];
		bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
			     (c && strchr(marks, c));

		if (cap - n <= 3)
			return MIR_ERANGE;
		if (plain) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '%';
		out[n++] = digits[c >> 4];
		out[n++] = digits[c & 15];
	}
	if (n == cap)
		return MIR_ERANGE;
	out[n] = 0;
	return (int64_t)n;
}

/* Decodes one "name" or "value" of a form (WHATWG application/x-www-form-urlencoded): "+" is a
 * blank.  Length, MIR_EINVAL, MIR_ERANGE. */
static int decode_form(struct mir_str in, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		int c = (uint8_t)in.p[i];

		if (c == '+')
			c = ' ';
		if (c == '%') {
			int a = in.len - i > 2 ? hex(in.p[i + 1]) : -1;
			int b = in.len - i > 2 ? hex(in.p[i + 2]) : -1;

			if (a < 0 || b < 0 || (c = a << 4 | b) == 0)
				return MIR_EINVAL;
			i += 2;
		}
		if (n + 1 >= cap)
			return MIR_ERANGE;
		out[n++] = (char)c;
	}
	if (n == cap)
		return MIR_ERANGE;
	out[n] = 0;
	return (int)n;
}

int mir_http_query(const struct mir_http_request *r, const char *name, char *buf, size_t cap)
{
	struct mir_str q = r->query;

	while (q.len) {
		const char *amp = memchr(q.p, '&', q.len);
		struct mir_str pair = { q.p, amp ? (size_t)(amp - q.p) : q.len }, value = { "", 0 };
		const char *eq = memchr(pair.p, '=', pair.len);
		char key[128];
		int n;

		q.p += pair.len + (amp ? 1 : 0);
		q.len -= pair.len + (amp ? 1 : 0);
		if (eq) {
			value = (struct mir_str){ eq + 1, (size_t)(pair.p + pair.len - eq - 1) };
			pair.len = (size_t)(eq - pair.p);
		}
		n = decode_form(pair, key, sizeof(key));
		if (n >= 0 && (size_t)n == strlen(name) && memcmp(key, name, (size_t)n) == 0)
			return decode_form(value, buf, cap);
	}
	return MIR_ENOENT;
}
