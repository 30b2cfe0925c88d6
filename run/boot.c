/* boot.c: the phases of a start. */
#include <mir/boot.h>
#include <mir/target.h>
#include <mir/format.h>
#include <string.h>

enum { TEXT = 128, NAME = 20, BAR = 40 };

static struct {
	const char *name[MIR_BOOT_PHASES];
	int64_t end[MIR_BOOT_PHASES];
	int64_t zero;
	unsigned n, dropped;
} b;

static void add(const char *name, int64_t end)
{
	if (b.n == MIR_BOOT_PHASES) {
		b.dropped++;
		return;
	}
	b.name[b.n] = name;
	b.end[b.n++] = end;
}

MIR_COLD void mir_boot_begin(int64_t entered, int64_t tender_ns)
{
	b.n = b.dropped = 0;
	b.zero = entered - tender_ns;
	if (tender_ns > 0)
		add("tender", entered);
}

void (*mir_boot_hook)(void);

MIR_COLD void mir_boot_end(void)
{
	if (mir_boot_hook)
		mir_boot_hook();
}

MIR_COLD void mir_boot_phase(const char *name)
{
	add(name, mir_target_monotonic());
}

static void line(int64_t start, int64_t end, int64_t all, const char *name)
{
	char text[TEXT], bar[BAR + 1];
	int64_t from = all > 0 ? MIR_MIN(start * BAR / all, (int64_t)BAR - 1) : 0,
		to = all > 0 ? end * BAR / all : 0;
	int n;

	memset(bar, ' ', sizeof(bar));
	to = MIR_MIN(to, (int64_t)BAR - 1);
	if (all > 0)
		memset(bar + from, '#', (size_t)(to - from) + 1);
	bar[all > 0 ? to + 1 : 0] = '\0';
	n = mir_format(text, sizeof(text), "%8lld.%lld %8lld.%lld  %-*.*s %s\n",
	    (long long)(start / 1000), (long long)(start / 100 % 10),
	    (long long)((end - start) / 1000), (long long)((end - start) / 100 % 10), NAME, NAME,
	    name, bar);
	if (n > 0)
		mir_target_console(text, MIR_MIN((size_t)n, sizeof(text) - 1));
}

MIR_COLD void mir_boot_chart(void)
{
	static const char head[] = "  start us  length us  phase\n";
	int64_t start = 0, all = b.n > 0 ? b.end[b.n - 1] - b.zero : 0;

	mir_target_console(head, sizeof(head) - 1);
	for (unsigned i = 0; i < b.n; i++) {
		int64_t end = b.end[i] - b.zero;

		line(start, end, all, b.name[i]);
		start = end;
	}
	line(0, all, 0, b.dropped > 0 ? "all (some not shown)" : "all");
}
