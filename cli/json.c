/* json.c: write JSON. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* How many bytes at s are one well-formed UTF-8 character (RFC 3629 section 4); 0: none. */
static unsigned utf8(const unsigned char *s)
{
	unsigned n = *s < 0x80 ? 1 : *s >= 0xc2 && *s < 0xe0 ? 2 : (*s & 0xf0) == 0xe0 ? 3 : 4;

	if ((n == 4 && (*s < 0xf0 || *s > 0xf4)) || *s == 0xc0 || *s == 0xc1)
		return 0;
	for (unsigned i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static void quote(struct text *out, const char *value)
{
	const unsigned char *s = (const unsigned char *)value;

	text_addc(out, '"');
	while (*s) {
		unsigned n = utf8(s);

		if (*s == '"' || *s == '\\')
			text_addf(out, "\\%c", *s);
		else if (*s == '\n')
			text_add(out, "\\n");
		else if (*s == '\t')
			text_add(out, "\\t");
		else if (*s < 0x20 || *s == 0x7f)
			text_addf(out, "\\u%04x", *s);
		else if (n == 0)
			text_add(out, "\\ufffd");
		else
			text_addn(out, (const char *)s, n);
		s += n ? n : 1;
	}
	text_addc(out, '"');
}

static void line(struct json *j)
{
	text_addf(j->out, "\n%*s", (int)(2 * j->depth), "");
}

/* What comes before a value. */
static void begin(struct json *j, const char *name)
{
	if (j->any)
		text_addc(j->out, ',');
	if (j->depth)
		line(j);
	if (name) {
		quote(j->out, name);
		text_add(j->out, ": ");
	}
	j->any = true;
}

void json_open(struct json *j, const char *name, char bracket)
{
	begin(j, name);
	if (j->depth == JSON_DEPTH)
		abort();
	text_addc(j->out, bracket);
	j->close[j->depth++] = bracket == '{' ? '}' : ']';
	j->any = false;
}

void json_close(struct json *j)
{
	if (!j->depth)
		abort();
	j->depth--;
	if (j->any)
		line(j);
	text_addc(j->out, j->close[j->depth]);
	j->any = true;
	if (!j->depth)
		text_addc(j->out, '\n');
}

void json_string(struct json *j, const char *name, const char *value)
{
	begin(j, name);
	if (value)
		quote(j->out, value);
	else
		text_add(j->out, "null");
}

void json_bool(struct json *j, const char *name, bool value)
{
	begin(j, name);
	text_add(j->out, value ? "true" : "false");
}

void json_number(struct json *j, const char *name, long long value)
{
	begin(j, name);
	text_addf(j->out, "%lld", value);
}

void json_list(struct json *j, const char *name, const struct list *l)
{
	json_open(j, name, '[');
	for (size_t i = 0; i < l->n; i++)
		json_string(j, NULL, l->v[i]);
	json_close(j);
}
