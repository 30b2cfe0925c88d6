/* memory.c: pages that Xen and other domains reach. */
#include <mir/pages.h>
#include <mir/target.h>
#include <string.h>

#include "xen.h"

void *mir_xen_pages_new(size_t n)
{
	void *p = mir_pages_take(mir_target_pages(), n, MIR_XEN_PAGE, false);

	return p ? memset(p, 0, n * MIR_XEN_PAGE) : NULL;
}

void mir_xen_pages_free(void *p, size_t n)
{
	mir_pages_give(mir_target_pages(), p, n);
}

uint32_t mir_xen_frame(const void *p)
{
	return (uint32_t)(mir_xen_address(p) / MIR_XEN_PAGE);
}

/* Memory that is given back to Xen first: the page tables know its addresses already. */
void *mir_xen_window(size_t n, uint64_t *frame)
{
	uint8_t *p = mir_pages_take(mir_target_pages(), n, MIR_XEN_PAGE, true);

	if (!p)
		return NULL;
	*frame = mir_xen_address(p) / MIR_XEN_PAGE;
	for (size_t i = 0; i < n; i++) {
		uint64_t one = *frame + i;
		struct mir_xen_reservation arg = {
			.frames = mir_xen_address(&one), .n = 1, .dom = MIR_XEN_SELF
		};

		mir_xen_call(MIR_XEN_MEMORY, MIR_XEN_MEMORY_DECREASE, mir_xen_address(&arg), 0);
	}
	return p;
}
