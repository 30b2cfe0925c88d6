/* panic.h: the end of an image that has a bug. */
#ifndef MIR_PANIC_H
#define MIR_PANIC_H

#include <mir/cc.h>
#include <mir/fraction.h>

/* Says what, where and which fiber, prints a backtrace, ends with status 255. */
MIR_NORETURN void mir_panic(const char *fmt, ...) MIR_PRINTF(1, 2) MIR_COLD;
#define mir_panic(...) (MIR_FORMAT_USES(__VA_ARGS__, 0), mir_panic(__VA_ARGS__))

/* A check that stays in every build: for what no input can bring about. */
#define mir_check(cond)                                                                            \
	do {                                                                                       \
		if (mir_unlikely(!(cond)))                                                         \
			mir_panic("%s:%d: %s does not hold", __FILE__, __LINE__, #cond);           \
	} while (0)

#endif
