/* serve.c: values of a store as resources (RFC 9110 sections 8, 12, 13, 14). */
#include "internal.h"

#include <mir/hash.h>
#include <mir/mime.h>
#include <mir/format.h>

enum {
	RANGES = 16,    /* of one request; more are ignored */
	VIEW = 1 << 20, /* bytes looked at in one go */
	PART = 256,     /* of a multipart header */
	BOUNDARY = 16 + 1,
};

/* A value that is being served. */
struct serving {
	struct mir_kv *kv;
	const struct mir_http_serve_options *options;
	struct mir_http_request *r;
	struct mir_http_response *w;
	struct mir_kv_stat stat;
	const char *type;
	const char *coding; /* NULL: as it is */
	bool vary;
	int64_t mtime; /* seconds, 0: not known */
	char etag[72];
	size_t len;
	char key[MIR_KV_KEY_MAX + 8];
};

static struct mir_str key_of(const struct serving *s)
{
	return (struct mir_str){ s->key, s->len };
}

/* Appends to the key; false when it becomes longer than keys can be. */
static bool append(struct serving *s, const char *p, size_t len)
{
	if (len > MIR_KV_KEY_MAX - s->len)
		return false;
	memcpy(s->key + s->len, p, len);
	s->len += len;
	s->key[s->len] = 0;
	return true;
}

/* A value of that key: 1; a dictionary: 2; neither: 0; or an error of the store. */
static int look(struct serving *s, struct mir_str key, struct mir_kv_stat *out)
{
	int rc = mir_kv_stat(s->kv, key, out);

	if (rc == MIR_ENOENT || rc == MIR_ENOTDIR || rc == MIR_EINVAL || rc == MIR_EISDIR)
		return 0;
	if (rc < 0)
		return rc;
	return out->kind == MIR_KV_VALUE ? 1 : out->kind == MIR_KV_DICT ? 2 : 0;
}

/* Sends len bytes of the value from off on. */
static int stream(struct serving *s, uint64_t off, uint64_t len)
{
	while (len) {
		struct mir_slice view;
		int64_t n = mir_kv_view(s->kv, key_of(s), off, (size_t)MIR_MIN(len, VIEW), &view);
		int rc;

		if (n <= 0)
			return n < 0 ? (int)n : MIR_EIO;
		if ((rc = mir_http_write(s->w, &view, 1)) < 0)
			return rc;
		off += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return 0;
}

static int not_found(struct serving *s)
{
	const char *key = s->options->not_found;
	int rc;

	s->len = 0;
	if (!key || !append(s, key, strlen(key)) || look(s, key_of(s), &s->stat) != 1)
		return mir_http_error(s->w, 404);
	mir_http_status(s->w, 404);
	s->type = s->stat.mime ? s->stat.mime : mir_mime_type(s->key, s->len);
	if ((rc = mir_http_add(s->w, "Content-Type", s->type)) < 0 ||
	    (rc = mir_http_begin(s->w, (int64_t)s->stat.size)) < 0)
		return rc;
	return s->r->method == MIR_HTTP_HEAD ? 0 : stream(s, 0, s->stat.size);
}

/* To the same path with a slash at its end; from the normalised path, so that nobody is led to
 * another host by "//host". */
static int redirect(struct serving *s)
{
	size_t cap = 3 * s->r->path.len + s->r->query.len + 16;
	uint8_t *p;
	struct mir_mem *mem = mir_mem_new(cap, &p);
	char *text = (char *)p;
	int64_t n;
	int rc;

	if (!mem)
		return MIR_ENOMEM;
	n = mir_http_path_encode(s->r->path, text, cap);
	if (n >= 0) {
		mir_format(text + n, cap - (size_t)n, "/%s%.*s", s->r->query.len ? "?" : "",
		    (int)s->r->query.len, s->r->query.len ? s->r->query.p : "");
		rc = mir_http_add(s->w, "Location", text);
		rc = mir_http_error(s->w, rc < 0 ? 414 : 301);
	} else {
		rc = mir_http_error(s->w, 414);
	}
	mir_mem_unref(mem);
	return rc;
}

/* Takes a compressed variant in place of the value where there is one that the client prefers. */
static int choose_variant(struct serving *s)
{
	static const struct {
		const char *ending, *coding;
	} variants[] = { { ".br", "br" }, { ".gz", "gzip" } };
	struct mir_str accept = mir_http_header(s->r, "accept-encoding");
	unsigned best = mir_http_accepts(accept, "identity");
	size_t len = s->len, with = 0;
	struct mir_kv_stat stat;

	if (s->options->no_variants || !mir_mime_compressible(s->type, strlen(s->type)) ||
	    len + 4 > MIR_KV_KEY_MAX)
		return 0;
	best = MIR_MAX(best, 1u);
	for (size_t i = 0; i < MIR_COUNT(variants); i++) {
		size_t n = strlen(variants[i].ending);
		unsigned q = mir_http_accepts(accept, variants[i].coding);
		int rc;

		memcpy(s->key + len, variants[i].ending, n + 1);
		if ((rc = look(s, (struct mir_str){ s->key, len + n }, &stat)) < 0)
			return rc;
		if (rc != 1)
			continue;
		s->vary = true;
		if (q < best || (s->coding && q == best))
			continue;
		best = q;
		s->coding = variants[i].coding;
		s->stat = stat;
		with = i;
	}
	s->key[len] = 0;
	if (s->coding)
		append(s, variants[with].ending, strlen(variants[with].ending));
	return 0;
}

static int set_validators(struct serving *s)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[MIR_KV_DIGEST];
	int rc = mir_kv_digest(s->kv, key_of(s), digest);

	s->mtime = s->stat.mtime_ns / MIR_SECOND(1);
	if (rc == 0) {
		s->etag[0] = '"';
		for (unsigned i = 0; i < 16; i++) {
			s->etag[1 + 2 * i] = digits[digest[i] >> 4];
			s->etag[2 + 2 * i] = digits[digest[i] & 15];
		}
		s->etag[33] = '"';
		s->etag[34] = 0;
	} else if (rc != MIR_ENODIGEST && rc != MIR_ENOSYS) {
		return rc;
	} else if (s->stat.mtime_ns) {
		mir_format(s->etag, sizeof(s->etag), "\"%llx-%llx\"",
		    (unsigned long long)s->stat.mtime_ns, (unsigned long long)s->stat.size);
	}
	return 0;
}

