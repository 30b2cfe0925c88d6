/* err.c: the texts of errors. */
#include <mir/small.h>

#include <mir/err.h>

const char *mir_strerror(int err)
{
	switch (err) {
	case 0: return "no error";
#define X(name, value, text)                                                                       \
	case (value): return text;
		MIR_ERR_MAP(X)
#undef X
	default: return "unknown error";
	}
}
