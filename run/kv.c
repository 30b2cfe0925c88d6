/* kv.c: conveniences over a store's operations. */
#include <mir/kv.h>
#include <stdlib.h>

static bool segment_ok(const char *p, size_t len)
{
	if (len == 0 || (len == 1 && p[0] == '.'))
		return false;
	return !(len == 2 && p[0] == '.' && p[1] == '.');
}

bool mir_kv_key_ok(struct mir_str key)
{
	const char *p = key.p, *end;

	if (key.len == 0 || key.len > MIR_KV_KEY_MAX || p[0] != '/')
		return false;
	if (key.len == 1)
		return true;
	end = p + key.len;
	while (p < end) {
		const char *from = p + 1;
		const char *to = memchr(from, '/', (size_t)(end - from));

		if (!to)
			to = end;
		if (!segment_ok(from, (size_t)(to - from)))
			return false;
		p = to;
	}
	return true;
}

/* Reads the value to its end; it may have grown since its size was asked for. */
static int64_t read_all(struct mir_kv *kv, struct mir_str key, char *buf, size_t cap)
{
	size_t n = 0;

	while (n < cap) {
		struct mir_slice s;
		int64_t got = mir_kv_view(kv, key, n, cap - n, &s);

		if (got <= 0)
			return got < 0 ? got : (int64_t)n;
		memcpy(buf + n, s.p, s.len);
		n += s.len;
		mir_slice_unref(&s);
	}
	return (int64_t)n;
}

int mir_kv_get(struct mir_kv *kv, struct mir_str key, size_t limit, char **value, size_t *len)
{
	struct mir_kv_stat st;
	int64_t n;
	char *buf;
	int rc = mir_kv_stat(kv, key, &st);

	if (rc < 0)
		return rc;
	if (st.kind != MIR_KV_VALUE)
		return MIR_EISDIR;
	if (st.size > limit || st.size >= SIZE_MAX)
		return MIR_EFBIG;
	buf = malloc((size_t)st.size + 1);
	if (!buf)
		return MIR_ENOMEM;
	n = read_all(kv, key, buf, (size_t)st.size);
	if (n < 0) {
		free(buf);
		return (int)n;
	}
	buf[n] = '\0';
	*value = buf;
	*len = (size_t)n;
	return 0;
}