/* What 200, 206 and 304 have in common. */
static int add_common(struct serving *s)
{
	char date[MIR_HTTP_DATE];
	int rc = 0;

	if (*s->etag)
		rc = mir_http_add(s->w, "ETag", s->etag);
	if (rc == 0 && s->mtime > 0)
		rc = mir_http_add(s->w, "Last-Modified", mir_http_date_text(s->mtime, date));
	if (rc == 0 && s->vary)
		rc = mir_http_add(s->w, "Vary", "Accept-Encoding");
	if (rc == 0 && s->options->cache_control)
		rc = mir_http_add(s->w, "Cache-Control", s->options->cache_control);
	return rc;
}

static int content_range(char *buf, size_t cap, const struct mir_http_range *r, uint64_t size)
{
	return mir_format(buf, cap, "bytes %llu-%llu/%llu", (unsigned long long)r->first,
	    (unsigned long long)(r->first + r->len - 1), (unsigned long long)size);
}

static int send_whole(struct serving *s)
{
	int rc;

	if ((rc = add_common(s)) < 0 || (rc = mir_http_add(s->w, "Accept-Ranges", "bytes")) < 0 ||
	    (rc = mir_http_add(s->w, "Content-Type", s->type)) < 0 ||
	    (s->coding && (rc = mir_http_add(s->w, "Content-Encoding", s->coding)) < 0) ||
	    (rc = mir_http_begin(s->w, (int64_t)s->stat.size)) < 0)
		return rc;
	return s->r->method == MIR_HTTP_HEAD ? 0 : stream(s, 0, s->stat.size);
}

static int send_range(struct serving *s, const struct mir_http_range *r)
{
	char text[80];
	int rc;

	content_range(text, sizeof(text), r, s->stat.size);
	mir_http_status(s->w, 206);
	if ((rc = add_common(s)) < 0 || (rc = mir_http_add(s->w, "Content-Range", text)) < 0 ||
	    (rc = mir_http_add(s->w, "Content-Type", s->type)) < 0 ||
	    (s->coding && (rc = mir_http_add(s->w, "Content-Encoding", s->coding)) < 0) ||
	    (rc = mir_http_begin(s->w, (int64_t)r->len)) < 0)
		return rc;
	return stream(s, r->first, r->len);
}

/* The header of one part of a multipart answer (section 14.6). */
static int part_header(
    const struct serving *s, const char *boundary, const struct mir_http_range *r, char *buf)
{
	char range[80];

	content_range(range, sizeof(range), r, s->stat.size);
	return mir_format(buf, PART,
	    "\r\n--%s\r\nContent-Type: %.100s\r\nContent-Range: %s\r\n\r\n", boundary, s->type,
	    range);
}

