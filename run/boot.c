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

/* In tenths of a microsecond. */
static void line(uint32_t start, uint32_t end, uint32_t all, const char *name)
{
	char text[TEXT], bar[BAR + 1];
	uint32_t length = end - start, from = 0, to = 0;
	int n;

	if (all > 0) {
		from = (uint32_t)MIR_MIN((uint64_t)start * BAR / all, BAR - 1u);
		to = (uint32_t)MIR_MIN((uint64_t)end * BAR / all + 1, (uint64_t)BAR);
	}
	memset(bar, ' ', sizeof(bar));
	memset(bar + from, '#', to - from);
	bar[to] = '\0';
	n = mir_format(text, sizeof(text), "%8u.%u %8u.%u  %-*.*s %s\n", start / 10, start % 10,
	    length / 10, length % 10, NAME, NAME, name, bar);
	if (n > 0)
		mir_target_console(text, MIR_MIN((size_t)n, sizeof(text) - 1));
}

MIR_COLD void mir_boot_chart(void)
{
	static const char head[] = "  start us  length us  phase\n";
	uint32_t start = 0, all = b.n > 0 ? (uint32_t)((b.end[b.n - 1] - b.zero) / 100) : 0;

	mir_target_console(head, sizeof(head) - 1);
	for (unsigned i = 0; i < b.n; i++) {
		uint32_t end = (uint32_t)((b.end[i] - b.zero) / 100);

		line(start, end, all, b.name[i]);
		start = end;
	}
	line(0, all, 0, b.dropped > 0 ? "all (some not shown)" : "all");
}
