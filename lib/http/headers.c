/* headers.c: the small grammars inside header fields (RFC 9110 sections 5.6, 12.4, 14). */
#include "internal.h"

/* One bit for each token character (RFC 9110 section 5.6.2): !#$%&'*+-.^_`|~, digits, letters. */
static const uint32_t token_chars[4] = { 0x00000000, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff };

bool mir_http_is_token_char(uint8_t c)
{
	return c < 128 && (token_chars[c / 32] >> (c % 32) & 1);
}

bool mir_http_is_token(struct mir_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!mir_http_is_token_char((uint8_t)s.p[i]))
			return false;
	return s.len > 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool mir_http_ieq_all(struct mir_str s, const char *text)
{
	size_t i;

	for (i = 0; i < s.len && text[i]; i++)
		if (lower(s.p[i]) != lower(text[i]))
			return false;
	return i == s.len && !text[i];
}

bool mir_http_same(struct mir_str a, struct mir_str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

struct mir_str mir_http_trim(struct mir_str s)
{
	while (s.len && (s.p[0] == ' ' || s.p[0] == '\t'))
		s.p++, s.len--;
	while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

struct mir_str mir_http_find(const struct mir_http_header *h, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (mir_http_ieq(h[i].name, name))
			return h[i].value;
	return (struct mir_str){ NULL, 0 };
}

struct mir_str mir_http_header(const struct mir_http_request *r, const char *name)
{
	return mir_http_find(r->headers, r->nheaders, name);
}

bool mir_http_next(struct mir_str *rest, struct mir_str *element)
{
	bool quoted = false;
	size_t i;

	for (;;) {
		*rest = mir_http_trim(*rest);
		if (!rest->len)
			return false;
		if (rest->p[0] != ',')
			break;
		rest->p++, rest->len--;
	}
	for (i = 0; i < rest->len && (quoted || rest->p[i] != ','); i++) {
		if (rest->p[i] == '"')
			quoted = !quoted;
	}
	*element = mir_http_trim((struct mir_str){ rest->p, i });
	rest->p += i;
	rest->len -= i;
	return true;
}

size_t mir_http_decimal(uint64_t n, char out[static 20])
{
	char reversed[20];
	size_t len = 0;

	do
		reversed[len++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	for (size_t i = 0; i < len; i++)
		out[i] = reversed[len - 1 - i];
	return len;
}

int mir_http_number(struct mir_str s, int64_t *out)
{
	int64_t n = 0;

	if (!s.len)
		return MIR_EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return MIR_EINVAL;
		if (n > (INT64_MAX - (s.p[i] - '0')) / 10)
			return MIR_EINVAL;
		n = n * 10 + (s.p[i] - '0');
	}
	*out = n;
	return 0;
}

/* "0", "0.5", "1.000" in thousandths; what is not a weight counts as 0. */
static unsigned weight(struct mir_str s)
{
	unsigned q, unit = 100;

	if (!s.len || (s.p[0] != '0' && s.p[0] != '1') || s.len > 5)
		return 0;
	q = s.p[0] == '1' ? 1000 : 0;
	if (s.len > 1 && s.p[1] != '.')
		return 0;
	for (size_t i = 2; i < s.len; i++, unit /= 10) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		q += (unsigned)(s.p[i] - '0') * unit;
	}
	return MIR_MIN(q, 1000u);
}

/* Cuts "; q=..." off an element and returns its weight. */
static unsigned cut_weight(struct mir_str *e)
{
	const char *semi = memchr(e->p, ';', e->len);
	struct mir_str rest;

	if (!semi)
		return 1000;
	rest = (struct mir_str){ semi + 1, (size_t)(e->p + e->len - semi - 1) };
	*e = mir_http_trim((struct mir_str){ e->p, (size_t)(semi - e->p) });
	rest = mir_http_trim(rest);
	if (rest.len < 2 || lower(rest.p[0]) != 'q' || rest.p[1] != '=')
		return 1000;
	return weight((struct mir_str){ rest.p + 2, rest.len - 2 });
}

int mir_http_weight(struct mir_str accept, const char *coding)
{
	struct mir_str e;

	while (mir_http_next(&accept, &e)) {
		unsigned q = cut_weight(&e);

		if (mir_http_ieq(e, coding))
			return (int)q;
	}
	return -1;
}

unsigned mir_http_accepts(struct mir_str accept, const char *coding)
{
	int q = mir_http_weight(accept, coding);

	if (q < 0)
		q = mir_http_weight(accept, "*");
	return q < 0 ? 0 : (unsigned)q;
}

/* One of "a-b", "a-", "-n" over size bytes. 1: satisfiable, 0: not, MIR_EINVAL. */
static int one_range(struct mir_str e, uint64_t size, struct mir_http_range *out)
{
	const char *dash = memchr(e.p, '-', e.len);
	int64_t first = 0, last = INT64_MAX;
	struct mir_str a, b;

	if (!dash)
		return MIR_EINVAL;
	a = mir_http_trim((struct mir_str){ e.p, (size_t)(dash - e.p) });
	b = mir_http_trim((struct mir_str){ dash + 1, (size_t)(e.p + e.len - dash - 1) });
	if ((a.len && mir_http_number(a, &first)) || (b.len && mir_http_number(b, &last)))
		return MIR_EINVAL;
	if (!a.len) {
		if (!b.len)
			return MIR_EINVAL;
		out->len = MIR_MIN((uint64_t)last, size);
		out->first = size - out->len;
		return out->len > 0;
	}
	if (last < first)
		return MIR_EINVAL;
	if ((uint64_t)first >= size)
		return 0;
	out->first = (uint64_t)first;
	out->len = MIR_MIN((uint64_t)last, size - 1) - out->first + 1;
	return 1;
}

int mir_http_ranges(struct mir_str s, uint64_t size, struct mir_http_range *out, unsigned max)
{
	unsigned n = 0, asked = 0;
	uint64_t sum = 0;
	struct mir_str e;

	if (s.len < 6 || !mir_http_ieq((struct mir_str){ s.p, 6 }, "bytes="))
		return 0;
	s.p += 6;
	s.len -= 6;
	while (mir_http_next(&s, &e)) {
		struct mir_http_range r;
		int rc = one_range(e, size, &r);

		if (rc < 0 || ++asked > max)
			return 0;
		if (rc == 0)
			continue;
		out[n++] = r;
		sum += r.len;
	}
	if (!asked || (n > 1 && sum > size))
		return 0; /* overlapping: not worth an answer of its own (section 14.2) */
	return n ? (int)n : MIR_ERANGE;
}

/* Whether an entity tag is in a list of If-Match or If-None-Match. */
static bool tag_in(struct mir_str list, const char *etag, bool weakly)
{
	struct mir_str e;

	if (mir_http_ieq(mir_http_trim(list), "*"))
		return true;
	if (!*etag)
		return false;
	while (mir_http_next(&list, &e)) {
		if (e.len > 2 && e.p[0] == 'W' && e.p[1] == '/') {
			if (!weakly)
				continue;
			e.p += 2;
			e.len -= 2;
		}
		if (e.len == strlen(etag) && memcmp(e.p, etag, e.len) == 0)
			return true;
	}
	return false;
}

enum mir_http_precondition mir_http_precondition(
    const struct mir_http_request *r, const char *etag, int64_t mtime, int64_t now)
{
	bool safe = r->method == MIR_HTTP_GET || r->method == MIR_HTTP_HEAD;
	struct mir_str v;
	int64_t t;

	if ((v = mir_http_header(r, "if-match")).p) {
		if (!tag_in(v, etag, false))
			return MIR_HTTP_FAILED;
	} else if ((v = mir_http_header(r, "if-unmodified-since")).p && mtime) {
		if (mir_http_date_parse(v, now, &t) == 0 && mtime > t)
			return MIR_HTTP_FAILED;
	}
	if ((v = mir_http_header(r, "if-none-match")).p) {
		if (tag_in(v, etag, true))
			return safe ? MIR_HTTP_NOT_MODIFIED : MIR_HTTP_FAILED;
	} else if (safe && (v = mir_http_header(r, "if-modified-since")).p && mtime) {
		if (mir_http_date_parse(v, now, &t) == 0 && mtime <= t)
			return MIR_HTTP_NOT_MODIFIED;
	}
	return MIR_HTTP_GO;
}

bool mir_http_if_range(
    const struct mir_http_request *r, const char *etag, int64_t mtime, int64_t now)
{
	struct mir_str v = mir_http_header(r, "if-range");
	int64_t t;

	if (!v.p)
		return true;
	if (v.len && v.p[0] == '"')
		return *etag && v.len == strlen(etag) && memcmp(v.p, etag, v.len) == 0;
	return mtime && mir_http_date_parse(v, now, &t) == 0 && t == mtime;
}
