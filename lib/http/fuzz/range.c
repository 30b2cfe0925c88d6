/* range.c: ranges, weights and lists in header fields; the first 8 bytes are the size. */
#include <assert.h>

#include "../internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct mir_http_range r[16];
	struct mir_str in, e;
	uint64_t size;
	int n;

	if (len < 8)
		return 0;
	size = mir_be64(data) >> (data[7] % 64);
	size &= INT64_MAX;
	in = (struct mir_str){ (const char *)data + 8, len - 8 };
	n = mir_http_ranges(in, size, r, 16);
	assert(n <= 16 && (n >= 0 || n == MIR_ERANGE));
	for (int i = 0; i < n; i++)
		assert(r[i].len > 0 && r[i].first < size && r[i].len <= size - r[i].first);
	assert(mir_http_accepts(in, "gzip") <= 1000);
	while (mir_http_next(&in, &e))
		assert(e.len > 0 && e.p[0] != ' ');
	return 0;
}
