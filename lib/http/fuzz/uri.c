/* uri.c: paths: what is let through is normal, stays itself when encoded and decoded again. */
#include <assert.h>
#include <stdlib.h>

#include "../internal.h"

static void check(const char *p, size_t len)
{
	assert(len > 0 && p[0] == '/');
	for (size_t i = 0; i < len; i++)
		assert((uint8_t)p[i] >= 0x20 && p[i] != 0x7f && p[i] != '\\');
	for (size_t i = 0; i < len; i++) {
		size_t n = 0;

		if (p[i] != '/')
			continue;
		while (i + 1 + n < len && p[i + 1 + n] != '/')
			n++;
		assert(n > 0 || i + 1 == len);
		assert(!(n == 1 && p[i + 1] == '.'));
		assert(!(n == 2 && p[i + 1] == '.' && p[i + 2] == '.'));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct mir_str in = { (const char *)data, len }, host, path, query;
	struct mir_http_request r = { .query = in };
	char *out = malloc(len + 1), *text = malloc(3 * len + 4), *again = malloc(3 * len + 4);
	char value[64];
	int64_t n, m;

	if (mir_http_target_split(in, &host, &path, &query) == 0) {
		assert(path.len > 0 && path.p[0] == '/');
		assert(!host.p || mir_http_host_ok(host));
	}
	n = mir_http_path_decode(in, out);
	if (n >= 0) {
		assert((size_t)n <= len);
		check(out, (size_t)n);
		m = mir_http_path_encode((struct mir_str){ out, (size_t)n }, text, 3 * len + 4);
		assert(m > 0);
		assert(mir_http_path_decode((struct mir_str){ text, (size_t)m }, again) == n);
		assert(memcmp(out, again, (size_t)n) == 0);
	}
	n = mir_http_query(&r, "a", value, sizeof(value));
	assert(n < 0 || (n < (int64_t)sizeof(value) && value[n] == 0));
	free(out);
	free(text);
	free(again);
	return 0;
}
