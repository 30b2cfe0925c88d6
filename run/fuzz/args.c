/* A hypervisor's command line: split, then parsed by a table of every type. */
#include <mir/args.h>
#include <mir/test.h>
#include <stdlib.h>

#include "../internal.h"

/* The parser explains itself on the console. */
static void values(const char *text)
{
	static const struct mir_arg_type *const types[] = { MIR_ARG_BOOL, MIR_ARG_INT, MIR_ARG_SIZE,
		MIR_ARG_PORT, MIR_ARG_STRING, MIR_ARG_IP, MIR_ARG_CIDR, MIR_ARG_DURATION,
		MIR_ARG_CHOICE };
	union {
		int64_t n;
		const char *s;
		struct mir_cidr c;
	} value;
	const char *bad;
	struct mir_mac mac;

	for (unsigned i = 0; i < MIR_COUNT(types); i++)
		mir_arg_value(types[i], "a|bc|d", text, &value);
	mir_mac_parse(text, &mac);
	mir_log_reset();
	mir_log_levels(text, &bad);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *line = malloc(n + 1), *words[16];
	int count;

	memcpy(line, bytes, n);
	line[n] = '\0';
	values(line);
	count = mir_args_split(line, words, 16);
	for (int i = 0; i < count; i++)
		values(words[i]);
	free(line);
	return 0;
}
