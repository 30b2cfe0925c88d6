/* log.h: what an image says about itself: one line an event, on the console.
 *
 *     2026-11-21 14:31:07.123 WRN tcp: service: 10.0.0.7:4711: ...
 *
 * Each file that logs has a source: MIR_LOG_SOURCE(tcp) at its top.  Levels are set per source by
 * --logs.  A source may write `MIR_LOG_BURST` lines a second; what is over is counted and told in
 * one line.
 */
#ifndef MIR_LOG_H
#define MIR_LOG_H

#include <mir/cc.h>
#include <mir/fraction.h>

enum mir_level { MIR_QUIET, MIR_APP, MIR_ERROR, MIR_WARNING, MIR_INFO, MIR_DEBUG };

enum { MIR_LOG_BURST = 100, MIR_LOG_LINE = 1024 };

struct mir_log_source {
	const char *name;
	struct mir_log_source *next; /* all sources that have logged or were named by --logs */
	int8_t level;                /* enum mir_level; -1: not looked up yet */
	uint32_t tokens;
	uint64_t suppressed;
	int64_t refilled;
};

#define MIR_LOG_SOURCE(id)                                                                         \
	static struct mir_log_source mir_log_this MIR_UNUSED = { .name = #id, .level = -1 }

#define mir_log(level, ...)                                                                        \
	(MIR_FORMAT_USES(__VA_ARGS__, 0), mir_log_to(&mir_log_this, (level), __VA_ARGS__))
#define mir_app(...)   mir_log(MIR_APP, __VA_ARGS__)
#define mir_error(...) mir_log(MIR_ERROR, __VA_ARGS__)
#define mir_warn(...)  mir_log(MIR_WARNING, __VA_ARGS__)
#define mir_info(...)  mir_log(MIR_INFO, __VA_ARGS__)
#define mir_debug(...)                                                                             \
	do {                                                                                       \
		if (mir_unlikely(mir_log_wants(&mir_log_this, MIR_DEBUG)))                         \
			mir_log(MIR_DEBUG, __VA_ARGS__);                                           \
	} while (0)

/* A line; control characters in it are escaped, so that no input can forge another. */
void mir_log_to(struct mir_log_source *, enum mir_level, const char *fmt, ...)
    MIR_PRINTF(3, 4) MIR_COLD;
bool mir_log_wants(struct mir_log_source *, enum mir_level);

/* "[SRC:]LEVEL,...": sets levels; MIR_EINVAL with *bad (may be
 * NULL) pointing at the item that is wrong. */
int mir_log_levels(const char *spec, const char **bad);

/* A line in a form of the caller's, its end included, written as it is: what is not printable in it
 * was escaped.  No limit counts it. */
void mir_log_text(const char *line, size_t len);

/* Where lines go besides or instead of the console (tests, syslog); NULL: the console. */
void mir_log_sink(void (*line)(void *arg, const char *text, size_t len), void *arg);

#endif
