/* json.c: any bytes as JSON, looked into. */
#include <mir/panic.h>
#include <string.h>

#include "../json.h"

static void walk(struct mir_json v, unsigned depth)
{
	struct mir_json m;
	char text[64];

	mir_check(v.p < v.end && depth <= MIR_JSON_DEPTH + 1u);
	if (mir_json_text(v, text, sizeof(text)) >= 0)
		mir_check(memchr(text, 0, sizeof(text)) != NULL);
	for (unsigned i = 0; i < 8 && mir_json_element(v, i, &m); i++)
		walk(m, depth + 1);
	if (mir_json_member(v, "a", &m))
		walk(m, depth + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mir_json v;

	if (mir_json_parse((const char *)data, size, &v) == 0)
		walk(v, 0);
	return 0;
}
