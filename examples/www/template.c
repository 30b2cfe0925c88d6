/* template.c: a page becomes a row of slices: its own text, a value, its own text, ... */
#include "template.h"

enum { PAGE_MAX = 1 << 20, PARTS_MAX = 64, VALUE_MAX = 1024 };

struct page {
	struct mir_slice part[PARTS_MAX];
	unsigned n;
};

static int add(struct page *page, struct mir_slice part /* take */)
{
	if (page->n == PARTS_MAX) {
		mir_slice_unref(&part);
		return MIR_ELIMIT;
	}
	page->part[page->n++] = part;
	return 0;
}

static const char *escape(char c)
{
	switch (c) {
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '&': return "&amp;";
	case '"': return "&quot;";
	default: return NULL;
	}
}

static int add_value(struct page *page, const char *text)
{
	char escaped[VALUE_MAX];
	struct mir_slice copy;
	size_t len = 0;

	for (; *text; text++) {
		const char *e = escape(*text);
		size_t n = e ? strlen(e) : 1;

		if (n > sizeof(escaped) - len)
			return MIR_ELIMIT;
		memcpy(escaped + len, e ? e : text, n);
		len += n;
	}
	if (len == 0)
		return 0;
	copy = mir_slice_copy(escaped, len);
	return copy.owner ? add(page, copy) : MIR_ENOMEM;
}

static int add_named(
    struct page *page, const struct template_value *values, const uint8_t *name, size_t len)
{
	for (; values->name; values++)
		if (strlen(values->name) == len && memcmp(values->name, name, len) == 0)
			return add_value(page, values->text);
	return MIR_EINVAL;
}

/* Where the first pair of c at or behind `from` is; the length if there is none. */
static size_t find(const struct mir_slice *s, size_t from, char c)
{
	for (size_t i = from; i + 1 < s->len; i++)
		if (s->p[i] == c && s->p[i + 1] == c)
			return i;
	return s->len;
}

static int fill(
    struct page *page, const struct mir_slice *text, const struct template_value *values)
{
	size_t at = 0;

	while (at < text->len) {
		size_t open = find(text, at, '{'), close;
		int rc = add(page, mir_slice_sub(text, at, open - at));

		if (rc < 0 || open == text->len)
			return rc;
		close = find(text, open + 2, '}');
		if (close == text->len)
			return MIR_EINVAL;
		rc = add_named(page, values, text->p + open + 2, close - open - 2);
		if (rc < 0)
			return rc;
		at = close + 2;
	}
	return 0;
}

int template_reply(struct mir_kv *kv, struct mir_str key, const struct template_value *values,
    struct mir_http_response *res)
{
	struct page page = { .n = 0 };
	struct mir_slice text;
	int64_t len = mir_kv_view(kv, key, 0, PAGE_MAX, &text);
	int rc;

	if (len <= 0)
		return len < 0 ? (int)len : MIR_EINVAL;
	rc = fill(&page, &text, values);
	mir_slice_unref(&text);
	if (rc == 0)
		rc = mir_http_add(res, "content-type", "text/html; charset=utf-8");
	if (rc == 0)
		rc = mir_http_begin(res, (int64_t)mir_slices_len(page.part, page.n));
	if (rc < 0) {
		mir_slices_unref(page.part, page.n);
		return rc;
	}
	return mir_http_write(res, page.part, page.n);
}
