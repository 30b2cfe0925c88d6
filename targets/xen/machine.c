/* machine.c: Xen beneath: hypercalls, the page of shared information, clock, and what is anew after
 * a suspension.
 *
 * The page of shared information takes the place of one of the image's.
 */
#include <mir/err.h>

#include "../bare/clock.h"
#include "../bare/platform.h"
#include "../guest/host.h"
#include "control.h"
#include "event.h"
#include "grant.h"
#include "machine.h"

enum {
	/* An HVM guest has devices of a PC besides (Xen's docs/misc/hvm-emulated-unplug): they go
	 * before ours come, which are the same disks and networks. */
	UNPLUG = 0x10,
	UNPLUG_THERE = 0x49d2,
	UNPLUG_DISKS = 1,
	UNPLUG_NETWORKS = 2,
	LEAF_HYPERCALLS = 2, /* behind the first: EBX: the MSR that is told where */
	DEBUG_PORT = 0xe9,
	RANGES = 128,
	USABLE = 1,
};

static union {
	struct mir_xen_shared info;
	uint8_t page[MIR_XEN_PAGE];
} shared MIR_ALIGNED(MIR_XEN_PAGE);

/* Pages of Xen's in memory that is none of the image's. */
static struct {
	uint64_t frame;
	void *p;
} pages[2] MIR_RELRO;

int64_t mir_xen_call(enum mir_xen_hypercall what, uint64_t a, uint64_t b, uint64_t c)
{
	return mir_bare_hypercall((unsigned)what, a, b, c, 0, 0);
}

void *mir_xen_page_at(uint64_t frame)
{
	for (unsigned i = 0; i < MIR_COUNT(pages); i++) {
		if (pages[i].frame == frame)
			return pages[i].p;
	}
	return NULL;
}

static bool map_page(unsigned i, enum mir_xen_param param)
{
	if (mir_xen_param(param, &pages[i].frame) < 0)
		return false;
	pages[i].p = mir_bare_map(pages[i].frame * MIR_XEN_PAGE, MIR_XEN_PAGE, MIR_BARE_CACHED);
	return pages[i].p != NULL;
}

/* The frame of a page of the image; memory.c's is for those of the heap, too. */
static int64_t map_shared(void)
{
	struct mir_xen_physmap arg = { .dom = MIR_XEN_SELF,
		.space = MIR_XEN_SPACE_SHARED,
		.frame = mir_xen_address(&shared) / MIR_XEN_PAGE };

	return mir_xen_call(MIR_XEN_MEMORY, MIR_XEN_MEMORY_ADD, mir_xen_address(&arg), 0);
}

static bool find_hypercalls(void)
{
	uint32_t leaf = mir_bare_hypervisor("XenVMMXenVMM");
	uint64_t all = 0;
	static const uint8_t used[] = { MIR_XEN_MEMORY, MIR_XEN_VERSION, MIR_XEN_GRANT,
		MIR_XEN_VCPU, MIR_XEN_SCHED, MIR_XEN_EVENT, MIR_XEN_HVM };

	if (!leaf)
		return false;
	for (unsigned i = 0; i < MIR_COUNT(used); i++)
		all |= 1ull << used[i];
	mir_bare_write_msr(
	    mir_bare_cpuid(leaf + LEAF_HYPERCALLS, 0).b, mir_bare_address(mir_bare_hypercalls));
	mir_bare_poke(RING0_HYPERCALL, all);
	return true;
}

/* Before Xen 4.12 a PVH guest is not told of its memory, and asks. */
static void find_memory(void)
{
	static struct mir_xen_memory_range range[RANGES];
	struct mir_xen_memory_map arg = { .n = RANGES, .entries = mir_xen_address(range) };

	if (mir_bare.n_memory > 0 ||
	    mir_xen_call(MIR_XEN_MEMORY, MIR_XEN_MEMORY_MAP, mir_xen_address(&arg), 0) < 0)
		return;
	for (unsigned pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < MIR_MIN(arg.n, (uint32_t)RANGES); i++) {
			const struct mir_xen_memory_range *r = &range[i];
			uint64_t at = (uint64_t)r->at_high << 32 | r->at;
			uint64_t len = (uint64_t)r->len_high << 32 | r->len;

			if (pass == 0 && r->type == USABLE)
				mir_bare_memory_add(&mir_bare, at, len);
			if (pass == 1 && r->type != USABLE)
				mir_bare_memory_remove(&mir_bare, at, len);
		}
	}
}

static int begin_events(void)
{
	mir_xen_events_begin(&shared.info);
	return mir_xen_param_set(
	    MIR_XEN_PARAM_CALLBACK, MIR_XEN_CALLBACK_VECTOR | (uint64_t)VECTOR_QUIET);
}

static void unplug(void)
{
	mir_bare_ports(UNPLUG, 4);
	if (mir_bare_in16(UNPLUG) == UNPLUG_THERE)
		mir_bare_out16(UNPLUG, UNPLUG_DISKS | UNPLUG_NETWORKS);
}

const char *mir_bare_machine_begin(void)
{
	mir_bare_ports(DEBUG_PORT, 1);
	if (mir_bare.entry == MIR_BARE_MULTIBOOT) {
		mir_xen_console_serial();
		unplug();
	}
	if (!find_hypercalls())
		return "this image is for Xen, which is not beneath it\n";
	find_memory();
	if (map_shared() < 0)
		return "Xen does not give its page of shared information\n";
	mir_bare_clock_use((const volatile struct mir_bare_pvclock *)&shared.info.vcpu[0].time);
	mir_bare_wall_use((const volatile struct mir_bare_wallclock *)&shared.info.wc_version);
	if (begin_events() < 0)
		return "Xen does not deliver events by a vector\n";
	if (!map_page(0, MIR_XEN_PARAM_STORE_FRAME) || !map_page(1, MIR_XEN_PARAM_CONSOLE_FRAME))
		return "Xen gives this domain no xenstore or no console\n";
	mir_xen_console_begin();
	mir_xen_port_begin();
	return NULL;
}

/* ---- suspension ---- */

static int64_t before;

void mir_xen_machine_before(void)
{
	mir_xen_console_drain();
	before = mir_host_monotonic();
}

int mir_xen_machine_again(void)
{
	int64_t rc = map_shared();

	if (rc == 0)
		rc = begin_events();
	mir_bare_clock_moved(before);
	if (rc == 0)
		rc = mir_xen_console_begin();
	return rc < 0 ? (int)rc : mir_xen_grants_again();
}
