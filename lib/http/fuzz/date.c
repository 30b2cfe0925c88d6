/* date.c: dates: what is understood is told again as the same second. */
#include <assert.h>

#include "../internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct mir_str in = { (const char *)data, len };
	char text[MIR_HTTP_DATE];
	int64_t t, again;

	if (mir_http_date_parse(in, 1795000000, &t) < 0 || t < 0 || t > INT64_C(253402300799))
		return 0;
	mir_http_date_text(t, text);
	assert(strlen(text) == 29);
	assert(mir_http_date_parse(mir_str(text), 0, &again) == 0 && again == t);
	return 0;
}
