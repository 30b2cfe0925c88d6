/* balloon.c: memory of the image that Xen has back.
 *
 * A domain whose maxmem is above its memory starts with more addresses than memory; what is missing
 * it must give back before it is touched.  Later the tool stack changes memory/target.
 */
#include <mir/err.h>
#include <mir/log.h>
#include <mir/pages.h>
#include <mir/target.h>

#include "control.h"
#include "store.h"

MIR_LOG_SOURCE(balloon);

enum {
	RUNS = 512,
	RUN = 256, /* pages given back or taken at once */
	KIB_PAGE = MIR_XEN_PAGE / 1024,
};

static struct {
	struct {
		uint8_t *p;
		uint32_t n;
	} run[RUNS];
	unsigned n;
	uint64_t pages; /* in all */
	uint64_t most;  /* pages of the domain, were none given back; 0: not known yet */
} b;

static int64_t op(enum mir_xen_memory_op what, const uint8_t *p, uint32_t n)
{
	static uint64_t frames[RUN];
	struct mir_xen_reservation arg = {
		.frames = mir_xen_address(frames), .n = n, .dom = MIR_XEN_SELF
	};

	for (uint32_t i = 0; i < n; i++)
		frames[i] = mir_xen_address(p) / MIR_XEN_PAGE + i;
	return mir_xen_call(MIR_XEN_MEMORY, (uint64_t)what, mir_xen_address(&arg), 0);
}

/* At most n pages; how many. */
static uint32_t give_back(uint64_t n)
{
	struct mir_pages *pages = mir_target_pages();
	uint32_t part = (uint32_t)MIR_MIN(n, (uint64_t)RUN);
	uint8_t *p = NULL;
	int64_t done;

	while (part > 0 && !(p = mir_pages_take(pages, part, MIR_XEN_PAGE, true)))
		part /= 2;
	if (part == 0 || b.n == RUNS)
		return 0;
	done = op(MIR_XEN_MEMORY_DECREASE, p, part);
	done = done < 0 ? 0 : MIR_MIN(done, (int64_t)part);
	if (done < part)
		mir_pages_give(pages, p + done * MIR_XEN_PAGE, part - (size_t)done);
	if (done == 0)
		return 0;
	b.run[b.n].p = p;
	b.run[b.n++].n = (uint32_t)done;
	b.pages += (uint64_t)done;
	return (uint32_t)done;
}

/* At most n pages of the last run; how many. */
static uint32_t take(uint64_t n)
{
	uint32_t part = (uint32_t)MIR_MIN(n, (uint64_t)b.run[b.n - 1].n), left;
	int64_t done;
	uint8_t *p;

	left = b.run[b.n - 1].n - part;
	p = b.run[b.n - 1].p + (size_t)left * MIR_XEN_PAGE;
	done = op(MIR_XEN_MEMORY_POPULATE, p, part);
	if (done != part) {
		if (done > 0)
			op(MIR_XEN_MEMORY_DECREASE, p, (uint32_t)done);
		return 0;
	}
	mir_pages_give(mir_target_pages(), p, part);
	b.pages -= part;
	b.run[b.n - 1].n = left;
	if (left == 0)
		b.n--;
	return part;
}

void mir_xen_balloon(uint64_t kib)
{
	uint64_t want, before = b.pages, most;

	if (b.most == 0 && mir_xen_store_number(MIR_XEN_ALONE, "memory/static-max", &most) == 0)
		b.most = most / KIB_PAGE;
	if (b.most == 0)
		return;
	want = b.most > kib / KIB_PAGE ? b.most - kib / KIB_PAGE : 0;
	while (b.pages < want && give_back(want - b.pages) > 0)
		;
	while (b.pages > want && take(b.pages - want) > 0)
		;
	if (b.pages != want)
		mir_warn("Xen has %llu pages back, of %llu that are wanted: the rest is in use",
		    (unsigned long long)b.pages, (unsigned long long)want);
	else if (b.pages != before)
		mir_info("Xen has %llu pages back", (unsigned long long)b.pages);
}
