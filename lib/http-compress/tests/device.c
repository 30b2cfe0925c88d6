/* device.c: the device by itself, and the memory of coders. */
#include <mir/gzip_coder.h>
#include <mir/http_compress_device.h>
#include <mir/hash.h>
#include <mir/test.h>
#include <mir/zstd_coder.h>
#include <zstd.h>

static struct mir_http_compress_device device;
static char text[1000000], buf[1000000];

static void configured(void)
{
	static const struct {
		const char *codings;
		int64_t level;
		bool zstd;
		int rc;
		unsigned n;
	} table[] = { { "gzip", 0, true, 0, 1 }, { "zstd, gzip", 9, true, 0, 2 },
		{ " gzip ,GZIP,gzip", 1, true, 0, 1 }, { "", 0, true, 0, 0 },
		{ NULL, 0, true, 0, 0 }, { "br", 0, true, MIR_EINVAL, 0 },
		{ "gzip, zstd", 0, false, MIR_EINVAL, 1 }, { "gzip", 10, true, MIR_EINVAL, 0 },
		{ "gzip", -1, true, MIR_EINVAL, 0 } };

	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		struct mir_http_compress_device_config c = { .gzip = &mir_gzip_coder,
			.zstd = table[i].zstd ? &mir_zstd_coder : NULL,
			.http_compress = table[i].codings,
			.http_compress_level = table[i].level };

		ok(mir_http_compress_device_start(&device, &c) == table[i].rc &&
			device.n_coders == table[i].n,
		    "http-compress=%s", table[i].codings ? table[i].codings : "");
		mir_http_compress_device_stop(&device);
	}
}

/* No more memory than is counted, whatever the level. */
static void sizes(void)
{
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + mir_random_below(8));
	for (int level = 0; level <= 9; level++) {
		size_t bytes = 0;
		void *z = mir_zstd_coder.create(level, &bytes);
		struct mir_coder_io io = { (const uint8_t *)text, sizeof(text), (uint8_t *)buf,
			sizeof(buf) };

		ok(z && mir_zstd_coder.reset(z, -1) == 0 &&
			mir_zstd_coder.work(z, &io, MIR_CODER_END) == 1,
		    "zstd -%d: %zu bytes from %zu", level, sizeof(buf) - io.out_len, sizeof(text));
		ok(ZSTD_sizeof_CCtx(z) <= bytes, "zstd -%d: %zu bytes of memory", level,
		    ZSTD_sizeof_CCtx(z));
		mir_zstd_coder.destroy(z);
	}
}

int main(void)
{
	RUN(configured);
	RUN(sizes);
	return mir_test_end();
}
