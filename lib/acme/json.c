/* json.c: see json.h. */
#include "json.h"

#include <string.h>

static const char *blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 32);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits; negative: they are none. */
static int hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (unsigned i = 0; i < 4; i++) {
		int digit = hex(p[i]);

		if (digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	return v;
}

/* Behind a string, or NULL. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p != '\\')
			continue;
		if (++p == end)
			return NULL;
		if (*p == 'u') {
			if (hex4(p + 1, end) < 0)
				return NULL;
			p += 4;
		} else if (*p == 0 || !strchr("\"\\/bfnrt", *p)) {
			return NULL;
		}
	}
	return p < end ? p + 1 : NULL;
}

static const char *digits(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && is_digit(*p))
		p++;
	return p == start ? NULL : p;
}

static const char *skip_number(const char *p, const char *end)
{
	if (*p == '-')
		p++;
	if (p < end && *p == '0')
		p++;
	else if (!(p = digits(p, end)))
		return NULL;
	if (p < end && *p == '.' && !(p = digits(p + 1, end)))
		return NULL;
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		p = digits(p, end);
	}
	return p;
}

static const char *skip_word(const char *p, const char *end)
{
	static const char *const words[] = { "true", "false", "null" };

	for (unsigned i = 0; i < MIR_COUNT(words); i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(end - p) >= n && memcmp(p, words[i], n) == 0)
			return p + n;
	}
	return NULL;
}

static const char *skip_value(const char *p, const char *end, unsigned depth);

/* Behind an object or array, or NULL. */
static const char *skip_list(const char *p, const char *end, unsigned depth)
{
	bool object = *p == '{';
	char close = object ? '}' : ']';

	p = blanks(p + 1, end);
	if (p < end && *p == close)
		return p + 1;
	for (;;) {
		if (object) {
			p = p < end && *p == '"' ? skip_string(p, end) : NULL;
			if (!p)
				return NULL;
			p = blanks(p, end);
			if (p == end || *p != ':')
				return NULL;
			p = blanks(p + 1, end);
		}
		p = skip_value(p, end, depth + 1);
		if (!p)
			return NULL;
		p = blanks(p, end);
		if (p == end || (*p != ',' && *p != close))
			return NULL;
		if (*p == close)
			return p + 1;
		p = blanks(p + 1, end);
	}
}

static const char *skip_value(const char *p, const char *end, unsigned depth)
{
	if (p == end || depth > MIR_JSON_DEPTH)
		return NULL;
	if (*p == '{' || *p == '[')
		return skip_list(p, end, depth);
	if (*p == '"')
		return skip_string(p, end);
	if (*p == '-' || is_digit(*p))
		return skip_number(p, end);
	return skip_word(p, end);
}

int mir_json_parse(const char *text, size_t len, struct mir_json *out)
{
	const char *end = text + len, *p = blanks(text, end), *after = skip_value(p, end, 0);

	if (!after || blanks(after, end) != end)
		return MIR_EPROTO;
	*out = (struct mir_json){ p, after };
	return 0;
}

bool mir_json_member(struct mir_json v, const char *name, struct mir_json *out)
{
	const char *p = blanks(v.p + 1, v.end);
	char key[64];

	if (*v.p != '{')
		return false;
	while (*p == '"') {
		const char *after = skip_string(p, v.end);
		struct mir_json k = { p, after };

		p = blanks(blanks(after, v.end) + 1, v.end);
		after = skip_value(p, v.end, 0);
		if (mir_json_text(k, key, sizeof(key)) >= 0 && strcmp(key, name) == 0) {
			*out = (struct mir_json){ p, after };
			return true;
		}
		p = blanks(after, v.end);
		p = *p == ',' ? blanks(p + 1, v.end) : p;
	}
	return false;
}

bool mir_json_element(struct mir_json v, unsigned i, struct mir_json *out)
{
	const char *p = blanks(v.p + 1, v.end), *after;

	if (*v.p != '[')
		return false;
	while (*p != ']') {
		after = skip_value(p, v.end, 0);
		if (i-- == 0) {
			*out = (struct mir_json){ p, after };
			return true;
		}
		p = blanks(after, v.end);
		p = *p == ',' ? blanks(p + 1, v.end) : p;
	}
	return false;
}

/* A character that \u names, of one or two; *p goes behind it.  0: none that can be. */
static uint32_t unicode(const char **p, const char *end)
{
	uint32_t c = (uint32_t)hex4(*p, end), low;

	*p += 4;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c > 0xdbff || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return 0;
	low = (uint32_t)hex4(*p + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*p += 6;
	return 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
}

static unsigned utf8(uint32_t c, char out[static 4])
{
	unsigned n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (unsigned i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(lead[n] | c);
	return n;
}

int mir_json_text(struct mir_json v, char *out, size_t cap)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *p = v.p + 1, *end = v.end - 1;
	size_t len = 0;

	if (*v.p != '"' || !cap)
		return MIR_EINVAL;
	while (p < end) {
		char bytes[4] = { *p++ };
		unsigned n = 1;

		if (bytes[0] == '\\') {
			const char *special = strchr(from, *p);
			uint32_t c;

			bytes[0] = *p++;
			if (bytes[0] == 'u') {
				if (!(c = unicode(&p, end)))
					return MIR_EINVAL;
				n = utf8(c, bytes);
			} else if (special) {
				bytes[0] = to[special - from];
			}
		}
		if (n >= cap - len)
			return MIR_ERANGE;
		memcpy(out + len, bytes, n);
		len += n;
	}
	out[len] = 0;
	return (int)len;
}

bool mir_json_quote(const char *text, char *out, size_t *len, size_t cap)
{
	static const char digit[] = "0123456789abcdef";
	size_t n = *len;

	if (cap - n < 3)
		return false;
	out[n++] = '"';
	for (; *text; text++) {
		uint8_t c = (uint8_t)*text;
		char bytes[6] = { (char)c };
		size_t k = 1;

		if (c < 0x20) {
			memcpy(bytes, "\\u00", 4);
			bytes[4] = digit[c >> 4];
			bytes[5] = digit[c & 15];
			k = 6;
		} else if (c == '"' || c == '\\') {
			bytes[0] = '\\';
			bytes[1] = (char)c;
			k = 2;
		}
		if (cap - n < k + 2)
			return false;
		memcpy(out + n, bytes, k);
		n += k;
	}
	out[n++] = '"';
	out[n] = 0;
	*len = n;
	return true;
}