static int send_ranges(struct serving *s, const struct mir_http_range *r, unsigned n)
{
	char boundary[BOUNDARY], type[64], buf[PART];
	uint64_t total;
	int rc, len;

	mir_format(boundary, sizeof(boundary), "%08x%08x", mir_random_u32(), mir_random_u32());
	mir_format(type, sizeof(type), "multipart/byteranges; boundary=%s", boundary);
	total = 2 + 2 + strlen(boundary) + 2 + 2;
	for (unsigned i = 0; i < n; i++)
		total += r[i].len + (unsigned)part_header(s, boundary, &r[i], buf);
	mir_http_status(s->w, 206);
	if ((rc = add_common(s)) < 0 || (rc = mir_http_add(s->w, "Content-Type", type)) < 0 ||
	    (s->coding && (rc = mir_http_add(s->w, "Content-Encoding", s->coding)) < 0) ||
	    (rc = mir_http_begin(s->w, (int64_t)total)) < 0)
		return rc;
	for (unsigned i = 0; i < n; i++) {
		len = part_header(s, boundary, &r[i], buf);
		if ((rc = mir_http_write_copy(s->w, buf, (size_t)len)) < 0 ||
		    (rc = stream(s, r[i].first, r[i].len)) < 0)
			return rc;
	}
	len = mir_format(buf, sizeof(buf), "\r\n--%s--\r\n", boundary);
	return mir_http_write_copy(s->w, buf, (size_t)len);
}

static int send_value(struct serving *s)
{
	struct mir_str range = mir_http_header(s->r, "range");
	struct mir_http_range r[RANGES];
	int64_t now = mir_wall() / MIR_SECOND(1);
	char text[64];
	int n = 0, rc;

	switch (mir_http_precondition(s->r, s->etag, s->mtime, now)) {
	case MIR_HTTP_FAILED: return mir_http_error(s->w, 412);
	case MIR_HTTP_NOT_MODIFIED:
		mir_http_status(s->w, 304);
		rc = add_common(s);
		return rc < 0 ? rc : mir_http_begin(s->w, 0);
	case MIR_HTTP_GO: break;
	}
	if (range.p && s->r->method == MIR_HTTP_GET &&
	    mir_http_if_range(s->r, s->etag, s->mtime, now))
		n = mir_http_ranges(range, s->stat.size, r, RANGES);
	if (n == MIR_ERANGE) {
		mir_format(text, sizeof(text), "bytes */%llu", (unsigned long long)s->stat.size);
		rc = mir_http_add(s->w, "Content-Range", text);
		return rc < 0 ? rc : mir_http_error(s->w, 416);
	}
	if (n <= 0)
		return send_whole(s);
	return n == 1 ? send_range(s, &r[0]) : send_ranges(s, r, (unsigned)n);
}

/* The key of a path below prefix, without the slash at its end. */
static bool set_key(struct serving *s, const char *prefix)
{
	struct mir_str path = s->r->path;
	size_t len = strlen(prefix);

	while (len && prefix[len - 1] == '/')
		len--;
	if (path.p[path.len - 1] == '/')
		path.len--;
	return append(s, prefix, len) && append(s, path.p, path.len);
}

static int find(struct serving *s, const char *prefix)
{
	const char *index = s->options->index ? s->options->index : "index.html";
	bool slash = s->r->path.p[s->r->path.len - 1] == '/';

	if (!set_key(s, prefix))
		return 0;
	if (slash && (!append(s, "/", 1) || !append(s, index, strlen(index))))
		return 0;
	return look(s, s->len ? key_of(s) : mir_str("/"), &s->stat);
}

int mir_http_serve_with(struct mir_kv *kv, const char *prefix,
    const struct mir_http_serve_options *options, struct mir_http_request *r,
    struct mir_http_response *w)
{
	static const struct mir_http_serve_options plain;
	struct serving s;
	int rc;

	memset(&s, 0, offsetof(struct serving, key));
	s.kv = kv;
	s.options = options ? options : &plain;
	s.r = r;
	s.w = w;
	if (r->method != MIR_HTTP_GET && r->method != MIR_HTTP_HEAD) {
		rc = mir_http_add(w, "Allow", "GET, HEAD");
		return rc < 0 ? rc : mir_http_error(w, 405);
	}
	if (!r->path.len || r->path.p[0] != '/')
		return not_found(&s);
	rc = find(&s, prefix);
	if (rc < 0)
		return rc;
	if (rc == 2 && r->path.p[r->path.len - 1] != '/')
		return redirect(&s);
	if (rc != 1)
		return not_found(&s);
	s.type = s.stat.mime ? s.stat.mime : mir_mime_type(s.key, s.len);
	if ((rc = choose_variant(&s)) < 0 || (rc = set_validators(&s)) < 0)
		return rc;
	return send_value(&s);
}

int mir_http_serve(
    struct mir_kv *kv, const char *prefix, struct mir_http_request *r, struct mir_http_response *w)
{
	return mir_http_serve_with(kv, prefix, NULL, r, w);
}
