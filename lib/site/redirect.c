/* redirect.c: from one path to another place: pure. */
#include <mir/site.h>

/* Text that is put together; len past cap: it did not fit. */
struct out {
	char *p;
	size_t len, cap;
};

static void add(struct out *o, const char *p, size_t len)
{
	if (o->len < o->cap && len < o->cap - o->len) {
		memcpy(o->p + o->len, p, len);
		o->len += len;
	} else {
		o->len = o->cap;
	}
}

static void add_escaped(struct out *o, struct mir_str s)
{
	static const char digits[] = "0123456789ABCDEF", marks[] = "-._~/!$&'()*+,;=:@";

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = (uint8_t)s.p[i];
		const char code[3] = { '%', digits[c >> 4], digits[c & 15] };

		if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
		    (c && strchr(marks, c)))
			add(o, s.p + i, 1);
		else
			add(o, code, 3);
	}
}

int64_t mir_site_redirect_to(const struct mir_site_redirect *r, struct mir_str path,
    struct mir_str query, char *buf, size_t cap)
{
	size_t from = strlen(r->from), to = strlen(r->to);
	bool below = r->from[from - 1] == '/';
	struct out o = { buf, 0, cap };

	if (below && path.len == from - 1 && path.len) {
		/* "/old" itself, of the rule for "/old/" */
		if (memcmp(path.p, r->from, path.len) != 0)
			return 0;
		path.len = from;
	} else if (path.len < from || (!below && path.len != from) ||
		   memcmp(path.p, r->from, from) != 0) {
		return 0;
	}
	add(&o, r->to, to);
	add_escaped(&o, (struct mir_str){ path.p + from, path.len - from });
	if (query.len && !strchr(r->to, '?')) {
		add(&o, "?", 1);
		add(&o, query.p, query.len);
	}
	if (o.len >= cap)
		return MIR_ERANGE;
	buf[o.len] = 0;
	return (int64_t)o.len;
}
