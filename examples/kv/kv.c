/* kv.c: a small REST store.
 *
 *     GET, HEAD /a/b   the value          200, 206, 304, 404
 *     GET       /a/    names below /a     200, 404
 *     PUT       /a/b   set the value      201 new, 204 replaced, 400, 409, 413, 503, 507
 *     DELETE    /a/b   remove the value   204, 404, 409 if it is a dictionary
 *     DELETE    /a/    remove all below   204, 404
 */
#include "mirage/app.h"

#include <mir/http_server.h>
#include <mir/mem.h>
#include <stdlib.h>
#include <string.h>

static struct mir_budget uploading;

/* --- answers --------------------------------------------------------------------------- */

static int refuse(struct mir_http_response *res, unsigned status, const char *why)
{
	return mir_http_reply(res, status, "text/plain; charset=utf-8", why, strlen(why));
}

/* What an error of the store says to a client. */
static int store_failed(struct mir_http_response *res, int err)
{
	switch (err) {
	case MIR_ENOENT: return refuse(res, 404, "no such key\n");
	case MIR_EINVAL: return refuse(res, 400, "not a key\n");
	case MIR_EISDIR: return refuse(res, 409, "other keys begin with this one and a slash\n");
	case MIR_ENOTDIR: return refuse(res, 409, "a part of this path is a value\n");
	case MIR_ENOSPC:
	case MIR_ENOMEM: return refuse(res, 507, "the store is full\n");
	default: return err;
	}
}

/* --- GET /a/ --------------------------------------------------------------------------- */

struct listing {
	struct mir_http_response *res;
	size_t skip; /* bytes of the dictionary's own name and its slash */
};

static int list_one(void *arg, struct mir_str key, enum mir_kv_kind kind)
{
	struct listing *list = arg;
	int rc = mir_http_write_copy(list->res, key.p + list->skip, key.len - list->skip);

	if (rc < 0)
		return rc;
	return kind == MIR_KV_DICT ? mir_http_write_copy(list->res, "/\n", 2)
				   : mir_http_write_copy(list->res, "\n", 1);
}

static int list_keys(struct mir_kv *store, struct mir_str key, struct mir_http_response *res)
{
	struct listing list = { res, key.len == 1 ? 1 : key.len + 1 };
	struct mir_kv_stat stat;
	int rc = mir_kv_stat(store, key, &stat);

	if (rc < 0)
		return store_failed(res, rc);
	if (stat.kind != MIR_KV_DICT)
		return store_failed(res, MIR_ENOENT);
	if ((rc = mir_http_add(res, "content-type", "text/plain; charset=utf-8")) < 0)
		return rc;
	if ((rc = mir_http_begin(res, -1)) < 0)
		return rc;
	return mir_kv_list(store, key, list_one, &list);
}

/* --- PUT ------------------------------------------------------------------------------- */

struct upload {
	uint8_t *bytes;
	size_t len, cap, max;
};

/* Room for n more bytes: 0, MIR_EFBIG (over max), MIR_ENOMEM (over the budget of all). */
static int upload_grow(struct upload *u, size_t n)
{
	size_t cap = u->cap ? u->cap : 4096;
	uint8_t *bytes;

	if (n > u->max - u->len)
		return MIR_EFBIG;
	while (cap < u->len + n)
		cap *= 2;
	if (cap == u->cap)
		return 0;
	if (!mir_budget_take(&uploading, cap - u->cap))
		return MIR_ENOMEM;
	bytes = realloc(u->bytes, cap);
	if (!bytes) {
		mir_budget_give(&uploading, cap - u->cap);
		return MIR_ENOMEM;
	}
	u->bytes = bytes;
	u->cap = cap;
	return 0;
}

static int upload_read(struct upload *u, struct mir_http_request *req)
{
	struct mir_slice piece;
	int n;

	if (req->content_length > 0) {
		if ((uint64_t)req->content_length > u->max)
			return MIR_EFBIG;
		if ((n = upload_grow(u, (size_t)req->content_length)) < 0)
			return n;
	}
	while ((n = mir_http_read(req, &piece, 1)) > 0) {
		int rc = upload_grow(u, piece.len);

		if (rc == 0) {
			memcpy(u->bytes + u->len, piece.p, piece.len);
			u->len += piece.len;
		}
		mir_slice_unref(&piece);
		if (rc < 0)
			return rc;
	}
	return n;
}

static void upload_release(struct upload *u)
{
	mir_budget_give(&uploading, u->cap);
	free(u->bytes);
}

static int put(const struct app *app, struct mir_str key, struct mir_http_request *req,
    struct mir_http_response *res)
{
	struct upload u = { .max = (size_t)app->keys.max_value };
	struct mir_kv_stat stat;
	bool fresh;
	int rc;

	uploading.limit = app->keys.uploads;
	rc = upload_read(&u, req);
	if (rc == 0) {
		fresh = mir_kv_stat(app->kv_store, key, &stat) == MIR_ENOENT;
		rc = mir_kv_set(app->kv_store, key, u.bytes ? (char *)u.bytes : "", u.len);
		if (rc == 0)
			mir_http_status(res, fresh ? 201 : 204);
		else
			rc = store_failed(res, rc);
	} else if (rc == MIR_EFBIG) {
		rc = refuse(res, 413, "the value is too large\n");
	} else if (rc == MIR_ENOMEM) {
		rc = refuse(res, 503, "too many values under way, try again\n");
	}
	upload_release(&u);
	return rc;
}

/* --- DELETE ---------------------------------------------------------------------------- */

static int delete (
    struct mir_kv *store, struct mir_str key, bool dict, struct mir_http_response *res)
{
	struct mir_kv_stat stat;
	int rc = mir_kv_stat(store, key, &stat);

	if (rc == 0 && stat.kind == MIR_KV_DICT && !dict)
		rc = MIR_EISDIR;
	if (rc == 0 && stat.kind == MIR_KV_VALUE && dict)
		rc = MIR_ENOENT;
	if (rc == 0)
		rc = mir_kv_remove(store, key);
	if (rc < 0)
		return store_failed(res, rc);
	mir_http_status(res, 204);
	return 0;
}

/* --- the handler ----------------------------------------------------------------------- */

int kv_main(const struct app *app, struct mir_http_request *req, struct mir_http_response *res)
{
	/* A value "a.gz" is not another form of "a" here. */
	static const struct mir_http_serve_options as_it_is = { .no_variants = true };
	struct mir_str key = req->path;
	bool dict = key.len > 0 && key.p[key.len - 1] == '/';

	if (dict && key.len > 1)
		key.len--;
	if (!mir_kv_key_ok(key))
		return store_failed(res, MIR_EINVAL);
	switch (req->method) {
	case MIR_HTTP_GET:
	case MIR_HTTP_HEAD:
		if (dict)
			return list_keys(app->kv_store, key, res);
		return mir_http_serve_with(app->kv_store, "", &as_it_is, req, res);
	case MIR_HTTP_PUT:
		if (dict)
			return refuse(res, 400, "a value's name does not end in a slash\n");
		return put(app, key, req, res);
	case MIR_HTTP_DELETE:
		if (key.len == 1)
			return refuse(res, 403, "the root stays\n");
		return delete (app->kv_store, key, dict, res);
	default:
		mir_http_add(res, "allow", "GET, HEAD, PUT, DELETE");
		return mir_http_error(res, 405);
	}
}
