/* err.c: the texts of errors, one behind the other in the order of their numbers' table. */
#include <mir/cc.h>
#include <mir/err.h>
#include <string.h>

#define X(name, value, text) value,
static const int16_t errors[] = { MIR_ERR_MAP(X) };
#undef X
#define X(name, value, text) text "\0"
static const char texts[] = MIR_ERR_MAP(X);
#undef X

const char *mir_strerror(int err)
{
	const char *text = texts;

	if (err == 0)
		return "no error";
	for (unsigned i = 0; i < MIR_COUNT(errors); i++, text += strlen(text) + 1) {
		if (errors[i] == err)
			return text;
	}
	return "unknown error";
}
